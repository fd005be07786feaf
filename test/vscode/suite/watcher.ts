/** Starts a session and waits for its stops, by their number: one that came early is not missed. */
import * as vscode from 'vscode';

const STOP_MS = 20_000;

const START_MS = 20_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Stopped {
  readonly reason: string;
}

export class Watcher {
  private readonly stops: Stopped[] = [];
  private waiting: (() => void)[] = [];
  private readonly subscription: vscode.Disposable;

  constructor() {
    this.subscription = vscode.debug.registerDebugAdapterTrackerFactory('mmscope', {
      createDebugAdapterTracker: () => ({
        onDidSendMessage: (message: { event?: string; body?: Stopped }) => {
          if (message.event !== 'stopped' || message.body === undefined) return;
          this.stops.push(message.body);
          for (const wake of this.waiting.splice(0)) wake();
        },
      }),
    });
  }

  async start(configuration: vscode.DebugConfiguration): Promise<vscode.DebugSession> {
    const folder = vscode.workspace.workspaceFolders?.[0];
    const started = vscode.debug.startDebugging(folder, configuration);
    // A launch that fails leaves a dialog open, and its promise too.
    const isStarted = await Promise.race([started, pause(START_MS)]);
    if (isStarted !== true) throw new Error('the session did not start');
    const session = vscode.debug.activeDebugSession;
    if (session === undefined) throw new Error('no session');
    return session;
  }

  /** The nth stop, from 1, once VS Code itself has seen it. */
  async stop(nth: number): Promise<Stopped> {
    for (const end = Date.now() + STOP_MS; Date.now() < end;) {
      const stop = this.stops[nth - 1];
      if (stop !== undefined) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        return stop;
      }
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        setTimeout(resolve, 200);
      });
    }
    throw new Error(`stop ${nth} did not come; stops: ${JSON.stringify(this.stops)}`);
  }

  dispose(): void {
    this.subscription.dispose();
  }
}
