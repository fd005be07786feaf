/** `mmscope dap`: the debug adapter on its own, over stdin and stdout or for any number of sessions on loopback. */
import { listen, runStdio } from '../adapter/index.js';

/** Ends with its session. Nothing else may be printed: the output is the protocol's. */
export async function dapStdio(): Promise<number> {
  await runStdio();
  return 0;
}

/** Serves until it is killed. */
export async function dapServer(port: number): Promise<number> {
  const server = await listen(port);
  console.log(`mmscope: listening on 127.0.0.1:${server.port}`);
  return new Promise(() => undefined);
}
