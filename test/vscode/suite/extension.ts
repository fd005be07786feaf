/** The extension under test, and files for it. */
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

/** A file of the workspace. (An untitled document would ask for a name when a session starts.) */
export async function writeScenario(name: string, text: string): Promise<vscode.Uri> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) throw new Error('no workspace');
  const uri = vscode.Uri.joinPath(folder.uri, name);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  return uri;
}
