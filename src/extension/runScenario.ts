/** A scenario's text run to its end by an adapter of its own, without VS Code's debugger: what it prints. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInlineAdapter } from '../adapter/index.js';

/** Whatever it is, it has said enough by then. */
const LONGEST_MS = 30_000;

interface Message {
  readonly type: string;
  readonly event?: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: {
    readonly output?: string;
    readonly category?: string;
    readonly exitCode?: number;
  };
}

/** Its output, and how it ended; a scenario that cannot run gives the reason. */
export async function runScenario(text: string, stop: AbortSignal): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mmscope-run-'));
  const program = path.join(folder, 'scenario.mms');
  const adapter = createInlineAdapter();
  try {
    await writeFile(program, text);
    return await new Promise<string>((resolve) => {
      let output = '';
      const end = (how: string): void => {
        clearTimeout(timer);
        resolve(`${output}${how}`);
      };
      const timer = setTimeout(() => end('(stopped: it ran for too long)'), LONGEST_MS);
      stop.addEventListener('abort', () => end('(stopped)'));
      adapter.onDidSendMessage((sent) => {
        const { type, event, command, success, message, body } = sent as unknown as Message;
        if (type === 'response' && success !== true && command !== 'disconnect')
          end(`it cannot run: ${message ?? ''}`);
        if (event === 'output' && body?.category !== 'telemetry') output += body?.output ?? '';
        if (event === 'exited') output += `exit code ${body?.exitCode ?? 0}\n`;
        if (event === 'terminated') end('');
      });
      let seq = 0;
      const request = (command: string, args?: object): void =>
        adapter.handleMessage({ type: 'request', seq: ++seq, command, arguments: args });
      request('initialize', { adapterID: 'mmscope' });
      request('launch', { program, noDebug: true, stopOnEntry: false, stopAtEnd: false });
      request('configurationDone');
    });
  } finally {
    adapter.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}
