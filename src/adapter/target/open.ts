/**
 * The target of a session: a machine, what runs on it, and the debugger's readings of both.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { MachineEvent } from '../../scenario/index.js';
import type { Armed } from '../breakpoints/armed.js';
import type { Evaluator } from '../evaluation/evaluator.js';
import type { Host } from '../host.js';
import { machineContext, type MachineContext } from '../present/context.js';
import { formatEvaluated } from '../present/evaluated.js';
import { errors } from '../protocol/errors.js';
import type { LaunchArguments } from '../protocol/dap.js';
import type { Reporter } from '../reporter.js';
import type { Debuggee } from '../time/debuggee.js';
import { samePlace, type Place } from '../time/place.js';
import type { CapturedFunction } from '../time/statementTrace.js';
import { StopFinder } from '../time/stops.js';
import { AttemptFinder } from '../time/attempts.js';
import { Timeline } from '../time/timeline.js';
import { openDebuggee } from './debuggees.js';
import type { ScenarioTask, ScenarioView } from './scenario.js';

/** What runs on a machine, and how it is looked at. */
export interface Opened {
  readonly image: KernelImage;
  readonly debuggee: Debuggee;
  readonly scenario: ScenarioView;
  readonly evaluator: Evaluator;
  /** Of a scenario that has ended: 0 when every expectation held. */
  readonly exitCode: () => number;
  /** Of a scenario that cannot go on: who waits for whom. */
  readonly deadlock: () => string | undefined;
  readonly close: () => void;
}

export class Target {
  readonly image: KernelImage;
  readonly context: MachineContext;
  readonly timeline: Timeline;
  readonly stops: StopFinder;
  readonly attempts: AttemptFinder;
  readonly scenario: ScenarioView;
  readonly evaluator: Evaluator;
  readonly tape: Tape<MachineEvent>;
  private captured:
    { readonly place: Place; readonly functions: readonly CapturedFunction[] } | undefined;

  constructor(
    private readonly opened: Opened,
    armed: () => Armed,
    beforeCut: (position: number) => void,
  ) {
    const { image, scenario, evaluator } = opened;
    this.image = image;
    this.scenario = scenario;
    this.tape = opened.debuggee.tape;
    this.evaluator = evaluator;
    this.context = machineContext(image);
    this.timeline = new Timeline(opened.debuggee, () => {
      // The entries that the cut takes away are the only trace of what they changed.
      this.context.states.sync();
      beforeCut(image.tape.cursor);
    });
    this.attempts = new AttemptFinder(this.timeline, this.tape, image.mm);
    this.stops = new StopFinder({
      timeline: this.timeline,
      tape: opened.debuggee.tape,
      context: this.context,
      armed,
      surroundings: (at) => ({
        evaluate: (expression) => evaluator.evaluate(expression, at),
        print: (value) => formatEvaluated(this.context, value),
      }),
    });
  }

  tasks(): readonly ScenarioTask[] {
    return this.scenario.tasks().filter(({ over }) => !over);
  }

  /** The task that runs next, or whose end the scenario's end was. */
  currentTask(): number {
    const { boundaries, place } = this.timeline;
    return boundaries.task(place.boundary);
  }

  /** Thread ids of the protocol start at 1. */
  threadOf(task: number): number {
    return task + 1;
  }

  taskOf(threadId: number): number {
    if (!this.scenario.tasks().some(({ id }) => id === threadId - 1))
      throw errors.noSuchThread(threadId);
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

  exitCode(): number {
    return this.opened.exitCode();
  }

  deadlock(): string | undefined {
    return this.opened.deadlock();
  }

  close(): void {
    this.opened.close();
  }
}

export async function openTarget(
  args: LaunchArguments,
  host: Host,
  reporter: Reporter,
  armed: () => Armed,
): Promise<Target> {
  const opened = await openDebuggee(args, host, reporter);
  return new Target(opened, armed, (position) => reporter.cutAt(position));
}
