/** Asks for the vmlinux that a dump wants, by its release and build id, and starts the session again with it. */
import { debug, l10n, window, type DebugSession, type Disposable } from 'vscode';
import { wantedVmlinux, type WantedVmlinux } from './wantedVmlinux.js';
import type { Sessions } from './sessions.js';

export const registerVmlinuxPicker = (sessions: Sessions): Disposable =>
  sessions.onDidSend(({ session, message }) => {
    const wanted = wantedVmlinux(message);
    if (wanted !== undefined) void offer(session, wanted);
  });

async function offer(session: DebugSession, wanted: WantedVmlinux): Promise<void> {
  const give = l10n.t('Give Its vmlinux...');
  if ((await window.showErrorMessage(wanted.sentence, give)) !== give) return;
  const [file] = (await window.showOpenDialog({ title: titleOf(wanted) })) ?? [];
  if (file === undefined) return;
  await debug.startDebugging(session.workspaceFolder, {
    ...session.configuration,
    vmlinux: file.fsPath,
  });
}

const titleOf = ({ release, buildId }: WantedVmlinux): string =>
  buildId === undefined
    ? l10n.t('The vmlinux of Linux {0}', release)
    : l10n.t('The vmlinux of Linux {0}, build id {1}', release, buildId);
