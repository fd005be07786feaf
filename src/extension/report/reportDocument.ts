/**
 * The answer as an editor that is only read: Markdown, rendered by VS Code's own, in a webview of ours. Its preview of Markdown follows
 * links of the web and of the desktop's VS Code alone; here an address is the command that shows it in the window Memory, wherever VS Code
 * runs, while there is a machine to look it up in.
 */
import { randomBytes } from 'node:crypto';
import { commands, debug, Disposable, l10n, ViewColumn, window, type WebviewPanel } from 'vscode';
import { REVEAL_COMMANDS, withCommandLinks } from '../address/memoryLink.js';
import { MMSCOPE } from '../identity.js';

const PANEL_TYPE = 'mmscope.report';
const NONCE_BYTES = 16;
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
  const linked = hasMachine ? withCommandLinks(text) : text;
  panel.webview.html = page(await commands.executeCommand<string>(RENDER, linked));
}

function page(body: string): string {
  const nonce = randomBytes(NONCE_BYTES).toString('base64');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'" />
    <style nonce="${nonce}">${STYLE}</style>
  </head>
  <body><main>${body}</main></body>
</html>`;
}

const STYLE = `
body { padding: 4px 26px 40px; line-height: 1.55; }
main { max-width: 100ch; }
h1 { font-size: 1.6em; font-weight: 600; line-height: 1.25; }
h2 { margin-top: 2em; font-size: 1.35em; font-weight: 600; }
h3 { margin-top: 1.6em; font-size: 1.05em; font-weight: 600; }
h2, h3 { padding-bottom: 3px; border-bottom: 1px solid var(--vscode-textSeparator-foreground); }
li { margin: 3px 0; }
code { font-family: var(--vscode-editor-font-family, monospace); font-size: 0.94em; }
pre { padding: 10px 14px; overflow-x: auto; background: var(--vscode-textCodeBlock-background); }
pre code { color: var(--vscode-editor-foreground); background: none; }
`;
