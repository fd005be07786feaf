/**
 * The mmscope sessions that run, and which of them the views show. Views listen here and nowhere else.
 *
 * Invariant: `current` is the session the user looks at (VS Code's active one where it is ours, else the last started). What an
 * adapter still sends after its end makes no session. `mmscope.sessionActive` and `mmscope.stopped` say to package.json's
 * when-clauses whether there is one, and whether it stands still.
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
import { after, isEnd, type ProtocolMessage, type Standing } from './sessionMessages.js';

export interface SessionState extends Standing {
  readonly session: DebugSession;
}

/** A message of a session's adapter, as it came. */
export interface SessionMessage {
  readonly session: DebugSession;
  readonly message: ProtocolMessage;
}

export class Sessions implements Disposable {
  private readonly states = new Map<string, SessionState>();
  private readonly changed = new EventEmitter<SessionState | undefined>();
  private readonly messages = new EventEmitter<SessionMessage>();
  /** Fires with {@link current} whenever it is another one, stops, runs on, or is edited. */
  readonly onDidChange = this.changed.event;
  /** Every response and event of every adapter. */
  readonly onDidSend = this.messages.event;
  private readonly subscriptions: Disposable;

  constructor() {
    this.subscriptions = Disposable.from(
      this.changed,
      this.messages,
      debug.registerDebugAdapterTrackerFactory(MMSCOPE, {
        createDebugAdapterTracker: (session) => this.track(session),
      }),
      debug.onDidTerminateDebugSession((session) => this.end(session)),
      debug.onDidChangeActiveDebugSession(() => this.fire()),
    );
  }

  get current(): SessionState | undefined {
    const active = debug.activeDebugSession;
    return (active && this.states.get(active.id)) ?? [...this.states.values()].at(-1);
  }

  /** Sessions that run. */
  get count(): number {
    return this.states.size;
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  /** One adapter's messages; a session that VS Code starts again under the same id has another adapter. */
  private track(session: DebugSession): DebugAdapterTracker {
    let isOver = false;
    return {
      onDidSendMessage: (message: ProtocolMessage) => {
        this.messages.fire({ session, message });
        isOver ||= isEnd(message);
        if (isOver) {
          this.end(session);
          return;
        }
        const state = this.states.get(session.id);
        const next = after(state, message);
        if (next === undefined) return;
        this.states.set(session.id, { session, ...next });
        this.fire();
      },
      onWillStopSession: () => (isOver = true),
    };
  }

  private end(session: DebugSession): void {
    if (this.states.delete(session.id)) this.fire();
  }

  private fire(): void {
    const { current } = this;
    const setContext = (key: string, value: boolean): void =>
      void commands.executeCommand('setContext', `mmscope.${key}`, value);
    setContext('sessionActive', current !== undefined);
    setContext('stopped', current?.stopped === true);
    this.changed.fire(current);
  }
}
