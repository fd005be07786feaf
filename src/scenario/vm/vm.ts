/**
 * A running scenario. Everything it remembers is in cells, on the tape: after `tape.seek(boundary)` it simply goes on from
 * there, and running on is the same run.
 *
 * One machine for an image. `runStatement` runs from one boundary to the next and returns, whatever the scenario does: loops pass
 * a boundary each turn, recursion ends with the stack. The position of the tape's cursor when it returns is the boundary's.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { TaskStruct } from '../../engine/machine/ctypes.js';
import { tellTasks } from '../../engine/machine/knownTasks.js';
import { asVirt, type Cell } from '../../engine/memory/address.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { BlockReason } from '../builtins/call.js';
import type { KernelCalls } from '../builtins/kernelCalls.js';
import type { Program } from '../compile/program.js';
import { Sources } from '../syntax/sources.js';
import { Holdings } from '../ledger/holdings.js';
import { FUNCTION_STRIDE } from '../semantics/window.js';
import { MachineCall } from './builtinCall.js';
import { callBack } from './calls.js';
import { Control, type StackUse } from './control.js';
import { Course } from './course.js';
import { cycleTexts } from './cycles.js';
import { Evaluator, type EvaluateOptions, type Evaluation, type Pieces } from './evaluate.js';
import type { MachineEvent } from './events.js';
import { Frames, type Frame, type Local, type Location } from './frames.js';
import { findFunction } from './functionPointers.js';
import { HeldLocks } from './heldLocks.js';
import { KernelTasks, taskSlots } from './kernelTasks.js';
import { Machine } from './machine.js';
import { ScenarioMemory } from './memory.js';
import { Processes } from './processes.js';
import {
  baseName,
  continuesLines,
  functionAddress,
  placeNames,
  needsMore,
  usesMemory,
} from './programFacts.js';
import { Scheduler, type Wait } from './scheduler.js';
import type { ExpectCounts } from '../endSummary.js';
import type { StatementResult, TaskState } from './statementResult.js';
import { TaskSleeper } from './taskSleeper.js';
import { TaskStack } from './taskStack.js';
import { Turns } from './turns.js';
import { UserSpace } from './userSpace.js';
import { WindowCells } from './windowCells.js';

interface VmOptions {
  /** The kernel that builtins call, unless a statement or an expression is run on another one. */
  readonly kernel: KernelCalls;
  /** The scenario's file name, for BUG() and WARN_ON(). */
  readonly name?: string;
}

export class ScenarioVm {
  readonly tape: Tape<MachineEvent>;
  /** The first boundary: the tape's cursor before anything ran. */
  readonly startPosition: number;
  readonly memory: ScenarioMemory;
  /** What the scenario has taken from the kernel. */
  private readonly kernel: KernelCalls;
  private readonly control: Control;
  private readonly held: HeldLocks;
  private readonly sleeper: TaskSleeper;
  private readonly machine: Machine;
  private readonly call: MachineCall;
  readonly holdings: Holdings;
  private readonly kernelTasks: KernelTasks;
  private readonly processes: Processes;
  private readonly nrTasks: number;
  private readonly scheduler: Scheduler;
  readonly turns: Turns;
  private readonly frameWalk: Frames;
  private readonly evaluator: Evaluator;
  private readonly course: Course;

  constructor(
    readonly program: Program,
    readonly image: KernelImage,
    options: VmOptions,
  ) {
    const { mm } = image;
    if (needsMore(program)) image.unrecorded?.make();
    const name = options.name ?? 'scenario';
    this.nrTasks = taskSlots(program);
    const window = new WindowCells(mm, program, this.nrTasks);
    this.tape = image.tape;
    this.memory = new ScenarioMemory(image, window);
    this.control = new Control(mm.memory, image.tape, window.control, program.profile.pointerSize);
    this.kernel = options.kernel;
    const kernel = (): KernelCalls => this.call.kernel;
    this.kernelTasks = new KernelTasks(mm, options.kernel, program, this.control, window);
    this.kernelTasks.begin(usesMemory(program));
    tellTasks(mm, () => this.kernelTasks.addresses(this.nrTasks));
    this.startPosition = image.tape.cursor;
    this.processes = new Processes({
      ...{ k: mm, control: this.control, window, tasks: this.kernelTasks },
      ...{ nrTasks: this.nrTasks, kernel },
      isProcess: usesMemory(program),
      machine: () => this.machine,
      endOther: (task, code) => {
        this.turns.endAs(task, code);
        this.control.setStatus(task, 'ended');
      },
    });
    this.held = new HeldLocks(this.control);
    this.sleeper = new TaskSleeper(
      ...([mm, this.control, window, this.held, this.processes.jobs.rerun] as const),
    );
    mm.sleeper = this.sleeper;
    const user = new UserSpace(image, kernel, (va) => mm.isOwnObject(asVirt(va)));
    if (usesMemory(program)) this.memory.user = user;
    const names = placeNames(program, this.kernelTasks);
    this.call = new MachineCall(
      {
        image,
        memory: this.memory,
        control: this.control,
        held: this.held,
        tape: this.tape,
        sources: program.sources,
        continuesLines: continuesLines(program),
        locate: (offset) => {
          const { line, file } = program.sources.position(offset);
          return `${file.path === undefined ? name : baseName(file.path)}:${line}`;
        },
        functionAddress: (pc) => functionAddress(program, pc),
        nrTasks: this.nrTasks,
        process: this.processes,
        user,
        names,
        statementSpan: () => this.location(this.control.currentTask)?.span,
      },
      options.kernel,
    );
    this.holdings = new Holdings(this.call.ledger, names);
    const { memory, control, call } = this;
    mm.tracer = call.ledger.tracer;
    memory.misuse = call.watch;
    this.machine = new Machine(program, image, memory, control, window, call, this.kernelTasks);
    program.functions.forEach(({ name }, i) => {
      mm.machine.addCodeText(asVirt(program.window.functions + i * FUNCTION_STRIDE), name);
    });
    mm.callOut = (func, args, room) => {
      const callee = findFunction(this.machine, func);
      return callee && Number(callBack(this.machine, callee, args, room));
    };
    this.scheduler = new Scheduler(
      ...([
        image,
        control,
        this.kernelTasks,
        this.nrTasks,
        options.kernel,
        this.held,
        this.processes.jobs,
      ] as const),
    );
    this.turns = new Turns(
      ...([mm, control, this.kernelTasks, this.scheduler, this.processes, this.sleeper] as const),
    );
    this.frameWalk = new Frames(program, control, new TaskStack(program, image, window));
    this.evaluator = new Evaluator(program, image, this.machine, memory, control);
    const { tape, kernelTasks, processes, scheduler, sleeper, turns } = this;
    this.course = new Course({
      ...{ program, image, tape, control, kernelTasks, processes, scheduler, sleeper, turns, call },
      machine: this.machine,
      frames: (task) => this.frames(task),
    });
  }

  // --- running ---------------------------------------------------------------------------------------------------------------

  /**
   * Runs the current task's next statement, or the next task's if the current one cannot run. Which task that is, is looked
   * up in the machine's own kernel, whatever the statement runs on.
   * @param mayRest whether others wait to be let through, asked in the middle of long calls; they end it unfinished
   */
  runStatement(kernel: KernelCalls = this.kernel, mayRest?: () => boolean): StatementResult {
    return this.course.runStatement(kernel, mayRest);
  }

  /** Goes on with a statement that came out unfinished. */
  resumeStatement(mayRest?: () => boolean): StatementResult {
    return this.course.resumeStatement(mayRest);
  }

  canRun(task: number): boolean {
    return this.scheduler.canRun(task);
  }

  /** Whether the scenario uses what a process has: then it is one from its beginning, or several. */
  get isProcess(): boolean {
    return usesMemory(this.program);
  }

  /** The kernel's structure of the task with a pid; NULL if it has ended, or there is none. */
  taskStruct(pid: number): TaskStruct {
    return this.processes.taskWithPid(pid);
  }

  /** What a task waits for, if it does. */
  waitsFor(task: number): BlockReason | undefined {
    return this.control.waitsFor(task);
  }

  /** How many of the functions that were active when the newest statement began it has left. */
  get nrLeft(): number {
    return -this.machine.shallowest;
  }

  /** Makes a task go on at another boundary of the function that it is in. */
  setNextBoundary(task: number, boundary: number): void {
    const { control, program } = this;
    control.setPc(task, program.boundaries[boundary]?.pc ?? control.pc(task));
    control.countStatement();
  }

  // --- where things stand ----------------------------------------------------------------------------------------------------

  get currentTask(): number {
    return this.control.currentTask;
  }

  /** `expect(...)` that did not hold so far. */
  get failedExpects(): number {
    return this.control.failedExpects;
  }

  /** How many `expect(...)` have held and failed up to where the machine stands. */
  get expects(): ExpectCounts {
    const { heldExpects: held, failedExpects: failed } = this.control;
    return { held, failed };
  }

  /** The cells that count them. */
  get expectCells(): { readonly held: Cell; readonly failed: Cell } {
    return this.control.expectCells;
  }

  tasks(): TaskState[] {
    const { control } = this;
    const { kernelTasks, program } = this;
    return Array.from({ length: this.nrTasks }, (_, id) => ({
      id,
      name: kernelTasks.name(id),
      pid: kernelTasks.pid(id),
      function: program.tasks[control.origin(id)]?.function ?? 0,
      status: control.isCreated(id) ? control.status(id) : 'new',
      current: id === control.currentTask,
      location: this.location(id),
      waitsFor: control.waitsFor(id),
    }));
  }

  /** The tasks that wait in vain, each with the task it waits for. */
  waits(): readonly Wait[] {
    return this.scheduler.waits();
  }

  /** Who waits for whom, a line each: every task that waits in vain; and then the circles in which they do. */
  deadlockTexts(): readonly string[] {
    const waits = this.waits();
    const cycles = cycleTexts(waits, (task) => this.kernelTasks.name(task));
    return [...waits.map(({ text }) => text), ...cycles];
  }

  /** What a task waits for, in vain or until a certain time. */
  waitOf(task: number): Wait | undefined {
    return this.scheduler.waitOf(task);
  }

  location(task: number): Location | undefined {
    return this.frameWalk.location(task);
  }

  frames(task: number): readonly Frame[] {
    return this.frameWalk.of(task);
  }

  /** A frame of a function that the kernel has called, where a statement of the task is under way. */
  frameInside(task: number, boundary: number, use: StackUse): Frame {
    return this.frameWalk.inside(task, boundary, use);
  }

  /** Whether the kernel called a function of the scenario in the statement that ran last. */
  get wasCalledBack(): boolean {
    return this.machine.calledBack.happened;
  }

  /** Active functions of a task: 1 in its outermost one, 0 when it has ended. */
  depth(task: number): number {
    return this.frameWalk.depth(task);
  }

  locals(frame: Frame): readonly Local[] {
    return this.frameWalk.locals(frame);
  }

  globals(): readonly Local[] {
    return this.frameWalk.globals();
  }

  // --- expressions -----------------------------------------------------------------------------------------------------------

  /**
   * Why an expression that only reads cannot be evaluated at any of some boundaries (at none and nowhere, when all are meant); undefined
   * when it can be.
   */
  problemWith(
    text: string,
    boundaries?: readonly number[],
    values?: EvaluateOptions['values'],
  ): string | undefined {
    const { boundaries: all } = this.program;
    const places = boundaries?.map((number) => all[number]) ?? [undefined, ...all];
    let problem: string | undefined;
    for (const boundary of places) {
      const here = this.evaluator.problemWith(text, boundary, values);
      if (here === undefined) return undefined;
      problem ??= here;
    }
    return problem;
  }

  /** Evaluates an expression in a frame, or with the top level's names only. */
  evaluate(text: string, frame?: Frame, options: EvaluateOptions = {}): Evaluation {
    this.prepare(text, options);
    return this.evaluator.evaluate(text, frame, options);
  }

  /** The same in pieces. Between them, nothing else may be done with the machine. */
  evaluating(
    text: string,
    frame: Frame | undefined,
    options: EvaluateOptions,
    mayRest: () => boolean,
  ): Pieces<Evaluation> {
    this.prepare(text, options);
    return this.evaluator.evaluating(text, frame, options, mayRest);
  }

  private prepare(text: string, options: EvaluateOptions): void {
    this.sleeper.begin(false);
    this.call.kernel = options.kernel ?? this.kernel;
    this.call.sources = new Sources(text);
    this.call.notes.clear();
  }
}
