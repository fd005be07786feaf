/** Bundles one TypeScript file and runs it under node: `node scripts/run.mjs FILE.ts [args]`. */
import { spawnSync } from 'node:child_process';
import { bundleForNode } from './bundle.mjs';

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node scripts/run.mjs FILE.ts [args]');
  process.exit(2);
}
const [output] = await bundleForNode([file]);
const done = spawnSync(process.execPath, ['--enable-source-maps', output, ...args], {
  stdio: 'inherit',
});
process.exit(done.status ?? 1);
