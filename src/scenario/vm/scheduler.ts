/**
 * Which task runs: one at a time, until it ends, has to wait, or asks for another (`schedule()`).
 *
 * A task exists from the moment its declaration is reached. The next one is the next in order of declaration that can run,
 * counted from the current one; one that waits can run again when its reason is gone. If none can run and some wait, that is
 * a deadlock.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Cell } from '../../engine/memory/address.js';
import type { BlockReason } from '../builtins/call.js';
import type { KernelCalls } from '../builtins/kernelCalls.js';
import type { Control } from './control.js';
import type { KernelTasks } from './kernelTasks.js';
import { WAIT_KINDS, type WaitWorld } from './waits.js';

/** A task that waits, for what, and who could end it. */
export interface Wait {
  readonly task: number;
  readonly reason: BlockReason;
  /** The task that has what it waits for; undefined when the tape does not know. */
  readonly holder: number | undefined;
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
    kernel: KernelCalls,
  ) {
    this.world = { image, kernel, control, tasks, nrTasks };
  }

  canRun(task: number): boolean {
    if (!this.control.isCreated(task)) return false;
    const status = this.control.status(task);
    if (status === 'ready') return true;
    const reason = this.control.waitsFor(task);
    return reason !== undefined && !this.holds(task, reason);
  }

  /** The next task that can run after `from`; `from` itself comes last. */
  next(from: number): number | undefined {
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
    if (control.status(task) === 'waiting') control.setStatus(task, 'ready');
    if (task === current) return;
    control.setCpu(current, image.mm.cpu);
    image.tape.write(image.mm.machine.register('cpu'), control.cpu(task));
    control.currentTask = task;
    this.tasks.become(task);
  }

  /** Whether what a task waits for is still so. */
  private holds(task: number, reason: BlockReason): boolean {
    // A kernel is told by the one that ends the wait: nobody in it looks.
    return this.image.memory.unheard(() => WAIT_KINDS[reason.kind].holds(this.world, task, reason));
  }

  /** Every task that waits in vain. */
  waits(): Wait[] {
    const waits: Wait[] = [];
    for (let task = 0; task < this.nrTasks; task++) {
      const reason = this.control.isCreated(task) ? this.control.waitsFor(task) : undefined;
      if (reason === undefined || !this.holds(task, reason)) continue;
      const holder = this.holder(reason);
      const what = this.waitText(task, reason, holder);
      const name = this.tasks.name(task);
      waits.push({ task, reason, holder, what, text: `${name} ${what}` });
    }
    return waits;
  }

  private waitText(task: number, reason: BlockReason, holder: number | undefined): string {
    const owner = holder === undefined ? '' : `, which ${this.ownerText(task, holder)}`;
    return `waits for ${WAIT_KINDS[reason.kind].name(this.world, reason)}${owner}`;
  }

  private ownerText(task: number, holder: number): string {
    if (task === holder) return 'it holds itself';
    const name = this.tasks.name(holder);
    const status = this.control.status(holder);
    const gone = status === 'ended' || status === 'failed';
    return gone ? `${name} held when it ended` : `${name} holds`;
  }

  /** Who took it: the task that ran when the tape's last write did so. */
  private holder(reason: BlockReason): number | undefined {
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
