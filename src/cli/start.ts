/** What dist/mmscope.cjs is: it loads the command line, which is in the bundle beside it. */
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { loadBundle } from './codeCache.js';
import { beginFor } from './inlining.js';

/** `long`: what V8 has compiled when a session or a replay begins would stay as it is. */
const WORK = new Map<string, 'long' | 'boot'>([
  ['dap', 'long'],
  ['replay', 'long'],
  ['run', 'boot'],
  ['bench', 'boot'],
]);

// Before anything is compiled. A flag of the process: the thread of a session has it, or is in an extension host.
const work = WORK.get(process.argv[2] ?? '');
if (isMainThread && work !== undefined) beginFor(work);
const isKept = !process.argv.includes('--no-cache');
loadBundle(path.join(__dirname, 'engine.cjs'), isKept)['src/cli/main.ts']?.();
