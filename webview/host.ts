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

/** Requests whose answer is not of the machine at a stop: they bring about another. */
const MOVES: ReadonlySet<ViewRequest> = new Set(['mmscope/goToTime']);

interface Waiting {
  /** In which it was asked; undefined where that does not matter. */
  readonly epoch: number | undefined;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

export class Host {
  private readonly api = acquireVsCodeApi();
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  /** Of the session as it was last told of. News of a stop or edit come before answers that were given after it. */
  private epoch: number | undefined;

  /** Listens, and says that it does. */
  start(news: HostNews): void {
    window.addEventListener('message', (event: MessageEvent<ToMap>) => {
      const message = event.data;
      switch (message.type) {
        case 'session':
          this.epoch = message.session?.epoch;
          news.session(message.session);
          return;
        case 'reveal':
          news.reveal(message.pfn);
          return;
        case 'answer':
          this.answer(message.id, message.body);
          return;
        case 'failed':
          this.take(message.id)?.reject(new Error(message.message));
          return;
      }
    });
    this.api.postMessage({ type: 'ready' });
  }

  /** @throws Error (by the promise) with the adapter's sentence, or when the machine has moved on before it was answered */
  request<R extends ViewRequest>(
    request: R,
    ...[args]: RequestArguments<R>
  ): Promise<ViewRequests[R]['body']> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      const epoch = MOVES.has(request) ? undefined : this.epoch;
      this.waiting.set(id, { epoch, resolve, reject });
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

  private answer(id: number, body: unknown): void {
    const waiting = this.take(id);
    if (waiting === undefined) return;
    if (waiting.epoch === undefined || waiting.epoch === this.epoch) waiting.resolve(body as never);
    else waiting.reject(new Error('The machine has moved on.'));
  }

  private take(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }
}
