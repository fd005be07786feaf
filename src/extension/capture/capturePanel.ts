/** An editor with the map of captured frames: the window Memory on a machine that is only in files. */
import { Disposable, l10n, Uri, ViewColumn, window } from 'vscode';
import { MapView } from '../map/mapView.js';
import { perform } from '../map/acts.js';
import type { CaptureMachine } from './captureMachine.js';

const PANEL_TYPE = 'mmscope.capture';

export function showCapture(extensionUri: Uri, subject: string, machine: CaptureMachine): void {
  const panel = window.createWebviewPanel(
    PANEL_TYPE,
    l10n.t('Memory of {0}', subject),
    { viewColumn: ViewColumn.Active },
    { enableScripts: true, localResourceRoots: [Uri.joinPath(extensionUri, 'dist')] },
  );
  panel.iconPath = Uri.joinPath(extensionUri, 'media', 'scenario.svg');
  const session = { id: subject, name: subject, subject, stopped: true, epoch: 1, stop: 1 };
  const view = new MapView(panel.webview, extensionUri, {
    session,
    onDidChange: () => Disposable.from(),
    answer: (request, args) => Promise.resolve(args).then(() => machine.answer(request, args)),
    perform: (act) => perform(act, undefined),
  });
  panel.onDidChangeViewState(() => view.refresh());
  panel.onDidDispose(() => view.dispose());
}
