/** Back from step 10^6. What is held meanwhile: src/cli/bench/longRun.ts, where unused memory can be dropped first. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ProcessClient } from './client.js';
import { median, type Row } from './rows.js';

const HISTORY_MIB = 64;
/** A million statements, four a turn. */
const TURNS = 250_000;
const TEXT = `#pragma mmscope machine arch=x86_64 ram=1G
int n = 0;
while (1) {
  struct page *page = alloc_page(GFP_KERNEL);
  __free_page(page);
  n++;
}
`;
const LINE = 6;
const BACK = 9;

export async function measureHistory(folder: string, adapter: readonly string[]): Promise<Row[]> {
  const program = path.join(folder, 'history.mms');
  writeFileSync(program, TEXT);
  const client = new ProcessClient(process.execPath, adapter);
  try {
    await client.launch(program, LINE, { program, historyMiB: HISTORY_MIB });
    const runTo = async (hit: number): Promise<void> => {
      await client.breakAt(program, [{ line: LINE, hitCondition: `${hit}` }]);
      await client.move('continue');
    };
    await runTo(TURNS);
    const times: number[] = [];
    for (let i = 0; i < BACK; i++) {
      const begin = client.cpuMs;
      await client.move('stepBack');
      times.push(client.cpuMs - begin);
    }
    const [slowest = NaN] = times.toSorted((a, b) => b - a);
    return [
      { name: 'back from step 10^6, the slowest', ms: slowest, most: 100 },
      { name: 'back from step 10^6', ms: median(times), most: 100 },
    ];
  } finally {
    client.end();
  }
}
