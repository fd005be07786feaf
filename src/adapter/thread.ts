/**
 * A session in a thread of its own. The thread that started it stays free to hear the client, whatever a call of the kernel is doing,
 * and notes in shared memory what has come: the session looks there in the middle of such a call (Host.waits).
 *
 *     client -> this thread -- values --> session's thread
 *     client <- this thread <-- JSON ---- session's thread
 *
 * Where sessions come one after another the thread stays for the next, which so begins with all code compiled (about 0.6 s of work less).
 * Nothing of a session stays in it: what is left of one is not heard.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { DebugAdapter } from './debugAdapter.js';
import type { Host } from './host.js';
import type { Decoded } from './protocol/framing.js';
import { isUrgent } from './urgent.js';

/** Counters in shared memory: all that has come, and the urgent part of it. */
const ALL = 0;
const URGENTLY = 1;

type ToSession = Decoded | { readonly kind: 'end' };
type FromSession =
  | { readonly kind: 'message'; readonly json: string }
  | { readonly kind: 'hang up' }
  /** All has been sent; the thread ends, or waits for the next session. */
  | { readonly kind: 'over' };

interface SessionData {
  readonly mmscopeHeard: Int32Array;
  /** Whether the thread serves more than one session. */
  readonly mmscopeStays: boolean;
}

export interface SessionThread {
  handle(item: Decoded): void;
  /** The client is gone. */
  end(): void;
  /** Resolves when the session has ended. */
  readonly ended: Promise<void>;
}

/** What a session hears of its thread. */
interface Listener {
  receive(json: string): void;
  hangUp(): void;
  over(): void;
}

/** A thread, and the session that it serves, if any. */
class Thread {
  private readonly heard = new Int32Array(new SharedArrayBuffer(8));
  private readonly worker: Worker;
  private session: Listener | undefined;

  constructor(
    script: string,
    private readonly spare: SpareThread | undefined,
  ) {
    const data: SessionData = { mmscopeHeard: this.heard, mmscopeStays: spare !== undefined };
    this.worker = new Worker(script, { argv: ['dap'], workerData: data });
    this.worker.on('message', (message: FromSession) => {
      if (message.kind === 'message') this.session?.receive(message.json);
      else if (message.kind === 'hang up') this.session?.hangUp();
      else if (this.spare !== undefined) this.leave();
    });
    this.worker.on('error', (error) => {
      // A defect: the process says it as if it had one thread.
      process.stderr.write(`${error.stack ?? String(error)}\n`);
      this.session?.hangUp();
    });
    this.worker.once('exit', () => {
      this.spare?.forget(this);
      this.session?.over();
    });
  }

  begin(session: Listener): void {
    this.session = session;
    this.worker.ref();
  }

  private leave(): void {
    const { session } = this;
    this.session = undefined;
    // It does not keep the process alive.
    this.worker.unref();
    this.spare?.keep(this);
    session?.over();
  }

  post(item: ToSession): void {
    this.worker.postMessage(item);
    Atomics.add(this.heard, ALL, 1);
    if (isUrgent(item)) Atomics.add(this.heard, URGENTLY, 1);
  }

  end(): void {
    void this.worker.terminate();
  }
}

/** A thread that has had its session and waits for the next. One is enough: there are more only if sessions ran at once. */
export class SpareThread {
  private idle: Thread | undefined;

  take(): Thread | undefined {
    const { idle } = this;
    this.idle = undefined;
    return idle;
  }

  keep(thread: Thread): void {
    if (this.idle === undefined) this.idle = thread;
    else thread.end();
  }

  forget(thread: Thread): void {
    if (this.idle === thread) this.idle = undefined;
  }

  /** No session is to come. */
  end(): void {
    this.take()?.end();
  }
}

/**
 * Starts a session.
 *
 * @param script what the thread runs: it comes to {@link runSession} when it finds itself in such a thread
 * @param spare where the thread stays for the next session of the same script
 */
export function startSession(
  script: string,
  receive: (json: string) => void,
  hangUp: () => void,
  spare?: SpareThread,
): SessionThread {
  const thread = spare?.take() ?? new Thread(script, spare);
  let isOver = false;
  const post = (item: ToSession): void => {
    if (isOver) return;
    isOver = item.kind === 'end';
    thread.post(item);
  };
  return {
    handle: post,
    end: () => post({ kind: 'end' }),
    ended: new Promise((over) => thread.begin({ receive, hangUp, over })),
  };
}

/** Whether this is the thread of a session. */
export const isSessionThread = (): boolean =>
  !isMainThread && (workerData as Partial<SessionData> | null)?.mmscopeHeard !== undefined;

/** The session of this thread, and those that follow it; resolves when the thread has served its last. */
export function runSession(host: Host): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('this is not the thread of a session');
  const { mmscopeHeard: heard, mmscopeStays: stays } = workerData as SessionData;
  const handled = { all: 0, urgent: 0 };
  const waits: Host['waits'] = () => {
    if (Atomics.load(heard, URGENTLY) !== handled.urgent) return 'urgent';
    return Atomics.load(heard, ALL) === handled.all ? 'nobody' : 'somebody';
  };
  const post = (message: FromSession): void => port.postMessage(message);
  const begin = (): DebugAdapter => {
    const adapter: DebugAdapter = new DebugAdapter({ ...host, waits }, () => {
      if (adapter === current) post({ kind: 'hang up' });
    });
    adapter.onDidSendMessage((message) => {
      if (adapter === current) post({ kind: 'message', json: JSON.stringify(message) });
    });
    return adapter;
  };
  let current: DebugAdapter | undefined = begin();
  return new Promise((resolve) => {
    port.on('message', (item: ToSession) => {
      handled.all++;
      if (isUrgent(item)) handled.urgent++;
      current ??= begin();
      if (item.kind === 'message') current.handleMessage(item.value);
      else if (item.kind === 'malformed') current.handleMalformed(item.reason, item.text);
      else {
        current.dispose();
        current = undefined;
        post({ kind: 'over' });
        if (stays) return;
        port.close();
        resolve();
      }
    });
  });
}
