/** Editing services for scenarios: completion, hovers and signatures of the kernel's functions, outline, Run and Debug lenses. */
import {
  CodeLens,
  CompletionItem,
  CompletionItemKind,
  Disposable,
  DocumentSymbol,
  Hover,
  l10n,
  languages,
  MarkdownString,
  ParameterInformation,
  Range,
  SignatureHelp,
  SignatureInformation,
  SymbolKind,
  type TextDocument,
} from 'vscode';
import { MMSCOPE } from '../identity.js';
import { openCall, parametersOf } from './codeContext.js';
import type { Suggestion } from './completions.js';
import { outlineOf, type OutlineItem } from './declared.js';

const KINDS: Readonly<Record<Suggestion['kind'], CompletionItemKind>> = {
  function: CompletionItemKind.Function,
  macro: CompletionItemKind.Function,
  constant: CompletionItemKind.Constant,
  variable: CompletionItemKind.Variable,
  struct: CompletionItemKind.Struct,
  field: CompletionItemKind.Field,
  local: CompletionItemKind.Variable,
  keyword: CompletionItemKind.Keyword,
  key: CompletionItemKind.Property,
  value: CompletionItemKind.Value,
};
const SYMBOLS: Readonly<Record<OutlineItem['kind'], SymbolKind>> = {
  function: SymbolKind.Function,
  task: SymbolKind.Event,
  struct: SymbolKind.Struct,
  variable: SymbolKind.Variable,
  machine: SymbolKind.Module,
};
/** A call's arguments may stand on lines above. */
const LINES_OF_A_CALL = 20;

export const registerServices = (): Disposable =>
  Disposable.from(
    languages.registerCompletionItemProvider(
      MMSCOPE,
      {
        async provideCompletionItems(document, position) {
          const { completionsAt } = await import('./completions.js');
          const before = document.lineAt(position.line).text.slice(0, position.character);
          return completionsAt(document.getText(), position.line, before).map(itemOf);
        },
      },
      '.',
      '>',
      '=',
    ),
    languages.registerHoverProvider(MMSCOPE, {
      async provideHover(document, position) {
        const range = document.getWordRangeAtPosition(position, /[A-Za-z_]\w*/);
        if (range === undefined || isProse(document, range)) return undefined;
        const word = await wordOf(document, document.getText(range));
        if (word === undefined) return undefined;
        const { sentence } = await import('./completions.js');
        const text = new MarkdownString().appendCodeblock(word.signature, 'c');
        return new Hover(text.appendMarkdown(sentence(word.doc, word.source)), range);
      },
    }),
    languages.registerSignatureHelpProvider(
      MMSCOPE,
      {
        async provideSignatureHelp(document, position) {
          const from = Math.max(0, position.line - LINES_OF_A_CALL);
          const call = openCall(
            document.getText(new Range(from, 0, position.line, position.character)),
          );
          const word = call && (await wordOf(document, call.name));
          if (call === undefined || word === undefined || !word.signature.includes('('))
            return undefined;
          const information = new SignatureInformation(word.signature, word.doc);
          information.parameters = parametersOf(word.signature).map(
            ([start, end]) => new ParameterInformation([start, end]),
          );
          const help = new SignatureHelp();
          help.signatures = [information];
          help.activeParameter = Math.min(call.argument, information.parameters.length - 1);
          return help;
        },
      },
      '(',
      ',',
    ),
    languages.registerDocumentSymbolProvider(MMSCOPE, {
      provideDocumentSymbols: (document) =>
        outlineOf(document.getText()).map((item) => symbolOf(document, item)),
    }),
    languages.registerCodeLensProvider(MMSCOPE, { provideCodeLenses: lensesOf }),
  );

function itemOf({ label, kind, detail, doc, rank }: Suggestion): CompletionItem {
  const item = new CompletionItem({ label, ...(kind === 'local' && { description: detail }) });
  item.kind = KINDS[kind];
  item.sortText = `${rank}${label}`;
  if (detail !== '') item.detail = detail;
  if (doc !== '') item.documentation = new MarkdownString(doc);
  if (kind === 'key') item.insertText = `${label}=`;
  return item;
}

async function wordOf(document: TextDocument, name: string) {
  const { kernelWord, profileOf } = await import('./kernelWords.js');
  return kernelWord(profileOf(document.getText()), name);
}

/** In a comment, a string or a directive. */
function isProse(document: TextDocument, { start }: Range): boolean {
  const before = document.lineAt(start.line).text.slice(0, start.character);
  const code = before.replace(/"(?:[^"\\]|\\.)*"/g, '');
  return /\/\/|\/\*(?!.*\*\/)|^\s*\*\s|^\s*#|"/.test(code);
}

function symbolOf(
  document: TextDocument,
  { kind, name, detail, line, endLine }: OutlineItem,
): DocumentSymbol {
  const own = document.lineAt(line).range;
  const whole = own.union(document.lineAt(endLine).range);
  return new DocumentSymbol(name, detail, SYMBOLS[kind], whole, own);
}

/** Above the machine's pragma, else above the first line. */
function lensesOf(document: TextDocument): CodeLens[] {
  const machine = outlineOf(document.getText()).find(({ kind }) => kind === 'machine');
  const line = machine?.line ?? 0;
  const range = new Range(line, 0, line, 0);
  const lens = (title: string, command: string): CodeLens =>
    new CodeLens(range, { title, command, arguments: [document.uri] });
  return [
    lens(`$(debug-alt) ${l10n.t('Debug')}`, 'mmscope.debug'),
    lens(`$(play) ${l10n.t('Run')}`, 'mmscope.run'),
  ];
}
