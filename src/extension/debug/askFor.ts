/** `${command:AskForScenario}` and `${command:AskForMachineFile}` of launch configurations: what to debug is asked at each start. */
import { commands, Disposable, l10n, window, workspace, type Uri } from 'vscode';

const MOST = 200;
const MACHINE_FILES = '**/{*vmcore*,*.trace.gz,*.core,*.core.gz}';

export function registerAskFor(): Disposable {
  const ask = (command: string, glob: string, placeHolder: string, none: string): Disposable =>
    commands.registerCommand(command, async (): Promise<string | undefined> => {
      const files = await workspace.findFiles(glob, '**/node_modules/**', MOST);
      if (files.length === 0) {
        void window.showInformationMessage(none);
        return undefined;
      }
      const chosen = await window.showQuickPick(files.map(rowOf).sort(byLabel), { placeHolder });
      return chosen?.path;
    });
  return Disposable.from(
    ask(
      'mmscope.askForScenario',
      '**/*.mms',
      l10n.t('The scenario to debug'),
      l10n.t(
        'There is no scenario (*.mms) in this workspace. mmscope: Open Example... brings one.',
      ),
    ),
    ask(
      'mmscope.askForMachineFile',
      MACHINE_FILES,
      l10n.t('The core or recorded state to open'),
      l10n.t(
        'There is neither a core (vmcore) nor a recorded state (*.trace.gz) in this workspace.',
      ),
    ),
  );
}

const rowOf = (uri: Uri) => ({ label: workspace.asRelativePath(uri), path: uri.fsPath });
const byLabel = (a: { label: string }, b: { label: string }): number =>
  a.label.localeCompare(b.label);
