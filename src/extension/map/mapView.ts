/**
 * One open map: keeps its webview told of the session on show, and answers its questions by custom requests to the
 * adapter. It holds no data: what the map knows, it asked for.
 */
import path from 'node:path';
import { Disposable, type DebugSession, type Uri, type Webview } from 'vscode';
import {
  FRAME_REQUEST,
  MAP_REQUEST,
  VERDICT_REQUEST,
  type FrameBody,
  type MapBody,
  type VerdictBody,
} from '../../engine/view/map.js';
import type { FromMap, Question, Questions, ToMap } from '../../../webview/messages.js';
import type { Sessions, SessionState } from '../debug/sessions.js';
import { frameActions } from './frameActions.js';
import { mapHtml } from './html.js';

/** The file that a session is about: its scenario, else its machine's. */
function subjectOf({ configuration }: DebugSession): string {
  const given = [configuration['program'], configuration['core'], configuration['state']];
  const file = given.find((value) => typeof value === 'string' && value !== '') as
    string | undefined;
  return file === undefined ? '' : path.basename(file);
}

export class MapView implements Disposable {
  private readonly subscriptions: Disposable[];
  private ready = false;
  private pendingReveal: number | undefined;

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

  /** Selects a frame, at once or when the map is ready. */
  reveal(pfn: number): void {
    if (this.ready) this.post({ type: 'reveal', pfn });
    else this.pendingReveal = pfn;
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
        void frameActions[message.action](this.sessions.current?.session, message.frame);
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
    };
    this.post({ type: 'session', session });
  }

  private async answer(message: FromMap & { type: 'ask' }): Promise<void> {
    const { id } = message;
    try {
      this.post({ type: 'answer', id, answer: await this.ask(message) });
    } catch (error) {
      this.post({ type: 'failed', id, message: error instanceof Error ? error.message : '' });
    }
  }

  private async ask(message: FromMap & { type: 'ask' }): Promise<Questions[Question]['answer']> {
    const session = this.sessions.current?.session;
    if (session === undefined) throw new Error('no session');
    if (message.question === 'frame')
      return (await session.customRequest(FRAME_REQUEST, message.asks)) as FrameBody;
    if (message.question === 'verdict')
      return (await session.customRequest(VERDICT_REQUEST)) as VerdictBody;
    const body = (await session.customRequest(MAP_REQUEST, message.asks)) as MapBody;
    return { ...body, states: new Uint8Array(Buffer.from(body.states, 'base64')) };
  }

  private post(message: ToMap): void {
    void this.webview.postMessage(message);
  }
}
