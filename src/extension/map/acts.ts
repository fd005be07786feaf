/** What the views of the window Memory have VS Code do. */
import { commands, debug, env, extensions, l10n, Uri, window, workspace } from 'vscode';
import type { DebugSession } from 'vscode';
import type { Act } from '../../../webview/messages.js';
import { messageOf } from '../debug/customRequest.js';
import { MMSCOPE } from '../identity.js';
import { hexDocumentUri } from './hexDocument.js';

const HEX_EDITOR = 'ms-vscode.hexeditor';
/** Longer than this, a copied text is not told again. */
const SHORT = 60;

type Performers = {
  readonly [A in Act['action']]: (
    act: Extract<Act, { action: A }>,
    session: DebugSession | undefined,
  ) => Promise<void>;
};

/** Says so when something cannot be done. */
export async function perform(act: Act, session: DebugSession | undefined): Promise<void> {
  try {
    await performers[act.action](act as never, session);
  } catch (error) {
    void window.showInformationMessage(messageOf(error));
  }
}

async function watch(expression: string): Promise<void> {
  await commands.executeCommand('workbench.debug.action.focusWatchView');
  await commands.executeCommand('debug.addToWatchExpressions', {
    sessionId: debug.activeDebugSession?.id,
    variable: { name: expression, evaluateName: expression, value: '', variablesReference: 0 },
  });
}

const performers: Performers = {
  /** Shows the struct page as a tree: a watch, where it stays from step to step. */
  watch: ({ expression }) => watch(expression),
  /** The frame's bytes: in the hex editor when it is installed, else as text. */
  async bytes({ frame }, session) {
    if (session === undefined || frame.memoryReference === undefined) return;
    if (extensions.getExtension(HEX_EDITOR) !== undefined) {
      const uri = Uri.from({
        scheme: 'vscode-debug-memory',
        authority: session.id,
        path: `/${encodeURIComponent(frame.memoryReference)}/pfn-${frame.pfn.toString(16)}.bin`,
      });
      await commands.executeCommand('vscode.openWith', uri, 'hexEditor.hexedit');
      return;
    }
    await window.showTextDocument(hexDocumentUri(session, frame), { preview: true });
  },
  async copy({ text }) {
    await env.clipboard.writeText(text);
    const told = text.length > SHORT || text.includes('\n') ? l10n.t('this view') : text;
    window.setStatusBarMessage(l10n.t('Copied {0}', told), 2000);
  },
  async save({ name, data, binary }) {
    const folder = workspace.workspaceFolders?.[0]?.uri;
    const defaultUri = folder && Uri.joinPath(folder, name);
    const uri = await window.showSaveDialog(defaultUri === undefined ? {} : { defaultUri });
    if (uri === undefined) return;
    await workspace.fs.writeFile(uri, Buffer.from(data, binary === true ? 'base64' : 'utf8'));
    window.setStatusBarMessage(l10n.t('Saved {0}', uri.path.split('/').at(-1) ?? ''), 2000);
  },
  async set({ expression, value }, session) {
    await session?.customRequest('setExpression', { expression, value });
  },
  async evaluate({ expression }) {
    await commands.executeCommand('workbench.panel.repl.view.focus');
    const session = debug.activeDebugSession;
    if (session === undefined) return;
    const body = (await session.customRequest('evaluate', { expression, context: 'repl' })) as {
      readonly result: string;
    };
    debug.activeDebugConsole.appendLine(`${expression}\n${body.result}`);
  },
  async startAgain() {
    if (debug.activeDebugSession?.type === MMSCOPE) return;
    await commands.executeCommand('workbench.action.debug.start');
  },
};
