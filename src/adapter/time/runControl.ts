/**
 * Motion: continue, step, and the same backward, in slices that let messages through, so that pause works at any time.
 *
 * Every motion ends in exactly one call of `stopped` or `ended`. Going forward and going backward stop at the same places
 * (stops.ts). A step back undoes the step that led here, whatever it passed over; without one it goes to the previous line.
 */
import { GivenUp } from '../../engine/memory/runEnds.js';
import type { Host } from '../host.js';
import { goBackward, type BackwardGoal } from './backward.js';
import { goForward, type ForwardGoal } from './forward.js';
import { StepJournal } from './journal.js';
import { passLogs, type LogHit, type Motion, type StopHit } from './motion.js';
import { Pace } from './pace.js';
import { isInside, type Place } from './place.js';
import { stepBackTo, stepGoal, type Granularity, type LineOf, type StepKind } from './steps.js';
import type { Raised, StopFinder, StopReason } from './stops.js';
import type { Timeline } from './timeline.js';

export interface Stopped {
  readonly reason: StopReason;
  readonly text?: string;
  readonly hits: readonly StopHit[];
  /** What exceptionInfo tells, where no hit says it. */
  readonly raised?: Raised;
}

export interface RunListener {
  /** The machine stands still at the timeline's place. */
  stopped(stop: Stopped): void;
  /** The scenario came to its end, or was to go on from there. */
  ended(): void;
  /** A log point was passed. */
  logged(hit: LogHit): void;
  /** Something was printed: the tape has grown, or was passed again. */
  progressed(): void;
  /** The beginning of history was reached, where the motion stops. */
  atStart(): void;
  /** The motion has let messages through and goes on. */
  rested(): void;
  /** Why a task cannot run on alone, in a sentence. */
  whyNot(task: number): string;
  /** The tape was cut at the timeline's place, for another task to run. */
  switched(): void;
  failed(error: unknown): void;
}

export interface StepOptions {
  readonly granularity?: Granularity | undefined;
  /** No other task runs meanwhile. */
  readonly alone?: boolean | undefined;
}

/** Goes on until something armed stops it. */
const NO_GOAL: ForwardGoal = { inside: () => undefined, at: () => undefined };

export class RunControl implements Motion {
  private isRunning = false;
  private readonly pace: Pace;
  private disposed = false;
  private readonly journal = new StepJournal();
  private journey: { readonly from: number; readonly to: number } | undefined;
  /** Where the step under way began, and how fine it is. */
  private stepping: { readonly from: Place; readonly granularity: Granularity } | undefined;

  constructor(
    readonly timeline: Timeline,
    readonly stops: StopFinder,
    host: Host,
    private readonly listener: RunListener,
    private readonly lineOf: LineOf,
  ) {
    this.pace = new Pace(host);
    timeline.givesUp = () => this.isRunning && this.pace.givesUp();
  }

  get running(): boolean {
    return this.isRunning;
  }

  /** Positions between which a motion back leads; undefined while none is under way. */
  get backward(): { readonly from: number; readonly to: number } | undefined {
    return this.journey;
  }

  /** Stops as soon as the statement under way is done, or in front of it where that takes long. */
  pause(): void {
    this.pace.askPause();
  }

  dispose(): void {
    this.disposed = true;
  }

  /** An edit has cut off what lay after the place. */
  forgetAfter(place: Place): void {
    this.journal.forgetAfter(place);
    this.stops.forget();
  }

  /** @param only the only task that may run */
  continue(only?: number): void {
    this.start(() => goForward(this, { ...NO_GOAL, only }));
  }

  /** A motion that begins at the place of the timeline: what is armed there counts, too. */
  begin(): void {
    let isAsked = false;
    this.start(() => {
      const { timeline, stops } = this;
      const hits = isAsked ? [] : passLogs(this, stops.at(timeline.place.boundary));
      isAsked = true;
      const [first] = hits;
      if (first === undefined) return goForward(this, NO_GOAL);
      this.stop(first.reason, hits);
      return Promise.resolve();
    });
  }

  /** To the first statement of the function that the scenario begins in: where it is entered. */
  enter(task: number): void {
    const from = this.timeline.place;
    const granularity = 'statement';
    const steps = stepGoal(this.timeline, this.lineOf, { kind: 'in', task, granularity, from });
    const at = (boundary: number): StopReason | undefined => steps.at(boundary) && 'entry';
    this.start(() => goForward(this, { ...NO_GOAL, at }));
  }

  step(kind: StepKind, task: number, { granularity = 'statement', alone }: StepOptions = {}): void {
    const from = this.timeline.place;
    const steps = stepGoal(this.timeline, this.lineOf, { kind, task, granularity, from });
    const goal = { ...steps, only: alone === true ? task : undefined };
    this.start(() => {
      this.stepping = { from, granularity };
      return goForward(this, goal);
    });
  }

  reverseContinue(): void {
    this.back(() => ({ place: undefined, stops: true }));
  }

  stepBack(task: number, granularity: Granularity = 'statement'): void {
    const { timeline } = this;
    const from = timeline.place;
    const before = this.journal.undo(from, granularity);
    if (before !== undefined && before.boundary >= timeline.firstPlace.boundary)
      this.back(() => ({ place: before, stops: false }));
    else
      this.back(() => ({
        place: stepBackTo(timeline, this.lineOf, { task, granularity, from }),
        stops: true,
      }));
  }

  /** @param goalOf where it leads; looked for once, as a part of the motion */
  private back(goalOf: () => BackwardGoal): void {
    const { place, firstPlace } = this.timeline;
    let goal: BackwardGoal | undefined;
    this.start(() => {
      goal ??= goalOf();
      this.journey = { from: place.position, to: (goal.place ?? firstPlace).position };
      return goBackward(this, goal);
    });
  }

  /** Runs on to a place inside the statement under way, or to a later boundary, unless something armed comes first. */
  stepTo(to: Place): void {
    this.stepToGoal({
      inside: (boundary) => (isInside(to) && boundary === to.boundary ? to : undefined),
      at: (boundary) => (boundary >= to.boundary ? 'step' : undefined),
    });
  }

  /** Runs on to the first boundary that is wanted, unless something armed comes first. */
  stepToBoundary(isWanted: (boundary: number) => boolean): void {
    this.stepToGoal({
      inside: () => undefined,
      at: (boundary) => (isWanted(boundary) ? 'step' : undefined),
    });
  }

  private stepToGoal(goal: ForwardGoal): void {
    const from = this.timeline.place;
    this.start(() => {
      this.stepping = { from, granularity: 'statement' };
      return goForward(this, goal);
    });
  }

  /** Goes to a place that has been passed, without stopping on the way. */
  jump(to: Place, reason: StopReason): void {
    this.start(() => {
      this.timeline.goTo(to);
      this.listener.progressed();
      this.stop(reason, []);
      return Promise.resolve();
    });
  }

  private start(motion: () => Promise<void>): void {
    this.isRunning = true;
    this.stepping = undefined;
    this.pace.start();
    void this.run(motion);
  }

  private async run(motion: () => Promise<void>): Promise<void> {
    try {
      // What was given up was undone: the motion goes on from the place to which it has come.
      while (!(await this.wentThrough(motion))) {
        await this.rest();
        if (this.endsHere()) return;
      }
    } catch (error) {
      this.isRunning = false;
      this.journey = undefined;
      this.timeline.goTo(this.timeline.place);
      if (!this.disposed) this.listener.failed(error);
    }
  }

  /** False when it was given up in the middle of a statement. */
  private async wentThrough(motion: () => Promise<void>): Promise<boolean> {
    try {
      await motion();
      return true;
    } catch (error) {
      if (error instanceof GivenUp) return false;
      throw error;
    }
  }

  // --- of the motion under way -----------------------------------------------------------------------------------------

  stop(reason: StopReason, hits: readonly StopHit[], said?: string): void {
    this.finish();
    if (this.disposed) return;
    const text = [said, ...hits.map((hit) => hit.text)].filter((one) => one !== undefined);
    this.listener.stopped({ reason, hits, ...(text.length > 0 && { text: text.join('\n') }) });
  }

  end(): void {
    this.finish();
    if (!this.disposed) this.listener.ended();
  }

  cannotRun(task: number): void {
    this.stop('pause', [], this.listener.whyNot(task));
  }

  atStart(): void {
    this.finish();
    if (!this.disposed) this.listener.atStart();
  }

  private finish(): void {
    this.isRunning = false;
    this.journey = undefined;
    if (this.stepping === undefined) return;
    const { from, granularity } = this.stepping;
    this.journal.note(from, this.timeline.place, granularity);
  }

  logged(hit: LogHit): void {
    this.listener.logged(hit);
  }

  progressed(): void {
    this.listener.progressed();
  }

  mayRest(): boolean {
    return this.pace.isTimeToRest();
  }

  async interrupted(giveUp?: () => boolean): Promise<boolean> {
    if (this.pace.isTimeToRest()) await this.rest();
    return this.endsHere(giveUp);
  }

  private async rest(): Promise<void> {
    await this.pace.rest();
    if (!this.disposed) this.listener.rested();
  }

  private endsHere(giveUp?: () => boolean): boolean {
    if (!this.disposed && !this.pace.pauseAsked) return false;
    if (this.disposed) return true;
    if (giveUp?.() === false) return false;
    this.stop('pause', []);
    return true;
  }

  switchTo(task: number): boolean {
    if (!this.timeline.switchTo(task)) return false;
    this.listener.switched();
    return true;
  }
}
