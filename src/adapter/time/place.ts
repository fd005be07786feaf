/**
 * Where the debugger's cursor can stand: between two statements of the scenario, or inside one, between two things that
 * the instrumented kernel reported. Places are ordered as time is.
 *
 *     boundary k          statement k                              boundary k + 1
 *     |----------- at ------- at ------- leave ------ at ----- leave ------|
 *     NOT_BEGUN  0      1          2            3          4          5
 *
 * `events` of the statement's trace have happened; the tape's cursor is at `position`, not before the last of them and not
 * after the next.
 */
/** `events` of the boundary itself: the statement has not begun. */
export const NOT_BEGUN = -1;

export interface Place {
  /** Number of the statement's execution, counted from the start of the session. */
  readonly boundary: number;
  readonly events: number;
  readonly position: number;
}

/** Negative when `a` is earlier. */
export function comparePlaces(a: Place, b: Place): number {
  return a.boundary - b.boundary || a.events - b.events || a.position - b.position;
}

export const samePlace = (a: Place, b: Place): boolean => comparePlaces(a, b) === 0;

export const isInside = (place: Place): boolean => place.events !== NOT_BEGUN;
