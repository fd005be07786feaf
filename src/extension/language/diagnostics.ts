/** What the scenario's front end has to say about a text, underlined as it is typed, with its fixes as quick fixes. */
import {
  CodeAction,
  CodeActionKind,
  Diagnostic,
  DiagnosticSeverity,
  Disposable,
  languages,
  Position,
  Range,
  WorkspaceEdit,
  workspace,
  type TextDocument,
} from 'vscode';
import type { Diagnostic as Finding, Sources } from '../../scenario/index.js';
import { isHeader } from '../../scenario/syntax/sources.js';
import { MMSCOPE } from '../identity.js';
import { checkDocument, IncludedFiles } from './includedFiles.js';

const TYPING_PAUSE_MS = 250;

const SEVERITIES = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  hint: DiagnosticSeverity.Hint,
} as const;

export function registerDiagnostics(): Disposable {
  const collection = languages.createDiagnosticCollection(MMSCOPE);
  const timers = new Map<string, NodeJS.Timeout>();
  const check = (document: TextDocument, delayMs: number): void => {
    if (document.languageId !== MMSCOPE) return;
    const key = document.uri.toString();
    clearTimeout(timers.get(key));
    timers.set(
      key,
      setTimeout(() => {
        timers.delete(key);
        void publish(document);
      }, delayMs),
    );
  };
  const includes = new IncludedFiles(collection);
  const publish = async (document: TextDocument): Promise<void> => {
    const { diagnostics, sources } = await checkDocument(document);
    if (document.isClosed) return;
    const ofFile = (path: string | undefined) =>
      diagnostics.filter(({ span }) => sources.fileAt(span.start).path === path);
    collection.set(
      document.uri,
      ofFile(undefined).map((finding) => toDiagnostic(document, finding)),
    );
    const files = sources.files.flatMap((file) =>
      file.path === undefined || isHeader(file)
        ? []
        : [{ path: file.path, found: ofFile(file.path).map((one) => inFile(file, one)) }],
    );
    includes.publish(document.uri, files);
  };
  for (const document of workspace.textDocuments) check(document, 0);
  return Disposable.from(
    collection,
    workspace.onDidOpenTextDocument((document) => check(document, 0)),
    workspace.onDidChangeTextDocument(({ document }) => {
      check(document, TYPING_PAUSE_MS);
      // What a scenario includes is part of it.
      for (const main of workspace.textDocuments)
        if (includes.isIncluded(document.uri, main.uri)) check(main, TYPING_PAUSE_MS);
    }),
    workspace.onDidCloseTextDocument(({ uri }) => {
      collection.delete(uri);
      includes.publish(uri, []);
    }),
    languages.registerCodeActionsProvider(
      MMSCOPE,
      {
        provideCodeActions: (document, _range, { diagnostics }) =>
          diagnostics.flatMap((diagnostic) => quickFix(document, diagnostic) ?? []),
      },
      { providedCodeActionKinds: [CodeActionKind.QuickFix] },
    ),
    new Disposable(() => {
      for (const timer of timers.values()) clearTimeout(timer);
    }),
  );
}

/** A diagnostic that remembers what it was made of. */
class FoundDiagnostic extends Diagnostic {
  constructor(
    range: Range,
    readonly finding: Finding,
  ) {
    super(range, finding.message, SEVERITIES[finding.severity]);
    this.source = MMSCOPE;
    this.code = finding.code;
  }
}

/** A finding in an included file, which need not be open: it has no quick fix there. */
function inFile(file: Sources['main'], { severity, code, message, span }: Finding): Diagnostic {
  const at = (offset: number): Position => {
    const { line, column } = file.lines.position(offset - file.start);
    return new Position(line - 1, column - 1);
  };
  const range = new Range(at(span.start), at(span.end));
  const diagnostic = new Diagnostic(range, message, SEVERITIES[severity]);
  diagnostic.source = MMSCOPE;
  diagnostic.code = code;
  return diagnostic;
}

function toDiagnostic(document: TextDocument, finding: Finding): Diagnostic {
  return new FoundDiagnostic(rangeOf(document, finding.span), finding);
}

function quickFix(document: TextDocument, diagnostic: Diagnostic): CodeAction | undefined {
  const fix = diagnostic instanceof FoundDiagnostic ? diagnostic.finding.fix : undefined;
  if (fix === undefined) return undefined;
  const action = new CodeAction(fix.title, CodeActionKind.QuickFix);
  action.diagnostics = [diagnostic];
  action.isPreferred = true;
  action.edit = new WorkspaceEdit();
  action.edit.replace(document.uri, rangeOf(document, fix.span), fix.replacement);
  return action;
}

const rangeOf = (document: TextDocument, span: Finding['span']): Range =>
  new Range(document.positionAt(span.start), document.positionAt(span.end));
