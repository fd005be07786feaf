/**
 * What a step in the debugger takes, from the request to the stack, the scopes and the locals that VS Code asks for when it has
 * stopped.
 */
import type { Meter } from './bench.js';
import { Client } from './client.js';
import type { Row } from './rows.js';

/** Each turn is two statements: an allocation and a free. */
const TEXT = `#pragma mmscope machine arch=x86_64 ram=1G
for (int i = 0; i < 1000000; i++) {
  struct page *page = alloc_pages(GFP_KERNEL, 3);
  __free_pages(page, 3);
}
`;

const STEPS = 200;

export async function measureStep(meter: Meter): Promise<Row[]> {
  const client = new Client(TEXT);
  try {
    await client.launch();
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
    await client.move(command);
    await look(client);
    times.push(meter.nowMs() - begin);
  }
  return times.sort((a, b) => a - b)[STEPS >> 1] ?? 0;
}
