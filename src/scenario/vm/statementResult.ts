/** What a machine answers: what became of a statement, how a task died, and where each task stands. */
import type { BlockReason } from '../builtins/call.js';
import type { Span } from '../syntax/span.js';
import type { TaskStatus } from './control.js';
import type { FailedExpect } from './events.js';
import type { Location } from './frames.js';
import type { Wait } from './scheduler.js';

/** What became of a statement. */
export type StatementResult = {
  /** The task whose statement it was. */
  readonly task: number;
  /** `expect(...)` that did not hold in it. */
  readonly failedExpects: readonly FailedExpect[];
} & (
  | { readonly kind: 'ran' }
  /** The statement was undone: its task waits, another one is current. */
  | { readonly kind: 'blocked'; readonly reason: BlockReason }
  /** The task is done; another one is current. */
  | { readonly kind: 'ended' }
  /** The task died of a fault or a bug, with these words of the kernel; another one is current if there is one. */
  | ({ readonly kind: 'failed' } & Death)
  /** The statement is in the middle of a long call: it is to be resumed, or undone, before anything else is done. */
  | { readonly kind: 'unfinished' }
  /** No task can run: nothing was done. */
  | { readonly kind: 'deadlock'; readonly waits: readonly Wait[] }
  /** Every task is done: nothing was done. */
  | { readonly kind: 'exited' }
);

/** How a task died. */
export interface Death {
  /** The kernel's words. */
  readonly text: string;
  /** Of a page fault: which rule of the processor refused the access. */
  readonly rule: string | undefined;
  /** Where it happened: the call of a builtin, or the statement. */
  readonly span: Span;
  /** Where it stood, and where it had been called from: innermost first. */
  readonly calls: readonly Location[];
}

export interface TaskState {
  readonly id: number;
  /** `main` for the scenario itself, `main/101` for a child of it. */
  readonly name: string;
  readonly pid: number;
  /** Its body, among the functions of the program. */
  readonly function: number;
  /** `new`: its declaration has not been reached. */
  readonly status: TaskStatus | 'new';
  readonly current: boolean;
  readonly location: Location | undefined;
  readonly waitsFor: BlockReason | undefined;
}
