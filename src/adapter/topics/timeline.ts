/** The custom request of the strip under the views (src/engine/view/timeline.ts): the chronicle, put into columns. */
import {
  MAX_BUCKETS,
  MAX_LANES,
  TIMELINE_EVENTS,
  type TimelineArguments,
  type TimelineBody,
  type TimelineZone,
} from '../../engine/view/timeline.js';
import { populatedZones } from '../../engine/view/zones.js';
import { zone_page_state } from '../../engine/kernel/include/linux/vmstat.h.js';
import type { Target } from '../debuggee/target.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { Axis } from '../time/axis.js';
import type { Series } from '../time/series.js';
import type { Handlers } from './table.js';

/** Statements of one column that are looked at for their task. */
const MOST_SAMPLES = 64;

export const timelineHandlers = (session: Session): Handlers<'mmscope/timeline'> => ({
  'mmscope/timeline'(args) {
    const { buckets } = args;
    if (buckets < 1 || buckets > MAX_BUCKETS)
      throw errors.badArguments(`'buckets' must be a whole number from 1 to ${MAX_BUCKETS}.`);
    const { from = 0, to = from } = args;
    if (from < 0 || to < from)
      throw errors.badArguments("'from' must not be negative, and 'to' not be before it.");
    return timelineBody(session.current.target, args);
  },
});

function timelineBody(target: Target, args: TimelineArguments): TimelineBody {
  const { timeline, chronicle, image, scenario } = target;
  const axis = new Axis(timeline);
  chronicle.extendTo(timeline.endOf(timeline.boundaries.last), target.settledPosition());
  const onRecord = (moment: number): number => Math.max(axis.first, Math.min(moment, axis.last));
  const from = onRecord(args.from ?? axis.first);
  const to = Math.max(from + 1e-3, onRecord(args.to ?? axis.last));
  const nrColumns = columnsFor(args.buckets, from, to);
  const columns = Array.from(
    { length: nrColumns + 1 },
    (_, i) => from + ((to - from) * i) / nrColumns,
  );
  const times = columns.map((moment) => axis.timeAt(moment));
  const boundaries = columns.slice(0, -1).map((moment) => axis.boundaryAt(moment));
  const firstCpu = chronicle.cpus.length > 0 ? chronicle.firstCpu : image.mm.cpu;
  return {
    from,
    to,
    first: axis.first,
    last: axis.last,
    now: axis.momentAt(timeline.place.position),
    times,
    lines: boundaries.map((boundary) => lineOf(target, boundary)),
    tasks: boundaries.map((boundary) => timeline.boundaries.task(boundary)),
    cpus: levels(chronicle.cpus, times, firstCpu),
    tasksRan: tasksIn(target, columns),
    cpusUsed: levelsIn(chronicle.cpus, times, firstCpu),
    taskNames: (scenario?.tasks() ?? []).reduce<string[]>((names, { id, name }) => {
      names[id] = name;
      return names;
    }, []),
    nrCpus: image.nrCpus,
    events: counted(chronicle.events, times, TIMELINE_EVENTS.length),
    expects: expectsIn(chronicle.expects, times),
    zones: zonesIn(target, times),
  };
}

/** Few statements have whole columns each: what happens in one is not told of the one before it. */
function columnsFor(most: number, from: number, to: number): number {
  const nrStatements = to - from;
  const isWhole = Number.isInteger(from) && Number.isInteger(to);
  return isWhole && nrStatements <= most ? Math.floor(most / nrStatements) * nrStatements : most;
}

function lineOf({ timeline, scenario }: Target, boundary: number): number {
  const statement = timeline.boundaries.statement(boundary);
  return scenario === undefined || statement < 0 ? 0 : scenario.program.range(statement).line;
}

/** Column, value, how many. The entry at a position is written when the time is one more. */
function counted(
  series: Series,
  times: readonly number[],
  nrKinds: number,
): [number, number, number][] {
  const found: [number, number, number][] = [];
  const counts = new Uint32Array(nrKinds);
  let index = series.firstFrom(times[0] ?? 0);
  for (let column = 0; column + 1 < times.length && index < series.length; column++) {
    const end = times[column + 1] ?? 0;
    counts.fill(0);
    let some = false;
    for (; index < series.length && series.position(index) < end; index++) {
      const kind = series.value(index);
      counts[kind] = (counts[kind] ?? 0) + 1;
      some = true;
    }
    if (some) counts.forEach((count, kind) => count > 0 && found.push([column, kind, count]));
  }
  return found;
}

function expectsIn(series: Series, times: readonly number[]): [number, number, number][] {
  const byColumn = new Map<number, [number, number, number]>();
  for (const [column, held, count] of counted(series, times, 2)) {
    const row = byColumn.get(column) ?? [column, 0, 0];
    row[held === 1 ? 1 : 2] += count;
    byColumn.set(column, row);
  }
  return [...byColumn.values()];
}

/** The value in force at the right edge of each column; in front of all that are on record it is `first`. */
function levels(series: Series, times: readonly number[], first: number): number[] {
  let index = series.firstFrom(times[0] ?? 0);
  let level = index > 0 ? series.value(index - 1) : first;
  return times.slice(1).map((end) => {
    for (; index < series.length && series.position(index) < end; index++)
      level = series.value(index);
    return level;
  });
}

/** Which tasks ran in each column, as bits: of a column of many statements a sample of them is looked at. */
function tasksIn({ timeline }: Target, columns: readonly number[]): number[] {
  const { boundaries } = timeline;
  return columns.slice(0, -1).map((from, column) => {
    const first = Math.floor(from);
    const end = Math.min(Math.ceil(columns[column + 1] ?? from), boundaries.last + 1);
    const stride = Math.max(1, (end - first) / MOST_SAMPLES);
    let bits = 0;
    for (let at = first; at < Math.max(end, first + 1); at += stride)
      bits |= bitOf(boundaries.task(Math.min(Math.floor(at), boundaries.last)));
    return bits;
  });
}

/** Every value that was in force in a column, as bits. */
function levelsIn(series: Series, times: readonly number[], first: number): number[] {
  let index = series.firstFrom(times[0] ?? 0);
  let level = index > 0 ? series.value(index - 1) : first;
  return times.slice(1).map((end) => {
    let bits = bitOf(level);
    for (; index < series.length && series.position(index) < end; index++) {
      level = series.value(index);
      bits |= bitOf(level);
    }
    return bits;
  });
}

const bitOf = (lane: number): number => (lane < MAX_LANES ? 1 << lane : 0);

function zonesIn({ chronicle, image, tape }: Target, times: readonly number[]): TimelineZone[] {
  return populatedZones(image).map(({ name, zone }, index) => {
    const series = chronicle.free[index];
    const now = zone_page_state(image.mm, zone, image.mm.NR_FREE_PAGES);
    if (series === undefined || series.length === 0)
      return { name, free: times.slice(1).map(() => now) };
    const free = levels(series, times, NaN);
    // Before the first change on record: what it was then.
    const first = firstValue(image.mm, zone, series.position(0), tape) ?? series.value(0);
    return { name, free: free.map((pages) => (Number.isNaN(pages) ? first : pages)) };
  });
}

/** What the counter held before the entry at a position. */
function firstValue(
  mm: Target['image']['mm'],
  zone: number,
  position: number,
  tape: Target['tape'],
): number | undefined {
  const cell = zone + mm.zone.vm_stat + mm.NR_FREE_PAGES * mm.ptr_words;
  for (const { words } of tape.stretches(position, position + 1))
    if (words[0] === cell) return words[1];
  return undefined;
}
