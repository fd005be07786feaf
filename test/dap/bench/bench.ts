/**
 * `npm run bench -- dap`: the debugger as an editor has it, in a process of its own, with the command line as it was built last: the daily
 * loop beside lldb-vscode (daily.ts), pauses (pauses.ts) and long histories (history.ts).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { measureDaily } from './daily.js';
import { measurePauses } from './pauses.js';
import { measureHistory } from './history.js';
import { table } from './rows.js';

const ADAPTER = [path.resolve('dist/mmscope.cjs'), 'dap'];

const folder = mkdtempSync(path.join(os.tmpdir(), 'mmscope-bench-'));
try {
  const rows = [
    ...(await measureDaily(folder, ADAPTER)),
    ...(await measurePauses(folder, ADAPTER)),
    ...(await measureHistory(folder, ADAPTER)),
  ];
  for (const line of table(rows)) console.log(line);
} finally {
  rmSync(folder, { recursive: true });
}
