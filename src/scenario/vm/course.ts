/**
 * How a statement goes: it runs from one boundary to the next, and what comes of it is said. It came to its boundary; the task has ended,
 * or died; or it has to wait, and then the statement never happened. One that rests in the middle is gone on with.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { KernelFault } from '../../engine/machine/events.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { BlockReason } from '../builtins/call.js';
import type { KernelCalls } from '../builtins/kernelCalls.js';
import type { Program } from '../compile/program.js';
import type { MachineCall } from './builtinCall.js';
import type { Control } from './control.js';
import { tellDeath } from './death.js';
import type { FailedExpect, MachineEvent } from './events.js';
import type { Frame } from './frames.js';
import type { KernelTasks } from './kernelTasks.js';
import type { Machine } from './machine.js';
import type { Bug, Outcome } from './outcome.js';
import type { Processes } from './processes.js';
import type { Scheduler, Wait } from './scheduler.js';
import type { Rerun } from './rerun.js';
import { SIGNAL_NUMBERS, TaskBlocked } from './signals.js';
import type { Death, StatementResult } from './statementResult.js';
import { isSleep, type TaskSleeper } from './taskSleeper.js';
import type { Turns } from './turns.js';

interface Parts {
  readonly program: Program;
  readonly image: KernelImage;
  readonly tape: Tape<MachineEvent>;
  readonly control: Control;
  readonly kernelTasks: KernelTasks;
  readonly processes: Processes;
  readonly scheduler: Scheduler;
  readonly sleeper: TaskSleeper;
  readonly turns: Turns;
  readonly machine: Machine;
  readonly call: MachineCall;
  /** The functions that are active in a task, the innermost first. */
  readonly frames: (task: number) => readonly Frame[];
}

/** Waits that the run tells of, when they begin. */
const TOLD_WAITS: ReadonlySet<BlockReason['kind']> = new Set([
  ...(['page lock', 'page writeback', 'migration'] as const),
  ...(['rwsem for reading', 'rwsem for writing'] as const),
]);

export class Course {
  /** A statement that is unfinished: its task, and where on the tape it began. */
  private suspended: { readonly task: number; readonly start: number } | undefined;

  constructor(private readonly parts: Parts) {}

  /**
   * Runs the current task's next statement, or the next task's if the current one cannot run. Which task that is, is looked
   * up in the machine's own kernel, whatever the statement runs on.
   * @param mayRest whether others wait to be let through, asked in the middle of long calls; they end it unfinished
   */
  runStatement(kernel: KernelCalls, mayRest?: () => boolean): StatementResult {
    const { control, scheduler, call, tape } = this.parts;
    const start = tape.cursor;
    tape.hold();
    call.kernel = kernel;
    call.sources = this.parts.program.sources;
    call.notes.clear();
    call.failedExpects = [];
    call.takeYield();
    if (!scheduler.canRun(control.currentTask)) {
      const next = scheduler.next(control.currentTask);
      if (next === undefined) return this.idle();
      scheduler.switchTo(next);
    } else scheduler.switchTo(control.currentTask);
    const task = control.currentTask;
    this.parts.sleeper.begin(true);
    this.rerun.begin();
    call.watch?.begin();
    return this.finish(
      task,
      start,
      this.resting(mayRest, () => this.parts.machine.runStatement(task)),
    );
  }

  /** Goes on with a statement that came out unfinished. */
  resumeStatement(mayRest?: () => boolean): StatementResult {
    const { suspended } = this;
    if (suspended === undefined) throw new Error('no statement is unfinished');
    const { task, start } = suspended;
    return this.finish(
      task,
      start,
      this.resting(mayRest, () => this.parts.machine.resume()),
    );
  }

  private resting(mayRest: (() => boolean) | undefined, run: () => Outcome): Outcome {
    this.parts.machine.mayRest = mayRest;
    try {
      return run();
    } finally {
      this.parts.machine.mayRest = undefined;
    }
  }

  private get rerun(): Rerun {
    return this.parts.processes.jobs.rerun;
  }

  /** What the kernel does for a task that ends may have to wait, as any other call: for a page of its file that is locked. */
  private finish(task: number, start: number, outcome: Outcome): StatementResult {
    const { traces } = this.parts.sleeper;
    try {
      return this.settle(task, start, outcome);
    } catch (error) {
      if (!(error instanceof TaskBlocked)) throw error;
      const { reason, again } = error;
      return this.block(task, start, { kind: 'blocked', reason, again }, traces);
    }
  }

  private settle(task: number, start: number, outcome: Outcome): StatementResult {
    const { control, call } = this.parts;
    this.suspended = outcome.kind === 'unfinished' ? { task, start } : undefined;
    if (outcome.kind !== 'unfinished' && outcome.kind !== 'blocked') this.rerun.end(task);
    switch (outcome.kind) {
      case 'unfinished':
        return { kind: 'unfinished', task, failedExpects: call.failedExpects };
      case 'boundary':
        this.parts.sleeper.end();
        control.setPc(task, this.parts.machine.pc);
        control.setStack(task, this.parts.machine.stack.use);
        control.endWait(task);
        if (this.endBySignal(task)) return this.result(task, { kind: 'ended' });
        if (call.takeYield()) this.parts.turns.handOver(task);
        control.countStatement();
        return this.result(task, { kind: 'ran' });
      case 'end':
        this.parts.sleeper.end();
        control.setStatus(task, 'ended');
        this.parts.turns.handOver(task);
        control.countStatement();
        return this.result(task, { kind: 'ended' });
      case 'bug':
        this.parts.sleeper.end();
        return this.result(task, { kind: 'failed', ...this.die(task, outcome) });
      case 'blocked':
        return this.block(task, start, outcome);
    }
  }

  /** A thread of the kernel that sleeps until there is something to do is in nobody's way. */
  private isIdleThread({ task, reason }: Wait): boolean {
    const isSleeping = reason.kind === 'wait queue' || reason.kind === 'wakeup';
    return isSleeping && this.parts.processes.threads.isThread(task);
  }

  private result(
    task: number,
    what: { kind: 'ran' } | { kind: 'ended' } | ({ kind: 'failed' } & Death),
  ): StatementResult {
    return { task, failedExpects: this.parts.call.failedExpects, ...what };
  }

  /** Nothing can run. */
  private idle(): StatementResult {
    const task = this.parts.control.currentTask;
    const waits = this.parts.scheduler.waits().filter((wait) => !this.isIdleThread(wait));
    const failedExpects: readonly FailedExpect[] = [];
    if (waits.length > 0) return { kind: 'deadlock', task, waits, failedExpects };
    return { kind: 'exited', task, failedExpects };
  }

  /** A process goes back to user mode between two statements: a signal that was sent to it ends it there, and all of its tasks. */
  private endBySignal(task: number): boolean {
    const signal = this.parts.processes.deadlySignal(task);
    if (signal === 0) return false;
    this.parts.call.takeYield();
    this.parts.processes.endGroup(signal);
    this.parts.control.setStatus(task, 'ended');
    this.parts.turns.handOver(task);
    this.parts.control.countStatement();
    return true;
  }

  /** The task dies where its innermost function was; its frames stay as they are, for whoever wants to see them. */
  private die(task: number, outcome: Bug): Death {
    const { control, program, image, kernelTasks } = this.parts;
    const { text, pc, use, span, signal } = outcome;
    const rule = tellDeath({ program, image, tasks: kernelTasks }, task, outcome);
    // A process that a signal ends takes its threads and its memory with it.
    if (signal !== undefined) this.parts.processes.endGroup(SIGNAL_NUMBERS[signal.signal]);
    // Who waits in kthread_stop() goes on.
    else if (this.parts.processes.threads.isThread(task)) this.parts.processes.end(0);
    else this.parts.processes.killed();
    control.setStatus(task, 'failed');
    // Behind the marks: a debugger that stops at one sees the statement as it began.
    control.setPc(task, pc);
    control.setStack(task, use);
    const calls = this.parts.frames(task).map(({ location }) => location);
    this.parts.turns.handOver(task);
    control.countStatement();
    return { text, rule, calls, span: span ?? calls[0]?.span ?? { start: 0, end: 0 } };
  }

  /** A page or an address space that somebody else has keeps a task from going on: that is worth a word. */
  private tellWait(task: number, { kind }: BlockReason): void {
    if (!TOLD_WAITS.has(kind)) return;
    const { image, kernelTasks, scheduler } = this.parts;
    const { mm } = image;
    const pid = mm.read_int(mm.plus(kernelTasks.structOf(task), mm.task_struct.pid));
    const text = scheduler.waitWords(task);
    if (text !== undefined)
      this.parts.tape.mark({ kind: 'waits', task, text, name: kernelTasks.name(task), pid });
  }

  /** The statement never happened; its task waits. */
  private block(
    task: number,
    start: number,
    { reason, again }: Extract<Outcome, { kind: 'blocked' }>,
    traces = this.parts.sleeper.traces,
  ): StatementResult {
    const { control, tape, sleeper } = this.parts;
    if (!tape.recording) throw new Error('a task has to wait: this needs a tape that records');
    if (tape.start > start) {
      const bug = this.parts.machine.bug(
        'BUG: it would have to wait, and history is too short to undo what it did',
      );
      return this.result(task, { kind: 'failed', ...this.die(task, bug) });
    }
    const plan = this.rerun.plan(reason);
    const waited = plan === undefined ? this.rerun.planWaited() : undefined;
    tape.seek(start);
    // The switch to this task is undone with the statement, when it was made at its start.
    if (control.currentTask !== task) this.parts.scheduler.switchTo(task);
    if (plan !== undefined) {
      // It is run again, and does what it waits for itself.
      control.setRerunWords(task, plan);
      control.countStatement();
      return { kind: 'blocked', task, reason, failedExpects: [] };
    }
    let waitsFor: BlockReason | undefined;
    try {
      waitsFor = sleeper.settle(reason, traces, again);
    } catch (error) {
      if (!(error instanceof KernelFault)) throw error;
      tape.seek(start);
      const bug = this.parts.machine.bug(
        'BUG: it would have to wait for what its own statement has made, which is undone while it waits: make it in a statement before',
      );
      return this.result(task, { kind: 'failed', ...this.die(task, bug) });
    }
    if (waitsFor === undefined)
      throw new Error(`${this.parts.kernelTasks.name(task)} waits for what it can have`);
    if (waited !== undefined) control.setRerunWords(task, waited);
    control.park(task, waitsFor);
    this.tellWait(task, waitsFor);
    if (!isSleep(waitsFor.kind)) this.parts.kernelTasks.sleeps(task, waitsFor.kind);
    this.parts.turns.handOver(task);
    control.countStatement();
    return { kind: 'blocked', task, reason: waitsFor, failedExpects: [] };
  }
}
