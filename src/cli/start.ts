/** What dist/mmscope.cjs is: it loads the command line, which is in the bundle beside it. */
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { loadBundle } from './codeCache.js';
import { inlineWidely } from './inlining.js';

/** Modes that work for long: what V8 has compiled when a session or a replay begins would stay as it is. */
const LONG = ['dap', 'replay'];

// Before anything is compiled. A flag of the process: the thread of a session has it, or is in an extension host.
if (isMainThread && LONG.includes(process.argv[2] ?? '')) inlineWidely();
const isKept = !process.argv.includes('--no-cache');
loadBundle(path.join(__dirname, 'engine.cjs'), isKept)['src/cli/main.ts']?.();
