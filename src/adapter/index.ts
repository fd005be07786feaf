/** The adapter's doors. A host without node imports `inline.ts` and brings its own {@link Host}. */
import type { Host } from './host.js';
import { createInlineSession, type InlineAdapter } from './inline.js';
import { nodeHost } from './main.js';

export type { Host } from './host.js';
export type { InlineAdapter } from './inline.js';
export { listen, nodeHost, runStdio, type AdapterServer } from './main.js';

/** A session inside this process, as `vscode.DebugAdapterInlineImplementation` takes it. */
export const createInlineAdapter = (host: Host = nodeHost): InlineAdapter =>
  createInlineSession(host);
