/**
 * How soon a pause is heard, whatever the statement under way does. In a process of its own, for only there does a thread hear the client
 * while a call of the kernel runs.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeFrame, FrameDecoder } from '../../adapter/protocol/framing.js';
import type { Meter } from './bench.js';
import type { Row } from './rows.js';

interface Kind {
  readonly name: string;
  readonly text: string;
  /** A condition of a breakpoint on the last line. */
  readonly condition?: string;
}

const machine = (ram: string): string => `#pragma mmscope machine arch=x86_64 ram=${ram}\n`;

const KINDS: readonly Kind[] = [
  {
    name: 'a loop of short statements',
    text: `${machine('64M')}unsigned long n = 0;\nwhile (1)\n  n++;\n`,
  },
  {
    name: 'memset() of 2 MiB',
    text: `${machine('1G')}char *p = page_address(alloc_pages(GFP_KERNEL, 9));
unsigned char n = 0;
while (1)
  memset(p, n++, 2 << 20);
`,
  },
  {
    name: 'vmalloc() of 256 MiB',
    text: `${machine('1G')}while (1)\n  vfree(vmalloc(256 << 20));\n`,
  },
  {
    name: 'fork() of 128 MiB',
    text: `${machine('1G')}char *m = mmap(NULL, 128 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
while (1) {
  if (fork() == 0)
    exit(0);
  wait(NULL);
}
`,
  },
  {
    name: 'a condition that reads 64 MiB',
    text: `${machine('256M')}char *p = vmalloc(64 << 20);\nint n = 0;\nwhile (1)\n  n++;\n`,
    condition: 'memchr_inv(p, 0, 64 << 20) != NULL',
  },
];

const PAUSES = 8;
const RUN_MS = 120;

export async function measurePauses(meter: Meter): Promise<Row[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'mmscope-bench-'));
  try {
    const rows: Row[] = [];
    for (const kind of KINDS) rows.push(await measurePause(meter, folder, kind));
    return [...rows, await measureBoot(meter, folder)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The slowest of some pauses: one is felt each time. */
async function measurePause(meter: Meter, folder: string, kind: Kind): Promise<Row> {
  const client = new ProcessClient();
  try {
    const program = textFile(folder, kind.text);
    await client.launch(program);
    if (kind.condition !== undefined) {
      const line = kind.text.trimEnd().split('\n').length;
      const breakpoints = [{ line, condition: kind.condition }];
      await client.request('setBreakpoints', { source: { path: program }, breakpoints });
    }
    let slowest = 0;
    for (let i = 0; i < PAUSES; i++) {
      await client.request('continue', { threadId: 1 });
      // Not always at the same place of what is under way.
      await passed(RUN_MS + i * 31);
      const begin = meter.nowMs();
      const stopped = client.event('stopped');
      await client.request('pause', { threadId: 1 });
      await stopped;
      slowest = Math.max(slowest, meter.nowMs() - begin);
    }
    return { name: `pause in ${kind.name}`, value: slowest, unit: 'ms', target: 100 };
  } finally {
    client.dispose();
  }
}

/** From the request to cancel a launch to the answer. */
async function measureBoot(meter: Meter, folder: string): Promise<Row> {
  const program = textFile(folder, `${machine('64G')}int n = 0;\n`);
  let slowest = 0;
  for (let i = 0; i < PAUSES; i++) {
    const client = new ProcessClient();
    await client.request('initialize', { adapterID: 'mmscope' });
    const launch = client.request('launch', { program }).catch(() => undefined);
    const requestId = client.lastSeq;
    await passed(RUN_MS + i * 31);
    const begin = meter.nowMs();
    await client.request('cancel', { requestId });
    await launch;
    slowest = Math.max(slowest, meter.nowMs() - begin);
    client.dispose();
  }
  return { name: 'cancel while 64 GiB boot', value: slowest, unit: 'ms', target: 100 };
}

const passed = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function textFile(folder: string, text: string): string {
  const file = path.join(folder, 'pause.mms');
  writeFileSync(file, text);
  return file;
}

interface Message {
  readonly type: string;
  readonly event?: string;
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly message?: string;
}

/** The adapter as an editor starts it. */
class ProcessClient {
  lastSeq = 0;
  private readonly child: ChildProcess;
  private readonly waiting = new Set<(message: Message) => void>();

  constructor() {
    this.child = spawn(process.execPath, [process.argv[1] ?? '', 'dap'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const decoder = new FrameDecoder();
    this.child.stdout?.on('data', (chunk: Uint8Array) => {
      for (const decoded of decoder.push(chunk))
        if (decoded.kind === 'message')
          for (const listener of this.waiting) listener(decoded.value as Message);
    });
  }

  async request(command: string, args: object): Promise<void> {
    const seq = ++this.lastSeq;
    const answered = this.next((m) => m.type === 'response' && m.request_seq === seq);
    this.child.stdin?.write(encodeFrame({ seq, type: 'request', command, arguments: args }));
    const { success, message } = await answered;
    if (success !== true) throw new Error(`${command}: ${message ?? '?'}`);
  }

  async launch(program: string): Promise<void> {
    await this.request('initialize', { adapterID: 'mmscope' });
    const stopped = this.event('stopped');
    const launched = this.request('launch', { program, stopOnEntry: true });
    await this.request('configurationDone', {});
    await launched;
    await stopped;
  }

  event(name: string): Promise<Message> {
    return this.next((m) => m.type === 'event' && m.event === name);
  }

  dispose(): void {
    this.child.stdin?.end();
  }

  private next(wanted: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve) => {
      const listener = (message: Message): void => {
        if (!wanted(message)) return;
        this.waiting.delete(listener);
        resolve(message);
      };
      this.waiting.add(listener);
    });
  }
}
