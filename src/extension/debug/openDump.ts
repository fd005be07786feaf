/** *mmscope: Open Dump...*: a dump of any kernel, to look into; of the Explorer's menu, or of a file that is picked. */
import { commands, debug, l10n, window, type Disposable, type Uri } from 'vscode';

export const registerOpenDump = (): Disposable =>
  commands.registerCommand('mmscope.openDump', async (file?: Uri): Promise<void> => {
    const chosen = file ?? (await pick());
    if (chosen === undefined) return;
    const name = chosen.path.split('/').at(-1) ?? chosen.path;
    await debug.startDebugging(undefined, {
      type: 'mmscope',
      request: 'launch',
      name,
      core: chosen.fsPath,
    });
  });

async function pick(): Promise<Uri | undefined> {
  const [chosen] =
    (await window.showOpenDialog({
      canSelectMany: false,
      openLabel: l10n.t('Open Dump'),
      title: l10n.t('A dump of memory: vmcore, kdump-compressed, LiME or raw'),
    })) ?? [];
  return chosen;
}
