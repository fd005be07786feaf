/**
 * The adapter's processes: one for a single session over stdio, or one for all sessions of a run of tests, one after the other, each a
 * connection over TCP. The second is what most tests take: an adapter that runs for the first time compiles for half a second of work.
 */
import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** Where the adapter's bundle is, for all test files of the process and for the script that starts it. */
const BUILT = 'MMSCOPE_TEST_ADAPTER';
const START = path.resolve('build/run/test/dap/stdioStart.cjs');

/** Bundles the adapter and what starts it, once a test run; gives the script to start. */
export function adapterScript(): string {
  if (process.env[BUILT] !== undefined) return START;
  const script = `import('./scripts/bundle.mjs').then(async (m) => {
    await m.bundleAsScript('test/dap/stdioStart.ts');
    console.log(await m.bundleAsScript('test/dap/stdioMain.ts'));
  })`;
  const built = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  process.env[BUILT] = built.trim();
  return START;
}

/** What a session runs in. */
export interface AdapterProcess {
  readonly pid: number;
  readonly exitCode: number | null;
  /** Resolves when the process has ended, of itself or not. */
  readonly gone: Promise<void>;
  /** What it has written to stderr since the session began. */
  readonly stderr: string;
}

/** One session's streams. */
export interface Link {
  readonly process: AdapterProcess;
  readonly input: Readable;
  readonly output: Writable;
  /** Says that the client is gone; resolves when the session is over, or a process that does not end was ended. */
  readonly end: () => Promise<void>;
}

class NodeProcess implements AdapterProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly gone: Promise<void>;
  stderr = '';

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, args, { stdio: 'pipe' });
    this.child.stderr.on('data', (data: Buffer) => (this.stderr += data.toString()));
    this.gone = once(this.child, 'close').then(() => undefined);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }
}

/** A session in a process of its own: over stdio, as an editor starts it. */
export function openProcess(): Promise<Link> {
  const own = new NodeProcess([adapterScript()]);
  const { child } = own;
  const end = async (): Promise<void> => {
    child.stdin.end();
    const timer = setTimeout(() => child.kill(), 20_000);
    await own.gone;
    clearTimeout(timer);
  };
  return Promise.resolve({ process: own, input: child.stdout, output: child.stdin, end });
}

/** The process that serves all sessions, and its port. */
interface Server {
  readonly process: NodeProcess;
  readonly port: number;
}

let server: Promise<Server> | undefined;

/** A session in the process that serves all, which begins with the first. */
export async function openShared(): Promise<Link> {
  server ??= startServer();
  let { process, port } = await server;
  if (process.exitCode !== null) ({ process, port } = await (server = startServer()));
  process.stderr = '';
  const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const closed = once(socket, 'close').then(() => undefined);
  // A process that dies resets its connections, which the test learns from what it waits for.
  socket.on('error', () => undefined);
  const end = (): Promise<void> => {
    socket.end();
    return closed;
  };
  return { process, input: socket, output: socket, end };
}

async function startServer(): Promise<Server> {
  const started = new NodeProcess([adapterScript(), 'serve']);
  const { child } = started;
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
    void started.gone.then(() => reject(new Error(`the adapter did not serve: ${started.stderr}`)));
  });
  // It ends with this process, and does not keep it alive.
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr])
    (stream as Partial<{ unref(): void }>).unref?.();
  return { process: started, port };
}
