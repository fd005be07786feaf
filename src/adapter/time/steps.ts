/**
 * Steps of the protocol as goals: where one ends, going forward, and where one leads, going back.
 *
 * A step belongs to a task. The finest one, `instruction`, is a statement of the scenario, or of a kernel function; `line` passes over
 * what else stands on the scenario's line. In kernel functions `statement` and `line` are both a line: their text is C, where
 * a line is what one sees.
 */
import type { Boundaries } from './boundaries.js';
import type { ForwardGoal } from './forward.js';
import { isInside, type Place } from './place.js';
import { firstMicrostep, stepBackInside, stepInside, type StepKind } from './stepping.js';
import type { Timeline } from './timeline.js';

export type { StepKind };
export type Granularity = 'statement' | 'line' | 'instruction';

/** The line on which a statement of the scenario begins. */
export type LineOf = (statement: number) => number;

export interface StepFrom {
  readonly from: Place;
  readonly task: number;
  readonly granularity: Granularity;
}

export function stepGoal(
  timeline: Timeline,
  lineOf: LineOf,
  { from, task, granularity, kind }: StepFrom & { readonly kind: StepKind },
): ForwardGoal {
  const { boundaries } = timeline;
  // A step out of a kernel function goes on in the caller's statement, whatever the depth of that.
  const among = isInside(from) && kind === 'out' ? 'next' : kind;
  const startDepth = depthAt(timeline, from, task);
  const onLine = lineOf(boundaries.statement(from.boundary));
  const staysOnLine = (boundary: number): boolean =>
    granularity === 'line' &&
    boundaries.task(from.boundary) === task &&
    boundaries.task(boundary) === task &&
    boundaries.depth(boundary) === startDepth &&
    lineOf(boundaries.statement(boundary)) === onLine;
  let hasMoved = false;
  return {
    inside: (boundary) => {
      const isFirst = boundary === from.boundary;
      if (isFirst && isInside(from)) {
        const target = stepInside(timeline.trace(boundary), from, kind, granularity);
        return target && { boundary, ...target };
      }
      if (kind !== 'in' || !(isFirst || staysOnLine(boundary))) return undefined;
      const target = firstMicrostep(timeline.trace(boundary));
      return target && { boundary, ...target };
    },
    at: (boundary) => {
      hasMoved ||= boundaries.task(boundary - 1) === task;
      if (among === 'in') return staysOnLine(boundary) ? undefined : 'step';
      // Another task may run in between, and the stepped one may be over.
      if (boundaries.task(boundary) !== task || !hasMoved) return undefined;
      const depth = boundaries.depth(boundary);
      if (among === 'out') return depth < startDepth ? 'step' : undefined;
      return depth <= startDepth && !staysOnLine(boundary) ? 'step' : undefined;
    },
  };
}

/** Where a step back leads that has no step forward to undo; undefined: to the beginning of what is recorded. */
export function stepBackTo(
  timeline: Timeline,
  lineOf: LineOf,
  { from, task, granularity }: StepFrom,
): Place | undefined {
  const { boundaries } = timeline;
  if (isInside(from) && boundaries.task(from.boundary) === task) {
    const target = stepBackInside(timeline.trace(from.boundary), from, granularity);
    return target === undefined
      ? timeline.boundaryPlace(from.boundary)
      : { boundary: from.boundary, ...target };
  }
  const before = from.boundary - 1;
  if (before < timeline.firstPlace.boundary) return undefined;
  // Nothing is active at the scenario's end: the last statement is what comes before it.
  if (timeline.isBehindAll(from.boundary)) return timeline.boundaryPlace(before);
  const depth = depthAt(timeline, from, task);
  const found = previous(boundaries, before, (at) => boundaries.task(at) === task);
  // The task has begun here: what comes before is what another one did.
  if (found === undefined) return timeline.boundaryPlace(before);
  // It has ended: its last statement is what comes before that.
  if (depth === 0) return timeline.boundaryPlace(found);
  const ofTask = (at: number): boolean =>
    boundaries.task(at) === task && boundaries.depth(at) <= depth;
  const isOn = (at: number, line: number): boolean =>
    boundaries.depth(at) === depth && lineOf(boundaries.statement(at)) === line;
  const here = lineOf(boundaries.statement(from.boundary));
  const target =
    granularity === 'line'
      ? startOfLine(boundaries, before, ofTask, isOn, here, lineOf)
      : previous(boundaries, found, ofTask);
  return target === undefined ? undefined : timeline.boundaryPlace(target);
}

/** The first boundary of the line before `here`: of those in a row that are on it. */
function startOfLine(
  boundaries: Boundaries,
  before: number,
  ofTask: (at: number) => boolean,
  isOn: (at: number, line: number) => boolean,
  here: number,
  lineOf: LineOf,
): number | undefined {
  let target = previous(boundaries, before, (at) => ofTask(at) && !isOn(at, here));
  if (target === undefined) return undefined;
  const line = lineOf(boundaries.statement(target));
  for (;;) {
    const earlier = previous(boundaries, target - 1, ofTask);
    if (earlier === undefined || !isOn(earlier, line)) return target;
    target = earlier;
  }
}

/** The newest boundary from `from` down that is wanted. */
function previous(
  boundaries: Boundaries,
  from: number,
  isWanted: (at: number) => boolean,
): number | undefined {
  for (let at = from; at >= boundaries.first; at--) if (isWanted(at)) return at;
  return undefined;
}

/** How deep the task stands, which may not be the one that runs next. */
function depthAt(timeline: Timeline, { boundary }: Place, task: number): number {
  const { boundaries } = timeline;
  return boundaries.task(boundary) === task ? boundaries.depth(boundary) : timeline.depthOf(task);
}
