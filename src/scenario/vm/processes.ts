/**
 * What tasks do as processes: fork(), exit(), wait(). The kernel's half is the kernel's; this is the scenario's: whose frames a child
 * goes on with, and which tasks can run.
 *
 * A child has variables of its own. Those of the top level lie at the same addresses: the process that runs has its own there. Those of the
 * stack lie at other addresses than its parent's: pointers to them lead to the child's own behind fork().
 */
import { current, fatal_signal_pending } from '../../engine/entry/functions.js';
import { NULL, type TaskStruct } from '../../engine/machine/ctypes.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../engine/memory/address.js';
import type { Blocked, ProcessCalls } from '../builtins/call.js';
import type { KernelCalls } from '../builtins/kernelCalls.js';
import type { Value } from '../semantics/arithmetic.js';
import type { Control } from './control.js';
import { stackPointer } from './handlers.js';
import { jump, setJump } from './jumps.js';
import type { KernelTasks } from './kernelTasks.js';
import { KernelJobs } from './kernelJobs.js';
import { KernelThreads } from './kernelThreads.js';
import type { Machine } from './machine.js';
import { ScenarioFiles } from './openFiles.js';
import { callsMain } from './programFacts.js';
import { TaskBug } from './signals.js';
import type { WindowCells } from './windowCells.js';

const SI_KERNEL = 0x80;
const EAGAIN = 11;
const ECHILD = 10;
const ENOMEM = 12;

/** What a process needs of the machine that runs it. */
export interface ProcessSurroundings {
  readonly k: Kernel;
  readonly control: Control;
  readonly window: WindowCells;
  readonly tasks: KernelTasks;
  readonly nrTasks: number;
  /** Whether the scenario is one: then its tasks end as processes do. One that only uses the kernel leaves the machine's process alone. */
  readonly isProcess: boolean;
  /** The kernel of the statement that runs. */
  readonly kernel: () => KernelCalls;
  readonly machine: () => Machine;
  /** Ends another task, as itself. */
  readonly endOther: (task: number, code: number) => void;
}

export class Processes implements ProcessCalls {
  readonly files: ScenarioFiles;
  readonly threads: KernelThreads;
  readonly jobs: KernelJobs;

  constructor(private readonly around: ProcessSurroundings) {
    const { control, tasks } = around;
    this.jobs = new KernelJobs(around, () => this.freeSlot());
    this.threads = new KernelThreads(
      around,
      () => this.freeSlot(),
      (task) => this.jobs.isJob(task),
    );
    this.files = new ScenarioFiles(control, () => tasks.processOf(control.currentTask));
  }

  private get errnoCell(): Cell {
    return this.around.window.errnoCell(this.around.control.currentTask);
  }

  get errno(): number {
    return this.around.k.words[this.errnoCell] ?? 0;
  }

  set errno(value: number) {
    this.around.k.write(this.errnoCell, value);
  }

  get errnoAddress(): Value {
    return this.around.k.va_of(this.errnoCell);
  }

  /** The threads of a process have one heap, whichever of them made it. */
  get heapStart(): number {
    const { k, control, tasks, window, nrTasks } = this.around;
    const mm = tasks.mmOf(current(k));
    for (let task = 0; task < nrTasks; task++) {
      if (!control.isCreated(task) || tasks.mmOf(tasks.structOf(task)) !== mm) continue;
      const start = k.read_ulong(window.heapStartCell(task));
      if (start !== 0) return start;
    }
    return 0;
  }

  set heapStart(address: number) {
    const { k, control, window } = this.around;
    k.write_ulong(window.heapStartCell(control.currentTask), address);
  }

  taskWithPid(pid: number): TaskStruct {
    const { control, tasks, nrTasks } = this.around;
    for (let task = 0; task < nrTasks; task++)
      if (control.isCreated(task) && tasks.pid(task) === pid && !this.isOver(task))
        return tasks.structOf(task);
    return NULL;
  }

  needsMemory(name: string): void {
    const { k, control, tasks } = this.around;
    if (tasks.hasMemory(control.currentTask)) return;
    if (!tasks.canHaveMemory)
      throw new TaskBug(
        `BUG: ${name}() cannot be performed: this machine has nothing to make an address space of; boot one, or start from a core`,
      );
    if (!tasks.startProcess() || current(k) === NULL)
      throw new TaskBug(
        `BUG: ${name}() cannot be performed: there is no memory for an address space`,
      );
  }

  fork(): Value {
    const { k, control, tasks } = this.around;
    const kernel = this.around.kernel();
    const machine = this.around.machine();
    if (!machine.isInText)
      throw new TaskBug('BUG: fork() can be called by statements of the scenario only');
    const child = this.freeSlot();
    if (child === undefined) return -EAGAIN;
    const parent = control.currentTask;
    const tsk = kernel.dup_task_struct(k, current(k));
    if (tsk === NULL) return -ENOMEM;
    kernel.sched_fork(k, tsk);
    // init_sigpending():
    kernel.flush_signals(k, tsk);
    // Of a program without handlers nothing is taken for them, in parents as in children.
    const hasHandlers = machine.handlesSignals;
    const hasSighand = !hasHandlers || kernel.copy_sighand(k, tsk, current(k));
    if (!hasSighand || kernel.copy_mm(k, tsk) !== 0) {
      if (hasHandlers) kernel.__cleanup_sighand(k, tsk);
      kernel.put_task_stack(k, tsk);
      kernel.free_task_struct(k, tsk);
      return -ENOMEM;
    }
    control.clear(child);
    const number = control.countChild();
    const pid = tasks.pidOfChild(number);
    k.write(k.plus(tsk, k.task_struct.pid), pid);
    k.write(k.plus(tsk, k.task_struct.tgid), pid);
    for (const member of [k.task_struct.real_parent, k.task_struct.parent])
      k.write_ptr(k.plus(tsk, member), tasks.structOf(parent));
    k.write_ptr(k.plus(tsk, k.task_struct.group_leader), tsk);
    control.setTaskStruct(child, tsk);
    control.setParent(child, parent);
    control.setOrigin(child, control.origin(parent), number);
    control.setCpu(child, k.cpu);
    machine.cloneTo(child);
    tasks.copyVariables(child);
    k.write(this.around.window.errnoCell(child), this.errno);
    k.write_ulong(this.around.window.heapStartCell(child), this.heapStart);
    this.files.copyTo(child, (file) => void kernel.get_file(k, file));
    return pid;
  }

  /** A place that nobody has had, or one whose task has been waited for. */
  private freeSlot(): number | undefined {
    const { control, tasks, nrTasks } = this.around;
    let over: number | undefined;
    for (let task = 0; task < nrTasks; task++) {
      if (tasks.isOfText(task)) continue;
      if (!control.isCreated(task)) return task;
      if (this.isOver(task) && control.taskStruct(task) === 0 && !this.jobs.isJob(task))
        over ??= task;
    }
    return over;
  }

  private isOver(task: number): boolean {
    const status = this.around.control.status(task);
    return status === 'ended' || status === 'failed';
  }

  exit(code: number): void {
    const machine = this.around.machine();
    if (!machine.isInText)
      throw new TaskBug('BUG: exit() can be called by statements of the scenario only');
    this.endGroup((code & 0xff) << 8);
    machine.endTask();
  }

  /** Sends a signal to a task; what ends a process ends all of its tasks. */
  send(tsk: TaskStruct, sig: number, code: number): number {
    const { k, control, tasks, nrTasks } = this.around;
    const kernel = this.around.kernel();
    for (let task = 0; task < nrTasks; task++)
      if (control.isCreated(task) && tasks.structOf(task) === tsk)
        control.setSender(task, code === SI_KERNEL ? 0 : tasks.pid(control.currentTask), code);
    const result = kernel.send_sig(k, sig, tsk);
    if (!this.isOfProcess(tsk) || !kernel.__fatal_signal_pending(k, tsk)) return result;
    for (let task = 0; task < nrTasks; task++) {
      if (!control.isCreated(task) || this.isOver(task) || this.threads.isThread(task)) continue;
      const other = tasks.structOf(task);
      if (other !== tsk && this.tgidOf(other) === this.tgidOf(tsk))
        kernel.send_sig(k, kernel.SIGKILL, other);
    }
    return result;
  }

  senderOf(): { readonly pid: number; readonly code: number } {
    const { control } = this.around;
    return control.sender(control.currentTask);
  }

  names(): { readonly pid: number; readonly comm: string } {
    const { control, tasks } = this.around;
    return { pid: tasks.pid(control.currentTask), comm: tasks.comm };
  }

  get isProgram(): boolean {
    const { control, tasks } = this.around;
    const isFirst = tasks.processOf(control.currentTask) === 0;
    return isFirst && callsMain(this.around.machine().program);
  }

  setJump(env: Value): void {
    setJump(this.around.machine(), env);
  }

  jump(env: Value, value: number): never {
    return jump(this.around.machine(), env, value);
  }

  stackPointer(): VirtAddr {
    return stackPointer(this.around.machine());
  }

  private tgidOf(tsk: TaskStruct): number {
    const { k } = this.around;
    return k.read_int(k.plus(tsk, k.task_struct.tgid));
  }

  private isOfProcess(tsk: TaskStruct): boolean {
    const { k } = this.around;
    return k.read_ptr(k.plus(tsk, k.task_struct.mm)) !== NULL;
  }

  /** The signal that ends a process, of those that wait for one of its tasks; 0: none. */
  deadlySignal(task: number): number {
    const { k, tasks, isProcess } = this.around;
    const kernel = this.around.kernel();
    if (!isProcess || !tasks.hasMemory(task)) return 0;
    const tsk = tasks.structOf(task);
    // Asked behind each statement: a step into one that calls nothing of the kernel is not to end here.
    if (!fatal_signal_pending(k, tsk)) return 0;
    // The others that it had went along with SIGKILL.
    kernel.sigdelset(k, k.plus(tsk, k.task_struct.pending_signal), kernel.SIGKILL);
    return kernel.firstPending(k, tsk) || kernel.SIGKILL;
  }

  /** do_group_exit(): all threads of the process end, the one that runs last. */
  endGroup(code: number): void {
    const { control, tasks, nrTasks, isProcess } = this.around;
    const { currentTask } = control;
    const process = tasks.processOf(currentTask);
    for (let task = 0; isProcess && task < nrTasks; task++)
      if (
        task !== currentTask &&
        control.isCreated(task) &&
        !this.isOver(task) &&
        !this.threads.isThread(task) &&
        tasks.processOf(task) === process
      )
        this.around.endOther(task, code);
    this.end(code);
  }

  /** The running task ends, for the kernel: with a signal's number, or what it gave exit() in the byte above. */
  end(code: number): void {
    const { k, control, tasks, nrTasks } = this.around;
    const kernel = this.around.kernel();
    const task = control.currentTask;
    if (this.jobs.isJob(task)) {
      this.jobs.ended(task, code);
      return;
    }
    if (this.threads.isThread(task)) {
      this.threads.ended(code);
      return;
    }
    if (!this.around.isProcess || (!tasks.hasMemory(task) && tasks.isOfText(task))) {
      this.killed();
      return;
    }
    // exit_files(): with the last task of the process.
    if (this.isLastOfProcess(task))
      this.files.closeAll((file) => {
        kernel.fput(k, file);
      });
    kernel.do_exit(k, code);
    // find_new_reaper(): children that are left are the first task's, or nobody's.
    for (let child = 0; child < nrTasks; child++)
      if (control.parent(child) === task)
        control.setParent(child, task === 0 || this.isOver(0) ? undefined : 0);
  }

  /** The running task does not go on after what it did in the kernel; what it had stays, to be looked at. */
  killed(): void {
    const { k } = this.around;
    // On a core a scenario's first task lends the structure of the one that ran there, which goes on.
    if (k.isOwnObject(k.va_of(current(k)))) this.around.kernel().make_task_dead(k);
  }

  private isLastOfProcess(task: number): boolean {
    const { control, tasks, nrTasks } = this.around;
    for (let other = 0; other < nrTasks; other++)
      if (
        other !== task &&
        control.isCreated(other) &&
        !this.isOver(other) &&
        !this.threads.isThread(other) &&
        tasks.processOf(other) === tasks.processOf(task)
      )
        return false;
    return true;
  }

  /** What is left of children that nobody can wait for: not of the task that runs, whose tables are in use. */
  reap(): void {
    const { control, tasks, nrTasks } = this.around;
    for (let task = 0; task < nrTasks; task++)
      if (
        !tasks.isOfText(task) &&
        !this.threads.isThread(task) &&
        control.parent(task) === undefined &&
        task !== control.currentTask
      )
        this.release(task);
  }

  private release(task: number): void {
    const { k, control } = this.around;
    const tsk = control.taskStruct(task);
    if (tsk === 0 || !control.isCreated(task) || !this.isOver(task)) return;
    // __exit_signal():
    if (this.around.machine().handlesSignals) this.around.kernel().__cleanup_sighand(k, tsk);
    this.around.kernel().release_task(k, tsk);
    control.setTaskStruct(task, asCell(0));
    control.setParent(task, undefined);
  }

  wait(pid: number): { readonly pid: number; readonly code: number } | Blocked | number {
    const { k, control, tasks, nrTasks } = this.around;
    let waitsFor: number | undefined;
    for (let task = 0; task < nrTasks; task++) {
      if (control.parent(task) !== control.currentTask) continue;
      if (pid > 0 && tasks.pid(task) !== pid) continue;
      if (!this.isOver(task)) {
        waitsFor ??= task;
        continue;
      }
      const code = k.read_int(k.plus(tasks.structOf(task), k.task_struct.exit_code));
      const ended = tasks.pid(task);
      this.release(task);
      return { pid: ended, code };
    }
    if (waitsFor === undefined) return -ECHILD;
    const address = pid > 0 ? k.va_of(tasks.structOf(waitsFor)) : asVirt(0);
    return { blocked: { kind: 'child', address } };
  }
}
