/** What the scenario's front end has to say about a text, underlined as it is typed, with its fixes as quick fixes. */
import {
  CodeAction,
  CodeActionKind,
  Diagnostic,
  DiagnosticSeverity,
  Disposable,
  languages,
  Range,
  WorkspaceEdit,
  workspace,
  type TextDocument,
} from 'vscode';
import type { Diagnostic as Finding } from '../../scenario/index.js';
import { MMSCOPE } from '../identity.js';

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
  const publish = async (document: TextDocument): Promise<void> => {
    const { checkScenario } = await import('./checkScenario.js');
    const findings = checkScenario(document.getText());
    if (!document.isClosed)
      collection.set(
        document.uri,
        findings.map((finding) => toDiagnostic(document, finding)),
      );
  };
  for (const document of workspace.textDocuments) check(document, 0);
  return Disposable.from(
    collection,
    workspace.onDidOpenTextDocument((document) => check(document, 0)),
    workspace.onDidChangeTextDocument(({ document }) => check(document, TYPING_PAUSE_MS)),
    workspace.onDidCloseTextDocument(({ uri }) => collection.delete(uri)),
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
