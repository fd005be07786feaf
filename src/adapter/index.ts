/** The adapter's doors. A host without node imports `debugAdapter.ts` and brings its own {@link Host}. */
import { DebugAdapter } from './debugAdapter.js';
import type { Host } from './host.js';
import { nodeHost } from './main.js';

export type { Host } from './host.js';
export type { DebugAdapter } from './debugAdapter.js';
export { listen, nodeHost, runStdio, type AdapterServer } from './main.js';
export { startSession, type SessionThread } from './thread.js';

/** A session inside this process, as `vscode.DebugAdapterInlineImplementation` takes it. */
export const createInlineAdapter = (host: Host = nodeHost): DebugAdapter => new DebugAdapter(host);
