/**
 * Finds armed happenings in one statement: by replaying it with the instrumented kernel, and by searching what it wrote.
 * The places depend on the tape alone. Nothing here runs unless something is armed.
 */
import { kernelFunctionsNamed } from '../debuggee/kernelSources.js';
import type { ArmedHappening } from '../breakpoints/armed.js';
import type {
  Around,
  EntryWatch,
  Facts,
  FoundFacts,
  LeavingWatch,
  WriteWatch,
} from '../breakpoints/happenings/happening.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { tables } from '../../engine/entry/instrumented.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { MachineEvent } from '../../scenario/index.js';
import { comparePlaces, type Place } from './place.js';
import type { ActiveFunction, StatementTrace } from './statementTrace.js';
import type { Timeline } from './timeline.js';

export interface FoundHappening {
  readonly armed: ArmedHappening;
  readonly place: Place;
  readonly facts: Facts;
}

/** One function whose calls somebody waits for. */
interface ArmedCall {
  readonly armed: ArmedHappening;
  readonly watch: EntryWatch | LeavingWatch;
}

export class HappeningFinder {
  constructor(
    private readonly timeline: Timeline,
    private readonly tape: Tape<MachineEvent>,
    private readonly mm: Kernel,
  ) {}

  /** In the statement after a boundary, in the order of time. Memory is at the timeline's place afterwards. */
  during(boundary: number, armed: readonly ArmedHappening[]): readonly FoundHappening[] {
    if (armed.length === 0) return [];
    return [
      ...this.calls(boundary, armed),
      ...this.told(boundary, armed),
      ...this.writes(boundary, armed),
    ].sort((a, b) => comparePlaces(a.place, b.place));
  }

  /** In front of the statement after a boundary, which is complete. Memory is at the timeline's place afterwards. */
  waits(boundary: number, armed: readonly ArmedHappening[]): readonly FoundHappening[] {
    const { timeline, mm } = this;
    const wait = timeline.waitAfter(boundary);
    if (wait === undefined) return [];
    const place = timeline.boundaryPlace(boundary);
    const here = timeline.place;
    timeline.goTo(place);
    const found = armed.flatMap((one) =>
      one.happening.watches.flatMap((watch) =>
        watch.at === 'waiting' && watch.kind === wait.kind
          ? [{ armed: one, place, facts: watch.facts(mm, wait.address) }]
          : [],
      ),
    );
    timeline.goTo(here);
    return found;
  }

  // --- calls ---------------------------------------------------------------------------------------------------------

  private calls(boundary: number, all: readonly ArmedHappening[]): readonly FoundHappening[] {
    const byFunction = callsByFunction(all);
    if (byFunction.size === 0) return [];
    const { tape, mm } = this;
    const found: FoundHappening[] = [];
    const note = (armed: ArmedHappening, events: number, facts: FoundFacts): void => {
      for (const each of Array.isArray(facts)
        ? (facts as readonly Facts[])
        : [facts as Facts | undefined])
        if (each !== undefined)
          found.push({ armed, facts: each, place: { boundary, events, position: tape.cursor } });
    };
    this.timeline.walk(boundary, {
      after: (n, stack, _statementId, isEntry) => {
        const top = stack[stack.length - 1];
        if (!isEntry || top === undefined) return;
        for (const { armed, watch } of byFunction.get(top.functionId) ?? []) {
          if (watch.at !== 'entry') continue;
          const caller = stack[stack.length - 2];
          if (watch.calledBy !== undefined && nameOf(caller) !== watch.calledBy) continue;
          // The caller's own microstep, at the call, is the event before.
          const events = watch.stopIn === 'caller' ? n : n + 1;
          note(armed, events, watch.facts(mm, top.locals(), caller?.locals() ?? {}, around(stack)));
        }
      },
      leaving: (n, stack) => {
        const top = stack[stack.length - 1];
        for (const { armed, watch } of byFunction.get(top?.functionId ?? -1) ?? [])
          if (watch.at === 'leaving') note(armed, n, watch.facts(mm, top?.locals() ?? {}));
      },
    });
    return found;
  }

  // --- what the kernel tells ---------------------------------------------------------------------------------------------

  private told(boundary: number, all: readonly ArmedHappening[]): readonly FoundHappening[] {
    const { timeline, tape, mm } = this;
    const watched = all.flatMap((armed) =>
      armed.happening.watches.flatMap((watch) => (watch.at === 'told' ? [{ armed, watch }] : [])),
    );
    if (watched.length === 0) return [];
    const kinds = new Set(watched.map(({ watch }) => watch.kind));
    const from = timeline.boundaries.position(boundary);
    const marks = tape.marksBetween(from, timeline.endOf(boundary));
    if (!marks.some(({ event }) => kinds.has(event.kind))) return [];
    return timeline.trace(boundary).marks.flatMap(({ events, position, event }) =>
      watched.flatMap(({ armed, watch }) => {
        const facts = watch.kind === event.kind ? watch.facts(mm, event) : undefined;
        return facts === undefined ? [] : [{ armed, facts, place: { boundary, events, position } }];
      }),
    );
  }

  // --- writes --------------------------------------------------------------------------------------------------------

  private writes(boundary: number, all: readonly ArmedHappening[]): readonly FoundHappening[] {
    return all.flatMap((armed) =>
      armed.happening.watches.flatMap((watch) =>
        watch.at === 'write' ? this.writesOf(boundary, armed, watch) : [],
      ),
    );
  }

  private writesOf(
    boundary: number,
    armed: ArmedHappening,
    watch: WriteWatch,
  ): readonly FoundHappening[] {
    const { timeline, tape, mm } = this;
    const subjectOf = watch.subjects(mm);
    const entries: { readonly subject: number; readonly position: number }[] = [];
    const from = timeline.boundaries.position(boundary);
    tape.searchForward(from, timeline.endOf(boundary), (cell, before, after, position) => {
      tape.passed(position);
      const subject = subjectOf(cell, before, after);
      if (subject !== undefined) entries.push({ subject, position });
      return false;
    });
    if (entries.length === 0) return [];
    const trace = timeline.trace(boundary);
    const look = (subject: number, position: number): readonly number[] => {
      tape.seek(position);
      return watch.look(mm, subject);
    };
    const found = linesOf(entries, trace).flatMap(({ subject, first, last, events }) => {
      const before = look(subject, first);
      const after = look(subject, last + 1);
      const place = timeline.placeBehind(boundary, events);
      return watch.facts(mm, subject, before, after).map((facts) => ({ armed, facts, place }));
    });
    timeline.goTo(timeline.place);
    return found;
  }
}

/** The innermost function of a name among those that are active. */
const around =
  (stack: readonly ActiveFunction[]): Around =>
  (fn) =>
    stack.findLast((active) => nameOf(active) === fn)?.locals() as never;

const nameOf = (active: ActiveFunction | undefined): string | undefined =>
  active === undefined ? undefined : tables.functions[active.functionId]?.name;

function callsByFunction(all: readonly ArmedHappening[]): ReadonlyMap<number, ArmedCall[]> {
  const byFunction = new Map<number, ArmedCall[]>();
  for (const armed of all)
    for (const watch of armed.happening.watches) {
      if (watch.at !== 'entry' && watch.at !== 'leaving') continue;
      for (const fn of kernelFunctionsNamed(watch.fn)) {
        const list = byFunction.get(fn);
        if (list === undefined) byFunction.set(fn, [{ armed, watch }]);
        else list.push({ armed, watch });
      }
    }
  return byFunction;
}

/** Entries about one subject between two events of a trace. */
interface Line {
  readonly subject: number;
  readonly first: number;
  last: number;
  readonly events: number;
}

function linesOf(
  entries: readonly { readonly subject: number; readonly position: number }[],
  trace: StatementTrace,
): readonly Line[] {
  const newest = new Map<number, Line>();
  const lines: Line[] = [];
  for (const { subject, position } of entries) {
    const events = trace.eventsBeforeEntry(position);
    const line = newest.get(subject);
    if (line?.events === events) line.last = position;
    else {
      const next: Line = { subject, first: position, last: position, events };
      newest.set(subject, next);
      lines.push(next);
    }
  }
  return lines;
}
