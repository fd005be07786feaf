/**
 * What an adapter's messages say of where its session stands. Pure.
 *
 * A session begins when its launch has succeeded and is over with the event `terminated`; nothing else makes one.
 */

/** Where a session stands. */
export interface Standing {
  /** False while the debuggee runs: what views show is of the last stop. */
  readonly stopped: boolean;
  /** Counts stops and edits: what was read under another number is stale. */
  readonly epoch: number;
  /** Counts stops. */
  readonly stop: number;
}

/** The parts of protocol messages that matter to the extension. */
export interface ProtocolMessage {
  readonly type: string;
  readonly event?: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly body?: {
    readonly areas?: readonly string[];
    readonly category?: string;
    readonly reason?: string;
    readonly output?: string;
    readonly result?: string;
    /** Of a response that is an error. */
    readonly error?: {
      readonly id?: number;
      readonly variables?: Readonly<Record<string, string>>;
    };
  };
}

const FRESH: Standing = { stopped: false, epoch: 0, stop: 0 };

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
  'goto',
]);

/** Whether the debuggee is gone with this message. */
export const isEnd = ({ type, event }: ProtocolMessage): boolean =>
  type === 'event' && event === 'terminated';

/** Whether the debuggee is there from this message on. */
export const isLaunch = ({ type, command, success }: ProtocolMessage): boolean =>
  type === 'response' && success === true && (command === 'launch' || command === 'attach');

/** The standing after a message; undefined when the message does not touch it, or there is no session for it to touch. */
export function after(
  standing: Standing | undefined,
  message: ProtocolMessage,
): Standing | undefined {
  if (isLaunch(message)) return standing ?? FRESH;
  if (standing === undefined) return undefined;
  if (message.type === 'response') {
    const command = message.command ?? '';
    if (message.success !== true) return undefined;
    if (EDITS.has(command)) return { ...standing, epoch: standing.epoch + 1 };
    return RESUMES.has(command) ? { ...standing, stopped: false } : undefined;
  }
  switch (message.event) {
    case 'stopped': {
      const { epoch, stop } = standing;
      return { stopped: true, epoch: epoch + 1, stop: stop + 1 };
    }
    case 'continued':
      return { ...standing, stopped: false };
    case 'invalidated':
    case 'memory':
      return { ...standing, epoch: standing.epoch + 1 };
    default:
      return undefined;
  }
}
