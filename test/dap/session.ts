/** Starts the adapter for a test, over stdio, and ends it: a session that ends badly fails the test. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { AdapterClient } from './adapterClient.js';

const ENTRY = 'test/dap/stdioMain.ts';
/** Where the bundle is, for all test files of the process. */
const BUILT = 'MMSCOPE_TEST_ADAPTER';

/** The adapter's bundle, made once a test run. */
function adapterBundle(): string {
  const known = process.env[BUILT];
  if (known !== undefined) return known;
  const script = `import('./scripts/bundle.mjs').then((m) => m.bundleForNode(['${ENTRY}']))`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const built = path.resolve('build/run', ENTRY.replace(/\.ts$/, '.mjs'));
  process.env[BUILT] = built;
  return built;
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
  const client = new AdapterClient(process.execPath, [adapterBundle()]);
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

export const build = (): void => void adapterBundle();
