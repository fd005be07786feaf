/**
 * `npm run bench`: the benchmarks of `mmscope bench`, from the sources as they are, arguments passed on; then the window Memory in a
 * browser (test/web/bench.ts), with the webview as it was built last. `npm run bench -- window`: only that;
 * `npm run bench -- window views|timeline|captures`: of that one part alone. `npm run bench -- dap`: only the
 * debugger, beside lldb-vscode (test/dap/bench/). `npm run bench -- dumps DUMP [VMLINUX]`: a dump, beside crash and drgn
 * (test/dumps/bench.ts). Both with the command line as it was built last.
 */
import { spawnSync } from 'node:child_process';
import { bundleForNode } from './bundle.mjs';

const [engine, web, dumps, dap] = await bundleForNode([
  'src/cli/main.ts',
  'test/web/bench.ts',
  'test/dumps/bench.ts',
  'test/dap/bench/bench.ts',
]);
const args = process.argv.slice(2);
const run = (...given) => spawnSync(process.execPath, given, { stdio: 'inherit' }).status ?? 1;
if (args[0] === 'dumps') process.exit(run(dumps, ...args.slice(1)));
const [part = 'all', ...rest] = args;
const isWhole = part === 'all';
const parts = [
  part === 'window' || part === 'dap' ? undefined : () => run(engine, 'bench', ...args),
  isWhole || part === 'dap' ? () => run(dap, ...rest) : undefined,
  isWhole || part === 'window' ? () => run(web, ...rest) : undefined,
];
process.exit(parts.reduce((status, measure) => status || (measure?.() ?? 0), 0));
