/**
 * The adapter under node: over stdin and stdout, or as a server on loopback for any number of sessions.
 * The only file of the room that knows node.
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
import { encodeFrame, FrameDecoder } from './protocol/framing.js';

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

/** Serves one session on stdin and stdout; resolves when it has ended. */
export function runStdio(): Promise<void> {
  return serve(process.stdin, process.stdout, () => process.stdin.destroy());
}

export interface AdapterServer {
  readonly port: number;
  readonly close: () => void;
}

/** Serves each connection to 127.0.0.1 as a session of its own. Port 0 takes a free one. */
export function listen(port: number): Promise<AdapterServer> {
  const server = createServer((socket) => {
    void serve(socket, socket, () => socket.end());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      const { port: taken } = server.address() as AddressInfo;
      resolve({ port: taken, close: () => server.close() });
    });
  });
}

/** Couples an adapter to a pair of streams until either side ends. */
function serve(input: Readable, output: Writable, hangUp: () => void): Promise<void> {
  return new Promise((resolve) => {
    const adapter = new DebugAdapter(nodeHost, hangUp);
    adapter.onDidSendMessage((message) => {
      if (output.writable) output.write(encodeFrame(message));
    });
    const end = (): void => {
      adapter.dispose();
      resolve();
    };
    const decoder = new FrameDecoder();
    input.on('data', (chunk: Uint8Array) => {
      for (const decoded of decoder.push(chunk)) {
        if (decoded.kind === 'message') adapter.handleMessage(decoded.value);
        else adapter.handleMalformed(decoded.reason, decoded.text);
      }
    });
    input.once('end', end);
    input.once('close', end);
    // A client that is gone: there is nobody to tell.
    input.on('error', end);
    output.on('error', end);
  });
}
