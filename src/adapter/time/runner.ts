/**
 * What time needs of the debuggee: something that runs statement by statement, all of whose state is on a tape. A
 * statement runs on the plain kernel, or again on the instrumented one, with the same result.
 */
import type { Tape } from '../../engine/memory/tape.js';
import type { BlockReason, MachineEvent } from '../../scenario/index.js';

export type KernelFlavour = 'plain' | 'instrumented';

/** Where the debuggee stands between two statements. */
export interface Standing {
  /** The task that runs next. */
  readonly task: number;
  /** Number of the statement about to run; undefined when the scenario has ended. */
  readonly statement: number | undefined;
  /** Active functions of that task. */
  readonly depth: number;
}

export interface Runner {
  readonly tape: Tape<MachineEvent>;
  /** At the tape's cursor, which is at a boundary. */
  standing(): Standing;
  /** Runs the statement that is next at the tape's cursor, which is at a boundary, up to the next boundary. */
  runStatement(kernel: KernelFlavour): void;
  /** The same on the plain kernel, in pieces: false where it is not at its end and others are to be let through. */
  beginStatement(mayRest: () => boolean): boolean;
  /** The next piece of one that was not at its end. The tape's cursor is where it was left. */
  resumeStatement(mayRest: () => boolean): boolean;
  /** Whether the kernel called a function of the debuggee in the statement that ran last. */
  wasCalledBack(): boolean;
  /** How many of the functions that were active at its start the statement that ran last has left. */
  nrLeft(): number;
  /** Active functions of a task, whichever runs next. */
  depthOf(task: number): number;
  /** Whether the task could run its next statement. */
  canRun(task: number): boolean;
  /** What a task waits for. */
  waitsFor(task: number): BlockReason | undefined;
  /** Makes a task that can run the one that runs next. */
  switchTo(task: number): void;
  /** Ends a task where it stands: it runs no further statement. */
  endTask(task: number): void;
}
