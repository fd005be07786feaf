/**
 * The adapter under node: over stdin and stdout, or as a server on loopback for any number of sessions.
 * The only file of the room that knows node, with thread.ts: each session has a thread of its own, where there is a script to start it
 * with.
 */
import { appendFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Readable, Writable } from 'node:stream';
import { fileError, nodeFiles } from '../files/nodeFiles.js';
import { createFile } from '../files/writeChunks.js';
import { DebugAdapter } from './debugAdapter.js';
import type { Host } from './host.js';
import { FrameDecoder, frameOf } from './protocol/framing.js';
import {
  isSessionThread,
  runSession,
  SpareThread,
  startSession,
  type SessionThread,
} from './thread.js';

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
  return serve(process.stdin, process.stdout, () => process.stdin.destroy(), script);
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
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const hangUp = (): void => void socket.end();
    void serve(socket, socket, hangUp, script, spare).then(hangUp);
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

/** Couples a session to a pair of streams until either side ends. */
function serve(
  input: Readable,
  output: Writable,
  hangUp: () => void,
  script: string | undefined,
  spare?: SpareThread,
): Promise<void> {
  const session = (script === undefined ? sessionHere : startSession)(
    script ?? '',
    (json) => {
      if (output.writable) output.write(frameOf(json));
    },
    hangUp,
    spare,
  );
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

/** A session in this thread. */
function sessionHere(
  _script: string,
  receive: (json: string) => void,
  hangUp: () => void,
): SessionThread {
  const adapter = new DebugAdapter(nodeHost, hangUp);
  adapter.onDidSendMessage((message) => receive(JSON.stringify(message)));
  let isOver = (): void => undefined;
  return {
    handle(decoded) {
      if (decoded.kind === 'message') adapter.handleMessage(decoded.value);
      else adapter.handleMalformed(decoded.reason, decoded.text);
    },
    end() {
      adapter.dispose();
      isOver();
    },
    ended: new Promise((resolve) => (isOver = resolve)),
  };
}
