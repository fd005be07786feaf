/** The run and debug buttons of a scenario's editor. */
import { commands, debug, Disposable, Uri, window, workspace } from 'vscode';
import { activeScenario, debugScenario } from './configurations.js';

export function registerRunCommands(): Disposable {
  const start = async (resource: unknown, noDebug: boolean): Promise<void> => {
    const uri = resource instanceof Uri ? resource : activeScenario();
    if (uri === undefined) {
      await commands.executeCommand('mmscope.openExample');
      return;
    }
    const document = await workspace.openTextDocument(uri);
    if (window.activeTextEditor?.document !== document) await window.showTextDocument(document);
    await debug.startDebugging(
      workspace.getWorkspaceFolder(uri),
      { ...debugScenario(uri.fsPath), stopOnEntry: !noDebug },
      { noDebug },
    );
  };
  return Disposable.from(
    commands.registerCommand('mmscope.run', (resource: unknown) => start(resource, true)),
    commands.registerCommand('mmscope.debug', (resource: unknown) => start(resource, false)),
  );
}
