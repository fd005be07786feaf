/** The window's line to the extension: questions that are answered once, and news. */
import type { Act, FromMap, MapSession, ToMap } from './messages.js';
import type { ViewRequest, ViewRequests } from '../src/engine/view/viewRequests.js';

interface VsCodeApi {
  postMessage(message: FromMap): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

export interface HostNews {
  session(session: MapSession | undefined): void;
  reveal(pfn: number): void;
}

/** The arguments of a request, none where it takes none. */
export type RequestArguments<R extends ViewRequest> = ViewRequests[R]['arguments'] extends undefined
  ? []
  : [ViewRequests[R]['arguments']];

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

export class Host {
  private readonly api = acquireVsCodeApi();
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  /** Listens, and says that it does. */
  start(news: HostNews): void {
    window.addEventListener('message', (event: MessageEvent<ToMap>) => {
      const message = event.data;
      switch (message.type) {
        case 'session':
          news.session(message.session);
          return;
        case 'reveal':
          news.reveal(message.pfn);
          return;
        case 'answer':
          this.take(message.id)?.resolve(message.body as never);
          return;
        case 'failed':
          this.take(message.id)?.reject(new Error(message.message));
          return;
      }
    });
    this.api.postMessage({ type: 'ready' });
  }

  /** @throws Error (by the promise) with the adapter's sentence */
  request<R extends ViewRequest>(
    request: R,
    ...[args]: RequestArguments<R>
  ): Promise<ViewRequests[R]['body']> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.api.postMessage({ type: 'ask', id, request, args });
    });
  }

  act(act: Act): void {
    this.api.postMessage({ type: 'act', act });
  }

  /** What was kept when the view was last hidden. */
  get kept(): unknown {
    return this.api.getState();
  }

  keep(state: unknown): void {
    this.api.setState(state);
  }

  private take(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }
}
