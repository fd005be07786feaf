/**
 * Where armed breakpoints stop: for one statement, every place inside it and at its end, in the order of time. The set of
 * places depends on the tape alone, so going forward and going backward stop at the same ones.
 *
 * A stop of a data breakpoint is behind the kernel line that wrote; where the scenario itself wrote, behind its statement.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import { tables } from '../../engine/entry/instrumented.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { MachineEvent } from '../../scenario/index.js';
import { readScalar, type ScalarValue } from '../../engine/types/access.js';
import type { CType } from '../../engine/types/model.js';
import { formatPlace } from '../../engine/types/format.js';
import { needsWalk, type Armed, type ArmedBreakpoint } from '../breakpoints/armed.js';
import { watchedEntries, type WatchedEntry } from '../breakpoints/dataWatch.js';
import { filterOf } from '../breakpoints/exceptionFilters.js';
import { factNames } from '../breakpoints/happenings/happening.js';
import { groupNames } from '../breakpoints/happenings/index.js';
import type { Surroundings, Trigger, Verdict } from '../breakpoints/trigger.js';
import type { ExtraName, Viewpoint } from '../evaluation/evaluator.js';
import { eventNames, eventText } from '../evaluation/eventNames.js';
import { kernelNames } from '../evaluation/kernelNames.js';
import type { MachineContext } from '../present/context.js';
import { HappeningFinder } from './happeningFinder.js';
import { comparePlaces, type Place } from './place.js';
import { processorText } from './processorWrite.js';
import type { ActiveFunction, StatementTrace } from './statementTrace.js';
import type { Timeline } from './timeline.js';

export type StopReason =
  | 'step'
  | 'entry'
  | 'pause'
  | 'goto'
  | 'restart'
  | 'breakpoint'
  | 'function breakpoint'
  | 'data breakpoint'
  | 'exception';

/** What exceptionInfo tells about a stop. */
interface Raised {
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
  readonly armed: () => Armed;
  /** Evaluates and prints where memory is now. */
  readonly surroundings: (at: Viewpoint) => Surroundings;
}

export class StopFinder {
  private found: { readonly boundary: number; readonly hits: readonly Hit[] } | undefined;
  private readonly happenings: HappeningFinder;

  constructor(private readonly parts: StopFinderParts) {
    const { timeline, tape, context } = parts;
    this.happenings = new HappeningFinder(timeline, tape, context.image.mm);
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
      : [
          ...this.kernelHits(boundary),
          ...this.dataHits(boundary),
          ...this.eventHits(boundary),
          ...this.happeningHits(boundary),
        ].sort((a, b) => comparePlaces(a.place, b.place));
    if (timeline.isComplete(boundary)) this.found = { boundary, hits };
    return hits;
  }

  /** Line and function breakpoints at a boundary itself. */
  at(boundary: number): readonly Hit[] {
    const { timeline, armed } = this.parts;
    const breakpoints = armed().statements.get(timeline.boundaries.statement(boundary));
    if (breakpoints === undefined || timeline.isEditStep(boundary - 1)) return [];
    const place = timeline.boundaryPlace(boundary);
    return breakpoints.flatMap((breakpoint) =>
      hitOf(breakpoint, place, this.decideAt(place, breakpoint.trigger, [])),
    );
  }

  /**
   * Breakpoints in the kernel: found by walking the statement. Their conditions are decided afterwards, for the scenario's
   * machine is busy during the walk.
   */
  private kernelHits(boundary: number): readonly Hit[] {
    const { timeline, context, tape } = this.parts;
    const armed = this.parts.armed();
    if (!needsWalk(armed)) return [];
    const { mm } = context.image;
    const passed: { place: Place; breakpoint: ArmedBreakpoint; names: readonly ExtraName[] }[] = [];
    timeline.walk(boundary, {
      after: (n, stack, statementId, isEntry) => {
        const breakpoints = breakpointsAt(armed, statementId, isEntry) ?? [];
        if (breakpoints.length === 0) return;
        const place = { boundary, events: n + 1, position: tape.cursor };
        const names = localsOf(mm, stack[stack.length - 1]);
        for (const breakpoint of breakpoints) passed.push({ place, breakpoint, names });
      },
    });
    return passed.flatMap(({ place, breakpoint, names }) => {
      const verdict = this.decideAt(place, breakpoint.trigger, names);
      return hitOf(breakpoint, place, verdict);
    });
  }

  private dataHits(boundary: number): readonly Hit[] {
    const { timeline, tape } = this.parts;
    const { data } = this.parts.armed();
    const from = timeline.boundaries.position(boundary);
    const entries = watchedEntries(tape, data, from, timeline.endOf(boundary));
    if (entries.length === 0) return [];
    const trace = timeline.trace(boundary);
    const hits: Hit[] = [];
    for (const run of inOneLine(entries, trace)) {
      const hit = this.dataHit(boundary, run, trace);
      if (hit !== undefined) hits.push(hit);
    }
    return hits;
  }

  /** One line of the kernel (or of the scenario) changed what one watch looks at, perhaps in several words. */
  private dataHit(
    boundary: number,
    { watch, first, last, events }: LineOfEntries,
    trace: StatementTrace,
  ): Hit | undefined {
    const { timeline, tape, context } = this.parts;
    const { place: watched } = watch.target;
    const look = (position: number) => {
      tape.seek(position);
      const value = readScalar(context.memory, watched);
      return { value, text: formatPlace(context.profile, context.memory, watched) };
    };
    const before = look(first);
    const after = look(last + 1);
    const end = timeline.endOf(boundary);
    const byProcessor = processorText(context.image, tape, first, end) ?? '';
    timeline.goTo(timeline.place);
    const place = timeline.placeBehind(boundary, events);
    const names = [
      ...named('old', watched.type, before.value),
      ...named('new', watched.type, after.value),
    ];
    const verdict = this.decideAt(place, watch.trigger, names);
    if (verdict.kind === 'pass') return undefined;
    if (verdict.kind === 'log') return { kind: 'log', place, text: verdict.text, id: watch.id };
    const actor = actorText(trace, events);
    return {
      kind: 'stop',
      place,
      reason: 'data breakpoint',
      text: `${watch.target.label}: ${before.text} -> ${after.text}${byProcessor}${actor}${noteOf(verdict)}`,
      breakpointId: watch.id,
    };
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
    const { mm } = this.parts.context.image;
    const found = this.happenings.during(boundary, this.parts.armed().happenings);
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

  private decideAt(place: Place, trigger: Trigger, extra: readonly ExtraName[]): Verdict {
    return this.lookFrom(place, () => {
      const task = this.parts.timeline.boundaries.task(place.boundary);
      return trigger.decide(place, this.parts.surroundings({ task, frame: 0, extra }));
    });
  }

  /** What is read while the machine is at another place. */
  private lookFrom<T>(place: Place, read: () => T): T {
    const { timeline } = this.parts;
    const here = timeline.place;
    timeline.goTo(place);
    const found = read();
    timeline.goTo(here);
    return found;
  }
}

const named = (name: string, type: CType, value: ScalarValue | undefined): readonly ExtraName[] =>
  value === undefined ? [] : [{ name, type, value }];

function breakpointsAt(
  armed: Armed,
  statementId: number,
  isEntry: boolean,
): readonly ArmedBreakpoint[] | undefined {
  if (statementId < 0) return undefined;
  const onLine = armed.kernelStatements.get(statementId);
  const onFunction = isEntry
    ? armed.kernelFunctions.get(tables.statementFunction[statementId] ?? -1)
    : undefined;
  return onLine !== undefined && onFunction !== undefined
    ? [...onFunction, ...onLine]
    : (onFunction ?? onLine);
}

function localsOf(mm: Kernel, top: ActiveFunction | undefined): readonly ExtraName[] {
  return top === undefined ? [] : kernelNames(mm, top.functionId, top.locals());
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

/** Entries of one watch between two events. */
interface LineOfEntries {
  readonly watch: WatchedEntry['watch'];
  readonly first: number;
  readonly last: number;
  readonly events: number;
}

function inOneLine(entries: readonly WatchedEntry[], trace: StatementTrace): LineOfEntries[] {
  const runs: { watch: WatchedEntry['watch']; first: number; last: number; events: number }[] = [];
  for (const { watch, position } of entries) {
    const events = trace.eventsBeforeEntry(position);
    const run = runs.find((one) => one.watch === watch && one.events === events);
    if (run === undefined) runs.push({ watch, first: position, last: position, events });
    else run.last = position;
  }
  return runs;
}

/** ` in test_and_set_bit() <- folio_trylock() <- lock_page()`; nothing where the scenario itself wrote. */
function actorText(trace: StatementTrace, events: number): string {
  const names = trace
    .stackAfter(events)
    .map(
      (statementId) => tables.functions[tables.statementFunction[statementId] ?? -1]?.name ?? '?',
    )
    .reverse();
  return names.length === 0 ? '' : ` in ${names.map((name) => `${name}()`).join(' <- ')}`;
}
