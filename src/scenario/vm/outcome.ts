/** How a run of the scenario machine ends: at a boundary, at the end of a task, or before. */
import type { BlockReason } from '../builtins/call.js';
import type { Span } from '../syntax/span.js';
import type { StackUse } from './control.js';
import type { Oops } from './oops.js';
import type { SignalInfo } from './signals.js';

/** How a run came to its end. */
export type Outcome =
  /** Before the next statement. */
  | { readonly kind: 'boundary' }
  /** The task, or the expression, is done. */
  | { readonly kind: 'end' }
  | {
      readonly kind: 'blocked';
      readonly reason: BlockReason;
      /** What queues the task behind the statement that is undone. */
      readonly again?: (() => void) | undefined;
    }
  /** Not at its end: others may be let through, and then it is to be resumed, before the machine does anything else. */
  | { readonly kind: 'unfinished' }
  | Bug;

/** A fault, a bug, a trap: the kernel's words for it. */
export interface Bug {
  readonly kind: 'bug';
  readonly text: string;
  /** The call of a builtin in which it happened; undefined: in the scenario's own code. */
  readonly span: Span | undefined;
  readonly pc: number;
  readonly use: StackUse;
  readonly oops?: Oops;
  /** It is a signal, which the process gets in user mode. */
  readonly signal?: SignalInfo;
}
