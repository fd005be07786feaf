/**
 * One open map: keeps its webview told of the machine on show, and passes its questions on. It holds no data: what the map knows, it asked
 * for.
 */
import { Disposable, type Uri, type Webview } from 'vscode';
import { isViewRequest } from '../../engine/view/viewRequests.js';
import type { Act, FromMap, MapSession, ToMap } from '../../../webview/messages.js';
import { mapHtml } from './html.js';

/** Whose machine it is: a session's (sessionSource.ts), or captures of frames (../capture/). */
export interface MapSource {
  readonly session: MapSession | undefined;
  /** Another session, or the same at another stop. */
  onDidChange(listener: () => void): Disposable;
  /** @throws Error with a sentence for the user */
  answer(request: string, args: unknown): Promise<unknown>;
  perform(act: Act): Promise<void>;
}

export class MapView implements Disposable {
  private readonly subscriptions: Disposable[];
  private ready = false;
  private pendingReveal: number | string | undefined;

  constructor(
    private readonly webview: Webview,
    extensionUri: Uri,
    private readonly source: MapSource,
  ) {
    this.subscriptions = [
      webview.onDidReceiveMessage((message: FromMap) => this.receive(message)),
      source.onDidChange(() => this.tellSession()),
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
    this.tellSession();
  }

  dispose(): void {
    Disposable.from(...this.subscriptions).dispose();
  }

  private receive(message: FromMap): void {
    switch (message.type) {
      case 'ready':
        this.ready = true;
        this.tellSession();
        if (this.pendingReveal !== undefined) this.reveal(this.pendingReveal);
        this.pendingReveal = undefined;
        return;
      case 'ask':
        void this.answer(message);
        return;
      case 'act':
        void this.source.perform(message.act);
        return;
    }
  }

  private tellSession(): void {
    if (this.ready) this.post({ type: 'session', session: this.source.session });
  }

  private async answer({ id, request, args }: FromMap & { type: 'ask' }): Promise<void> {
    try {
      if (!isViewRequest(request)) throw new Error(`${String(request)} is not for views`);
      this.post({ type: 'answer', id, body: await this.source.answer(request, args) });
    } catch (error) {
      this.post({ type: 'failed', id, message: error instanceof Error ? error.message : '' });
    }
  }

  private post(message: ToMap): void {
    void this.webview.postMessage(message);
  }
}
