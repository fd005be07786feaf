/**
 * Which task runs: one at a time, until it ends, has to wait, or asks for another (`schedule()`).
 *
 * A task exists from the moment its declaration is reached. The next one is the next in order of declaration that can run,
 * counted from the current one; one that waits can run again when its reason is gone, and those that came before it have gone on. If
 * none can run and some wait until a certain time, it is that time; if none does, that is a deadlock.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Cell } from '../../engine/memory/address.js';
import type { BlockReason } from '../builtins/call.js';
import type { KernelCalls } from '../builtins/kernelCalls.js';
import type { Control } from './control.js';
import type { HeldLocks } from './heldLocks.js';
import { isBefore } from './jobTable.js';
import type { KernelJobs } from './kernelJobs.js';
import type { KernelTasks } from './kernelTasks.js';
import { setJiffies } from './jiffies.js';
import { isBehindOthers } from './waitQueue.js';
import { WAIT_KINDS, type WaitWorld } from './waits.js';

/** A task that waits, for what, and who could end it. */
export interface Wait {
  readonly task: number;
  readonly reason: BlockReason;
  /** The tasks that have what it waits for, as far as that is known. */
  readonly holders: readonly number[];
  /** What it waits for: `waits for the lock of page 0x2400, which main holds`. */
  readonly what: string;
  /** The same, as a sentence with its name. */
  readonly text: string;
}

export class Scheduler {
  private readonly world: WaitWorld;

  constructor(
    private readonly image: KernelImage,
    private readonly control: Control,
    private readonly tasks: KernelTasks,
    private readonly nrTasks: number,
    private readonly kernel: KernelCalls,
    private readonly held: HeldLocks,
    private readonly jobs: KernelJobs,
  ) {
    this.world = { image, kernel, control, tasks, nrTasks, held };
  }

  canRun(task: number): boolean {
    if (!this.control.isCreated(task)) return false;
    const status = this.control.status(task);
    if (status === 'ready') return true;
    const reason = this.control.waitsFor(task);
    return reason !== undefined && (!this.holds(task, reason) || this.timesOut(task, reason));
  }

  /** Time goes on only when nobody can run: to the moment at which the first wait is over, of those that end by themselves. */
  private timesOut(task: number, { until }: BlockReason): boolean {
    if (until === undefined) return false;
    const due = this.jobs.nextDue();
    if (due !== undefined && !isBefore(until, due)) return false;
    for (let other = 0; other < this.nrTasks; other++) {
      if (!this.control.isCreated(other)) continue;
      if (this.control.status(other) === 'ready') return false;
      const reason = this.control.waitsFor(other);
      if (reason === undefined || other === task) continue;
      if (!this.holds(other, reason)) return false;
      const sooner = reason.until === undefined ? 1 : (reason.until - until) | 0;
      if (sooner < 0 || (sooner === 0 && other < task)) return false;
    }
    return true;
  }

  /** The next task that can run after `from`; `from` itself comes last. */
  next(from: number): number | undefined {
    this.jobs.wake();
    const next = this.nextAfter(from);
    if (next !== undefined) return next;
    // Everybody waits, and a timer is due before anybody's wait is over.
    const due = this.jobs.nextDue();
    if (due === undefined) return undefined;
    if (isBefore(this.image.mm.read_int(this.image.mm.globals.jiffies), due))
      setJiffies(this.image.mm, due);
    this.jobs.wake();
    return this.nextAfter(from);
  }

  private nextAfter(from: number): number | undefined {
    for (let i = 1; i <= this.nrTasks; i++) {
      const task = (from + i) % this.nrTasks;
      if (this.canRun(task)) return task;
    }
    return undefined;
  }

  /** Makes a task that can run the current one. */
  switchTo(task: number): void {
    const { control, image } = this;
    const current = control.currentTask;
    if (control.status(task) === 'waiting') {
      const reason = control.waitsFor(task);
      if (reason?.until !== undefined && this.holds(task, reason))
        setJiffies(image.mm, reason.until);
      control.setStatus(task, 'ready');
      // Of what ends by itself, a timer wakes it; in other queues than the kernel's nobody else does.
      this.kernel.wake_up_state(image.mm, this.tasks.structOf(task), -1);
    }
    if (task === current) return;
    control.setCpu(current, image.mm.cpu);
    image.tape.write(image.mm.machine.register('cpu'), control.cpu(task));
    control.currentTask = task;
    this.tasks.become(task);
  }

  /** Whether what a task waits for is still so. */
  private holds(task: number, reason: BlockReason): boolean {
    // A kernel is told by the one that ends the wait: nobody in it looks.
    const { control, nrTasks, world } = this;
    const kind = WAIT_KINDS[reason.kind];
    return this.image.memory.unheard(
      () =>
        kind.holds(world, task, reason) ||
        isBehindOthers(control, nrTasks, task, reason, kind.nrThere?.(world, reason) ?? 1),
    );
  }

  /** Every task that waits in vain. */
  waits(): Wait[] {
    return Array.from({ length: this.nrTasks }, (_, task) => this.waitOf(task)).filter(
      (wait) => wait !== undefined && wait.reason.until === undefined,
    ) as Wait[];
  }

  /** What a task waits for, in vain or until a certain time; undefined: it can run. */
  waitOf(task: number): Wait | undefined {
    const reason = this.control.isCreated(task) ? this.control.waitsFor(task) : undefined;
    if (reason === undefined || !this.holds(task, reason)) return undefined;
    const holders = this.holders(reason);
    const what = this.waitText(task, reason, holders);
    return { task, reason, holders, what, text: `${this.tasks.name(task)} ${what}` };
  }

  /** What a task waits for, in words; who has it, as far as that is written down. Undefined: it does not wait. */
  waitWords(task: number): string | undefined {
    const reason = this.control.waitsFor(task);
    if (reason === undefined) return undefined;
    const lock = WAIT_KINDS[reason.kind].lock?.(this.world, reason);
    return this.waitText(task, reason, lock === undefined ? [] : this.held.holders(lock));
  }

  private waitText(task: number, reason: BlockReason, holders: readonly number[]): string {
    const owners = holders.map((holder) => this.ownerText(task, holder)).join(' and ');
    const owner = owners === '' ? '' : `, which ${owners}`;
    const end =
      reason.until === undefined ? '' : `, until jiffies are 0x${reason.until.toString(16)}`;
    return `waits for ${WAIT_KINDS[reason.kind].name(this.world, reason)}${owner}${end}`;
  }

  private ownerText(task: number, holder: number): string {
    if (task === holder) return 'it holds itself';
    const name = this.tasks.name(holder);
    const status = this.control.status(holder);
    const gone = status === 'ended' || status === 'failed';
    return gone ? `${name} held when it ended` : `${name} holds`;
  }

  private holders(reason: BlockReason): readonly number[] {
    const lock = WAIT_KINDS[reason.kind].lock?.(this.world, reason);
    const known = lock === undefined ? [] : this.held.holders(lock);
    if (known.length > 0) return known;
    const holder = this.lastWriter(reason);
    return holder === undefined ? [] : [holder];
  }

  /** Who took it: the task that ran when the tape's last write did so. */
  private lastWriter(reason: BlockReason): number | undefined {
    const { tape } = this.image;
    const held = WAIT_KINDS[reason.kind].heldWord(this.world, reason);
    if (held === undefined) return undefined;
    const position = tape.searchBackward(
      tape.start,
      tape.cursor,
      (cell, before, after) => cell === held.cell && held.isTaken(after) && !held.isTaken(before),
    );
    return position === undefined ? undefined : this.taskAt(position);
  }

  /** The task that ran at a position: what the next switch after it switched from. */
  private taskAt(position: number): number {
    const cell: Cell = this.control.currentTaskCell;
    let task = this.control.currentTask;
    this.image.tape.searchForward(position, this.image.tape.cursor, (at, before) => {
      if (at !== cell) return false;
      task = before;
      return true;
    });
    return task;
  }
}
