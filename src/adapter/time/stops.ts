/**
 * Where armed breakpoints stop: for one statement, every place inside it and at its end, in the order of time. The set of
 * places depends on the tape alone, so going forward and going backward stop at the same ones.
 *
 * Those of data breakpoints: dataHits.ts.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import { tables } from '../../engine/entry/instrumented.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { MachineEvent, StackUse } from '../../scenario/index.js';
import {
  hasLogPoints,
  isAnythingArmed,
  needsWalk,
  type Armed,
  type ArmedBreakpoint,
} from '../breakpoints/armed.js';
import { filterOf } from '../breakpoints/exceptionFilters.js';
import { factNames } from '../breakpoints/happenings/happening.js';
import { groupNames } from '../breakpoints/happenings/index.js';
import type { Surroundings, Trigger, Verdict } from '../breakpoints/trigger.js';
import type { ExtraName, InsideFrame, Viewpoint } from '../evaluation/evaluator.js';
import { eventNames, eventText } from '../evaluation/eventNames.js';
import { kernelNames } from '../evaluation/kernelNames.js';
import type { ScenarioProgram } from '../debuggee/scenario.js';
import type { MachineContext } from '../present/context.js';
import { HappeningFinder, type FoundHappening } from './happeningFinder.js';
import { dataHits } from './dataHits.js';
import { comparePlaces, isInside, type Place } from './place.js';
import { scenarioStatement } from './stackText.js';
import type { ActiveFunction } from './statementTrace.js';
import type { Timeline } from './timeline.js';

export type StopReason =
  | 'step'
  | 'entry'
  | 'pause'
  | 'goto'
  | 'restart'
  | 'breakpoint'
  | 'function breakpoint'
  | 'instruction breakpoint'
  | 'data breakpoint'
  | 'exception'
  | 'end';

/** What exceptionInfo tells about a stop. */
export interface Raised {
  readonly filterId: string;
  readonly typeName: string;
  readonly sentence: string;
}

/** Something armed that is passed at a place. */
export type Hit =
  | {
      readonly kind: 'stop';
      readonly place: Place;
      readonly reason: StopReason;
      /** For people, where the reason alone does not say it. */
      readonly text?: string;
      readonly breakpointId?: number;
      readonly raised?: Raised;
    }
  | { readonly kind: 'log'; readonly place: Place; readonly text: string; readonly id: number };

export interface StopFinderParts {
  readonly timeline: Timeline;
  readonly tape: Tape<MachineEvent>;
  readonly context: MachineContext;
  readonly program: ScenarioProgram | undefined;
  readonly armed: () => Armed;
  /** Evaluates and prints where memory is now. */
  readonly surroundings: (at: Viewpoint) => Surroundings;
}

export class StopFinder {
  private found: { readonly boundary: number; readonly hits: readonly Hit[] } | undefined;
  private readonly happenings: HappeningFinder;
  private isAway = false;

  constructor(private readonly parts: StopFinderParts) {
    const { timeline, tape, context } = parts;
    this.happenings = new HappeningFinder(timeline, tape, context.image.mm);
  }

  /** Whether anything could stop or print. */
  get isArmed(): boolean {
    return isAnythingArmed(this.parts.armed());
  }

  /** Whether anything prints when it is passed. */
  get prints(): boolean {
    return hasLogPoints(this.parts.armed());
  }

  /** Breakpoints or the tape have changed. */
  forget(): void {
    this.found = undefined;
  }

  /**
   * Everything that is passed after boundary `k`, up to and including what the statement there leaves behind at boundary
   * k + 1. The statement must be complete. Memory is at the timeline's place afterwards.
   */
  during(boundary: number): readonly Hit[] {
    if (this.found?.boundary === boundary) return this.found.hits;
    const { timeline } = this.parts;
    const hits = timeline.isEditStep(boundary)
      ? []
      : this.lookAlong(() =>
          [
            ...this.kernelHits(boundary),
            ...this.dataHits(boundary, 'during'),
            ...this.eventHits(boundary),
            ...this.happeningHits(boundary),
          ].sort((a, b) => comparePlaces(a.place, b.place)),
        );
    if (timeline.isComplete(boundary)) this.found = { boundary, hits };
    return hits;
  }

  /** Line and function breakpoints at a boundary itself, and data breakpoints that stop in front of its statement. */
  at(boundary: number): readonly Hit[] {
    const { timeline, armed } = this.parts;
    const ahead = [...this.dataHits(boundary, 'at'), ...this.waitHits(boundary)];
    const breakpoints = armed().statements.get(timeline.boundaries.statement(boundary));
    if (breakpoints === undefined) return ahead;
    // Behind an edit stands the statement that stood before it; behind a switch, another one.
    if (timeline.isEditStep(boundary - 1) && !timeline.isSwitch(boundary - 1)) return ahead;
    const place = timeline.boundaryPlace(boundary);
    const hits = breakpoints.flatMap((breakpoint) =>
      hitOf(breakpoint, place, this.decideAt(place, breakpoint.trigger, [])),
    );
    return [...hits, ...ahead];
  }

  /**
   * Breakpoints in the kernel: found by walking the statement. Their conditions are decided afterwards, for the scenario's
   * machine is busy during the walk.
   */
  private kernelHits(boundary: number): readonly Hit[] {
    const { timeline, context, tape } = this.parts;
    const armed = this.parts.armed();
    const isCalledBack = armed.statements.size > 0 && timeline.wasCalledBack(boundary);
    if (!needsWalk(armed) && !isCalledBack) return [];
    const { mm } = context.image;
    const passed: { place: Place; breakpoint: ArmedBreakpoint; view: Inside }[] = [];
    timeline.walk(boundary, {
      after: (n, stack, statementId, isEntry) => {
        const breakpoints = breakpointsAt(armed, statementId, isEntry) ?? [];
        if (breakpoints.length === 0) return;
        const place = { boundary, events: n + 1, position: tape.cursor };
        const view = viewOf(mm, stack[stack.length - 1]);
        for (const breakpoint of breakpoints) passed.push({ place, breakpoint, view });
      },
    });
    return passed.flatMap(({ place, breakpoint, view: { names, inside } }) => {
      const verdict = this.decideAt(place, breakpoint.trigger, names, inside);
      return hitOf(breakpoint, place, verdict);
    });
  }

  /** Of data breakpoints: those at a boundary itself, in front of its statement, are {@link at} it. */
  private dataHits(boundary: number, where: 'at' | 'during'): readonly Hit[] {
    const { armed, timeline } = this.parts;
    const { data } = armed();
    if (data.length === 0 || timeline.isEditStep(boundary)) return [];
    if (where === 'at') {
      if (!data.some(({ before }) => before) || timeline.hasEnded(boundary)) return [];
      timeline.complete(boundary);
      timeline.goTo(timeline.place);
    }
    const parts = { ...this.parts, decide: this.decideAt.bind(this) };
    return dataHits(parts, boundary).filter(({ place }) =>
      isInside(place) || place.boundary > boundary ? where === 'during' : where === 'at',
    );
  }

  private eventHits(boundary: number): readonly Hit[] {
    const { timeline, tape, context } = this.parts;
    const { exceptions } = this.parts.armed();
    if (exceptions.length === 0) return [];
    const from = timeline.boundaries.position(boundary);
    const marks = tape.marksBetween(from, timeline.endOf(boundary));
    if (!marks.some(({ event }) => filterOf(event) !== undefined)) return [];
    const hits: Hit[] = [];
    for (const { events, position, event } of timeline.trace(boundary).marks) {
      const filter = filterOf(event);
      const place: Place = { boundary, events, position };
      for (const armed of exceptions) {
        if (filter === undefined || armed.filter !== filter) continue;
        const verdict = this.decideAt(place, armed.trigger, eventNames(context, event));
        if (verdict.kind !== 'stop') continue;
        const sentence = this.lookFrom(place, () => eventText(context, event));
        const raised = { filterId: filter.id, typeName: event.kind, sentence };
        const text = `${sentence}${noteOf(verdict)}`;
        hits.push({ kind: 'stop', place, reason: 'exception', text, raised });
      }
    }
    return hits;
  }

  private happeningHits(boundary: number): readonly Hit[] {
    return this.hitsOf(this.happenings.during(boundary, this.parts.armed().happenings));
  }

  /** A statement that has to wait leaves nothing to stop in: the stop is in front of it. */
  private waitHits(boundary: number): readonly Hit[] {
    const { timeline, armed } = this.parts;
    const waiting = armed().happenings.filter(({ happening }) =>
      happening.watches.some(({ at }) => at === 'waiting'),
    );
    if (waiting.length === 0 || timeline.hasEnded(boundary)) return [];
    timeline.complete(boundary);
    timeline.goTo(timeline.place);
    return this.hitsOf(this.happenings.waits(boundary, waiting));
  }

  private hitsOf(found: readonly FoundHappening[]): readonly Hit[] {
    const { mm } = this.parts.context.image;
    return found.flatMap(({ armed: { happening, reason, id, trigger }, place, facts }): Hit[] => {
      const namesOf = reason === 'exception' ? groupNames : (k: Kernel) => factNames(k, facts);
      const verdict = this.decideAt(place, trigger, namesOf(mm, happening, facts));
      if (verdict.kind !== 'stop') return [];
      const sentence = happening.sentence(mm, facts);
      const raised = { filterId: happening.id, typeName: happening.id, sentence };
      const text = `${sentence}${noteOf(verdict)}`;
      const breakpoint = id === undefined ? {} : { breakpointId: id };
      // Nothing is wrong: as an exception, clients would show it as an error.
      const told = reason === 'exception' ? 'breakpoint' : reason;
      return [{ kind: 'stop', place, reason: told, text, raised, ...breakpoint }];
    });
  }

  private decideAt(
    place: Place,
    trigger: Trigger,
    extra: readonly ExtraName[],
    inside?: InsideFrame,
  ): Verdict {
    const { timeline } = this.parts;
    // One condition may be nothing, and a statement pass a hundred thousand.
    timeline.heed();
    return this.lookFrom(place, () => {
      const task = timeline.boundaries.task(place.boundary);
      const at = { task, frame: 0, extra, ...(inside && { inside }) };
      return trigger.decide(place, this.parts.surroundings(at));
    });
  }

  /** What is read while the machine is at another place. */
  private lookFrom<T>(place: Place, read: () => T): T {
    const { timeline } = this.parts;
    const look = (): T => {
      timeline.goTo(place);
      return read();
    };
    return this.isAway ? look() : this.comingBack(look);
  }

  /** Looks from many places, one behind the other: the machine goes back to where it is once, and not from each of them. */
  private lookAlong<T>(look: () => T): T {
    this.isAway = true;
    try {
      return this.comingBack(look);
    } finally {
      this.isAway = false;
    }
  }

  private comingBack<T>(look: () => T): T {
    const { timeline } = this.parts;
    const here = timeline.place;
    try {
      return look();
    } finally {
      timeline.goTo(here);
    }
  }
}

function breakpointsAt(
  armed: Armed,
  statementId: number,
  isEntry: boolean,
): readonly ArmedBreakpoint[] | undefined {
  if (statementId < 0) return undefined;
  const statement = scenarioStatement(statementId);
  if (statement !== undefined) return armed.statements.get(statement);
  const onLine = armed.kernelStatements.get(statementId);
  const onFunction = isEntry
    ? armed.kernelFunctions.get(tables.statementFunction[statementId] ?? -1)
    : undefined;
  return onLine !== undefined && onFunction !== undefined
    ? [...onFunction, ...onLine]
    : (onFunction ?? onLine);
}

/** What a condition sees inside a statement: locals of a kernel function, or the frame of a function that the kernel called. */
interface Inside {
  readonly names: readonly ExtraName[];
  readonly inside?: InsideFrame;
}

function viewOf(mm: Kernel, top: ActiveFunction | undefined): Inside {
  if (top === undefined) return { names: [] };
  const statement = scenarioStatement(top.statementId);
  if (statement === undefined) return { names: kernelNames(mm, top.functionId, top.locals()) };
  return { names: [], inside: { statement, use: top.locals() as unknown as StackUse } };
}

function hitOf(breakpoint: ArmedBreakpoint, place: Place, verdict: Verdict): readonly Hit[] {
  const { id, reason } = breakpoint;
  if (verdict.kind === 'pass') return [];
  if (verdict.kind === 'log') return [{ kind: 'log', place, text: verdict.text, id }];
  const note = verdict.note === undefined ? {} : { text: verdict.note };
  return [{ kind: 'stop', place, reason, breakpointId: id, ...note }];
}

const noteOf = (verdict: Verdict): string =>
  verdict.kind === 'stop' && verdict.note !== undefined ? ` (${verdict.note})` : '';
