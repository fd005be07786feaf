/**
 * Motion: continue, step, and the same backward, in slices that let messages through, so that pause works at any time.
 *
 * Every motion ends in exactly one call of `stopped` or `ended`. Going forward and going backward stop at the same places
 * (stops.ts). A step back undoes the step that led here, whatever it passed over; without one it goes to the previous line.
 */
import type { Host } from '../host.js';
import { StepJournal } from './journal.js';
import { Pace } from './pace.js';
import { comparePlaces, isInside, samePlace, type Place } from './place.js';
import {
  firstMicrostep,
  stepBackInside,
  stepEndsAt,
  stepInside,
  type StepKind,
} from './stepping.js';
import type { Hit, StopFinder, StopReason } from './stops.js';
import type { Timeline } from './timeline.js';

export interface Stopped {
  readonly reason: StopReason;
  readonly text?: string;
  readonly hits: readonly Extract<Hit, { kind: 'stop' }>[];
}

export interface RunListener {
  /** The machine stands still at the timeline's place. */
  stopped(stop: Stopped): void;
  /** The scenario came to its end. */
  ended(): void;
  /** A log point was passed. */
  logged(hit: Extract<Hit, { kind: 'log' }>): void;
  /** Something was printed: the tape has grown, or was passed again. */
  progressed(): void;
  /** The beginning of history was reached. */
  atStart(): void;
  failed(error: unknown): void;
}

type StopHit = Extract<Hit, { kind: 'stop' }>;

export class RunControl {
  private isRunning = false;
  private readonly pace: Pace;
  private disposed = false;
  private readonly journal = new StepJournal();
  /** Where the step under way began. */
  private stepFrom: Place | undefined;

  constructor(
    private readonly timeline: Timeline,
    private readonly stops: StopFinder,
    host: Host,
    private readonly listener: RunListener,
  ) {
    this.pace = new Pace(host);
  }

  get running(): boolean {
    return this.isRunning;
  }

  /** Stops as soon as the statement under way is done. */
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

  continue(): void {
    this.start(() =>
      this.forward(
        () => undefined,
        () => undefined,
      ),
    );
  }

  step(kind: StepKind, task: number): void {
    const from = this.timeline.place;
    // A step out of a kernel function goes on in the caller's statement, whatever the depth of that.
    const among = isInside(from) && kind === 'out' ? 'next' : kind;
    this.start(() => {
      this.stepFrom = from;
      return this.forward(
        (boundary) => this.innerTarget(boundary, from, kind),
        (boundary) =>
          stepEndsAt(this.timeline.boundaries, from.boundary, boundary, among, task)
            ? 'step'
            : undefined,
      );
    });
  }

  reverseContinue(): void {
    this.start(() => this.backward(undefined));
  }

  stepBack(task: number): void {
    const from = this.timeline.place;
    const before = this.journal.undo(from);
    this.start(() => {
      if (before === undefined || before.boundary < this.timeline.firstPlace.boundary)
        return this.backward({ from, task });
      this.timeline.goTo(before);
      this.stop('step', []);
      return undefined;
    });
  }

  /** Runs on to a place inside the statement under way, or to its end, unless something armed comes first. */
  stepTo(to: Place): void {
    const from = this.timeline.place;
    this.start(() => {
      this.stepFrom = from;
      return this.forward(
        (boundary) => (isInside(to) && boundary === to.boundary ? to : undefined),
        (boundary) => (boundary >= to.boundary ? 'step' : undefined),
      );
    });
  }

  /** Runs on to the first boundary that is wanted, unless something armed comes first. */
  stepToBoundary(isWanted: (boundary: number) => boolean): void {
    const from = this.timeline.place;
    this.start(() => {
      this.stepFrom = from;
      return this.forward(
        () => undefined,
        (boundary) => (isWanted(boundary) ? 'step' : undefined),
      );
    });
  }

  /** Goes to a place that has been passed, without stopping on the way. */
  jump(to: Place, reason: StopReason): void {
    this.start(() => {
      this.timeline.goTo(to);
      this.listener.progressed();
      this.stop(reason, []);
    });
  }

  private start(motion: () => Promise<void> | void): void {
    this.isRunning = true;
    this.stepFrom = undefined;
    this.pace.start();
    void this.run(motion);
  }

  private async run(motion: () => Promise<void> | void): Promise<void> {
    try {
      await motion();
    } catch (error) {
      this.isRunning = false;
      this.timeline.goTo(this.timeline.place);
      if (!this.disposed) this.listener.failed(error);
    }
  }

  // --- forward -------------------------------------------------------------------------------------------------------

  private async forward(
    innerTarget: (boundary: number) => Place | undefined,
    boundaryTarget: (boundary: number) => StopReason | undefined,
  ): Promise<void> {
    const { timeline, stops } = this;
    for (;;) {
      const from = timeline.place;
      const { boundary } = from;
      if (timeline.hasEnded(boundary)) {
        this.end();
        return;
      }
      timeline.complete(boundary);
      const later = stops.during(boundary).filter(({ place }) => comparePlaces(place, from) > 0);
      const inside = later.filter(({ place }) => place.boundary === boundary);
      if (this.stopInside(inside, innerTarget(boundary))) return;
      timeline.goTo(timeline.boundaryPlace(boundary + 1));
      this.listener.progressed();
      const here = [
        ...later.filter(({ place }) => place.boundary > boundary),
        ...stops.at(boundary + 1),
      ];
      const hits = this.passLogs(here);
      if (hits.length > 0) {
        this.stop(hits[0]?.reason ?? 'breakpoint', hits);
        return;
      }
      const reason = timeline.hasEnded(boundary + 1) ? undefined : boundaryTarget(boundary + 1);
      if (reason !== undefined) {
        this.stop(reason, []);
        return;
      }
      if (await this.interrupted()) return;
    }
  }

  /** Stops at the first of hits and target; true if there is one. */
  private stopInside(hits: readonly Hit[], target: Place | undefined): boolean {
    const first = hits.find((hit): hit is StopHit => hit.kind === 'stop');
    const stopAt =
      first === undefined || (target !== undefined && comparePlaces(target, first.place) < 0)
        ? target
        : first.place;
    this.passLogs(
      hits.filter(({ place }) => stopAt === undefined || comparePlaces(place, stopAt) <= 0),
    );
    if (stopAt === undefined) return false;
    this.timeline.goTo(stopAt);
    this.listener.progressed();
    const here = hits.filter(
      (hit): hit is StopHit => hit.kind === 'stop' && samePlace(hit.place, stopAt),
    );
    this.stop(here[0]?.reason ?? 'step', here);
    return true;
  }

  /** Prints log points; gives what stops. */
  private passLogs(hits: readonly Hit[]): StopHit[] {
    for (const hit of hits) if (hit.kind === 'log') this.listener.logged(hit);
    return hits.filter((hit): hit is StopHit => hit.kind === 'stop');
  }

  /** Where a step that began in the statement ends inside it. */
  private innerTarget(boundary: number, from: Place, kind: StepKind): Place | undefined {
    const inFirst = boundary === from.boundary;
    if (!isInside(from) && kind !== 'in') return undefined;
    if (!inFirst) return undefined;
    const trace = this.timeline.trace(boundary);
    const target = isInside(from) ? stepInside(trace, from, kind) : firstMicrostep(trace);
    return target === undefined ? undefined : { boundary, ...target };
  }

  // --- backward ------------------------------------------------------------------------------------------------------

  /** Goes back to the previous stop, or with a `step` to the previous line at the latest. */
  private async backward(
    step: { readonly from: Place; readonly task: number } | undefined,
  ): Promise<void> {
    const { timeline, stops } = this;
    const start = timeline.place;
    let { boundary } = start;
    if (isInside(start)) {
      const target = step === undefined ? undefined : this.targetBefore(start);
      if (this.stopBefore(this.hitsDuring(boundary, start), target)) return;
      timeline.goTo(timeline.boundaryPlace(boundary));
      const hits = this.stopHits(boundary);
      if (hits.length > 0) {
        this.stop(hits[0]?.reason ?? 'breakpoint', hits);
        return;
      }
      if (step !== undefined) {
        this.stop('step', []);
        return;
      }
    }
    const { first } = timeline.boundaries;
    while (boundary > Math.max(first, timeline.firstPlace.boundary)) {
      boundary--;
      if (this.stopBefore(this.hitsDuring(boundary, undefined), undefined)) return;
      timeline.goTo(timeline.boundaryPlace(boundary));
      const hits = this.stopHits(boundary);
      if (hits.length > 0) {
        this.stop(hits[0]?.reason ?? 'breakpoint', hits);
        return;
      }
      if (step !== undefined && this.stepBackEndsAt(step, boundary)) {
        this.stop('step', []);
        return;
      }
      if (await this.interrupted()) return;
    }
    stops.forget();
    this.listener.atStart();
    this.stop('entry', []);
  }

  /** What stops at a boundary itself: breakpoints there, and what the statement before left. */
  private stopHits(boundary: number): StopHit[] {
    const left =
      boundary > this.timeline.boundaries.first
        ? this.stops.during(boundary - 1).filter(({ place }) => place.boundary === boundary)
        : [];
    return [...left, ...this.stops.at(boundary)].filter(
      (hit): hit is StopHit => hit.kind === 'stop',
    );
  }

  private hitsDuring(boundary: number, before: Place | undefined): StopHit[] {
    return this.stops
      .during(boundary)
      .filter(
        (hit): hit is StopHit =>
          hit.kind === 'stop' &&
          hit.place.boundary === boundary &&
          (before === undefined || comparePlaces(hit.place, before) < 0),
      );
  }

  private stopBefore(hits: readonly StopHit[], target: Place | undefined): boolean {
    const last = hits.at(-1);
    const stopAt =
      last === undefined || (target !== undefined && comparePlaces(target, last.place) > 0)
        ? target
        : last.place;
    if (stopAt === undefined) return false;
    this.timeline.goTo(stopAt);
    const here = hits.filter(({ place }) => samePlace(place, stopAt));
    this.stop(here[0]?.reason ?? 'step', here);
    return true;
  }

  private targetBefore(from: Place): Place | undefined {
    const target = stepBackInside(this.timeline.trace(from.boundary), from);
    return target === undefined ? undefined : { boundary: from.boundary, ...target };
  }

  private stepBackEndsAt(
    { from, task }: { readonly from: Place; readonly task: number },
    boundary: number,
  ): boolean {
    const { boundaries } = this.timeline;
    // Nothing is active at the scenario's end: the last statement is what comes before it.
    if (this.timeline.hasEnded(from.boundary)) return true;
    if (boundaries.task(boundary) !== task && boundaries.task(from.boundary) === task) return false;
    return boundaries.depth(boundary) <= boundaries.depth(from.boundary);
  }

  // --- ends ----------------------------------------------------------------------------------------------------------

  private stop(reason: StopReason, hits: readonly StopHit[]): void {
    this.isRunning = false;
    if (this.stepFrom !== undefined) this.journal.note(this.stepFrom, this.timeline.place);
    if (this.disposed) return;
    const text = hits
      .map((hit) => hit.text)
      .filter((one) => one !== undefined)
      .join('\n');
    this.listener.stopped({ reason, hits, ...(text !== '' && { text }) });
  }

  private end(): void {
    this.isRunning = false;
    if (!this.disposed) this.listener.ended();
  }

  /** Lets messages through now and then; true when the motion is over. */
  private async interrupted(): Promise<boolean> {
    if (this.pace.isTimeToRest()) await this.pace.rest();
    if (this.disposed) return true;
    if (!this.pace.pauseAsked) return false;
    this.stop('pause', []);
    return true;
  }
}
