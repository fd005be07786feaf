/** Whose turn it is: when a task ends or has to wait, and where somebody from outside ends one or chooses another. */
import type { Kernel } from '../../engine/machine/kernel.js';
import type { Control } from './control.js';
import type { KernelTasks } from './kernelTasks.js';
import type { Processes } from './processes.js';
import type { Scheduler } from './scheduler.js';
import { TaskBlocked } from './signals.js';
import type { TaskSleeper } from './taskSleeper.js';

export class Turns {
  constructor(
    private readonly k: Kernel,
    private readonly control: Control,
    private readonly kernelTasks: KernelTasks,
    private readonly scheduler: Scheduler,
    private readonly processes: Processes,
    private readonly sleeper: TaskSleeper,
  ) {}

  /** Another task becomes current, if one can run. */
  handOver(task: number): void {
    const next = this.scheduler.next(task);
    if (next !== undefined) this.scheduler.switchTo(next);
    this.processes.reap();
  }

  /** Makes a task the current one, as a step of its own. False if it cannot run. */
  give(task: number): boolean {
    if (!this.scheduler.canRun(task)) return false;
    if (task !== this.control.currentTask) {
      this.scheduler.switchTo(task);
      this.control.countStatement();
    }
    return true;
  }

  /**
   * Ends a task where it stands, as a step of its own. What it has locked stays locked. False if it has ended before, or cannot end now:
   * it would have to wait, for a page of its file that somebody has locked.
   */
  end(task: number): boolean {
    const { tape } = this.k;
    const start = tape.cursor;
    try {
      return this.endNow(task);
    } catch (error) {
      if (!(error instanceof TaskBlocked)) throw error;
      tape.seek(start);
      tape.cut();
      return false;
    }
  }

  private endNow(task: number): boolean {
    const { control } = this;
    if (!control.isCreated(task)) return false;
    const status = control.status(task);
    if (status === 'ended' || status === 'failed') return false;
    const { currentTask } = control;
    // It ends as itself: its address space is the one that goes.
    if (task !== currentTask) this.endAs(task, 0);
    else {
      this.sleeper.leave();
      this.processes.end(0);
    }
    control.setStatus(task, 'ended');
    if (task === currentTask) this.handOver(task);
    else this.processes.reap();
    control.countStatement();
    return true;
  }

  /** The kernel's half of the end of a task that is not the running one: out of all queues, its address space goes. */
  endAs(task: number, code: number): void {
    const { k, control } = this;
    const current = control.currentTask;
    const waits = control.status(current) === 'waiting';
    const state = k.plus(this.kernelTasks.structOf(current), k.task_struct.__state);
    const before = k.read_int(state);
    this.scheduler.switchTo(task);
    this.sleeper.leave();
    this.processes.end(code);
    const reason = waits ? control.waitsFor(current) : undefined;
    this.scheduler.switchTo(current);
    if (reason === undefined) return;
    // It was not woken: it only lent its place.
    control.park(current, reason);
    k.write(state, before);
  }
}
