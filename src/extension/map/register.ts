/** Where maps open: as a view of the panel, or as an editor beside the scenario; at a session's start, or by command. */
import {
  commands,
  debug,
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
import { MMSCOPE, settings } from '../identity.js';
import { registerHexDocuments } from './hexDocument.js';
import { MapView } from './mapView.js';

const VIEW_ID = 'mmscope.map';
const PANEL_TYPE = 'mmscope.map.editor';

export function registerMap(extensionUri: Uri, sessions: Sessions): Disposable {
  const webviewOptions = {
    enableScripts: true,
    localResourceRoots: [Uri.joinPath(extensionUri, 'dist')],
  };
  let panel: { readonly panel: WebviewPanel; readonly view: MapView } | undefined;
  let inPanel: MapView | undefined;

  const adopt = (webviewPanel: WebviewPanel): MapView => {
    webviewPanel.webview.options = webviewOptions;
    webviewPanel.iconPath = Uri.joinPath(extensionUri, 'media', 'scenario.svg');
    const view = new MapView(webviewPanel.webview, extensionUri, sessions);
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
      l10n.t('Physical Memory'),
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
      const view = new MapView(webviewView.webview, extensionUri, sessions);
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
      const pfn = await pfnOf(context);
      if (pfn !== undefined) (await show(true))?.reveal(pfn);
    }),
    debug.onDidStartDebugSession((session) => {
      if (session.type === MMSCOPE && session.configuration['noDebug'] !== true)
        if (settings().openMapOnStart !== 'never') void show(true);
    }),
  );
}

/** The frame that a variable of the variables view (a struct page, or a pointer to one) stands for. */
async function pfnOf(context: unknown): Promise<number | undefined> {
  const given = (context as { pfn?: number } | undefined)?.pfn;
  if (given !== undefined) return given;
  const variable = (context as { variable?: { evaluateName?: string } } | undefined)?.variable;
  const session = debug.activeDebugSession;
  if (variable?.evaluateName === undefined || session === undefined) return undefined;
  const name = variable.evaluateName;
  for (const expression of [`page_to_pfn(${name})`, `page_to_pfn(&(${name}))`]) {
    try {
      const answer = (await session.customRequest('evaluate', {
        expression,
        context: 'hover',
      })) as {
        result: string;
      };
      const text = /0x[0-9a-f]+|\d+/i.exec(answer.result)?.[0];
      if (text !== undefined) return Number(text);
    } catch {
      continue; // Not a pointer: try the address of it.
    }
  }
  return undefined;
}
