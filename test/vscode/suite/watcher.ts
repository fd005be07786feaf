/** Starts a session and waits for its stops, by their number: one that came early is not missed. */
import * as vscode from 'vscode';

/** Generous: a machine may be busy with other things. Mocha's own limit (index.ts) is longer, so that these say what they saw. */
const STOP_MS = 90_000;
const START_MS = 90_000;
/** VS Code has focused the frame of a stop by then, if it does so at all. */
const FOCUS_MS = 5_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Stopped {
  readonly reason: string;
}

export class Watcher {
  private readonly stops: Stopped[] = [];
  private waiting: (() => void)[] = [];
  /** How many stops had come when VS Code last focused a frame. */
  private focusedStop = 0;
  private readonly subscriptions: vscode.Disposable[];

  constructor() {
    const wakeAll = (): void => {
      for (const wake of this.waiting.splice(0)) wake();
    };
    const messages = vscode.debug.registerDebugAdapterTrackerFactory('mmscope', {
      createDebugAdapterTracker: () => ({
        onDidSendMessage: (message: { event?: string; body?: Stopped }) => {
          if (message.event !== 'stopped' || message.body === undefined) return;
          this.stops.push(message.body);
          wakeAll();
        },
      }),
    });
    const focus = vscode.debug.onDidChangeActiveStackItem((item) => {
      if (!(item instanceof vscode.DebugStackFrame)) return;
      this.focusedStop = this.stops.length;
      wakeAll();
    });
    this.subscriptions = [messages, focus];
  }

  async start(configuration: vscode.DebugConfiguration): Promise<vscode.DebugSession> {
    const folder = vscode.workspace.workspaceFolders?.[0];
    // Not the active session: that may be for a while the one before.
    let session: vscode.DebugSession | undefined;
    const starts = vscode.debug.onDidStartDebugSession((started) => (session = started));
    try {
      const started = vscode.debug.startDebugging(folder, configuration);
      // A launch that fails leaves a dialog open, and its promise too.
      const isStarted = await Promise.race([started, pause(START_MS)]);
      if (isStarted !== true)
        throw new Error(`the session did not start: startDebugging() gave ${String(isStarted)}`);
      await this.until(() => session !== undefined, START_MS);
      if (session === undefined) throw new Error('no session');
      return session;
    } finally {
      starts.dispose();
    }
  }

  /** Ends a session, and waits until VS Code is done with it: until then, commands may go to it. */
  async end(session: vscode.DebugSession): Promise<void> {
    let isOver = false;
    const ends = vscode.debug.onDidTerminateDebugSession((ended) => (isOver ||= ended === session));
    try {
      await vscode.debug.stopDebugging(session);
      await this.until(() => isOver && vscode.debug.activeDebugSession === undefined, STOP_MS);
    } finally {
      ends.dispose();
    }
  }

  /** The nth stop, from 1, once VS Code itself has seen it. */
  async stop(nth: number): Promise<Stopped> {
    await this.until(() => this.stops.length >= nth, STOP_MS);
    const stop = this.stops[nth - 1];
    if (stop === undefined)
      throw new Error(`stop ${nth} did not come; stops: ${JSON.stringify(this.stops)}`);
    await this.until(() => this.focusedStop >= nth, FOCUS_MS);
    return stop;
  }

  /** Waits for a condition that a message or a focus makes true, or until the time is over. */
  private async until(isTrue: () => boolean, timeoutMs: number): Promise<void> {
    for (const end = Date.now() + timeoutMs; !isTrue() && Date.now() < end;)
      await Promise.race([new Promise<void>((resolve) => this.waiting.push(resolve)), pause(200)]);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }
}
