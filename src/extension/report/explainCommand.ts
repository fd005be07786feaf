/**
 * `mmscope: Explain a Kernel Report...`: of the selection, the open file, the clipboard or a file; from a code lens, the editor's and the explorer's
 * menus too. The answer opens as a document; a report that determines a machine offers to step it.
 */
import {
  commands,
  l10n,
  Range,
  Uri,
  window,
  workspace,
  type Disposable,
  type ExtensionContext,
} from 'vscode';
import type { Finding } from '../../report/finding.js';
import type { ReportDocuments } from './reportDocument.js';
import { askSource, explainAt, explainFile, type Asked } from './reportSource.js';

export function registerExplainCommand(
  { globalStorageUri }: ExtensionContext,
  documents: ReportDocuments,
): Disposable {
  return commands.registerCommand(
    'mmscope.explainReport',
    async (target: unknown, line: unknown) => {
      const asked = await askedOf(target, line);
      if (asked === undefined) return;
      if (asked.findings.length === 0) {
        void window.showInformationMessage(
          l10n.t('{0} does not contain a report about memory management.', asked.name),
        );
        return;
      }
      const { markdown } = await import('./explaining.js');
      await documents.show(asked.name, markdown(asked.findings));
      await offerMachine(asked, globalStorageUri);
    },
  );
}

async function askedOf(target: unknown, line: unknown): Promise<Asked | undefined> {
  if (!(target instanceof Uri)) return askSource();
  if (typeof line === 'number') return explainAt(await workspace.openTextDocument(target), line);
  const editor = window.activeTextEditor;
  // The editor's menu gives the file as well: a selection in it is what is meant.
  if (editor?.document.uri.toString() === target.toString() && !editor.selection.isEmpty)
    return askSource();
  return explainFile(target);
}

async function offerMachine({ name, findings }: Asked, folder: Uri): Promise<void> {
  const found = findings.find(({ scenario }) => scenario !== undefined);
  if (found?.scenario === undefined) return;
  const step = l10n.t('Open Its Machine');
  const chosen = await window.showInformationMessage(
    l10n.t(
      'The report determines a machine with its watermarks and free lists: step into the request that failed.',
    ),
    step,
  );
  if (chosen === step) await openMachine(name, found, folder);
}

/** The scenario is a file of the extension's own storage, because a session needs one; F5 starts it, Run to Cursor goes to the request. */
async function openMachine(name: string, { scenario = '' }: Finding, folder: Uri): Promise<void> {
  await workspace.fs.createDirectory(folder);
  const file = Uri.joinPath(folder, `${name.replace(/[^\w.-]+/g, '-')}.mms`);
  await workspace.fs.writeFile(file, new TextEncoder().encode(scenario));
  const request = scenario
    .split('\n')
    .findIndex((line) => line.startsWith('struct page *page = alloc_pages('));
  const at = new Range(Math.max(0, request), 0, Math.max(0, request), 0);
  await window.showTextDocument(await workspace.openTextDocument(file), {
    selection: at,
    preview: false,
  });
}
