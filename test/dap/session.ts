/** Starts the adapter for a test, over stdio, and ends it: a session that ends badly fails the test. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { AdapterClient } from './adapterClient.js';

/** Where the adapter's bundle is, for all test files of the process and for the script that starts it. */
const BUILT = 'MMSCOPE_TEST_ADAPTER';
const START = path.resolve('build/run/test/dap/stdioStart.cjs');

/** Bundles the adapter and what starts it, once a test run; gives the script to start. */
function adapterScript(): string {
  if (process.env[BUILT] !== undefined) return START;
  const script = `import('./scripts/bundle.mjs').then(async (m) => {
    await m.bundleAsScript('test/dap/stdioStart.ts');
    console.log(await m.bundleAsScript('test/dap/stdioMain.ts'));
  })`;
  const built = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  process.env[BUILT] = built.trim();
  return START;
}

/** What VS Code says about itself. */
export const CLIENT: Dap.InitializeRequestArguments = {
  clientID: 'test',
  adapterID: 'mmscope',
  pathFormat: 'path',
  linesStartAt1: true,
  columnsStartAt1: true,
  supportsVariableType: true,
  supportsVariablePaging: true,
  supportsMemoryReferences: true,
  supportsMemoryEvent: true,
  supportsInvalidatedEvent: true,
};

/** Runs a test with an adapter that has just been started. */
export async function withAdapter(test: (client: AdapterClient) => Promise<void>): Promise<void> {
  const client = new AdapterClient(process.execPath, [adapterScript()]);
  await client.start();
  let failed = false;
  try {
    await test(client);
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    // A failed test is worth more than what is wrong with the end of its session.
    await (failed ? client.stop().catch(() => undefined) : client.stop());
  }
}

export const build = (): void => void adapterScript();
