/**
 * The tasks of a scenario as tasks of the kernel: each has a task_struct, with its name, its pid, and the address space it uses.
 *
 *     main            the task that runs in the machine, if that has an address space (a core of a process); else one of the scenario's
 *     task NAME {..}  one of the scenario's, a thread of main: the same address space
 *     fork()          one of the kernel's, from its cache, and a process of its own
 *
 * Those of the scenario lie among its own objects, so that no memory of the machine is taken for them. They are there before anything
 * runs, like what a rule of physical memory fills in; from then on all changes are entries of the tape.
 */
import { KernelFault } from '../../engine/machine/events.js';
import { NULL, type MmStruct, type TaskStruct } from '../../engine/machine/ctypes.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import {
  asCell,
  highWord,
  lowWord,
  type Cell,
  type VirtAddr,
} from '../../engine/memory/address.js';
import {
  EXIT_DEAD,
  PF_KTHREAD,
  TASK_INTERRUPTIBLE,
  TASK_UNINTERRUPTIBLE,
} from '../../engine/entry/functions.js';
import type { BlockKind } from '../builtins/call.js';
import type { KernelCalls } from '../builtins/kernelCalls.js';
import type { Program } from '../compile/program.js';
import { MAX_TASKS } from '../semantics/window.js';
import type { Control } from './control.js';
import type { WindowCells } from './windowCells.js';

/** The pid of a scenario's second task on a machine that does not tell which one is next. */
const FIRST_PID = 100;
const INIT_PID = 1;
const COMM_BYTES = 16;
/** Source: Linux 6.1 mm/filemap.c. */
const PAGE_LOCK_UNFAIRNESS = 5;
/** Waits in which a CPU is busy. */
const SPINS: ReadonlySet<BlockKind> = new Set([
  'spinlock',
  'rwlock for reading',
  'rwlock for writing',
]);

const MAKE_TASKS: ReadonlySet<string> = new Set([
  ...['fork', 'kthread_create_on_node'],
  ...['queue_work', 'queue_delayed_work', 'mod_delayed_work', 'mod_timer', 'add_timer'],
  ...['tasklet_schedule', 'tasklet_hi_schedule', 'generic_handle_irq', 'enable_irq'],
  ...['hrtimer_start_range_ns'],
]);

/** How many tasks a program may come to have: as many as there is room for, if it makes any. */
export const taskSlots = ({ tasks, builtins }: Program): number =>
  builtins.some(({ name }) => MAKE_TASKS.has(name)) ? MAX_TASKS : tasks.length;

export class KernelTasks {
  private readonly main: TaskStruct;
  private readonly firstPid: number;
  /** Whether the machine has a place that says who runs: one that was rebuilt from a few dumps may not. */
  private readonly hasCurrent: boolean;

  constructor(
    private readonly k: Kernel,
    private readonly kernel: KernelCalls,
    private readonly program: Program,
    private readonly control: Control,
    private readonly window: WindowCells,
  ) {
    const running = this.runningProcess();
    this.hasCurrent = running !== undefined;
    if (!this.hasCurrent) k.runningTask = () => this.structOf(control.currentTask);
    this.firstPid = this.nextPid();
    const isProcess = running !== undefined && this.mmOf(running) !== NULL;
    this.main = isProcess ? running : window.taskStructCell(0);
    program.tasks.forEach(({ name }, task) => {
      if (task > 0 || !isProcess) this.fill(task, task === 0 ? 'init' : name);
    });
  }

  /** The task that runs in the machine; undefined if nothing says so. */
  private runningProcess(): TaskStruct | undefined {
    // Linux 6.2 moved it into struct pcpu_hot.
    if (this.k.profile.symbol('current_task') === undefined) return undefined;
    try {
      return this.kernel.current(this.k);
    } catch (error) {
      if (error instanceof KernelFault) return undefined;
      throw error;
    }
  }

  /** The next pid that the machine's kernel would give. */
  private nextPid(): number {
    const { k } = this;
    const { init_pid_ns } = k.globals;
    const idr = k.pid_namespace.idr + k.idr.idr_next;
    const next = init_pid_ns === NULL ? 0 : k.read_int(k.plus(init_pid_ns, idr));
    return next > INIT_PID ? next : FIRST_PID;
  }

  private fill(task: number, comm: string): void {
    const { k } = this;
    const of = k.task_struct;
    const tsk = this.window.taskStructCell(task);
    const { words } = k.memory;
    words[tsk + of.pid] = words[tsk + of.tgid] = INIT_PID;
    if (task > 0) words[tsk + of.pid] = this.firstPid + task - 1;
    words[tsk + of.flags] = PF_KTHREAD;
    // Everybody is root.
    const { init_cred } = k.globals;
    for (const member of init_cred === NULL ? [] : [of.cred, of.real_cred]) {
      const va = k.va_of(init_cred);
      words[tsk + member] = lowWord(va);
      if (k.wide) words[tsk + member + 1] = highWord(va);
    }
    // The reference that a task has of itself while it lives.
    words[tsk + of.usage] = 1;
    for (let i = 0; i < Math.min(comm.length, COMM_BYTES - 1); i++) {
      const at = of.comm + i;
      const cell = tsk + (at >> 2);
      words[cell] = (words[cell] ?? 0) | ((comm.charCodeAt(i) & 0xff) << ((at & 3) * 8));
    }
  }

  /** A thread of the kernel that was there before, as its task_struct among the scenario's own objects tells. */
  fillThread(task: number, comm: string): void {
    const { k } = this;
    const of = k.task_struct;
    const tsk = asCell(this.window.taskStructCell(task));
    // The idle thread of a CPU has no pid of its own.
    const pid = comm.startsWith('swapper/') ? 0 : this.pid(task);
    for (const [member, value] of [
      [of.pid, pid],
      [of.tgid, pid],
      [of.flags, PF_KTHREAD],
    ] as const)
      k.write(k.plus(tsk, member), value);
    for (let i = 0; i < COMM_BYTES; i++) {
      const at = of.comm + i;
      k.write8(k.plus(tsk, at >> 2), at & 3, i < comm.length ? comm.charCodeAt(i) : 0);
    }
    k.write_ptr(k.plus(tsk, of.group_leader), tsk);
  }

  /** Before anything runs: main is the task that runs, and a process if the scenario uses what a process has. */
  begin(usesMemory: boolean): void {
    const { k, kernel } = this;
    const { tape } = k;
    const { recording } = tape;
    tape.setRecording(false);
    this.prepareQueues();
    if (!this.hasCurrent) {
      tape.setRecording(recording);
      return;
    }
    for (let task = 0; task < this.program.tasks.length; task++) {
      const tsk = this.window.taskStructCell(task);
      for (const member of [
        k.task_struct.real_parent,
        k.task_struct.parent,
        k.task_struct.group_leader,
      ])
        k.write_ptr(tsk + member, this.main);
      if (this.mmOf(this.main) === NULL) k.write_ptr(tsk + k.task_struct.active_mm, NULL);
    }
    // The first process is a child of the idle task.
    if (this.main === this.window.taskStructCell(0) && k.globals.init_task !== NULL)
      for (const member of [k.task_struct.real_parent, k.task_struct.parent])
        k.write_ptr(this.main + member, k.globals.init_task);
    kernel.prepare_task(k, this.main);
    k.write_ptr(kernel.this_cpu_ptr(k, 'current_task'), this.main);
    if (usesMemory && this.mmOf(this.main) === NULL && this.canHaveMemory) this.startProcess();
    tape.setRecording(recording);
  }

  /** An image that was rebuilt from a few dumps does not have the queues of pages: nobody waits in them. */
  private prepareQueues(): void {
    const { k, kernel } = this;
    const { folio_wait_table, sysctl_page_lock_unfairness } = k.globals;
    if (folio_wait_table === NULL || k.read_va(folio_wait_table + k.wait_queue_head.head) !== 0)
      return;
    kernel.pagecache_init(k);
    k.write(sysctl_page_lock_unfairness, PAGE_LOCK_UNFAIRNESS);
  }

  /** Whether the machine has what address spaces are made of. */
  get canHaveMemory(): boolean {
    const { k, kernel } = this;
    return (
      this.hasCurrent &&
      kernel.slab_is_available(k) &&
      k.read_ptr(k.globals.mm_cachep) !== NULL &&
      k.machine.processor(k.cpu).hasTables
    );
  }

  /** The running task and the threads beside it get an address space. False without memory. */
  startProcess(): boolean {
    const { k, kernel } = this;
    const tsk = kernel.current(k);
    if (!kernel.startProcess(k)) return false;
    const mm = this.mmOf(tsk);
    this.clearKthread(tsk);
    const tgid = k.read_int(k.plus(tsk, k.task_struct.tgid));
    for (let task = 0; task < this.program.tasks.length; task++) {
      const other = this.structOf(task);
      const isThread =
        other !== tsk &&
        this.control.isCreated(task) &&
        k.read_int(k.plus(other, k.task_struct.tgid)) === tgid;
      if (isThread && this.mmOf(other) === NULL) this.share(other, mm);
    }
    return true;
  }

  private clearKthread(tsk: TaskStruct): void {
    const flags = this.k.plus(tsk, this.k.task_struct.flags);
    this.k.write(flags, this.k.read_int(flags) & ~PF_KTHREAD);
  }

  /** A thread uses an address space, too: copy_mm() with CLONE_VM. */
  private share(tsk: TaskStruct, mm: MmStruct): void {
    const { k } = this;
    this.kernel.mmget(k, mm);
    k.write_ptr(k.plus(tsk, k.task_struct.mm), mm);
    k.write_ptr(k.plus(tsk, k.task_struct.active_mm), mm);
    this.clearKthread(tsk);
  }

  /** A task of the text begins, as a thread of the one that runs. */
  started(task: number): void {
    if (!this.hasCurrent) return;
    const mm = this.mmOf(this.kernel.current(this.k));
    if (mm !== NULL) this.share(this.structOf(task), mm);
  }

  /** The process that a task is of, by its first task. */
  processOf(task: number): number {
    if (this.control.threadFunction(task) !== undefined) return this.control.threadProcess(task);
    return this.isOfText(task) ? 0 : task;
  }

  /** A child gets what its parent's variables hold. */
  copyVariables(child: number): void {
    this.moveVariables(this.window.data, this.window.processDataCell(child));
  }

  private moveVariables(from: Cell, to: Cell): void {
    const { words, tape } = this.k;
    for (let i = 0; i < this.window.dataWords; i++)
      tape.write(asCell(to + i), words[from + i] ?? 0);
  }

  /** The variables at their addresses are those of the process that runs. */
  private swapVariables(task: number): void {
    const { control, window } = this;
    const process = this.processOf(task);
    const owner = control.dataOwner;
    if (process === owner) return;
    this.moveVariables(window.data, window.processDataCell(owner));
    this.moveVariables(window.processDataCell(process), window.data);
    control.dataOwner = process;
  }

  /** A task goes on, on the CPU that is set. */
  become(task: number): void {
    this.swapVariables(task);
    if (!this.hasCurrent) return;
    const { k, kernel } = this;
    const prev = kernel.current(k);
    const next = this.structOf(task);
    const mm = this.mmOf(next);
    if (prev !== next) kernel.context_switch(k, prev, next);
    // It was the last that ran here, or one whose structure lay in the same place: no idle task has taken over since.
    else if (mm !== NULL) kernel.switch_mm(k, mm);
  }

  mmOf(tsk: TaskStruct): MmStruct {
    return this.k.read_ptr(this.k.plus(tsk, this.k.task_struct.mm));
  }

  structOf(task: number): TaskStruct {
    const own: Cell = this.control.taskStruct(task);
    if (own !== 0) return own;
    return task === 0 ? this.main : asCell(this.window.taskStructCell(task));
  }

  /** A task sleeps in no queue of the kernel's: its state says so all the same. Who spins does not sleep. */
  sleeps(task: number, kind: BlockKind): void {
    const { k } = this;
    if (SPINS.has(kind)) return;
    const state = kind === 'child' ? TASK_INTERRUPTIBLE : TASK_UNINTERRUPTIBLE;
    k.write(k.plus(this.structOf(task), k.task_struct.__state), state);
  }

  /** Whether a task is of the scenario's text. */
  isOfText(task: number): boolean {
    return task < this.program.tasks.length;
  }

  /** The pid that child `number` of fork() has. */
  pidOfChild(number: number): number {
    return this.firstPid + this.program.tasks.length - 1 + number;
  }

  pid(task: number): number {
    if (!this.isOfText(task)) return this.pidOfChild(this.control.childNumber(task));
    return this.k.read_int(this.k.plus(this.structOf(task), this.k.task_struct.pid));
  }

  /** `main`, the name of a task, of a thread of the kernel, or of a child `main/101`. */
  name(task: number): string {
    if (this.control.threadFunction(task) !== undefined && this.isCreated(task))
      return this.commOf(this.structOf(task));
    const name = this.program.tasks[this.control.origin(task)]?.name ?? '?';
    return this.isOfText(task) ? name : `${name}/${this.pid(task)}`;
  }

  private isCreated(task: number): boolean {
    return this.control.isCreated(task);
  }

  private commOf(tsk: TaskStruct): string {
    const { k } = this;
    let comm = '';
    for (let i = 0; i < COMM_BYTES; i++) {
      const at = k.task_struct.comm + i;
      const byte = (k.read_int(k.plus(tsk, at >> 2)) >>> ((at & 3) * 8)) & 0xff;
      if (byte === 0) break;
      comm += String.fromCharCode(byte);
    }
    return comm;
  }

  /** Of the task that runs. */
  get comm(): string {
    return this.kernel.currentComm(this.k);
  }

  /** Whether a task has an address space now. */
  hasMemory(task: number): boolean {
    return this.hasCurrent && this.mmOf(this.structOf(task)) !== NULL;
  }

  /** The structures of all tasks that there are: of the text's that have not ended, and of children whose structure is not gone. */
  addresses(nrTasks: number): readonly VirtAddr[] {
    const { k, control } = this;
    const found: VirtAddr[] = [];
    for (let task = 0; task < nrTasks; task++)
      if (control.isCreated(task) && (this.isOfText(task) || control.taskStruct(task) !== 0)) {
        const tsk = this.structOf(task);
        // Nobody waits for it: in Linux it is gone.
        if (k.read_int(k.plus(tsk, k.task_struct.exit_state)) !== EXIT_DEAD)
          found.push(k.va_of(tsk));
      }
    return found;
  }
}
