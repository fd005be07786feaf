/**
 * Starts the adapter with what V8 made of it the last time: a run of the tests starts it some hundred times, and compiling it takes half
 * of what a short session does. One that serves many sessions compiles as it goes.
 */
import path from 'node:path';
import { loadBundle } from '../../src/cli/codeCache.js';

const [, script = '', how = ''] = process.argv;
const adapter = process.env['MMSCOPE_TEST_ADAPTER'] ?? '';
const { run, serve } = loadBundle(adapter, how !== 'serve', path.resolve('build/codeCache')) as {
  readonly run?: (script: string) => Promise<void>;
  readonly serve?: (script: string) => Promise<void>;
};
void (how === 'serve' ? serve : run)?.(script);
