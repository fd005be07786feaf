/** When a line was passed, of all that is recorded: the first and the last time, those around the cursor, and how many there are. */
import { comparePlaces, samePlace, type Place } from './place.js';
import { at } from './stepping.js';
import type { Timeline } from './timeline.js';

export interface HitTarget {
  /** From 1, in the order of time. */
  readonly number: number;
  readonly of: number;
  /** `first`, `previous`, `next`, `last`, several of them, or ''. */
  readonly which: string;
  readonly place: Place;
}

/** So many hits are offered one by one; of more, those at the ends and around the cursor. */
const ALL_OF = 12;
const AROUND = 3;

/** Hits of statements of the scenario. */
export function hitsOfStatements(
  timeline: Timeline,
  statements: ReadonlySet<number>,
): readonly HitTarget[] {
  const { boundaries } = timeline;
  const hits: number[] = [];
  for (let boundary = boundaries.first; boundary <= boundaries.last; boundary++)
    if (statements.has(boundaries.statement(boundary)) && !timeline.isEditStep(boundary - 1))
      hits.push(boundary);
  return offered(
    timeline.place,
    hits.length,
    (i) => timeline.boundaryPlace(hits[i] ?? 0),
    (i) => (hits[i] ?? 0) < timeline.place.boundary,
  );
}

/** Hits of lines of the kernel in the statement that the cursor stands in. */
export function hitsInside(
  timeline: Timeline,
  statementIds: readonly number[],
): readonly HitTarget[] {
  const { boundary } = timeline.place;
  const trace = timeline.trace(boundary);
  const hits: Place[] = [];
  for (let n = 0; n < trace.length; n++)
    if (trace.isMicrostep(n) && statementIds.includes(trace.statementId(n)))
      hits.push({ boundary, ...at(trace, n) });
  return offered(
    timeline.place,
    hits.length,
    (i) => hits[i] ?? timeline.place,
    (i) => comparePlaces(hits[i] ?? timeline.place, timeline.place) < 0,
  );
}

function offered(
  here: Place,
  of: number,
  placeOf: (i: number) => Place,
  isBefore: (i: number) => boolean,
): readonly HitTarget[] {
  const all = Array.from({ length: of }, (_, i) => i);
  const next = all.findIndex((i) => !isBefore(i) && !samePlace(placeOf(i), here));
  const previous = all.findLastIndex((i) => isBefore(i));
  const roles: readonly (readonly [string, number])[] = [
    ['previous', previous],
    ['next', next],
    ['first', 0],
    ['last', of - 1],
  ];
  const shown = all.filter(
    (i) =>
      of <= ALL_OF ||
      i < AROUND ||
      i >= of - AROUND ||
      (i > previous - AROUND && i <= previous) ||
      (next >= 0 && i >= next && i < next + AROUND),
  );
  // What is looked for most comes first.
  const order = [...new Set([previous, next, ...shown])].filter((i) => i >= 0);
  return order.flatMap((i) => {
    const place = placeOf(i);
    if (samePlace(place, here)) return [];
    const which = roles.filter(([, at]) => at === i).map(([name]) => name);
    return [{ number: i + 1, of, which: which.join(' and '), place }];
  });
}
