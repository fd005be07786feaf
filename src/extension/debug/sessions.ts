/**
 * The mmscope sessions that run, and which of them the views show. Views listen here and nowhere else.
 *
 * Invariant: `current` is the session the user looks at (VS Code's active one where it is ours, else the last started),
 * and `mmscope.sessionActive` says to package.json's when-clauses whether there is one.
 */
import {
  commands,
  debug,
  Disposable,
  EventEmitter,
  type DebugAdapterTracker,
  type DebugSession,
} from 'vscode';
import { MMSCOPE } from '../identity.js';

export interface SessionState {
  readonly session: DebugSession;
  /** False while the debuggee runs: what views show is of the last stop. */
  readonly stopped: boolean;
  /** Counts stops and edits: what was read under another number is stale. */
  readonly epoch: number;
  /** Counts stops. */
  readonly stop: number;
}

/** The parts of protocol messages that matter here. */
interface ProtocolMessage {
  readonly type: string;
  readonly event?: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly body?: { readonly areas?: readonly string[] };
}

/** Requests that change memory while stopped. */
const EDITS = new Set(['setVariable', 'setExpression', 'writeMemory']);
/** Requests whose success means that the debuggee runs; adapters send no `continued` for them. */
const RESUMES = new Set([
  'continue',
  'next',
  'stepIn',
  'stepOut',
  'stepBack',
  'reverseContinue',
  'restartFrame',
]);

export class Sessions implements Disposable {
  private readonly states = new Map<string, SessionState>();
  private readonly changed = new EventEmitter<SessionState | undefined>();
  /** Fires with {@link current} whenever it is another one, stops, runs on, or is edited. */
  readonly onDidChange = this.changed.event;
  private readonly subscriptions: Disposable;

  constructor() {
    this.subscriptions = Disposable.from(
      this.changed,
      debug.registerDebugAdapterTrackerFactory(MMSCOPE, {
        createDebugAdapterTracker: (session) => this.track(session),
      }),
      debug.onDidTerminateDebugSession((session) => {
        if (this.states.delete(session.id)) this.fire();
      }),
      debug.onDidChangeActiveDebugSession(() => this.fire()),
    );
  }

  get current(): SessionState | undefined {
    const active = debug.activeDebugSession;
    return (active && this.states.get(active.id)) ?? [...this.states.values()].at(-1);
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private track(session: DebugSession): DebugAdapterTracker {
    return {
      onDidSendMessage: (message: ProtocolMessage) => {
        const state = this.states.get(session.id) ?? { session, stopped: false, epoch: 0, stop: 0 };
        const next = after(state, message);
        if (next === undefined) return;
        this.states.set(session.id, next);
        this.fire();
      },
    };
  }

  private fire(): void {
    void commands.executeCommand('setContext', 'mmscope.sessionActive', this.states.size > 0);
    this.changed.fire(this.current);
  }
}

/** The state after a message of the adapter; undefined when the message does not touch it. */
function after(state: SessionState, message: ProtocolMessage): SessionState | undefined {
  if (message.type === 'response') {
    const command = message.command ?? '';
    if (message.success !== true) return undefined;
    if (EDITS.has(command)) return { ...state, epoch: state.epoch + 1 };
    return RESUMES.has(command) ? { ...state, stopped: false } : undefined;
  }
  switch (message.event) {
    case 'stopped':
      return { ...state, stopped: true, epoch: state.epoch + 1, stop: state.stop + 1 };
    case 'continued':
      return { ...state, stopped: false };
    case 'initialized':
      return state;
    case 'invalidated':
    case 'memory':
      return { ...state, epoch: state.epoch + 1 };
    default:
      return undefined;
  }
}
