/** Where maps open: as a view of the panel, or as an editor beside the scenario; at a session's start, or by command. */
import {
  commands,
  Disposable,
  l10n,
  Uri,
  ViewColumn,
  window,
  type WebviewPanel,
  type WebviewPanelSerializer,
  type WebviewViewProvider,
} from 'vscode';
import type { Sessions } from '../debug/sessions.js';
import { isLaunch } from '../debug/sessionMessages.js';
import { settings } from '../identity.js';
import { registerHexDocuments } from './hexDocument.js';
import { MapView } from './mapView.js';
import { sessionSource } from './sessionSource.js';
import { frameMeant } from './frameMeant.js';

const VIEW_ID = 'mmscope.map';
const PANEL_TYPE = 'mmscope.map.editor';

/** What stands for the machine of a dump is opened so soon, or not at all. */
const SOURCE_MS = 3000;

/** Resolves when an editor has a text: a map opens beside it. Where a scenario starts there is one already. */
const textShown = (): Promise<void> =>
  new Promise((resolve) => {
    if (window.activeTextEditor !== undefined) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      heard.dispose();
      resolve();
    };
    const timer = setTimeout(done, SOURCE_MS);
    const heard = window.onDidChangeActiveTextEditor((editor) => {
      if (editor !== undefined) done();
    });
  });

export function registerMap(extensionUri: Uri, sessions: Sessions): Disposable {
  const webviewOptions = {
    enableScripts: true,
    localResourceRoots: [Uri.joinPath(extensionUri, 'dist')],
  };
  const source = sessionSource(sessions);
  let panel: { readonly panel: WebviewPanel; readonly view: MapView } | undefined;
  let inPanel: MapView | undefined;

  const adopt = (webviewPanel: WebviewPanel): MapView => {
    webviewPanel.webview.options = webviewOptions;
    webviewPanel.iconPath = Uri.joinPath(extensionUri, 'media', 'scenario.svg');
    const view = new MapView(webviewPanel.webview, extensionUri, source);
    webviewPanel.onDidChangeViewState(() => view.refresh());
    webviewPanel.onDidDispose(() => {
      view.dispose();
      if (panel?.view === view) panel = undefined;
    });
    panel = { panel: webviewPanel, view };
    return view;
  };
  const openBeside = (preserveFocus: boolean): MapView => {
    if (panel !== undefined) {
      panel.panel.reveal(undefined, preserveFocus);
      return panel.view;
    }
    const created = window.createWebviewPanel(
      PANEL_TYPE,
      l10n.t('Memory'),
      { viewColumn: ViewColumn.Beside, preserveFocus },
      { ...webviewOptions, enableFindWidget: false },
    );
    return adopt(created);
  };
  const show = async (preserveFocus: boolean): Promise<MapView | undefined> => {
    if (settings().openMapOnStart !== 'panel') return openBeside(preserveFocus);
    await commands.executeCommand(`${VIEW_ID}.focus`, { preserveFocus });
    return inPanel;
  };

  const provider: WebviewViewProvider = {
    resolveWebviewView(webviewView) {
      webviewView.webview.options = webviewOptions;
      const view = new MapView(webviewView.webview, extensionUri, source);
      inPanel = view;
      webviewView.onDidChangeVisibility(() => view.refresh());
      webviewView.onDidDispose(() => {
        view.dispose();
        if (inPanel === view) inPanel = undefined;
      });
    },
  };
  const serializer: WebviewPanelSerializer = {
    deserializeWebviewPanel: (webviewPanel) => {
      adopt(webviewPanel);
      return Promise.resolve();
    },
  };

  return Disposable.from(
    window.registerWebviewViewProvider(VIEW_ID, provider),
    window.registerWebviewPanelSerializer(PANEL_TYPE, serializer),
    registerHexDocuments(),
    commands.registerCommand('mmscope.showMap', () => show(false)),
    commands.registerCommand('mmscope.revealInMap', async (context: unknown) => {
      const place = (context as { readonly place?: string } | undefined)?.place;
      if (place !== undefined) {
        (await show(true))?.reveal(place);
        return;
      }
      const pfn = await frameMeant(sessions.current?.session, context);
      if (pfn !== undefined) (await show(true))?.reveal(pfn);
    }),
    sessions.onDidSend(({ session, message }) => {
      if (!isLaunch(message) || session.configuration['noDebug'] === true) return;
      if (settings().openMapOnStart !== 'never') void textShown().then(() => show(true));
    }),
  );
}
