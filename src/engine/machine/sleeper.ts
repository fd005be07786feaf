/**
 * A task that has to sleep in the middle of a call of the kernel. The call cannot stay there: what it did is undone, and it is made
 * again when the task is woken. What others see of a task that sleeps stays: its place in a queue, the locks that it had taken by then.
 *
 *     waits for something      k.sleepsOn(sleep)   what it waits for, and how to queue for it
 *     gives the CPU away       k.deschedule()      does not return
 *     the call is made again   resumes()           the task stands in the queue already, or has been given what it waited for
 *
 * Locks that are taken are told, so that it is known who has them: on the way back into a call they are not taken twice.
 */
import type { Cell } from '../memory/address.js';

export type SleepKind =
  | 'page lock'
  | 'page writeback'
  | 'migration'
  | 'rwsem for reading'
  | 'rwsem for writing'
  | 'semaphore'
  | 'mutex'
  | 'completion'
  | 'wait queue'
  | 'wakeup';

export interface Sleep {
  readonly kind: SleepKind;
  /** What is waited for: a page, a lock, a queue. */
  readonly object: Cell;
  /** The jiffy, its low 32 bits, at which the task goes on in any case. */
  readonly until?: number;
  /** Does once more what comes before the task sleeps, up to that. */
  readonly again: () => void;
}

/** How a lock is had: PG_locked of a page; a rw_semaphore for reading or for writing; one of a semaphore's; a mutex. */
export type LockMode = 'page' | 'read' | 'write' | 'count' | 'mutex';

export interface Sleeper {
  /** Words of the running task's kernel stack: what it leaves in a queue lies there. */
  readonly stack: Cell;
  /** Whether the running task has waited for this in the call that is made again. True once. */
  resumes(kind: SleepKind, object: Cell): boolean;
  /** The jiffy at which the wait that {@link resumes} told of ends by itself. */
  readonly until: number | undefined;
  sleep(sleep: Sleep): never;
  /** What others are to see of the call while its task sleeps, if it does: done once more when the call is undone. */
  shows(action: () => void): void;
  /** @param lock of a page: its head */
  took(lock: Cell, mode: LockMode): void;
  released(lock: Cell, mode: LockMode): void;
  /** Whether the running task had the lock when it slept, and has it still. True once. */
  has(lock: Cell, mode: LockMode): boolean;
}
