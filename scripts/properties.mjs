/** `npm run properties -- --seeds 1..2000`: random scenarios of processes, held against the laws of memory (test/scenario/properties/). */
import { spawnSync } from 'node:child_process';
import { bundleForNode, root } from './bundle.mjs';

const [main] = await bundleForNode(['test/scenario/properties/main.ts']);
const { status } = spawnSync(
  process.execPath,
  ['--enable-source-maps', main, ...process.argv.slice(2)],
  { stdio: 'inherit', cwd: root },
);
process.exit(status ?? 1);
