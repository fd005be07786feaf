/**
 * The answer as an editor that is only read: Markdown, rendered by VS Code's own, in a webview of ours. Its preview of Markdown follows
 * links of the web and of the desktop's VS Code alone; here an address is the command that shows it in the window Memory, wherever VS Code
 * runs, while there is a machine to look it up in.
 */
import {
  commands,
  debug,
  l10n,
  ViewColumn,
  window,
  type Disposable,
  type WebviewPanel,
} from 'vscode';
import { REVEAL_COMMANDS, withCommandLinks } from '../address/memoryLink.js';
import { MMSCOPE } from '../identity.js';

const PANEL_TYPE = 'mmscope.report';
/** Of VS Code's extension for Markdown, which is part of every VS Code. */
const RENDER = 'markdown.api.render';

interface Shown {
  readonly panel: WebviewPanel;
  text: string;
}

export class ReportDocuments implements Disposable {
  private readonly shown = new Map<string, Shown>();
  private readonly listening = debug.onDidChangeActiveDebugSession(() => {
    for (const shown of this.shown.values()) void render(shown);
  });

  /** Opens the text, rendered; one that is open of the same name is this one from now on. */
  async show(name: string, text: string): Promise<void> {
    const shown = this.shown.get(name) ?? this.open(name, text);
    shown.text = text;
    await render(shown);
    shown.panel.reveal();
  }

  private open(name: string, text: string): Shown {
    const panel = window.createWebviewPanel(
      PANEL_TYPE,
      l10n.t('Report: {0}', name),
      { viewColumn: ViewColumn.Active },
      { enableCommandUris: REVEAL_COMMANDS, enableFindWidget: true, localResourceRoots: [] },
    );
    const shown = { panel, text };
    this.shown.set(name, shown);
    panel.onDidDispose(() => this.shown.delete(name));
    return shown;
  }

  dispose(): void {
    this.listening.dispose();
    for (const { panel } of this.shown.values()) panel.dispose();
  }
}

async function render({ panel, text }: Shown): Promise<void> {
  const hasMachine = debug.activeDebugSession?.type === MMSCOPE;
  const { reportPage } = await import('./explaining.js');
  const linked = hasMachine ? withCommandLinks(text) : text;
  panel.webview.html = reportPage(await commands.executeCommand<string>(RENDER, linked));
}
