/**
 * Long runs in the debugger: how fast one steps back from the end of one, how soon a pause is heard while statements are heavy, and
 * what the adapter holds when history is full.
 */
import type { Meter } from './bench.js';
import { Client } from './client.js';
import type { Row } from './rows.js';

const HISTORY_MIB = 64;
const MIB = 1 << 20;

/** A million statements, three a turn, and again as many. */
const LONG = `#pragma mmscope machine arch=x86_64 ram=1G
int done = 0;
for (int i = 0; i < 250000; i++) { struct page *page = alloc_page(GFP_KERNEL); __free_page(page); }
done = 1;
for (int i = 0; i < 250000; i++) { struct page *page = alloc_page(GFP_KERNEL); __free_page(page); }
done = 2;
`;
const BEHIND_FIRST = 4;
const BEHIND_SECOND = 6;

const HEAVY = `#pragma mmscope machine arch=x86_64 ram=1G
struct page *page = alloc_pages(GFP_KERNEL, 9);
unsigned char n = 0;
while (1)
  memset(page_address(page), n++, 2 << 20);
`;
const PAUSES = 10;
const RUN_MS = 50;

export async function measureLongRuns(meter: Meter): Promise<Row[]> {
  return [...(await measureLong(meter)), await measurePause(meter)];
}

async function measureLong(meter: Meter): Promise<Row[]> {
  const client = new Client(LONG);
  try {
    await client.launch({ historyMiB: HISTORY_MIB });
    const atEntry = meter.heldBytes();
    await client.breakAt(BEHIND_FIRST);
    await client.move('continue');
    const begin = meter.nowMs();
    await client.move('stepBack');
    const back = meter.nowMs() - begin;
    const first = meter.heldBytes();
    await client.breakAt(BEHIND_SECOND);
    await client.move('continue');
    const second = meter.heldBytes();
    const held = (Math.max(first, second) - atEntry) / MIB;
    return [
      { name: 'step back from step 10^6', value: back, unit: 'ms', target: 100 },
      {
        name: `memory of 2 x 10^6 steps, history of ${HISTORY_MIB} MiB`,
        value: held,
        unit: 'MB',
        target: HISTORY_MIB,
      },
    ];
  } finally {
    client.dispose();
  }
}

/** The slowest of some pauses: one is felt each time. */
async function measurePause(meter: Meter): Promise<Row> {
  const client = new Client(HEAVY);
  try {
    await client.launch({ historyMiB: HISTORY_MIB });
    let slowest = 0;
    for (let i = 0; i < PAUSES; i++) {
      await client.request('continue', { threadId: 1 });
      await new Promise((resolve) => setTimeout(resolve, RUN_MS));
      const begin = meter.nowMs();
      await client.move('pause');
      slowest = Math.max(slowest, meter.nowMs() - begin);
    }
    return { name: 'pause among statements of 2 MiB', value: slowest, unit: 'ms', target: 100 };
  } finally {
    client.dispose();
  }
}
