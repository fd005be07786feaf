/** The adapter as a process of its own, for tests: for one session, or for all that come; and as the thread of a session. */
import { listen, runStdio } from '../../src/adapter/index.js';

export const run = (script: string): Promise<void> => runStdio(script);

/** Says its port, and ends with the process that started it. */
export async function serve(script: string): Promise<void> {
  const server = await listen(0, script);
  console.log(server.port);
  process.stdin.resume().once('end', () => process.exit(0));
}
