/**
 * Where a step leads inside a statement of the scenario, along the events of its trace.
 *
 * next     a new line of this activation, or whatever of an outer one comes first
 * step in  the next microstep
 * step out the first thing of an outer activation; behind the call in the caller where that does nothing more, or where its statement
 *          calls another function, which could not be stepped into otherwise
 * back     the start of the previous line of this activation, or the caller's line that called it
 *
 * A place in the scenario's own code in the middle of a statement (between two kernel calls) has no active kernel
 * function: depth 0.
 */
import type { Place } from './place.js';
import type { Granularity } from './steps.js';
import type { StatementTrace } from './statementTrace.js';
import { FOREIGN } from '../../engine/probe.js';
import { tables } from '../../engine/entry/instrumented.js';

export type StepKind = 'next' | 'in' | 'out';

/** The place that a step from inside a statement leads to; undefined: to the statement's end. */
export function stepInside(
  trace: StatementTrace,
  from: Place,
  kind: StepKind,
  granularity: Granularity,
): Pick<Place, 'events' | 'position'> | undefined {
  const stack = trace.stackAfter(from.events);
  const line = lineOf(stack[stack.length - 1]);
  // Activations deeper than this are passed over; leaving one makes it shallower.
  let limit = kind === 'out' ? stack.length - 1 : stack.length;
  /** Where the stepped function was left, or an outer one since. */
  let left = -1;
  for (let n = from.events; n < trace.length; n++) {
    const depth = trace.depth(n);
    if (trace.isMicrostep(n)) {
      if (kind === 'in') return at(trace, n);
      // The statement that called calls something else: behind the first call one can still step into that.
      if (depth > limit && left >= 0 && trace.isEntry(n)) return at(trace, left);
      if (depth > limit) continue;
      const sameLine = depth === stack.length && lineOf(trace.statementId(n)) === line;
      if (!sameLine || granularity === 'instruction') return at(trace, n);
    } else if (depth <= limit && depth < stack.length) {
      // The caller is left, too, and nothing more has happened in it.
      if (kind === 'out' && left >= 0 && depth < limit) return at(trace, left);
      left = n;
      limit = depth;
      // Back in the scenario's statement, which goes on behind the call.
      if (depth === 0) return at(trace, n);
    }
  }
  return undefined;
}

/** The place that a step in from the start of a statement leads to; undefined when it calls nothing of the kernel. */
export function firstMicrostep(
  trace: StatementTrace,
): Pick<Place, 'events' | 'position'> | undefined {
  for (let n = 0; n < trace.length; n++) if (trace.isMicrostep(n)) return at(trace, n);
  return undefined;
}

/** The place that a step back from inside a statement leads to; undefined: to the statement's start. */
export function stepBackInside(
  trace: StatementTrace,
  from: Place,
  granularity: Granularity,
): Pick<Place, 'events' | 'position'> | undefined {
  const stack = trace.stackAfter(from.events);
  const depth = stack.length;
  const line = lineOf(stack[depth - 1]);
  // The event whose microstep the place shows.
  let n = from.events - 1;
  while (n >= 0 && !(trace.isMicrostep(n) && trace.depth(n) === depth)) n--;
  let target = -1;
  let entered = trace.isEntry(n);
  for (n = n - 1; n >= 0; n--) {
    if (!trace.isMicrostep(n)) continue;
    const here = trace.depth(n);
    if (entered ? here < depth : here === depth) {
      const sameLine = !entered && lineOf(trace.statementId(n)) === line;
      if (!sameLine || granularity === 'instruction') {
        target = n;
        break;
      }
      entered = trace.isEntry(n);
    }
  }
  if (target < 0) return undefined;
  return at(trace, granularity === 'instruction' ? target : startOfLine(trace, target));
}

/** The first of the microsteps in a row, calls aside, that are of the same line of the same activation. */
function startOfLine(trace: StatementTrace, of: number): number {
  const depth = trace.depth(of);
  const line = lineOf(trace.statementId(of));
  let first = of;
  for (let n = of - 1; n >= 0 && !trace.isEntry(first); n--) {
    if (trace.depth(n) < depth) break;
    if (!trace.isMicrostep(n) || trace.depth(n) !== depth) continue;
    if (lineOf(trace.statementId(n)) !== line) break;
    first = n;
  }
  return first;
}

export const at = (trace: StatementTrace, n: number): Pick<Place, 'events' | 'position'> => ({
  events: n + 1,
  position: trace.position(n),
});

/** File and line as one comparable thing; of a function that the kernel called back, the statement. Where none is active: ''. */
export const lineOf = (statementId: number | undefined): string =>
  statementId === undefined
    ? ''
    : statementId >= FOREIGN
      ? `scenario:${statementId}`
      : `${tables.statementFunction[statementId] ?? -1}:${tables.statementLine.c[statementId] ?? 0}`;
