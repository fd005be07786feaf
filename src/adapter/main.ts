/**
 * The adapter under node: over stdin and stdout, or as a server on loopback for any number of sessions.
 * With pipe.ts and thread.ts the only file of the room that knows node: a session is in the thread that reads its pipe, or has one of its
 * own where that cannot hear in the middle of a call.
 */
import { appendFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Readable, Writable } from 'node:stream';
import { fileError, nodeFiles } from '../files/nodeFiles.js';
import { createFile } from '../files/writeChunks.js';
import type { Host } from './host.js';
import { isPipe, servePipe } from './pipe.js';
import { FrameDecoder, frameOf } from './protocol/framing.js';
import { isSessionThread, runSession, SpareThread, startSession } from './thread.js';

const LOOPBACK = '127.0.0.1';

export const nodeHost: Host = {
  ...nodeFiles,
  resolvePath: (name, base) =>
    base === undefined ? path.resolve(name) : path.resolve(path.dirname(base), name),
  yieldToMessages: () => new Promise((resolve) => setImmediate(resolve)),
  now: () => performance.now(),
  appendFile: (name, text) => appendFileSync(name, text),
  createFile: (name) => {
    try {
      return createFile(name);
    } catch (error) {
      throw fileError(name, error);
    }
  },
};

/**
 * Serves one session on stdin and stdout; resolves when it has ended.
 *
 * @param script what the session's thread runs, which is to call this, too
 */
export function runStdio(script: string): Promise<void> {
  if (isSessionThread()) return runSession(nodeHost);
  const { stdin, stdout } = process;
  const hangUp = (): void => void stdin.destroy();
  return isPipe(stdin)
    ? servePipe(nodeHost, stdin, stdout, hangUp, stdin.fd)
    : serve(stdin, stdout, hangUp, script);
}

export interface AdapterServer {
  readonly port: number;
  readonly close: () => void;
}

/**
 * Serves each connection to 127.0.0.1 as a session of its own. Port 0 takes a free one.
 *
 * @param script what a session's thread runs: it is to call {@link runStdio}. Without one all sessions are in this thread
 */
export function listen(port: number, script?: string): Promise<AdapterServer> {
  const spare = new SpareThread();
  // The connection is closed when the session is over, not before.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const hangUp = (): void => void socket.end();
    const served =
      script === undefined
        ? servePipe(nodeHost, socket, socket, hangUp)
        : serve(socket, socket, hangUp, script, spare);
    void served.then(hangUp);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      const { port: taken } = server.address() as AddressInfo;
      const close = (): void => {
        server.close();
        spare.end();
      };
      resolve({ port: taken, close });
    });
  });
}

/** Couples a session in a thread of its own to a pair of streams until either side ends. */
function serve(
  input: Readable,
  output: Writable,
  hangUp: () => void,
  script: string,
  spare?: SpareThread,
): Promise<void> {
  const receive = (json: string): void => {
    if (output.writable) output.write(frameOf(json));
  };
  const session = startSession(script, receive, hangUp, spare);
  const end = (): void => session.end();
  const decoder = new FrameDecoder();
  input.on('data', (chunk: Uint8Array) => {
    for (const decoded of decoder.push(chunk)) session.handle(decoded);
  });
  input.once('end', end);
  input.once('close', end);
  // A client that is gone: there is nobody to tell.
  input.on('error', end);
  output.on('error', end);
  return session.ended;
}
