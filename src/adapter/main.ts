/**
 * The adapter under node: over stdin and stdout, or as a server on loopback for any number of sessions.
 * This file and randomAccessFile.ts are the only ones of the room that know node.
 */
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Host } from './host.js';
import { encodeFrame, FrameDecoder } from './protocol/framing.js';
import { openRandomAccess } from './randomAccessFile.js';
import { Session } from './session.js';

const LOOPBACK = '127.0.0.1';
const unzip = promisify(gunzip);

export const nodeHost: Host = {
  readFile: async (name) => {
    const bytes = await readFile(name).catch((error: unknown) => {
      throw new Error(reasonOf(error));
    });
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? unzip(bytes) : bytes;
  },
  openFile: (name) =>
    openRandomAccess(name).catch((error: unknown) => {
      throw new Error(reasonOf(error));
    }),
  resolvePath: (name, base) =>
    base === undefined ? path.resolve(name) : path.resolve(path.dirname(base), name),
  yieldToMessages: () => new Promise((resolve) => setImmediate(resolve)),
  now: () => performance.now(),
  appendFile: (name, text) => appendFileSync(name, text),
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

/** Couples a session to a pair of streams until either side ends. */
function serve(input: Readable, output: Writable, hangUp: () => void): Promise<void> {
  return new Promise((resolve) => {
    const session = new Session(nodeHost, (message) => {
      if (output.writable) output.write(encodeFrame(message));
    });
    const end = (): void => {
      session.dispose();
      resolve();
    };
    session.onEnd(hangUp);
    const decoder = new FrameDecoder();
    input.on('data', (chunk: Uint8Array) => {
      for (const decoded of decoder.push(chunk)) {
        if (decoded.kind === 'message') session.handleMessage(decoded.value);
        else session.handleMalformed(decoded.reason, decoded.text);
      }
    });
    input.once('end', end);
    input.once('close', end);
    // A client that is gone: there is nobody to tell.
    input.on('error', end);
    output.on('error', end);
  });
}

const reasonOf = (error: unknown): string => {
  const code = (error as { readonly code?: unknown }).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a folder';
  return error instanceof Error ? error.message : String(error);
};
