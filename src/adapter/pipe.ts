/**
 * A session in the thread that reads its client: nothing is handed from thread to thread, which would cost as much as an answer does. In
 * the middle of a call that takes long the session looks itself what has come meanwhile (Host.waits): the pipe is read without waiting.
 *
 * Invariant: what has been read is handled in the order in which it came.
 */
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { DebugAdapter } from './debugAdapter.js';
import type { Host } from './host.js';
import { FrameDecoder, frameOf, type Decoded } from './protocol/framing.js';
import { isUrgent } from './urgent.js';

/** How often the pipe is looked at in the middle of a call. */
const LOOK_MS = 1;
const CHUNK_BYTES = 1 << 16;

type Item = Decoded | { readonly kind: 'end' };

/** Whether a stream's descriptor can be read without waiting. */
export const isPipe = (input: Readable): boolean =>
  input instanceof Socket && process.platform !== 'win32';

/**
 * Couples a session to a pair of streams until either side ends.
 *
 * @param fd of the input, where it is a pipe that node has set not to block
 */
export function servePipe(
  host: Host,
  input: Readable,
  output: Writable,
  hangUp: () => void,
  fd?: number,
): Promise<void> {
  const decoder = new FrameDecoder();
  const waiting: Item[] = [];
  const chunk = new Uint8Array(CHUNK_BYTES);
  let lookedAt = 0;
  let isOver = (): void => undefined;
  const over = new Promise<void>((resolve) => (isOver = resolve));

  const adapter = new DebugAdapter({ ...host, waits }, hangUp);
  adapter.onDidSendMessage((message) => {
    if (output.writable) output.write(frameOf(JSON.stringify(message)));
  });

  function handle(item: Item): void {
    if (item.kind === 'message') adapter.handleMessage(item.value);
    else if (item.kind === 'malformed') adapter.handleMalformed(item.reason, item.text);
    else {
      adapter.dispose();
      isOver();
    }
  }

  function handleAll(): void {
    lookedAt = host.now();
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) handle(next);
  }

  function waits(): ReturnType<NonNullable<Host['waits']>> {
    look();
    if (waiting.length === 0) return 'nobody';
    return waiting.some(isUrgent) ? 'urgent' : 'somebody';
  }

  function look(): void {
    if (fd === undefined || host.now() - lookedAt < LOOK_MS) return;
    lookedAt = host.now();
    const before = waiting.length;
    for (let nrBytes = read(); nrBytes !== undefined; nrBytes = read()) {
      if (nrBytes === 0) waiting.push({ kind: 'end' });
      waiting.push(...decoder.push(chunk.subarray(0, nrBytes)));
      if (nrBytes < CHUNK_BYTES) break;
    }
    // Before whoever rests now goes on.
    if (waiting.length > before) setImmediate(handleAll);
  }

  /** Undefined where nothing has come, or the stream will say what is wrong with it. */
  function read(): number | undefined {
    try {
      return readSync(fd ?? 0, chunk);
    } catch {
      return undefined;
    }
  }

  const take = (...items: readonly Item[]): void => {
    waiting.push(...items);
    handleAll();
  };
  const end = (): void => take({ kind: 'end' });
  input.on('data', (bytes: Uint8Array) => take(...decoder.push(bytes)));
  input.once('end', end);
  input.once('close', end);
  // A client that is gone: there is nobody to tell.
  input.on('error', end);
  output.on('error', end);
  return over;
}
