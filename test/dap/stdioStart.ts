/**
 * Starts the adapter with what V8 made of it the last time: a run of the tests starts it some hundred times, and compiling it takes half
 * of what a short session does.
 */
import path from 'node:path';
import { loadBundle } from '../../src/cli/codeCache.js';

const [, script = ''] = process.argv;
const adapter = process.env['MMSCOPE_TEST_ADAPTER'] ?? '';
const { run } = loadBundle(adapter, true, path.resolve('build/codeCache')) as {
  readonly run?: (script: string) => Promise<void>;
};
void run?.(script);
