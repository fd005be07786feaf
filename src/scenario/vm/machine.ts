/**
 * The stack machine. It holds its registers in fields while a statement runs; between statements it holds nothing: they are
 * loaded from the control words before a run, and written back by whoever ran it (course.ts).
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { KernelFault } from '../../engine/machine/events.js';
import { NEVER_BEGAN } from '../../engine/entry/functions.js';
import { asVirt, type Cell } from '../../engine/memory/address.js';
import { OPCODES } from '../compile/opcodes.js';
import { SPILL_WORDS, type CompiledFunction, type Program } from '../compile/program.js';
import { convert, sizeOfRepr, type Repr, type Value } from '../semantics/arithmetic.js';
import { FUNCTION_STRIDE } from '../semantics/window.js';
import type { MachineCall } from './builtinCall.js';
import { CalledBack } from './calledBack.js';
import type { Control, StackUse } from './control.js';
import { HANDLERS, resumeBuiltin, type Handler, type SuspendedBuiltin } from './instructions.js';
import type { KernelTasks } from './kernelTasks.js';
import type { ScenarioMemory } from './memory.js';
import { oopsOf, type Oops } from './oops.js';
import type { Bug, Outcome } from './outcome.js';
import { TaskBlocked, TaskBug, TaskSignal, type SignalInfo } from './signals.js';
import { END_OF_THREAD, isToTheKernel, TaskStack, toTheKernel } from './taskStack.js';
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
  /** A builtin runs: what goes wrong goes wrong in its call. */
  inBuiltin = false;
  /** Functions entered, less those left, since the statement began; and the fewest it came to. */
  private depth = 0;
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
    return this.run(Infinity, nrValues === undefined ? undefined : () => this.goOn(task, nrValues));
  }

  // --- threads of kthread_create() ------------------------------------------------------------------------------------------------

  /** Of a function of the scenario. */
  numberOf(callee: CompiledFunction): number {
    return this.program.functions.indexOf(callee);
  }

  /** A task stands at the beginning of a function that takes a pointer. */
  startThread(task: number, callee: CompiledFunction, argument: Value): void {
    const stack = new TaskStack(this.program, this.image, this.window);
    stack.begin(task, callee);
    const [{ repr, offset } = { repr: undefined, offset: 0 }] = callee.parameters;
    if (repr !== undefined) stack.store(repr, offset, argument);
    this.control.create(task, callee.entry);
    this.control.setStack(task, stack.use);
  }

  /** The function of a thread of the kernel has returned. */
  private endThread(result: number): Outcome {
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
    const address = `0x${mm.hex(signal.va)}`;
    return { ...this.bug(`${signal.signal} (${signal.code}) at ${address}`), signal };
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
    for (let steps = 0; steps < maxSteps; steps++) {
      const instruction = HANDLERS[this.text.code[this.pc++] as number] as Handler;
      instruction(this);
      const outcome = this.reached();
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  }

  /** In a call of the kernel, which cannot rest; it can be given up. */
  private loopInside(): Outcome | undefined {
    for (let left = MAX_EVALUATION_STEPS; left > 0; left -= SLICE_STEPS) {
      const outcome = this.loop(SLICE_STEPS);
      if (outcome !== undefined) return outcome;
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

  pop(): Value {
    return this.values.pop() as Value;
  }

  // --- calls -----------------------------------------------------------------------------------------------------------------

  /** Enters a function; the values below its arguments wait with the caller's frame. */
  enter(callee: CompiledFunction, args: readonly Value[], spillAt: number): void {
    const { values, stack } = this;
    this.keepValues(spillAt);
    values.length = 0;
    this.depth++;
    stack.push(callee.frameBytes, callee.shadowWords, this.pc);
    if (this.calledBack.isActive) this.calledBack.enter(this.program.functions.indexOf(callee));
    this.takeArguments(callee, args);
    this.pc = callee.entry;
  }

  /** Writes what is on the stack where it can wait. */
  keepValues(spillAt: number): void {
    const { values, stack } = this;
    for (let i = 0; i < values.length; i++)
      stack.keepValue(spillAt + i * SPILL_WORDS, values[i] as Value);
  }

  restoreValues(count: number, spillAt: number): void {
    for (let i = 0; i < count; i++) this.push(this.stack.keptValue(spillAt + i * SPILL_WORDS));
  }

  private takeArguments(callee: CompiledFunction, args: readonly Value[]): void {
    let next = 0;
    const pointer = this.program.profile.pointerSize === 8 ? 'u64' : 'u32';
    if (callee.resultSlot !== undefined)
      this.stack.store(pointer, callee.resultSlot, args[next++] ?? 0);
    for (const { repr, offset, sizeBytes } of callee.parameters) {
      const value = args[next++] ?? 0;
      if (repr !== undefined) this.stack.store(repr, offset, value);
      else this.copy(this.stack.address + offset, value, sizeBytes);
    }
  }

  /**
   * Runs a function for the kernel, to its end and inside the statement that made the kernel call it: a constructor, a callback.
   * If it has to wait, the whole statement is undone, and waits.
   * @param args the arguments, or what gives them when it has filled an object of `room` bytes, which lies above the frame
   */
  callBack(
    callee: CompiledFunction,
    args: readonly Value[] | ((object: Cell) => readonly Value[]),
    room = 0,
  ): Value {
    const { pc, passing, call, text } = this;
    const { span } = call;
    const below = this.values.splice(0);
    this.inBuiltin = false;
    this.passing = Infinity;
    const returnPc = toTheKernel(text === this.program ? pc : 0);
    this.text = this.program;
    const object = Math.ceil(room / 16) * 16;
    this.stack.push(callee.frameBytes + object, callee.shadowWords, returnPc);
    this.takeArguments(
      callee,
      typeof args === 'function' ? args(this.stack.cellAt(callee.frameBytes)) : args,
    );
    this.pc = callee.entry;
    const outcome = this.calledBack.during(this.program.functions.indexOf(callee), () =>
      this.loopInside(),
    );
    if (outcome?.kind === 'blocked') throw new TaskBlocked(outcome.reason, outcome.again);
    if (outcome === undefined) throw new TaskBug(`BUG: ${callee.name}() does not come to an end`);
    const result = this.values.at(-1) ?? 0;
    this.outcome = undefined;
    this.values.splice(0, Infinity, ...below);
    this.pc = pc;
    this.text = text;
    this.passing = passing;
    call.span = span;
    this.inBuiltin = true;
    return result;
  }

  leave(hasResult: boolean): void {
    const result = hasResult ? this.pop() : undefined;
    const returnPc = this.stack.pop();
    if (returnPc === END_OF_THREAD) {
      this.stop(this.endThread(Number(result ?? 0)));
      return;
    }
    if (isToTheKernel(returnPc)) {
      if (result !== undefined) this.push(result);
      this.stop({ kind: 'end' });
      return;
    }
    if (this.calledBack.isActive) this.calledBack.leave();
    this.depth--;
    if (this.depth < this.shallowest) this.shallowest = this.depth;
    this.pc = returnPc;
    // The call in front of the return address says what waits, and where.
    const { code } = this.text;
    const below = code[returnPc - 2] as number;
    const spillAt = code[returnPc - 1] as number;
    this.restoreValues(below, spillAt);
    const byPointer = code[returnPc - 4] === OPCODES.CALL_POINTER;
    const wanted = byPointer ? ((code[returnPc - 3] as number) & 1) === 1 : hasResult;
    if (wanted) this.push(result ?? 0);
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

  /** The scenario's function at an address, if there is one. */
  findFunction(address: Value): CompiledFunction | undefined {
    const index = (Number(address) - this.program.window.functions) / FUNCTION_STRIDE;
    const found = this.program.functions[index];
    return found?.kind === 'function' && index < this.program.declaredFunctions.length
      ? found
      : undefined;
  }

  /** The function at an address; an address without a function faults as a jump there would. */
  functionAt(address: Value): CompiledFunction {
    const found = this.findFunction(address);
    if (found !== undefined) return found;
    if (this.image.mm.cell_of(asVirt(Number(address))) !== 0)
      throw new TaskBug(
        'BUG: a kernel function cannot be called through a pointer: call it by name',
      );
    throw this.memory.fault(Number(address), 'fetch');
  }
}
