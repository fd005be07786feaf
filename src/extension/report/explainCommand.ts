/**
 * `mmscope: Explain a Kernel Report...`: of the selection, the open file, the clipboard or a file; from a code lens, the editor's and the explorer's
 * menus, and what is dropped on the view, too. The answer opens as a document; a report that determines a machine offers to step it.
 */
import {
  commands,
  Disposable,
  l10n,
  Range,
  Uri,
  window,
  workspace,
  type ExtensionContext,
} from 'vscode';
import type { Finding } from '../../report/finding.js';
import { showCapture } from '../capture/capturePanel.js';
import type { ReportDocuments } from './reportDocument.js';
import { ReportTree } from './reportTree.js';
import { askSource, explainAt, explainFile, explainFiles, type Asked } from './reportSource.js';

export function registerExplainCommand(
  { extensionUri, globalStorageUri }: ExtensionContext,
  documents: ReportDocuments,
): Disposable {
  const show = async (asked: Asked): Promise<void> => {
    if (asked.findings.length === 0) {
      void window.showInformationMessage(
        l10n.t('{0} does not contain a report about memory management.', asked.name),
      );
      return;
    }
    tree.add(asked);
    const { markdown } = await import('./explaining.js');
    await documents.show(asked.name, markdown(asked.findings));
    await drawFrames(asked, extensionUri);
    await offerMachine(asked, globalStorageUri);
  };
  const tree = new ReportTree(show);
  return Disposable.from(
    tree,
    commands.registerCommand('mmscope.explainReport', async (target: unknown, more: unknown) => {
      const asked = await askedOf(target, more);
      if (asked !== undefined) await show(asked);
    }),
  );
}

/** @param more the line of a code lens, or all files that are selected in the explorer */
async function askedOf(target: unknown, more: unknown): Promise<Asked | undefined> {
  if (!(target instanceof Uri)) return askSource();
  if (typeof more === 'number') return explainAt(await workspace.openTextDocument(target), more);
  if (Array.isArray(more) && more.length > 1)
    return explainFiles(more.filter((each) => each instanceof Uri));
  const editor = window.activeTextEditor;
  // The editor's menu gives the file as well: a selection in it is what is meant.
  if (editor?.document.uri.toString() === target.toString() && !editor.selection.isEmpty)
    return askSource();
  return explainFile(target);
}

/** Captures of frames are drawn as the map of their machine, in front of the answer. */
async function drawFrames({ name, captured }: Asked, extensionUri: Uri): Promise<void> {
  if (captured === undefined) return;
  const { captureOf, CaptureMachine } = await import('./explaining.js');
  const capture = await captureOf(captured);
  if (capture.frames === 0) return;
  showCapture(extensionUri, name, new CaptureMachine(capture));
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
