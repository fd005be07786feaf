/** Gives a test a session of the adapter, and ends it: a session that ends badly fails the test. */
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { AdapterClient } from './adapterClient.js';
import { adapterScript, openProcess, openShared, type Link } from './adapterProcess.js';

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

type Test = (client: AdapterClient) => Promise<void>;

/** Runs a test with a session that has just begun, in a process that serves others before and after. */
export const withAdapter = (test: Test): Promise<void> => withLink(openShared, test);

/** Runs a test with an adapter that has just been started and serves nothing else: what the process itself does is tested. */
export const withProcess = (test: Test): Promise<void> => withLink(openProcess, test);

async function withLink(open: () => Promise<Link>, test: Test): Promise<void> {
  const client = new AdapterClient(await open());
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
