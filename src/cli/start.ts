/** What dist/mmscope.cjs is: it loads the command line, which is in the bundle beside it. */
import path from 'node:path';
import { loadBundle } from './codeCache.js';
import { inlineWidely } from './inlining.js';

// Before anything is compiled: V8 takes only code that was compiled under the same flags.
inlineWidely();
const isKept = !process.argv.includes('--no-cache');
loadBundle(path.join(__dirname, 'engine.cjs'), isKept)['src/cli/main.ts']?.();
