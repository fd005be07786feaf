/** The adapter as a process of its own, for tests. */
import { runStdio } from '../../src/adapter/index.js';

await runStdio();
