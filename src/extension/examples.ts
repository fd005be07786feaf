/**
 * `mmscope: Open Example...`: the scenarios that ship with the extension, in an order for learners, each with one line on what it
 * shows. What opens is the user's own: a copy in the first folder of the workspace, or beside it in a folder that is asked for.
 */
import path from 'node:path';
import {
  commands,
  l10n,
  QuickPickItemKind,
  Uri,
  window,
  workspace,
  type Disposable,
  type TextDocument,
} from 'vscode';
import { copyPlan } from './exampleCopy.js';
import { exampleList } from './exampleList.js';

export function registerExamples(extensionUri: Uri): Disposable {
  const folder = Uri.joinPath(extensionUri, 'examples');
  return commands.registerCommand('mmscope.openExample', async (wanted?: unknown) => {
    const name = typeof wanted === 'string' ? wanted : await chosenExample(folder);
    if (name === undefined) return;
    const document = await openCopy(folder, name);
    if (document !== undefined) await window.showTextDocument(document, { preview: false });
  });
}

async function chosenExample(folder: Uri): Promise<string | undefined> {
  const names = (await workspace.fs.readDirectory(folder)).map(([name]) => name);
  const texts = new Map<string, string>();
  for (const name of names.filter((each) => each.endsWith('.mms')))
    texts.set(name, await textOf(Uri.joinPath(folder, name)));
  const items = exampleList(texts).flatMap(({ file, shows, group }, i, all) => {
    const label = `${i + 1}. ${path.basename(file, '.mms')}`;
    const item = { label, detail: shows, file };
    const separator = { label: group, kind: QuickPickItemKind.Separator, file: '' };
    return all[i - 1]?.group === group ? [item] : [separator, item];
  });
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('Open an example'),
    placeHolder: l10n.t('In an order for learners; a copy opens, which you can change'),
    matchOnDetail: true,
  });
  return chosen?.file;
}

/** The user's copy of an example, made unless it is there; with the machine that it names. */
async function openCopy(folder: Uri, name: string): Promise<TextDocument | undefined> {
  const text = await textOf(Uri.joinPath(folder, name));
  const target = workspace.workspaceFolders?.[0]?.uri ?? (await askedFolder());
  if (target === undefined) return undefined;
  const exists = async (file: string): Promise<boolean> => {
    try {
      await workspace.fs.stat(Uri.joinPath(target, file));
      return true;
    } catch {
      return false;
    }
  };
  for (const file of await copyPlan(name, text, exists))
    await workspace.fs.copy(Uri.joinPath(folder, file), Uri.joinPath(target, file));
  return workspace.openTextDocument(Uri.joinPath(target, name));
}

async function askedFolder(): Promise<Uri | undefined> {
  const [folder] =
    (await window.showOpenDialog({
      canSelectFolders: true,
      canSelectFiles: false,
      title: l10n.t('A folder for the example'),
      openLabel: l10n.t('Put It Here'),
    })) ?? [];
  return folder;
}

const textOf = async (uri: Uri): Promise<string> =>
  new TextDecoder().decode(await workspace.fs.readFile(uri));
