/** `mmscope dap`: the debug adapter on its own, over stdin and stdout or for any number of sessions on loopback. */
import { realpathSync } from 'node:fs';
import { listen, runStdio } from '../adapter/index.js';

/** The command line's own file: each session runs it again, in a thread. */
const script = (): string => realpathSync(process.argv[1] ?? '');

/** Ends with its session. Nothing else may be printed: the output is the protocol's. */
export async function dapStdio(): Promise<number> {
  await runStdio(script());
  return 0;
}

/** Serves until it is killed; 2 when the port cannot be had. */
export async function dapServer(port: number): Promise<number> {
  const server = await listen(port, script()).catch((error: unknown) => {
    const { code } = error as { readonly code?: unknown };
    const taken = code === 'EADDRINUSE' ? 'another program uses it' : String(error);
    console.error(`mmscope: cannot listen on port ${port}: ${taken}`);
  });
  if (server === undefined) return 2;
  console.log(`mmscope: listening on 127.0.0.1:${server.port}`);
  return new Promise(() => undefined);
}
