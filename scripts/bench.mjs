/** `npm run bench`: the benchmarks of `mmscope bench`, from the sources as they are. Arguments are passed on. */
import { spawnSync } from 'node:child_process';
import { bundleForNode } from './bundle.mjs';

const [output] = await bundleForNode(['src/cli/main.ts']);
const done = spawnSync(process.execPath, [output, 'bench', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exit(done.status ?? 1);
