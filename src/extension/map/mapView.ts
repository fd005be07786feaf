/**
 * One open map: keeps its webview told of the session on show, and answers its questions by custom requests to the
 * adapter. It holds no data: what the map knows, it asked for.
 */
import path from 'node:path';
import { Disposable, type DebugSession, type Uri, type Webview } from 'vscode';
import { isViewRequest } from '../../engine/view/viewRequests.js';
import type { FromMap, ToMap } from '../../../webview/messages.js';
import { focusedFrameId } from '../debug/customRequest.js';
import type { Sessions, SessionState } from '../debug/sessions.js';
import { perform } from './acts.js';
import { mapHtml } from './html.js';

/** The file that a session is about: its scenario, else its machine's. */
function subjectOf({ configuration }: DebugSession): string {
  const given = [configuration['program'], configuration['core'], configuration['state']];
  const file = given.find((value) => typeof value === 'string' && value !== '') as
    string | undefined;
  return file === undefined ? '' : path.basename(file);
}

/** What a user types to be found is meant in the frame that is looked at. */
function seenFrom(request: string, args: unknown): unknown {
  const isTyped = request === 'mmscope/locate' && (args as { text?: string }).text !== undefined;
  return isTyped ? { frameId: focusedFrameId(), ...(args as object) } : args;
}

export class MapView implements Disposable {
  private readonly subscriptions: Disposable[];
  private ready = false;
  private pendingReveal: number | string | undefined;

  constructor(
    private readonly webview: Webview,
    extensionUri: Uri,
    private readonly sessions: Sessions,
  ) {
    this.subscriptions = [
      webview.onDidReceiveMessage((message: FromMap) => this.receive(message)),
      sessions.onDidChange((state) => this.tellSession(state)),
    ];
    webview.html = mapHtml(webview, extensionUri);
  }

  /** Selects a frame, or what a text says (`0xf0801000`), at once or when the map is ready. */
  reveal(place: number | string): void {
    if (this.ready) this.post({ type: 'reveal', place });
    else this.pendingReveal = place;
  }

  /** Messages to a hidden webview are lost: it is told again when shown. */
  refresh(): void {
    if (this.ready) this.tellSession(this.sessions.current);
  }

  dispose(): void {
    Disposable.from(...this.subscriptions).dispose();
  }

  private receive(message: FromMap): void {
    switch (message.type) {
      case 'ready':
        this.ready = true;
        this.tellSession(this.sessions.current);
        if (this.pendingReveal !== undefined) this.reveal(this.pendingReveal);
        this.pendingReveal = undefined;
        return;
      case 'ask':
        void this.answer(message);
        return;
      case 'act':
        void perform(message.act, this.sessions);
        return;
    }
  }

  private tellSession(state: SessionState | undefined): void {
    if (!this.ready) return;
    const session = state && {
      id: state.session.id,
      name: state.session.name,
      subject: subjectOf(state.session),
      stopped: state.stopped,
      epoch: state.epoch,
      stop: state.stop,
      isOneOfMany: this.sessions.count > 1,
    };
    this.post({ type: 'session', session });
  }

  private async answer({ id, request, args }: FromMap & { type: 'ask' }): Promise<void> {
    try {
      const session = this.sessions.current?.session;
      if (session === undefined) throw new Error('no session');
      if (!isViewRequest(request)) throw new Error(`${String(request)} is not for views`);
      const body = (await session.customRequest(request, seenFrom(request, args))) as unknown;
      this.post({ type: 'answer', id, body });
    } catch (error) {
      this.post({ type: 'failed', id, message: error instanceof Error ? error.message : '' });
    }
  }

  private post(message: ToMap): void {
    void this.webview.postMessage(message);
  }
}
