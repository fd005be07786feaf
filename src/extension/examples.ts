/** `mmscope: Open Example...`: the scenarios that ship with the extension, each with its first comment as description. */
import { commands, l10n, Uri, window, workspace, type Disposable } from 'vscode';

export function registerExamples(extensionUri: Uri): Disposable {
  return commands.registerCommand('mmscope.openExample', async () => {
    const folder = Uri.joinPath(extensionUri, 'examples');
    const entries = await workspace.fs.readDirectory(folder);
    const names = entries.map(([name]) => name).filter((name) => name.endsWith('.mms'));
    const items = names.sort().map(async (name) => {
      const uri = Uri.joinPath(folder, name);
      const text = new TextDecoder().decode(await workspace.fs.readFile(uri));
      return { label: name, detail: firstComment(text), uri };
    });
    const chosen = await window.showQuickPick(Promise.all(items), {
      placeHolder: l10n.t('Select an example to open'),
      matchOnDetail: true,
    });
    if (chosen !== undefined) await window.showTextDocument(chosen.uri);
  });
}

/** The first line of prose of a file's leading comment. */
function firstComment(text: string): string {
  return /^\s*(?:\/\/|\/\*\*?)[ \t]*\r?\n?[ \t*]*(.*?)\s*(?:\*\/)?$/m.exec(text)?.[1] ?? '';
}
