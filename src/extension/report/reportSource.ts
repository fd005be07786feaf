/** What is to be explained: a selection, a file, the clipboard. Nothing is read that the user did not point at. */
import {
  env,
  l10n,
  type Uri,
  window,
  workspace,
  type QuickPickItem,
  type TextDocument,
} from 'vscode';
import type { Finding } from '../../report/finding.js';
import type { KernelVersion } from '../../report/input/version.js';

/** The kernel that sessions run. */
const SESSION_KERNEL: KernelVersion = [6, 1, 0];
/** Around a line that a code lens points at: enough for the version above it and for the whole report below. */
const LINES_BEFORE = 400;
const LINES_AFTER = 800;

export interface Asked {
  readonly name: string;
  readonly findings: readonly Finding[];
}

export async function explainText(name: string, text: string): Promise<Asked> {
  const { explain } = await import('./explaining.js');
  return {
    name,
    findings: explain([{ name, text }], {
      fallback: SESSION_KERNEL,
      given: { version: SESSION_KERNEL, source: 'session' },
    }),
  };
}

export const baseName = (uri: Uri): string => uri.path.replace(/^.*\//, '');

/** The report that begins at a line, counted from 0. */
export async function explainAt(document: TextDocument, line: number): Promise<Asked> {
  const first = Math.max(0, line - LINES_BEFORE);
  const last = Math.min(document.lineCount, line + LINES_AFTER);
  const lines = Array.from({ length: last - first }, (_, at) => document.lineAt(first + at).text);
  const { name, findings } = await explainText(baseName(document.uri), lines.join('\n'));
  const own = findings.filter(
    ({ place }) => place.firstLine - 1 <= line - first + 1 && place.lastLine - 1 >= line - first,
  );
  const moved = (own.length > 0 ? own : findings).map((finding) => ({
    ...finding,
    place: {
      ...finding.place,
      firstLine: finding.place.firstLine + first,
      lastLine: finding.place.lastLine + first,
    },
  }));
  return { name, findings: moved };
}

export async function explainFile(uri: Uri): Promise<Asked> {
  const bytes = await workspace.fs.readFile(uri);
  const { binaryKindOf, countFinding, frameFinding, pagemapFinding } =
    await import('./explaining.js');
  const name = baseName(uri);
  switch (binaryKindOf(name, bytes.subarray(0, 4096))) {
    case 'kpageflags':
      return { name, findings: [frameFinding(name, [bytes])] };
    case 'kpagecount':
      return { name, findings: [countFinding(name, [bytes])] };
    case 'pagemap':
      return { name, findings: [pagemapFinding(name, [bytes])] };
    case undefined:
      return explainText(name, new TextDecoder().decode(bytes));
  }
}

interface Source extends QuickPickItem {
  readonly asked: () => Promise<Asked | undefined>;
}

/** Asks where the report is. Undefined: the user left. */
export async function askSource(): Promise<Asked | undefined> {
  const editor = window.activeTextEditor;
  const document = editor?.document;
  const selected =
    editor === undefined || editor.selection.isEmpty
      ? ''
      : editor.document.getText(editor.selection);
  if (document && selected !== '')
    return explainText(l10n.t('selection of {0}', baseName(document.uri)), selected);
  const sources: Source[] = [
    ...(document
      ? [
          {
            label: l10n.t('$(file) The open file: {0}', baseName(document.uri)),
            asked: () => explainText(baseName(document.uri), document.getText()),
          },
        ]
      : []),
    {
      label: l10n.t('$(clippy) The clipboard'),
      asked: async () => explainText(l10n.t('clipboard'), await env.clipboard.readText()),
    },
    { label: l10n.t('$(folder-opened) A file...'), asked: pickedFile },
  ];
  const chosen = await window.showQuickPick(sources, { title: l10n.t('Where is the report?') });
  return chosen?.asked();
}

async function pickedFile(): Promise<Asked | undefined> {
  const [uri] =
    (await window.showOpenDialog({ title: l10n.t('A log, or a capture of /proc') })) ?? [];
  return uri && explainFile(uri);
}
