/** `mmscope dap`: the debug adapter on its own, over stdin and stdout or for any number of sessions on loopback. */
import { listen, runStdio } from '../adapter/index.js';

/** Ends with its session. Nothing else may be printed: the output is the protocol's. */
export async function dapStdio(): Promise<number> {
  await runStdio();
  return 0;
}

/** Serves until it is killed; 2 when the port cannot be had. */
export async function dapServer(port: number): Promise<number> {
  const server = await listen(port).catch((error: unknown) => {
    const { code } = error as { readonly code?: unknown };
    const taken = code === 'EADDRINUSE' ? 'another program uses it' : String(error);
    console.error(`mmscope: cannot listen on port ${port}: ${taken}`);
  });
  if (server === undefined) return 2;
  console.log(`mmscope: listening on 127.0.0.1:${server.port}`);
  return new Promise(() => undefined);
}
