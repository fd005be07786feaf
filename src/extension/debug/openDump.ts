/**
 * *mmscope: Open Dump...*: a dump of any kernel, to look into; of the Explorer's menu, or of a file that is picked. Several
 * files that are selected are the parts of a split dump.
 */
import { commands, debug, l10n, window, type Disposable, type Uri } from 'vscode';

export const registerOpenDump = (): Disposable =>
  commands.registerCommand(
    'mmscope.openDump',
    async (file?: Uri, selected?: readonly Uri[]): Promise<void> => {
      const files = file === undefined ? await pick() : (selected ?? [file]);
      const [chosen, ...parts] = files;
      if (chosen === undefined) return;
      const name = chosen.path.split('/').at(-1) ?? chosen.path;
      await debug.startDebugging(undefined, {
        type: 'mmscope',
        request: 'launch',
        name,
        core: chosen.fsPath,
        ...(parts.length > 0 && { parts: parts.map(({ fsPath }) => fsPath) }),
      });
    },
  );

const pick = async (): Promise<readonly Uri[]> =>
  (await window.showOpenDialog({
    canSelectMany: true,
    openLabel: l10n.t('Open Dump'),
    title: l10n.t('A dump of memory: vmcore, kdump-compressed, LiME or raw'),
  })) ?? [];
