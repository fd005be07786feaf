/**
 * How a task of a scenario sleeps in a call of the kernel. The statement is undone (vm.ts); what stays is put back behind that: the locks
 * that it had taken by then, and its place in a queue, which is on the task's kernel stack. When it is woken, the statement is run again,
 * and finds both.
 */
import { abandonWait, giveBackLock, keepLock } from '../../engine/entry/sleepers.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import type { LockMode, Sleep, Sleeper, SleepKind } from '../../engine/machine/sleeper.js';
import type { Cell } from '../../engine/memory/address.js';
import type { BlockReason } from '../builtins/call.js';
import type { Control } from './control.js';
import type { HeldLock, HeldLocks } from './heldLocks.js';
import type { Rerun } from './rerun.js';
import { TaskBlocked } from './signals.js';
import type { WindowCells } from './windowCells.js';

const SLEEPS: ReadonlySet<string> = new Set<SleepKind>([
  'page lock',
  'page writeback',
  'migration',
  'rwsem for reading',
  'rwsem for writing',
  'semaphore',
  'mutex',
  'completion',
  'wait queue',
  'wakeup',
]);

/** Whether somebody who waits for this sleeps in a queue of the kernel's, and is woken by the kernel. */
export const isSleep = (kind: string): kind is SleepKind => SLEEPS.has(kind);

interface Traces {
  readonly taken: readonly HeldLock[];
  readonly shown: readonly (() => void)[];
}

export class TaskSleeper implements Sleeper {
  /** Locks that the statement that runs has taken, and not given back. */
  private fresh: HeldLock[] = [];
  /** What others see of it while the task sleeps. */
  private shown: (() => void)[] = [];
  private mayResume = false;
  until: number | undefined;

  constructor(
    private readonly k: Kernel,
    private readonly control: Control,
    private readonly window: WindowCells,
    readonly held: HeldLocks,
    private readonly rerun: Rerun,
  ) {}

  get stack(): Cell {
    return this.window.kernelStackCell(this.control.currentTask);
  }

  // --- a statement ---------------------------------------------------------------------------------------------------------

  /** @param mayResume false: of an expression, which is none of the task's own statements */
  begin(mayResume: boolean): void {
    this.fresh = [];
    this.shown = [];
    this.mayResume = mayResume;
    this.until = undefined;
  }

  /** The statement is over: what it has locked is locked, and of a wait that it did not come back to nothing is left. */
  end(): void {
    const { control, held } = this;
    const task = control.currentTask;
    if (this.mayResume) this.abandon();
    this.mayResume = false;
    for (const { lock, mode } of held.kept(task)) {
      held.takeOver(task, lock, mode);
      giveBackLock(this.k, lock, mode);
    }
    for (const each of this.fresh) held.add(task, each, false);
    this.fresh = [];
  }

  /** The running task's wait, in which it has not been since the statement began. */
  private abandon(): void {
    const { k, control } = this;
    const reason = control.parkedFor(control.currentTask);
    if (reason !== undefined && isSleep(reason.kind))
      abandonWait(k, reason.kind, k.cell_of(reason.address), this.stack);
  }

  /** The running task does not go on, wherever it sleeps. */
  leave(): void {
    this.abandon();
    this.control.endWait(this.control.currentTask);
  }

  /** Of the statement that runs: locks, and what others are to see. */
  get traces(): Traces {
    return { taken: this.fresh, shown: this.shown };
  }

  shows(action: () => void): void {
    this.shown.push(action);
  }

  /**
   * Behind a statement that is undone: the task waits.
   * @param traces the locks that it had by then, and what is shown of it
   * @param again what queues it; undefined: it waits for something that has no queue of the kernel's
   * @returns what it waits for; undefined: it need not wait
   */
  settle(
    reason: BlockReason,
    { taken, shown }: Traces,
    again: (() => void) | undefined,
  ): BlockReason | undefined {
    const { control, held } = this;
    const task = control.currentTask;
    const before = control.parkedFor(task);
    const isSame = before?.kind === reason.kind && before.address === reason.address;
    if (!isSame) this.abandon();
    this.begin(isSame);
    for (const each of taken)
      if (keepLock(this.k, each.lock, each.mode)) held.add(task, each, true);
    for (const show of shown) show();
    if (again === undefined) return reason;
    try {
      again();
    } catch (error) {
      if (error instanceof TaskBlocked) return error.reason;
      throw error;
    }
    return undefined;
  }

  // --- what the kernel asks ------------------------------------------------------------------------------------------------

  resumes(kind: SleepKind, object: Cell): boolean {
    const now = this.k.read_int(this.k.globals.jiffies) >>> 0;
    if (this.rerun.takeWaited()) {
      this.until = now;
      return true;
    }
    if (!this.mayResume) return false;
    const { control } = this;
    const reason = control.parkedFor(control.currentTask);
    if (reason?.kind !== kind || reason.address !== this.k.va_of(object)) return false;
    this.mayResume = false;
    this.until = reason.until;
    const isOver = reason.until !== undefined && ((now - reason.until) | 0) >= 0;
    if (kind === 'wakeup' || isOver) this.rerun.ended();
    return true;
  }

  sleep({ kind, object, until, again }: Sleep): never {
    const address = this.k.va_of(object);
    throw new TaskBlocked({ kind, address, ...(until !== undefined && { until }) }, again);
  }

  took(lock: Cell, mode: LockMode): void {
    this.fresh.push({ lock, mode });
  }

  released(lock: Cell, mode: LockMode): void {
    const at = this.fresh.findLastIndex((each) => each.lock === lock && each.mode === mode);
    if (at >= 0) this.fresh.splice(at, 1);
    else this.held.remove(this.control.currentTask, lock, mode);
  }

  has(lock: Cell, mode: LockMode): boolean {
    return this.held.takeOver(this.control.currentTask, lock, mode);
  }
}
