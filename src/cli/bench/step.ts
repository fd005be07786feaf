/**
 * What a step in the debugger takes, from the request to the stack, the scopes and the locals that VS Code asks for when it has
 * stopped: the adapter inside this process, messages as text, as a pipe would carry them.
 */
import { createInlineAdapter, nodeHost, type Host } from '../../adapter/index.js';
import type { Meter } from './bench.js';
import type { Row } from './rows.js';

const SCRIPT = 'bench.mms';

/** Each turn is two statements: an allocation and a free. */
const TEXT = `#pragma mmscope machine arch=x86_64 ram=1G
for (int i = 0; i < 1000000; i++) {
  struct page *page = alloc_pages(GFP_KERNEL, 3);
  __free_pages(page, 3);
}
`;

const STEPS = 200;

const host: Host = {
  ...nodeHost,
  resolvePath: (name) => name,
  readFile: (name) =>
    name === SCRIPT
      ? Promise.resolve(new TextEncoder().encode(TEXT))
      : Promise.reject(new Error('no such file')),
};

interface Message {
  readonly type: string;
  readonly event?: string;
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: unknown;
}

/** Sends requests and waits for what answers them. */
class Client {
  private readonly adapter = createInlineAdapter(host);
  private readonly waiting = new Set<(message: Message) => void>();
  private sequence = 1;

  constructor() {
    this.adapter.onDidSendMessage((message) => {
      const received = JSON.parse(JSON.stringify(message)) as Message;
      for (const listener of this.waiting) listener(received);
    });
  }

  async request(command: string, args: object = {}): Promise<unknown> {
    const seq = this.sequence++;
    const answered = this.next((m) => m.type === 'response' && m.request_seq === seq);
    const message: unknown = JSON.parse(
      JSON.stringify({ seq, type: 'request', command, arguments: args }),
    );
    this.adapter.handleMessage(message);
    const response = await answered;
    if (response.success !== true) throw new Error(`${command}: ${response.message ?? '?'}`);
    return response.body;
  }

  event(name: string): Promise<Message> {
    return this.next((m) => m.type === 'event' && m.event === name);
  }

  dispose(): void {
    this.adapter.dispose();
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

export async function measureStep(meter: Meter): Promise<Row[]> {
  const client = new Client();
  try {
    await start(client);
    const over = await steps(client, meter, 'next');
    const back = await steps(client, meter, 'stepBack');
    const into = await steps(client, meter, 'stepIn');
    return [
      { name: 'step over, stack, scopes, locals', value: over, unit: 'ms', target: 2 },
      { name: 'step back, and the same', value: back, unit: 'ms' },
      { name: 'step into kernel functions, and the same', value: into, unit: 'ms' },
    ];
  } finally {
    client.dispose();
  }
}

async function start(client: Client): Promise<void> {
  const initialized = client.event('initialized');
  await client.request('initialize', { adapterID: 'mmscope', linesStartAt1: true });
  const stopped = client.event('stopped');
  const launched = client.request('launch', { program: SCRIPT, stopOnEntry: true });
  await initialized;
  await client.request('configurationDone');
  await launched;
  await stopped;
}

/** What VS Code asks for at each stop. */
async function look(client: Client): Promise<void> {
  const stack = { threadId: 1, startFrame: 0, levels: 20 };
  const { stackFrames } = (await client.request('stackTrace', stack)) as {
    readonly stackFrames: readonly { readonly id: number }[];
  };
  const { scopes } = (await client.request('scopes', { frameId: stackFrames[0]?.id })) as {
    readonly scopes: readonly { readonly variablesReference: number }[];
  };
  await client.request('variables', { variablesReference: scopes[0]?.variablesReference });
}

/** The median of many steps: a step is felt each time, not on average. */
async function steps(client: Client, meter: Meter, command: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    const begin = meter.nowMs();
    const stopped = client.event('stopped');
    await client.request(command, { threadId: 1 });
    await stopped;
    await look(client);
    times.push(meter.nowMs() - begin);
  }
  return times.sort((a, b) => a - b)[STEPS >> 1] ?? 0;
}
