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
import type { CapturedFile } from '../capture/readCapture.js';
import type { ExplainOptions } from '../../report/explain.js';
import type { Finding } from '../../report/finding.js';
import { sessionKernel } from './sessionKernel.js';

/** What reports without a version are decoded by. */
async function asking(): Promise<ExplainOptions> {
  const version = await sessionKernel();
  return { fallback: version, given: { version, source: 'session' } };
}

/** Enough to tell what a file is. */
const HEAD_BYTES = 4096;
/** Around a line that a code lens points at: enough for the version above it and for the whole report below. */
const LINES_BEFORE = 400;
const LINES_AFTER = 800;

export interface Asked {
  readonly name: string;
  readonly findings: readonly Finding[];
  /** Captures of frames among the files, to be drawn. */
  readonly captured?: readonly CapturedFile[];
}

export async function explainText(name: string, text: string): Promise<Asked> {
  const { explain } = await import('./explaining.js');
  return { name, findings: explain([{ name, text }], await asking()) };
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

export const explainFile = (uri: Uri): Promise<Asked> => explainFiles([uri]);

/** Logs and captures together. */
export async function explainFiles(uris: readonly Uri[]): Promise<Asked> {
  const { binaryFindings, binaryKindOf, explain, partnerOf } = await import('./explaining.js');
  const texts: { name: string; text: string }[] = [];
  const captured: CapturedFile[] = [];
  for (const uri of uris) {
    const bytes = await workspace.fs.readFile(uri);
    const name = baseName(uri);
    const kind = binaryKindOf(name, bytes.subarray(0, HEAD_BYTES));
    if (kind === undefined) texts.push({ name, text: new TextDecoder().decode(bytes) });
    else captured.push({ kind, name, bytes });
    const partner = kind && uris.length === 1 ? await partnerOf(uri, kind) : undefined;
    if (partner) captured.push(partner);
  }
  return {
    name: [...texts, ...captured].map(({ name }) => name).join(', '),
    findings: [
      ...explain(texts, await asking()),
      ...binaryFindings(
        captured.map(({ name, kind, bytes }) => ({ name, kind, pieces: () => [bytes] })),
      ),
    ],
    ...(captured.length > 0 && { captured }),
  };
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
