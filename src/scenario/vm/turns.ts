/** Whose turn it is: when a task ends or has to wait, and where somebody from outside ends one or chooses another. */
import type { Control } from './control.js';
import type { KernelTasks } from './kernelTasks.js';
import type { Processes } from './processes.js';
import type { Scheduler } from './scheduler.js';

export class Turns {
  constructor(
    private readonly control: Control,
    private readonly kernelTasks: KernelTasks,
    private readonly scheduler: Scheduler,
    private readonly processes: Processes,
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

  /** Ends a task where it stands, as a step of its own. What it has locked stays locked. False if it has ended before. */
  end(task: number): boolean {
    const { control } = this;
    if (!control.isCreated(task)) return false;
    const status = control.status(task);
    if (status === 'ended' || status === 'failed') return false;
    const { currentTask } = control;
    // It ends as itself: its address space is the one that goes.
    if (task !== currentTask && this.kernelTasks.hasMemory(task)) this.endAs(task, currentTask);
    else if (task === currentTask) this.processes.end(0);
    control.setStatus(task, 'ended');
    if (task === currentTask) this.handOver(task);
    else this.processes.reap();
    control.countStatement();
    return true;
  }

  private endAs(task: number, current: number): void {
    const { control } = this;
    const waits = control.status(current) === 'waiting';
    this.scheduler.switchTo(task);
    this.processes.end(0);
    const reason = waits ? control.waitsFor(current) : undefined;
    this.scheduler.switchTo(current);
    if (reason !== undefined) control.park(current, reason);
  }
}
