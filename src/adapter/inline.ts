/** The adapter inside an extension host: structurally a `vscode.DebugAdapter`, without a process and without node. */
import type { Host } from './host.js';
import type { Dap } from './protocol/dap.js';
import { Session } from './session.js';

export interface InlineAdapter {
  readonly onDidSendMessage: (listener: (message: Dap.ProtocolMessage) => unknown) => {
    dispose(): void;
  };
  handleMessage(message: unknown): void;
  dispose(): void;
}

export function createInlineSession(host: Host): InlineAdapter {
  const listeners = new Set<(message: Dap.ProtocolMessage) => unknown>();
  const session = new Session(host, (message) => {
    for (const listener of listeners) listener(message);
  });
  return {
    onDidSendMessage: (listener) => {
      listeners.add(listener);
      return { dispose: () => void listeners.delete(listener) };
    },
    handleMessage: (message) => session.handleMessage(message),
    dispose: () => session.dispose(),
  };
}
