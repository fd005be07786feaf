/** The extension under test, the examples of the workspace, and a session's protocol as a list. */
import * as vscode from 'vscode';

export interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly colors: readonly { readonly id: string; readonly defaults: object }[];
  };
}

/** Activated. */
export async function extension(): Promise<vscode.Extension<unknown>> {
  const found = vscode.extensions.getExtension('mmscope.mmscope');
  if (found === undefined) throw new Error('mmscope is not installed');
  await found.activate();
  return found;
}

/** Its package.json. */
export const manifestOf = async (): Promise<Manifest> =>
  (await extension()).packageJSON as Manifest;

/** A shipped example, shown in an editor. */
export async function showExample(name: string): Promise<vscode.TextEditor> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) throw new Error('no workspace');
  return vscode.window.showTextDocument(vscode.Uri.joinPath(folder.uri, name));
}

/** The 0-based line of a document that holds some text. */
export function lineWith(document: vscode.TextDocument, text: string): number {
  for (let line = 0; line < document.lineCount; line++)
    if (document.lineAt(line).text.includes(text)) return line;
  throw new Error(`no line has ${text}`);
}
