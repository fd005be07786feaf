/**
 * Threads of the kernel that run functions of the scenario: kthread_create() and what belongs to it. The kernel's half is
 * kernel/kthread.ts; this is the scenario's: which task slot a thread has, the first frame of its stack, and its end.
 *
 * What is left of a thread goes with kthread_stop(), or when its place is needed: nobody knows how long pointers to it are used.
 */
import { current } from '../../engine/entry/functions.js';
import { NULL, type TaskStruct } from '../../engine/machine/ctypes.js';
import { asCell, asVirt } from '../../engine/memory/address.js';
import type { ThreadCalls } from '../builtins/call.js';
import type { Value } from '../semantics/arithmetic.js';
import { functionAt, numberOf } from './functionPointers.js';
import type { ProcessSurroundings } from './processes.js';
import { TaskBug } from './signals.js';

const ENOMEM = 12;

export class KernelThreads implements ThreadCalls {
  constructor(
    private readonly around: ProcessSurroundings,
    /** A place for a task that nobody has. */
    private readonly freeSlot: () => number | undefined,
    private readonly isJob: (task: number) => boolean,
  ) {}

  create(func: Value, data: Value, comm: readonly number[]): TaskStruct | number {
    const { k, control, tasks } = this.around;
    const machine = this.around.machine();
    const callee = functionAt(machine, func);
    const task = this.freeSlot() ?? this.reclaim();
    if (task === undefined) return -ENOMEM;
    const creator = control.currentTask;
    const address = asVirt(Number(func));
    const kernel = this.around.kernel();
    const tsk = kernel.kthread_create_on_node(k, address, asVirt(Number(data)), comm);
    if (tsk === NULL) return -ENOMEM;
    control.clear(task);
    const number = control.countChild();
    for (const member of [k.task_struct.pid, k.task_struct.tgid])
      k.write(k.plus(tsk, member), tasks.pidOfChild(number));
    control.setTaskStruct(task, tsk);
    control.setOrigin(task, control.origin(creator), number);
    control.setThread(task, numberOf(machine, callee), tasks.processOf(creator));
    control.setCpu(task, k.cpu);
    machine.startThread(task, callee, [data]);
    control.park(task, { kind: 'start', address: k.va_of(tsk) });
    return tsk;
  }

  stop(tsk: TaskStruct): number {
    const { k } = this.around;
    const kernel = this.around.kernel();
    const task = this.taskOf(tsk);
    if (task === undefined)
      throw new TaskBug(
        `BUG: kthread_stop(): ${k.hex(k.va_of(tsk))} is not a thread of kthread_create() that has not been stopped`,
      );
    const result = kernel.kthread_stop(k, tsk);
    this.release(task);
    return result;
  }

  exit(result: number): void {
    const machine = this.around.machine();
    if (!machine.isInText || !this.isThread(this.around.control.currentTask))
      throw new TaskBug('BUG: only a thread of kthread_create() can end so, in its own statements');
    this.ended(result);
    machine.endTask();
  }

  bind(tsk: TaskStruct, cpu: number): boolean {
    const { k, control } = this.around;
    const task = this.taskOf(tsk);
    if (task === undefined || cpu < 0 || cpu >= this.around.kernel().num_online_cpus(k))
      return false;
    control.setCpu(task, cpu);
    return true;
  }

  /** The kernel's half of the end of the running thread. */
  ended(result: number): void {
    this.around.kernel().kthread_exit(this.around.k, result);
  }

  isThread(task: number): boolean {
    return this.around.control.threadFunction(task) !== undefined;
  }

  /** Whether the running task, a thread that begins, was told to stop before it could. */
  get isStoppedEarly(): boolean {
    const { k, control } = this.around;
    const kernel = this.around.kernel();
    const { currentTask } = control;
    if (control.parkedFor(currentTask)?.kind !== 'start') return false;
    return !kernel.mayBegin(k, current(k));
  }

  private taskOf(tsk: TaskStruct): number | undefined {
    const { control, nrTasks } = this.around;
    for (let task = 0; task < nrTasks; task++)
      if (control.isCreated(task) && this.isThread(task) && control.taskStruct(task) === tsk)
        return task;
    return undefined;
  }

  /** The place of a thread that has ended. */
  private reclaim(): number | undefined {
    const { control, nrTasks } = this.around;
    for (let task = 0; task < nrTasks; task++) {
      const status = control.isCreated(task) ? control.status(task) : undefined;
      if (!this.isThread(task) || (status !== 'ended' && status !== 'failed')) continue;
      // One that works and timers run in has its place for good.
      if (this.isJob(task)) continue;
      this.release(task);
      return task;
    }
    return undefined;
  }

  private release(task: number): void {
    const { k, control } = this.around;
    this.around.kernel().freeKthread(k, control.taskStruct(task));
    control.setTaskStruct(task, asCell(0));
  }
}
