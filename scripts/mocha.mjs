/** Bundles test files and runs them under mocha: `node scripts/mocha.mjs test/engine/tape.test.ts ... [-- mocha options]`. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { bundleForNode, root } from './bundle.mjs';

const separator = process.argv.indexOf('--');
const files = process.argv.slice(2, separator < 0 ? undefined : separator);
const options = separator < 0 ? [] : process.argv.slice(separator + 1);
const outputs = await bundleForNode(files);
/** A test that hangs ends, one on a busy machine does not. */
const TIMEOUT = ['--timeout', '180000'];
const mocha = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
const done = spawnSync(
  process.execPath,
  ['--enable-source-maps', mocha, '--no-config', ...TIMEOUT, ...options, ...outputs],
  {
    stdio: 'inherit',
    cwd: root,
  },
);
process.exit(done.status ?? 1);
