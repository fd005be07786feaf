/**
 * Where calls began: of the scenario's functions among the boundaries, of the kernel's inside a statement.
 */
import type { ScenarioProgram } from '../debuggee/scenario.js';
import { isInside, NOT_BEGUN, type Place } from './place.js';
import type { StatementTrace } from './statementTrace.js';
import { at, lineOf } from './stepping.js';
import type { Timeline } from './timeline.js';

/** The newest boundary before `boundary` at which a task ran; undefined where history begins or the task did. */
function boundaryBefore(
  { boundaries }: Timeline,
  boundary: number,
  task: number,
): number | undefined {
  for (let at = boundary - 1; at >= boundaries.first; at--)
    if (boundaries.task(at) === task) return at;
  return undefined;
}

/** Whether an activation at `depth` that holds a boundary is an earlier one than the boundary before it was in. */
function isNewSince(
  timeline: Timeline,
  program: ScenarioProgram,
  boundary: number,
  before: number,
  depth: number,
): boolean {
  const { boundaries } = timeline;
  if (boundaries.depth(before) < depth) return true;
  // Only at the first statement of its function: a loop that leads back there is told from a second call by running it again.
  if (boundaries.depth(boundary) !== depth || !program.isFirst(boundaries.statement(boundary)))
    return false;
  return boundaries.depth(before) - timeline.nrLeft(before) < depth;
}

/** Whether a call has led to a boundary: its statement is the first one of a function that begins there. */
export function beginsAt(timeline: Timeline, program: ScenarioProgram, boundary: number): boolean {
  const { boundaries } = timeline;
  const before = boundaryBefore(timeline, boundary, boundaries.task(boundary));
  const depth = boundaries.depth(boundary);
  return before === undefined || isNewSince(timeline, program, boundary, before, depth);
}

/**
 * The boundary at which the activation began that is the `depth`th of a task, counted from its outermost one, at a boundary where
 * the task runs. Undefined when that is no longer recorded.
 */
export function beginningOf(
  timeline: Timeline,
  program: ScenarioProgram,
  boundary: number,
  depth: number,
): number | undefined {
  const { boundaries } = timeline;
  const task = boundaries.task(boundary);
  for (let at = boundary; ;) {
    const before = boundaryBefore(timeline, at, task);
    if (before === undefined)
      return program.isFirst(boundaries.statement(at)) && boundaries.depth(at) === depth
        ? at
        : undefined;
    if (isNewSince(timeline, program, at, before, depth)) return at;
    at = before;
  }
}

/** The first line of a kernel function that is active at a place: `index` 0 is the innermost one. */
export function beginningInside(
  trace: StatementTrace,
  place: Place,
  index: number,
): Place | undefined {
  const depth = trace.stackAfter(place.events).length - index;
  for (let n = place.events - 1; n >= 0; n--)
    if (trace.isEntry(n) && trace.depth(n) === depth)
      return { boundary: place.boundary, ...at(trace, n) };
  return undefined;
}

export interface InnerCall {
  /** Of the first line of the function. */
  readonly statementId: number;
  /** The first line of the function. */
  readonly place: Place;
}

/**
 * The calls of kernel functions that the line at a place is still to make, or the scenario's statement where no kernel function
 * is active: in the order of time.
 */
export function callsAhead(trace: StatementTrace, place: Place): readonly InnerCall[] {
  const stack = isInside(place) ? trace.stackAfter(place.events) : [];
  const depth = stack.length;
  const line = lineOf(stack.at(-1));
  const calls: InnerCall[] = [];
  const first = place.events === NOT_BEGUN ? 0 : place.events;
  for (let n = first; n < trace.length && trace.depth(n) >= depth; n++) {
    if (!trace.isMicrostep(n)) continue;
    if (trace.depth(n) === depth && lineOf(trace.statementId(n)) !== line) break;
    if (trace.depth(n) !== depth + 1 || !trace.isEntry(n)) continue;
    calls.push({
      statementId: trace.statementId(n),
      place: { boundary: place.boundary, ...at(trace, n) },
    });
  }
  return calls;
}
