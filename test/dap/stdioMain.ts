/** The adapter as a process of its own, for tests; and as the thread of its session. */
import { runStdio } from '../../src/adapter/index.js';

export const run = (script: string): Promise<void> => runStdio(script);
