/** The adapter as a process of its own, for tests; and as the thread of its session. */
import { runStdio } from '../../src/adapter/index.js';

await runStdio(process.argv[1] ?? '');
