/** The sections that the running task is in, as builtins see them, and what a sleeping call says in them. */
import { currentComm, currentPid } from '../../engine/entry/functions.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import type { Cell, VirtAddr } from '../../engine/memory/address.js';
import type { BlockKind, TaskContext } from '../builtins/call.js';
import type { Control, Section } from './control.js';
import type { HeldLocks } from './heldLocks.js';
import { waitersAt } from './waitQueue.js';

export class RunningTask implements TaskContext {
  constructor(
    private readonly k: Kernel,
    private readonly control: Control,
    private readonly nrTasks: number,
    private readonly held: HeldLocks,
  ) {}

  private get(section: Section): number {
    return this.control.depth(this.control.currentTask, section);
  }

  private set(section: Section, depth: number): void {
    this.control.setDepth(this.control.currentTask, section, depth);
  }

  get preemptCount(): number {
    return this.get('preempt');
  }

  set preemptCount(count: number) {
    this.set('preempt', count);
  }

  get rcuDepth(): number {
    return this.get('rcu');
  }

  set rcuDepth(depth: number) {
    this.set('rcu', depth);
  }

  get irqsDisabled(): boolean {
    return this.get('irq') !== 0;
  }

  set irqsDisabled(disabled: boolean) {
    this.set('irq', disabled ? 1 : 0);
  }

  get othersRead(): boolean {
    const { control } = this;
    for (let task = 0; task < this.nrTasks; task++)
      if (task !== control.currentTask && control.depth(task, 'rcu') > 0) return true;
    return false;
  }

  isWaitedFor(kinds: readonly BlockKind[], address: VirtAddr): boolean {
    const { control } = this;
    const { currentTask } = control;
    const own =
      control.parkedFor(currentTask) === undefined ? Infinity : control.queueNumber(currentTask);
    return waitersAt(control, this.nrTasks, kinds, address).some(({ number }) => number < own);
  }

  waitersAt(kinds: readonly BlockKind[], address: VirtAddr): readonly BlockKind[] {
    const { control } = this;
    return waitersAt(control, this.nrTasks, kinds, address)
      .filter(({ task }) => task !== control.currentTask)
      .map(({ kind }) => kind);
  }

  get waited(): TaskContext['waited'] {
    const { control } = this;
    return control.parkedFor(control.currentTask);
  }

  holds(lock: Cell): boolean {
    return this.held.holders(lock).includes(this.control.currentTask);
  }

  /**
   * What a kernel built with CONFIG_DEBUG_ATOMIC_SLEEP says of a sleeping call here; nothing where it may sleep. rcu_read_lock()
   * counts as a disabled preemption, as it is where readers cannot be preempted.
   * Source: Linux 6.1 kernel/sched/core.c: __might_resched().
   */
  sleepComplaint(place: string): readonly string[] {
    const count = this.preemptCount + this.rcuDepth;
    if (count === 0 && !this.irqsDisabled) return [];
    return [
      `BUG: sleeping function called from invalid context at ${place}`,
      `in_atomic(): ${count > 0 ? 1 : 0}, irqs_disabled(): ${this.irqsDisabled ? 1 : 0}, non_block: 0, pid: ${currentPid(this.k)}, name: ${currentComm(this.k)}`,
      `preempt_count: ${count.toString(16)}, expected: 0`,
    ];
  }

  /** What schedule() says in a section that must not be left. Source: Linux 6.1 kernel/sched/core.c: __schedule_bug(). */
  scheduleComplaint(): string | undefined {
    if (this.preemptCount === 0) return undefined;
    const count = (this.preemptCount >>> 0).toString(16).padStart(8, '0');
    return `BUG: scheduling while atomic: ${currentComm(this.k)}/${currentPid(this.k)}/0x${count}`;
  }
}
