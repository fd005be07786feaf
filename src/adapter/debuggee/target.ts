/** The target of a session: its debuggee, and the debugger's readings of it. */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { MachineEvent } from '../../scenario/index.js';
import type { Armed } from '../breakpoints/armed.js';
import type { Evaluator } from '../evaluation/evaluator.js';
import { machineContext, type MachineContext } from '../present/context.js';
import { formatEvaluated } from '../present/evaluated.js';
import { errors } from '../protocol/errors.js';
import { samePlace, type Place } from '../time/place.js';
import type { CapturedFunction } from '../time/statementTrace.js';
import { StopFinder } from '../time/stops.js';
import { AttemptFinder } from '../time/attempts.js';
import { Chronicle } from '../time/chronicle.js';
import { Timeline } from '../time/timeline.js';
import type { Debuggee } from './debuggee.js';
import type { ScenarioTask, ScenarioView } from './scenario.js';

/** The thread of a machine that runs no scenario. */
const STANDING_STILL: ScenarioTask = {
  id: 0,
  name: 'machine',
  pid: undefined,
  state: '',
  over: false,
};

export class Target {
  readonly image: KernelImage;
  readonly context: MachineContext;
  readonly timeline: Timeline;
  readonly stops: StopFinder;
  readonly attempts: AttemptFinder;
  private madeChronicle: Chronicle | undefined;
  /** undefined: the machine stands still and is only looked into. */
  readonly scenario: ScenarioView | undefined;
  readonly evaluator: Evaluator;
  readonly tape: Tape<MachineEvent>;
  private captured:
    { readonly place: Place; readonly functions: readonly CapturedFunction[] } | undefined;

  constructor(
    debuggee: Debuggee,
    /** Gives back the file behind the machine. */
    readonly close: () => void,
    armed: () => Armed,
    beforeCut: (position: number) => void,
  ) {
    const { image, tape, scenario, evaluator, allocations } = debuggee;
    this.image = image;
    this.scenario = scenario;
    this.tape = tape;
    this.evaluator = evaluator;
    this.context = machineContext(
      image,
      scenario?.program.files.map(({ text }) => text).join('\n'),
      allocations,
    );
    this.timeline = new Timeline(debuggee, () => {
      // The entries that the cut takes away are the only trace of what they changed.
      if (image.dumped === undefined) {
        this.context.states.sync();
        this.chronicle.cutAt(tape.cursor);
      }
      beforeCut(tape.cursor);
    });
    this.attempts = new AttemptFinder(this.timeline, tape, image.mm, (statement) =>
      scenario?.program.allocates(statement),
    );
    this.stops = new StopFinder({
      timeline: this.timeline,
      tape,
      context: this.context,
      program: scenario?.program,
      armed,
      surroundings: (at) => ({
        oldest: this.timeline.boundaries.first,
        evaluate: (expression) => this.timeline.heeding(() => evaluator.evaluate(expression, at)),
        print: (value) => formatEvaluated(this.context, value),
      }),
    });
  }

  /** @throws AdapterError of a dump that is only looked into: nothing happens in it */
  get chronicle(): Chronicle {
    const { image, tape, scenario, context } = this;
    return (this.madeChronicle ??= new Chronicle(image, tape, context.states, {
      held: scenario?.expectCells.held,
      failed: scenario?.expectCells.failed,
    }));
  }

  /** Those that are not over. The end of the scenario is a place of the task that came to it. */
  tasks(): readonly ScenarioTask[] {
    const last = this.isAtEnd ? this.currentTask() : undefined;
    return this.allTasks().filter(({ id, over }) => !over || id === last);
  }

  /** Their numbers, for less work. */
  liveTasks(): readonly number[] {
    const live = this.scenario?.liveTasks() ?? [STANDING_STILL.id];
    const last = this.currentTask();
    return this.isAtEnd && !live.includes(last) ? [...live, last] : live;
  }

  nameOf(task: number): string | undefined {
    return this.allTasks().find(({ id }) => id === task)?.name;
  }

  private get isAtEnd(): boolean {
    return this.timeline.isBehindAll(this.timeline.place.boundary);
  }

  private allTasks(): readonly ScenarioTask[] {
    return this.scenario?.tasks() ?? [STANDING_STILL];
  }

  /** The task that runs next, or whose end the scenario's end was. */
  currentTask(): number {
    const { boundaries, place } = this.timeline;
    return boundaries.task(place.boundary);
  }

  /** Whether the statement that runs next was made: what it calls is where the scenario begins, to its reader. */
  isAtMadeCall(): boolean {
    const { boundaries, place } = this.timeline;
    return this.scenario?.program.isMade(boundaries.statement(place.boundary)) === true;
  }

  /** A position that nothing on the tape has changed left of since this was asked last, but for edits, which are told. */
  settledPosition(): number {
    const settled = this.lastBoundary;
    this.lastBoundary = this.timeline.boundaries.position(this.timeline.boundaries.last);
    return settled;
  }

  private lastBoundary = 0;

  /** Thread ids of the protocol start at 1. */
  threadOf(task: number): number {
    return task + 1;
  }

  taskOf(threadId: number): number {
    if (!this.allTasks().some(({ id }) => id === threadId - 1)) throw errors.noSuchThread(threadId);
    return threadId - 1;
  }

  /** The kernel's active functions with their locals where the cursor stands, innermost first. */
  capturedLocals(): readonly CapturedFunction[] {
    const { place } = this.timeline;
    if (this.captured === undefined || !samePlace(this.captured.place, place))
      this.captured = { place, functions: this.timeline.captureHere() };
    return this.captured.functions;
  }

  forgetCaptured(): void {
    this.captured = undefined;
  }
}
