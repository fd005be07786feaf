/**
 * How VS Code reaches the debug adapter, as the setting `mmscope.adapter` says: in a thread of this process, by TCP to this
 * process, or as a process of its own over stdio. (`debugServer` in a launch configuration is VS Code's own and goes past this.)
 */
import {
  debug,
  DebugAdapterExecutable,
  DebugAdapterInlineImplementation,
  DebugAdapterServer,
  Disposable,
  EventEmitter,
  Uri,
  type DebugAdapter,
  type DebugAdapterDescriptor,
  type DebugProtocolMessage,
} from 'vscode';
import type { AdapterServer, SessionThread, startSession } from '../../adapter/index.js';
import { MMSCOPE, settings } from '../identity.js';

type StartSession = typeof startSession;

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
          return server(running, script);
        case 'inline':
          return inline(script);
      }
    },
  });
  return Disposable.from(
    factory,
    new Disposable(() => void running.server?.then((server) => server.close())),
  );
}

/** The engine is loaded there, not at activation and not here. */
async function inline(script: string): Promise<DebugAdapterDescriptor> {
  const { startSession } = await import('../../adapter/index.js');
  return new DebugAdapterInlineImplementation(new Inline(startSession, script));
}

/** The adapter's thread as VS Code's own kind of adapter. */
class Inline extends Disposable implements DebugAdapter {
  readonly onDidSendMessage: DebugAdapter['onDidSendMessage'];
  private readonly session: SessionThread;

  constructor(start: StartSession, script: string) {
    const sent = new EventEmitter<DebugProtocolMessage>();
    const session = start(
      script,
      (json) => sent.fire(JSON.parse(json) as DebugProtocolMessage),
      () => session.end(),
    );
    super(() => {
      session.end();
      sent.dispose();
    });
    this.onDidSendMessage = sent.event;
    this.session = session;
  }

  handleMessage(message: DebugProtocolMessage): void {
    this.session.handle({ kind: 'message', value: message });
  }
}

/** One server for all sessions to come, on a free port of 127.0.0.1. */
async function server(
  running: { server?: Promise<AdapterServer> },
  script: string,
): Promise<DebugAdapterDescriptor> {
  const { listen } = await import('../../adapter/index.js');
  running.server ??= listen(0, script);
  return new DebugAdapterServer((await running.server).port, '127.0.0.1');
}
