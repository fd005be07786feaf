/** What the buttons of the map's details do with a frame. */
import { commands, debug, env, extensions, l10n, Uri, window, type DebugSession } from 'vscode';
import type { FrameBody } from '../../engine/view/map.js';
import type { FrameAction } from '../../../webview/messages.js';
import { hexDocumentUri } from './hexDocument.js';

const HEX_EDITOR = 'ms-vscode.hexeditor';

export const frameActions: Readonly<
  Record<FrameAction, (session: DebugSession | undefined, frame: FrameBody) => Promise<void>>
> = {
  /** Shows the struct page as a tree: a watch, where it stays from step to step. */
  async watch(_session, frame) {
    if (frame.expression === undefined) return;
    await commands.executeCommand('workbench.debug.action.focusWatchView');
    await commands.executeCommand('debug.addToWatchExpressions', {
      sessionId: debug.activeDebugSession?.id,
      variable: {
        name: frame.expression,
        evaluateName: frame.expression,
        value: '',
        variablesReference: 0,
      },
    });
  },
  /** The frame's bytes: in the hex editor when it is installed, else as text. */
  async bytes(session, frame) {
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
  async copy(_session, frame) {
    await env.clipboard.writeText(frame.expression ?? `0x${frame.pfn.toString(16)}`);
    window.setStatusBarMessage(l10n.t('Copied {0}', frame.expression ?? ''), 2000);
  },
};
