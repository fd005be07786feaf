/**
 * *mmscope: Export as vmcore...*: the machine of the session as it stands, or that of a dump of the Explorer's menu, as an ELF core
 * that crash and drgn open.
 */
import { commands, l10n, ProgressLocation, Uri, window, workspace, type Disposable } from 'vscode';
import { messageOf } from './customRequest.js';
import type { Sessions } from './sessions.js';

export const registerExportVmcore = (sessions: Sessions): Disposable =>
  commands.registerCommand('mmscope.exportVmcore', async (from?: unknown, to?: unknown) => {
    const file = from instanceof Uri ? from : undefined;
    const session = file === undefined ? sessions.current?.session : undefined;
    if (file === undefined && session === undefined) {
      void window.showInformationMessage(
        l10n.t('Start a session, or take the command from the menu of a dump in the Explorer.'),
      );
      return undefined;
    }
    const name = file === undefined ? (session?.name ?? '') : baseName(file);
    const target = to instanceof Uri ? to : await askTarget(name, file);
    if (target === undefined) return undefined;
    try {
      const sizeBytes = await window.withProgress(
        {
          location: ProgressLocation.Notification,
          title: l10n.t('Writing {0}', baseName(target)),
        },
        () => (file === undefined ? ofSession(sessions, target) : ofDump(file, target)),
      );
      const mib = Math.ceil(sizeBytes / 2 ** 20);
      void window.showInformationMessage(
        l10n.t('{0}: {1} MiB. crash and drgn open it.', baseName(target), mib),
      );
      return sizeBytes;
    } catch (error) {
      void window.showErrorMessage(messageOf(error));
      return undefined;
    }
  });

async function ofSession(sessions: Sessions, target: Uri): Promise<number> {
  const body = (await sessions.current?.session.customRequest('mmscope/export', {
    path: target.fsPath,
  })) as { readonly sizeBytes: number };
  return body.sizeBytes;
}

async function ofDump(file: Uri, target: Uri): Promise<number> {
  const { exportDump } = await import('./exporting.js');
  return exportDump(file.fsPath, target.fsPath);
}

function askTarget(name: string, beside: Uri | undefined): Thenable<Uri | undefined> {
  const folder = beside ? Uri.joinPath(beside, '..') : workspace.workspaceFolders?.[0]?.uri;
  const proposed = `${name.replace(/[^\w.-]+/g, '-').replace(/\.mms$/, '')}.vmcore`;
  return window.showSaveDialog({
    title: l10n.t('Export as vmcore'),
    ...(folder && { defaultUri: Uri.joinPath(folder, proposed) }),
  });
}

const baseName = (uri: Uri): string => uri.path.split('/').at(-1) ?? uri.path;
