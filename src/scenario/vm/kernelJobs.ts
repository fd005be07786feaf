/**
 * Threads of the kernel that do works, and run timers, tasklets and the threads of interrupt handlers, of the scenario's. Their task_structs lie among the scenario's own
 * objects, for in Linux they are there before anybody needs them.
 *
 * What is due becomes a task whenever the scheduler looks for the next one: a work is taken off its list then, a timer is not pending
 * any more. A work that sleeps lets another worker begin with the next work.
 *
 * Source: Linux 6.1 kernel/workqueue.c: worker_thread(), process_one_work(); kernel/time/timer.c: expire_timers(); kernel/softirq.c:
 * tasklet_action_common().
 */
import {
  detach_timer,
  get_work_color,
  get_work_pwq,
  hrtimerRestarts,
  insert_work,
  irq_wait_for_interrupt,
  irqThreadName,
  isQueued,
  maxActive,
  takeWork,
  wake_up_state,
} from '../../engine/entry/functions.js';
import { NULL } from '../../engine/machine/ctypes.js';
import { asCell, type Cell, type VirtAddr } from '../../engine/memory/address.js';
import type { BlockReason, DueKind, JobCalls } from '../builtins/call.js';
import { worksThatWait } from '../builtins/worksThatWait.js';
import { findFunction, numberOf } from './functionPointers.js';
import { setJiffies } from './jiffies.js';
import { isBefore, JobTable, NR_JOBS, SOFTIRQ, type Due } from './jobTable.js';
import type { ProcessSurroundings } from './processes.js';
import { Rerun, type GivenJobs } from './rerun.js';
import { TaskBlocked, TaskBug } from './signals.js';

/** preempt_count() of who runs softirqs, and of who handles an interrupt: nothing there may sleep. */
const SOFTIRQ_OFFSET = 0x100;
const HARDIRQ_OFFSET = 0x1_0000;
const TASKLET_STATE_SCHED = 1;
const TASKLET_STATE_RUN = 2;
/** In place of the workqueue of what runs: what else it is. */
const TASKLET = asCell(1);
const IRQ_THREAD = asCell(2);
const HRTIMER = asCell(3);

export class KernelJobs implements JobCalls, GivenJobs {
  readonly table: JobTable;
  readonly rerun: Rerun;

  constructor(
    private readonly around: ProcessSurroundings,
    private readonly freeSlot: () => number | undefined,
  ) {
    this.table = new JobTable(around.control);
    this.rerun = new Rerun(around.control, this);
  }

  // --- what builtins ask -------------------------------------------------------------------------------------------------------

  arm(kind: DueKind, object: Cell, at: number): void {
    if (!this.table.arm(kind, object, at))
      throw new TaskBug('BUG: no more than 16 timers, tasklets and delayed works can wait here');
    this.rerun.gave(object);
  }

  /** False: it did not wait. */
  disarm(object: Cell): boolean {
    const due = this.table.find(object);
    if (due !== undefined) this.table.disarm(due);
    return due !== undefined;
  }

  isArmed(object: Cell): boolean {
    return this.table.find(object) !== undefined;
  }

  runs(object: Cell): boolean {
    return this.table.runs(object);
  }

  isBusy(queue: Cell): boolean {
    return this.table.nrActive(queue) > 0;
  }

  isChained(queue: Cell): boolean {
    const job = this.table.jobOf(this.around.control.currentTask);
    return job !== undefined && this.table.queue(job) === queue;
  }

  get drainTries(): number {
    return this.table.drainTries;
  }

  set drainTries(tries: number) {
    this.table.drainTries = tries;
  }

  isOwn(object: Cell): boolean {
    const { control } = this.around;
    const job = this.table.jobOf(control.currentTask);
    return job !== undefined && this.table.object(job) === object;
  }

  waitUntilDone(kind: 'work' | 'running work', work: Cell, again: () => void): never {
    return this.waitFor({ kind, address: this.around.k.va_of(work) }, again);
  }

  waitFor(reason: BlockReason, again: () => void): never {
    throw new TaskBlocked(reason, () => {
      again();
      throw new TaskBlocked(reason);
    });
  }

  // --- what the scheduler asks -------------------------------------------------------------------------------------------------

  isJob(task: number): boolean {
    return this.table.jobOf(task) !== undefined;
  }

  /** The next jiffy at which something is due; undefined: nothing waits, or nobody is there any more for whom time goes on. */
  nextDue(): number | undefined {
    return this.hasOthers ? this.table.due()[0]?.at : undefined;
  }

  private get hasOthers(): boolean {
    const { control, nrTasks, tasks } = this.around;
    for (let task = 0; task < nrTasks; task++) {
      if (!control.isCreated(task) || this.isJob(task)) continue;
      if (control.threadFunction(task) !== undefined && !tasks.isOfText(task)) continue;
      const status = control.status(task);
      if (status !== 'ended' && status !== 'failed') return true;
    }
    return false;
  }

  /** What is due now becomes tasks that can run. */
  wake(): void {
    const { k } = this.around;
    const now = k.read_int(k.globals.jiffies);
    if (this.hasOthers)
      for (const due of this.table.due()) {
        if (isBefore(now, due.at)) break;
        if (due.kind === 'delayed work') this.timeIsUp(due);
        else if (due.kind === 'irq thread') this.beginIrqThread(due);
        else if (this.table.object(SOFTIRQ) === NULL) this.runSoftirq(due);
      }
    if (k.globals.jiffies === NULL || !this.mayHaveWorks) return;
    for (const work of worksThatWait(k)) if (!this.beginWork(work)) break;
  }

  /** A program that queues nothing has nothing to look for. */
  private get mayHaveWorks(): boolean {
    return this.table.hasWorks;
  }

  noteWork(work: Cell): void {
    this.table.noteWork();
    this.rerun.gave(work);
  }

  private timeIsUp(due: Due): void {
    const { k } = this.around;
    this.table.disarm(due);
    detach_timer(k, k.plus(due.object, k.delayed_work.timer));
    const wq = k.read_ptr(k.plus(due.object, k.delayed_work.wq));
    insert_work(k, wq, k.plus(due.object, k.delayed_work.work));
    this.table.noteWork();
  }

  private runSoftirq(due: Due): void {
    const { func, argument } = this.takeSoftirq(due);
    const mark = due.kind === 'tasklet' ? TASKLET : due.kind === 'hrtimer' ? HRTIMER : NULL;
    const task = this.begin(SOFTIRQ, func, [argument], due.object, mark, 'swapper/0');
    if (task !== undefined) this.enterContext(task, due.kind);
  }

  /** Timers and tasklets run in softirqs, an hrtimer in the interrupt of the clock. */
  private enterContext(task: number, kind: DueKind): void {
    const { control } = this.around;
    const isHard = kind === 'hrtimer';
    const count = control.depth(task, 'preempt');
    control.setDepth(task, 'preempt', count + (isHard ? HARDIRQ_OFFSET : SOFTIRQ_OFFSET));
    if (isHard) control.setDepth(task, 'irq', 1);
  }

  /** irq_thread(): calls the thread's half of a handler. It waits where no thread is free. */
  private beginIrqThread(due: Due): void {
    const { k } = this.around;
    const { object } = due;
    const job = this.table.runs(object) ? undefined : this.freeJob();
    if (job === undefined) return;
    this.table.disarm(due);
    irq_wait_for_interrupt(k, object);
    const { func, args } = this.threadHalf(object);
    this.begin(job, func, args, object, IRQ_THREAD, irqThreadName(k, object));
  }

  private threadHalf(action: Cell): { readonly func: VirtAddr; readonly args: readonly number[] } {
    const { k } = this.around;
    const irq = k.read_int(k.plus(action, k.irqaction.irq));
    const dev_id = k.read_va(k.plus(action, k.irqaction.dev_id));
    return { func: k.read_va(k.plus(action, k.irqaction.thread_fn)), args: [irq, dev_id] };
  }

  /** A thread that does nothing now. */
  private freeJob(): number | undefined {
    for (let job = SOFTIRQ + 1; job < NR_JOBS; job++)
      if (this.table.object(job) === NULL) return this.hasSlot(job) ? job : undefined;
    return undefined;
  }

  /** It does not wait any more: what is to be called. */
  private takeSoftirq(due: Due): { readonly func: VirtAddr; readonly argument: VirtAddr } {
    const { k } = this.around;
    const { object, kind } = due;
    let func: VirtAddr;
    let argument: VirtAddr = k.va_of(object);
    this.table.disarm(due);
    if (kind === 'timer') {
      detach_timer(k, object);
      func = k.read_va(k.plus(object, k.timer_list.function));
    } else if (kind === 'hrtimer') {
      k.write8(object, k.hrtimer.state, 0);
      func = k.read_va(k.plus(object, k.hrtimer.function));
    } else {
      const state = k.plus(object, k.tasklet_struct.state);
      k.write(state, (k.read_int(state) & ~TASKLET_STATE_SCHED) | TASKLET_STATE_RUN);
      func = k.read_va(k.plus(object, k.tasklet_struct.func));
      if (!k.read_bool(object, k.tasklet_struct.use_callback))
        argument = k.read_va(k.plus(object, k.tasklet_struct.data));
    }
    return { func, argument };
  }

  beforeCall(pc: number, looksAgain: boolean): void {
    this.rerun.beforeCall(pc, looksAgain);
  }

  get didBefore(): boolean {
    return this.rerun.didBefore;
  }

  hasGiven(object: Cell): boolean {
    return this.rerun.hasGiven(object);
  }

  didHere(work: Cell): boolean {
    return this.rerun.did.has(work);
  }

  // --- in place ------------------------------------------------------------------------------------------------------------------

  isWaiting(object: Cell): boolean {
    return this.table.find(object) !== undefined || isQueued(this.around.k, object);
  }

  nrQueued(objects: readonly Cell[]): number {
    return objects.filter((object) => isQueued(this.around.k, object)).length;
  }

  dueAt(objects: readonly Cell[]): number | undefined {
    return this.table.due().find(({ object }) => objects.includes(object))?.at;
  }

  doFirst(objects: readonly Cell[], atOnce: boolean): void {
    const { k } = this.around;
    const work = objects.find((object) => isQueued(k, object));
    if (work !== undefined) {
      this.doWork(work);
      return;
    }
    const due = this.table.due().find(({ object }) => objects.includes(object));
    if (due === undefined) return;
    if (!atOnce && isBefore(k.read_int(k.globals.jiffies), due.at)) setJiffies(k, due.at);
    if (due.kind === 'delayed work') {
      this.timeIsUp(due);
      this.doWork(k.plus(due.object, k.delayed_work.work));
    } else if (due.kind === 'irq thread') this.doIrqThread(due);
    else this.doSoftirq(due);
  }

  private doIrqThread(due: Due): void {
    const { k } = this.around;
    this.table.disarm(due);
    irq_wait_for_interrupt(k, due.object);
    const { func, args } = this.threadHalf(due.object);
    k.callOut?.(func, args);
  }

  private doWork(work: Cell): void {
    const { k } = this.around;
    const func = k.read_va(k.plus(work, k.work_struct.func));
    takeWork(k, work);
    this.rerun.did.add(work);
    k.callOut?.(func, [k.va_of(work)]);
  }

  private doSoftirq(due: Due): void {
    const { k, control } = this.around;
    const { currentTask } = control;
    const { func, argument } = this.takeSoftirq(due);
    const count = control.depth(currentTask, 'preempt');
    const irqs = control.depth(currentTask, 'irq');
    this.enterContext(currentTask, due.kind);
    const result = k.callOut?.(func, [argument]) ?? 0;
    control.setDepth(currentTask, 'preempt', count);
    control.setDepth(currentTask, 'irq', irqs);
    if (due.kind === 'hrtimer') this.again(due.object, result);
    if (due.kind !== 'tasklet') return;
    const state = k.plus(due.object, k.tasklet_struct.state);
    k.write(state, k.read_int(state) & ~TASKLET_STATE_RUN);
  }

  /** False: there is no thread for it. A work that must not begin yet stays in the list. */
  private beginWork(work: Cell): boolean {
    const { k } = this.around;
    if (this.table.runs(work)) return true;
    const func = k.read_va(k.plus(work, k.work_struct.func));
    const wq = get_work_pwq(k, work);
    if (findFunction(this.around.machine(), func) === undefined) return true;
    if (this.table.nrActive(wq) >= maxActive(k, wq)) return true;
    const job = this.freeJob();
    if (job === undefined) return false;
    const color = get_work_color(k, work);
    takeWork(k, work);
    this.begin(job, func, [k.va_of(work)], work, wq, `kworker/0:${job - 1}`, color);
    return true;
  }

  private hasSlot(job: number): boolean {
    return this.table.taskOf(job) !== undefined || this.freeSlot() !== undefined;
  }

  /** A thread stands at the beginning of a function. Undefined: it cannot; nothing happens then. */
  private begin(
    job: number,
    func: VirtAddr,
    args: readonly number[],
    object: Cell,
    queue: Cell,
    comm: string,
    color = 0,
  ): number | undefined {
    const { k, control, tasks } = this.around;
    const machine = this.around.machine();
    const callee = findFunction(machine, func);
    const task = this.table.taskOf(job) ?? this.freeSlot();
    if (callee === undefined || task === undefined) {
      k.emit({ kind: 'warn', text: `WARNING: no function of the scenario lies at ${k.hex(func)}` });
      return undefined;
    }
    const isNew = this.table.taskOf(job) === undefined;
    const number = isNew ? control.countChild() : control.childNumber(task);
    control.clear(task);
    control.setOrigin(task, 0, number);
    control.setThread(task, numberOf(machine, callee), 0);
    this.table.setTask(job, task);
    this.table.begin(job, object, queue, color);
    tasks.fillThread(task, comm);
    machine.startThread(task, callee, args);
    return task;
  }

  /** The function has returned. */
  ended(task: number, result: number): void {
    const { k, control } = this.around;
    const job = this.table.jobOf(task);
    if (job === undefined) return;
    if (job === SOFTIRQ) {
      control.setDepth(task, 'preempt', 0);
      control.setDepth(task, 'irq', 0);
      const object = this.table.object(job);
      if (this.table.queue(job) === HRTIMER) this.again(object, result);
      if (this.table.queue(job) === TASKLET) {
        const state = k.plus(object, k.tasklet_struct.state);
        k.write(state, k.read_int(state) & ~TASKLET_STATE_RUN);
      }
    } else this.wakeFlushers(this.table.object(job));
    this.table.begin(job, NULL, NULL);
  }

  /** wq_barrier_func(): flush_work() waits until a work is done once, even if the work has queued itself anew by then. */
  private wakeFlushers(work: Cell): void {
    const { k, control, nrTasks, tasks } = this.around;
    for (let task = 0; task < nrTasks; task++) {
      if (!control.isCreated(task)) continue;
      const reason = control.waitsFor(task);
      if (reason === undefined || reason.address !== k.va_of(work)) continue;
      // The one that ran is done: the one that was queued behind it is not.
      if (reason.kind === 'queued work') control.park(task, { ...reason, kind: 'work' });
      if (reason.kind !== 'work') continue;
      control.setStatus(task, 'ready');
      wake_up_state(k, tasks.structOf(task), -1);
    }
  }

  /** An hrtimer whose function says so waits again. */
  private again(timer: Cell, result: number): void {
    const { k } = this.around;
    const at = hrtimerRestarts(k, timer, result);
    if (at !== undefined) this.arm('hrtimer', timer, at);
  }
}
