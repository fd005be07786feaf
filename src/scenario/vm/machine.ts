/**
 * The stack machine. It holds its registers in fields while a statement runs; between statements it holds nothing: they are
 * loaded from the control words before a run, and written back by whoever ran it (course.ts).
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { KernelFault } from '../../engine/machine/events.js';
import { NEVER_BEGAN } from '../../engine/entry/functions.js';
import type { CompiledFunction, Program } from '../compile/program.js';
import { convert, sizeOfRepr, type Repr, type Value } from '../semantics/arithmetic.js';
import type { MachineCall } from './builtinCall.js';
import { CalledBack } from './calledBack.js';
import type { Control, StackUse } from './control.js';
import { handleFault, handlePending } from './handlers.js';
import { land, TaskJump } from './jumps.js';
import { handlesSignals } from './programFacts.js';
import { HANDLERS, resumeBuiltin, type Handler, type SuspendedBuiltin } from './instructions.js';
import type { KernelTasks } from './kernelTasks.js';
import type { ScenarioMemory } from './memory.js';
import { oopsOf, type Oops } from './oops.js';
import type { Bug, Outcome } from './outcome.js';
import { TaskBlocked, TaskBug, TaskSignal, type SignalInfo } from './signals.js';
import { TaskStack } from './taskStack.js';
import type { WindowCells } from './windowCells.js';

/** Code with what it refers to by number. */
export type MachineText = Pick<Program, 'code' | 'constants' | 'switches' | 'builtins' | 'sites'>;

/** The frame that an expression needs when it may do anything. */
export type FrameNeeds = Pick<CompiledFunction, 'frameBytes' | 'shadowWords'>;

/** A called function of a watch may not run longer than this. */
const MAX_EVALUATION_STEPS = 5_000_000;
/** One that can be cancelled may run longer. */
const MAX_CANCELLABLE_STEPS = 40 * MAX_EVALUATION_STEPS;
/** So many are some milliseconds. */
const SLICE_STEPS = 50_000;

export class Machine {
  pc = 0;
  readonly stack: TaskStack;
  readonly calledBack = new CalledBack();
  readonly values: Value[] = [];
  /** What runs: the program, or an expression with it. */
  text: MachineText;
  private outcome: Outcome | undefined;
  /** Where the instruction begins that runs. */
  start = 0;
  /** What the builtin was given that runs, for another try behind a signal's handler. */
  builtinArgs: readonly Value[] = [];
  /** Whether the scenario may have handlers of signals. */
  readonly handlesSignals: boolean;
  /** A builtin runs: what goes wrong goes wrong in its call. */
  inBuiltin = false;
  /** Functions entered, less those left, since the statement began; and the fewest it came to. */
  depth = 0;
  shallowest = 0;
  /** Whether others wait to be let through; undefined: what runs, runs to its end. */
  mayRest: (() => boolean) | undefined;
  private suspended: SuspendedBuiltin | undefined;
  /** Steps that what runs may still make. */
  private left = 0;
  /** Boundaries still to be passed: one at the start of a statement, all while an expression is evaluated. */
  passing = 0;

  constructor(
    readonly program: Program,
    readonly image: KernelImage,
    readonly memory: ScenarioMemory,
    private readonly control: Control,
    private readonly window: WindowCells,
    readonly call: MachineCall,
    private readonly tasks: KernelTasks,
  ) {
    this.stack = new TaskStack(program, image, window);
    this.text = program;
    this.handlesSignals = handlesSignals(program);
  }

  /** Runs the task's next statement. */
  runStatement(task: number): Outcome {
    this.text = this.program;
    this.pc = this.control.pc(task);
    this.stack.placeAt(task, this.control.stack(task));
    this.depth = 0;
    this.shallowest = 0;
    this.calledBack.happened = false;
    if (this.call.process.threads.isStoppedEarly) return this.endThread(NEVER_BEGAN);
    const nrValues = this.control.resumes(task);
    this.passing = nrValues === undefined ? 1 : 0;
    return this.run(Infinity, () => {
      if (nrValues !== undefined) this.goOn(task, nrValues);
      // A call that a signal has woken says so itself, before the handler runs.
      else if (this.handlesSignals && this.control.parkedFor(task) === undefined)
        handlePending(this);
    });
  }

  // --- threads of kthread_create() ------------------------------------------------------------------------------------------------

  /** A task stands at the beginning of a function. */
  startThread(task: number, callee: CompiledFunction, args: readonly Value[]): void {
    const stack = new TaskStack(this.program, this.image, this.window);
    stack.begin(task, callee);
    args.forEach((argument, i) => {
      const { repr, offset } = callee.parameters[i] ?? { repr: undefined, offset: 0 };
      if (repr !== undefined) stack.store(repr, offset, argument);
    });
    this.control.create(task, callee.entry);
    this.control.setStack(task, stack.use);
  }

  /** The function of a thread of the kernel has returned. */
  endThread(result: number): Outcome {
    this.call.process.end(result);
    return { kind: 'end' };
  }

  // --- fork() --------------------------------------------------------------------------------------------------------------------

  /** Whether what runs is a statement of the scenario, at its own pace. */
  get isInText(): boolean {
    return this.text === this.program && !this.calledBack.isActive;
  }

  /** Another task goes on behind the builtin that runs, with the same frames and values; the builtin gives it 0. */
  cloneTo(task: number): void {
    const { values, control, stack } = this;
    const { use } = stack;
    stack.cloneTo(task, values);
    control.create(task, this.pc);
    control.setStack(task, use);
    control.setResumes(task, values.length);
  }

  /** In the middle of a statement, behind the call of fork(). */
  private goOn(task: number, nrValues: number): void {
    this.control.setResumes(task, undefined);
    for (let i = 0; i < nrValues; i++) this.push(this.stack.waitingValue(i));
    // BUILTIN number, count and whether the result is wanted, site
    if (((this.text.code[this.pc - 2] as number) & 1) === 1) this.push(0);
  }

  /** The task ends behind the builtin that runs. */
  private ending = false;

  endTask(): void {
    this.ending = true;
  }

  takeEnding(): boolean {
    return this.ending;
  }

  /** Runs an expression that only reads, in a frame. Memory is to be only looked at, also when it is resumed: {@link looking}. */
  runInFrame(task: number, use: StackUse, text: MachineText, entry: number): Outcome {
    this.text = text;
    this.pc = entry;
    this.stack.placeAt(task, use);
    this.passing = Infinity;
    return this.looking(() => this.run(this.mostSteps));
  }

  private get mostSteps(): number {
    return this.mayRest === undefined ? MAX_EVALUATION_STEPS : MAX_CANCELLABLE_STEPS;
  }

  looking<T>(run: () => T): T {
    this.memory.onlyLooks = true;
    try {
      return run();
    } finally {
      this.memory.onlyLooks = false;
    }
  }

  /** Runs an expression that may do anything, in a frame of its own below those of the task, or below what is in use inside a statement. */
  runBelow(
    task: number,
    text: MachineText & FrameNeeds,
    entry: number,
    use: StackUse = this.control.stack(task),
  ): Outcome {
    this.text = text;
    this.pc = entry;
    this.stack.placeAt(task, use);
    this.passing = Infinity;
    return this.run(this.mostSteps, () => this.stack.reserve(text.frameBytes, text.shadowWords));
  }

  private run(maxSteps: number, prepare?: () => void): Outcome {
    this.values.length = 0;
    this.outcome = undefined;
    this.ending = false;
    this.suspended = undefined;
    this.inBuiltin = false;
    this.left = maxSteps;
    return this.guarded(() => {
      prepare?.();
      return this.slices();
    });
  }

  /** Goes on with what came out unfinished. */
  resume(): Outcome {
    this.outcome = undefined;
    return this.guarded(() => {
      const { suspended } = this;
      this.suspended = undefined;
      if (suspended !== undefined) resumeBuiltin(this, suspended);
      return this.reached() ?? this.slices();
    });
  }

  private guarded(run: () => Outcome): Outcome {
    try {
      return run();
    } catch (error) {
      if (error instanceof TaskBlocked)
        return { kind: 'blocked', reason: error.reason, again: error.again };
      if (error instanceof KernelFault) return this.faulted(error);
      if (error instanceof TaskBug) return this.bug(error.text);
      if (error instanceof TaskSignal) return this.signalled(error.info);
      throw error;
    }
  }

  private signalled(signal: SignalInfo): Outcome {
    const { mm } = this.image;
    const where = signal.signal === 'SIGABRT' ? '' : ` at 0x${mm.hex(signal.va)}`;
    return { ...this.bug(`${signal.signal} (${signal.code})${where}`), signal };
  }

  private slices(): Outcome {
    for (;;) {
      const steps = Math.min(this.left, SLICE_STEPS);
      const outcome = this.loop(steps);
      if (outcome !== undefined) return outcome;
      this.left -= steps;
      if (this.left <= 0) return this.bug('the expression runs for too long');
      if (this.restsNow()) return { kind: 'unfinished' };
    }
  }

  /** Whether to let others through. What runs to its end, as all does that the kernel calls, can only be given up here. */
  restsNow(): boolean {
    if (this.mayRest !== undefined && !this.calledBack.isActive) return this.mayRest();
    this.image.tape.midway?.();
    return false;
  }

  /** Ends the run in the middle of a builtin. */
  suspend(builtin: SuspendedBuiltin): void {
    this.suspended = builtin;
    this.stop({ kind: 'unfinished' });
  }

  /** Undefined when so many steps did not come to an end. */
  private loop(maxSteps: number): Outcome | undefined {
    for (let steps = 0; ; steps++) {
      try {
        for (; steps < maxSteps; steps++) {
          this.start = this.pc;
          const instruction = HANDLERS[this.text.code[this.pc++] as number] as Handler;
          instruction(this);
          const outcome = this.reached();
          if (outcome !== undefined) return outcome;
        }
        return undefined;
      } catch (error) {
        this.caught(error);
      }
    }
  }

  /** Goes on in a signal's handler, or where a jump leads; or throws it again. */
  private caught(error: unknown): void {
    if (error instanceof TaskJump && land(this, error)) return;
    if (error instanceof TaskSignal && handleFault(this, error.info)) return;
    throw error;
  }

  /** What the kernel calls runs to its end, for it cannot rest; it can be given up. Undefined when it does not come to an end. */
  loopInside(): Outcome | undefined {
    for (let left = MAX_EVALUATION_STEPS; left > 0; left -= SLICE_STEPS) {
      const outcome = this.loop(SLICE_STEPS);
      if (outcome !== undefined) {
        this.outcome = undefined;
        return outcome;
      }
      this.image.tape.midway?.();
    }
    return undefined;
  }

  /** What the run ends with that is stopped here. */
  bug(text: string, oops?: Oops): Bug {
    const { pc, stack } = this;
    const span = this.inBuiltin ? this.call.span : undefined;
    this.inBuiltin = false;
    // The words of the instruction that failed lie before the counter.
    return {
      kind: 'bug',
      text,
      span,
      pc: Math.max(0, pc - 1),
      use: stack.use,
      ...(oops && { oops }),
    };
  }

  private faulted({ text, access, dump }: KernelFault): Outcome {
    const { call } = this;
    // What an assertion about a page prints comes before the line that says where it stands.
    if (dump !== undefined && !this.memory.onlyLooks)
      call.kernel.dump_page(call.k, dump.page, dump.reason);
    const isWhole = /^(?:general protection|kernel BUG|watchdog:)/.test(text);
    return this.bug(isWhole ? text : `BUG: ${text}`, access && oopsOf(this.image, access));
  }

  /** Ends the run after this instruction. */
  stop(outcome: Outcome): void {
    this.outcome = outcome;
  }

  private reached(): Outcome | undefined {
    return this.outcome;
  }

  // --- operands and values -------------------------------------------------------------------------------------------------

  operand(): number {
    return this.text.code[this.pc++] as number;
  }

  push(value: Value): void {
    this.values.push(value);
  }

  /** The value so many below the top, which stays. */
  peek(below = 0): Value {
    return this.values[this.values.length - 1 - below] as Value;
  }

  /** Takes so many values off, and puts one on. */
  replace(count: number, value: Value): void {
    this.values.length -= count;
    this.values.push(value);
  }

  pop(): Value {
    return this.values.pop() as Value;
  }

  // --- memory --------------------------------------------------------------------------------------------------------------

  load(repr: Repr, address: Value): Value {
    return convert(this.memory.load(address, sizeOfRepr[repr]), repr);
  }

  copy(to: Value, from: Value, sizeBytes: number): void {
    const bytes = this.memory.readBytes(from, sizeBytes).slice();
    if (bytes.length < sizeBytes) this.memory.load(this.call.offset(from, bytes.length), 1);
    this.memory.writeBytes(to, bytes);
  }

  // --- tasks and CPUs --------------------------------------------------------------------------------------------------------

  createTask(task: number): void {
    // A child of fork() that comes by here, too, does not begin it anew.
    if (this.control.isCreated(task) && this.control.parent(this.control.currentTask) !== undefined)
      return;
    this.control.create(task, this.stack.functionOfTask(task).entry);
    this.tasks.started(task);
  }

  setCpu(cpu: number): void {
    this.image.tape.write(this.image.mm.machine.register('cpu'), cpu);
    this.tasks.become(this.control.currentTask);
  }

  /** Goes on on another CPU, and keeps the one before. */
  enterCpu(cpu: number, keepAt: number): void {
    if (cpu < 0 || cpu >= this.image.nrCpus)
      throw new TaskBug(
        `BUG: CPU ${cpu} is not online: the machine has CPUs 0 to ${this.image.nrCpus - 1}`,
      );
    this.stack.keep(keepAt, this.image.mm.cpu);
    this.setCpu(cpu);
  }
}
