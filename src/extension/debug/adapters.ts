/**
 * How VS Code reaches the debug adapter, as the setting `mmscope.adapter` says: inside this process, by TCP to this
 * process, or as a process of its own over stdio. (`debugServer` in a launch configuration is VS Code's own and goes past this.)
 */
import {
  debug,
  DebugAdapterExecutable,
  DebugAdapterInlineImplementation,
  DebugAdapterServer,
  Disposable,
  Uri,
  type DebugAdapter,
  type DebugAdapterDescriptor,
  type DebugProtocolMessage,
} from 'vscode';
import type { AdapterServer, DebugAdapter as Adapter } from '../../adapter/index.js';
import { MMSCOPE, settings } from '../identity.js';

/** In desktop VS Code, `process.execPath` is Electron; elsewhere this says nothing. */
const AS_NODE = { ELECTRON_RUN_AS_NODE: '1' };

export function registerAdapters(extensionUri: Uri): Disposable {
  const script = Uri.joinPath(extensionUri, 'dist', 'mmscope.cjs').fsPath;
  const running: { server?: Promise<AdapterServer> } = {};
  const factory = debug.registerDebugAdapterDescriptorFactory(MMSCOPE, {
    createDebugAdapterDescriptor(): Promise<DebugAdapterDescriptor> {
      switch (settings().adapter) {
        case 'stdio':
          return Promise.resolve(
            new DebugAdapterExecutable(process.execPath, [script, 'dap'], { env: AS_NODE }),
          );
        case 'server':
          return server(running);
        case 'inline':
          return inline();
      }
    },
  });
  return Disposable.from(
    factory,
    new Disposable(() => void running.server?.then((server) => server.close())),
  );
}

/** The engine is loaded here, not at activation. */
async function inline(): Promise<DebugAdapterDescriptor> {
  const { createInlineAdapter } = await import('../../adapter/index.js');
  return new DebugAdapterInlineImplementation(new Inline(createInlineAdapter()));
}

/** The adapter, which knows nothing of VS Code, as VS Code's own kind: what it gives out are its Disposables. */
class Inline extends Disposable implements DebugAdapter {
  readonly onDidSendMessage: DebugAdapter['onDidSendMessage'];

  constructor(private readonly adapter: Adapter) {
    super(() => adapter.dispose());
    this.onDidSendMessage = (listener, self) =>
      Disposable.from(adapter.onDidSendMessage((message) => void listener.call(self, message)));
  }

  handleMessage(message: DebugProtocolMessage): void {
    this.adapter.handleMessage(message);
  }
}

/** One server for all sessions to come, on a free port of 127.0.0.1. */
async function server(running: {
  server?: Promise<AdapterServer>;
}): Promise<DebugAdapterDescriptor> {
  const { listen } = await import('../../adapter/index.js');
  running.server ??= listen(0);
  return new DebugAdapterServer((await running.server).port, '127.0.0.1');
}
