/**
 * How soon a pause is heard, whatever is under way: the adapter's own CPU time between the request and the stop, for the machine may be
 * busy. The slowest of some: a pause is felt each time.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ProcessClient } from './client.js';
import type { Row } from './rows.js';

interface Kind {
  readonly name: string;
  readonly ram: string;
  /** The last line is what goes on for ever. */
  readonly text: string;
  /** Of a breakpoint on the last line. */
  readonly condition?: string;
  readonly motion?: 'continue' | 'reverseContinue';
}

const KINDS: readonly Kind[] = [
  {
    name: 'memset() of 2 MiB',
    ram: '64M',
    text: `char *p = page_address(alloc_pages(GFP_KERNEL, 9));
unsigned char n = 0;
while (1)
  memset(p, n++, 2 << 20);`,
  },
  {
    name: 'a condition that reads 64 MiB',
    ram: '256M',
    text: `char *p = vmalloc(64 << 20);
int n = 0;
while (1)
  n++;`,
    condition: 'memchr_inv(p, 0, 64 << 20) != NULL',
  },
  {
    name: 'vmalloc() of 512 MiB',
    ram: '2G',
    text: `while (1)
  vfree(vmalloc(512 << 20));`,
  },
  {
    name: 'going back, with that condition',
    ram: '256M',
    text: `char *p = vmalloc(64 << 20);
int n = 0;
while (n < 1000)
  n++;`,
    condition: 'memchr_inv(p, 0, 64 << 20) != NULL',
    motion: 'reverseContinue',
  },
];

const PAUSES = 4;
const BUSY_MS = 60;
const MOST_MS = 100;

export async function measurePauses(folder: string, adapter: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const kind of KINDS) rows.push(await measurePause(folder, adapter, kind));
  return [...rows, await measureBoot(folder, adapter)];
}

const passed = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Until the adapter has been at it for a while. */
async function isBusy(client: ProcessClient, forMs: number): Promise<void> {
  const { cpuMs } = client;
  while (client.cpuMs < cpuMs + forMs) await passed(2);
}

async function measurePause(
  folder: string,
  adapter: readonly string[],
  { name, ram, text, condition, motion = 'continue' }: Kind,
): Promise<Row> {
  const program = path.join(folder, 'pause.mms');
  const lines = [`#pragma mmscope machine arch=x86_64 ram=${ram}`, ...text.split('\n')];
  writeFileSync(program, `${lines.join('\n')}\n`);
  const client = new ProcessClient(process.execPath, adapter);
  try {
    await client.launch(program, lines.length, { program });
    // Going back, there is something to go back over.
    if (motion === 'reverseContinue') await client.move('continue');
    if (condition !== undefined) await client.breakAt(program, [{ line: lines.length, condition }]);
    let slowest = 0;
    for (let i = 0; i < PAUSES; i++) {
      await client.request(motion, { threadId: client.threadId });
      // Not always at the same place of what is under way.
      await isBusy(client, BUSY_MS + i * 37);
      const asked = client.cpuMs;
      await client.move('pause');
      slowest = Math.max(slowest, client.cpuMs - asked);
    }
    return { name: `pause in ${name}`, ms: slowest, most: MOST_MS };
  } finally {
    client.end();
  }
}

/** From the request to cancel a launch to its answer. */
async function measureBoot(folder: string, adapter: readonly string[]): Promise<Row> {
  const program = path.join(folder, 'boot.mms');
  writeFileSync(program, '#pragma mmscope machine arch=x86_64 ram=64G\nint n = 0;\n');
  let slowest = 0;
  for (let i = 0; i < PAUSES; i++) {
    const client = new ProcessClient(process.execPath, adapter);
    try {
      await client.request('initialize', { adapterID: 'bench' });
      const launched = client.request('launch', { program }).catch(() => undefined);
      const requestId = client.lastSeq;
      await isBusy(client, BUSY_MS + i * 37);
      const asked = client.cpuMs;
      await client.request('cancel', { requestId });
      await launched;
      slowest = Math.max(slowest, client.cpuMs - asked);
    } finally {
      client.end();
    }
  }
  return { name: 'cancel while 64 GiB boot', ms: slowest, most: MOST_MS };
}
