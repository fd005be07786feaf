/**
 * A session in a thread of its own. The thread that started it stays free to hear the client, whatever a call of the kernel is doing,
 * and notes in shared memory what has come: the session looks there in the middle of such a call (Host.waits).
 *
 *     client -> this thread -- values --> session's thread
 *     client <- this thread <-- JSON ---- session's thread
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { DebugAdapter } from './debugAdapter.js';
import type { Host } from './host.js';
import type { Decoded } from './protocol/framing.js';

/** Requests that want what is under way to end. */
const URGENT: ReadonlySet<unknown> = new Set([
  'pause',
  'cancel',
  'disconnect',
  'terminate',
  'restart',
]);

/** Counters in shared memory: all that has come, and the urgent part of it. */
const ALL = 0;
const URGENTLY = 1;

type ToSession = Decoded | { readonly kind: 'end' };
type FromSession =
  { readonly kind: 'message'; readonly json: string } | { readonly kind: 'hang up' };

interface SessionData {
  readonly mmscopeHeard: Int32Array;
}

const isUrgent = (item: ToSession): boolean => {
  if (item.kind !== 'message') return item.kind === 'end';
  const { value } = item;
  return typeof value === 'object' && value !== null && 'command' in value
    ? URGENT.has(value.command)
    : false;
};

export interface SessionThread {
  handle(item: Decoded): void;
  /** The client is gone. */
  end(): void;
  /** Resolves when the session has ended. */
  readonly ended: Promise<void>;
}

/**
 * Starts a session.
 *
 * @param script what the thread runs: it comes to {@link runSession} when it finds itself in such a thread
 */
export function startSession(
  script: string,
  receive: (json: string) => void,
  hangUp: () => void,
): SessionThread {
  const heard = new Int32Array(new SharedArrayBuffer(8));
  const data: SessionData = { mmscopeHeard: heard };
  const worker = new Worker(script, { argv: ['dap'], workerData: data });
  worker.on('message', (message: FromSession) => {
    if (message.kind === 'message') receive(message.json);
    else hangUp();
  });
  worker.on('error', (error) => {
    // A defect: the process says it as if it had one thread.
    process.stderr.write(`${error.stack ?? String(error)}\n`);
    hangUp();
  });
  let isOver = false;
  const post = (item: ToSession): void => {
    if (isOver) return;
    isOver = item.kind === 'end';
    worker.postMessage(item);
    Atomics.add(heard, ALL, 1);
    if (isUrgent(item)) Atomics.add(heard, URGENTLY, 1);
  };
  return {
    handle: post,
    end: () => post({ kind: 'end' }),
    ended: new Promise((resolve) => worker.once('exit', () => resolve())),
  };
}

/** Whether this is the thread of a session. */
export const isSessionThread = (): boolean =>
  !isMainThread && (workerData as Partial<SessionData> | null)?.mmscopeHeard !== undefined;

/** The session of this thread; resolves when it has ended. */
export function runSession(host: Host): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('this is not the thread of a session');
  const { mmscopeHeard: heard } = workerData as SessionData;
  const handled = { all: 0, urgent: 0 };
  const post = (message: FromSession): void => port.postMessage(message);
  const adapter = new DebugAdapter(
    {
      ...host,
      waits: () => {
        if (Atomics.load(heard, URGENTLY) !== handled.urgent) return 'urgent';
        return Atomics.load(heard, ALL) === handled.all ? 'nobody' : 'somebody';
      },
    },
    () => post({ kind: 'hang up' }),
  );
  adapter.onDidSendMessage((message) => post({ kind: 'message', json: JSON.stringify(message) }));
  return new Promise((resolve) => {
    port.on('message', (item: ToSession) => {
      handled.all++;
      if (isUrgent(item)) handled.urgent++;
      if (item.kind === 'message') adapter.handleMessage(item.value);
      else if (item.kind === 'malformed') adapter.handleMalformed(item.reason, item.text);
      else {
        adapter.dispose();
        port.close();
        resolve();
      }
    });
  });
}
