/**
 * Going back: to a goal, or to the beginning of what is recorded. Breakpoints stop at the places where they stop going forward,
 * and log points print when they are come to, the latest first.
 *
 * Where nothing is armed nothing has to be looked at: the cursor leaps.
 */
import { comparePlaces, isInside, samePlace, type Place } from './place.js';
import { passLogs, type Motion } from './motion.js';
import type { Hit } from './stops.js';

export interface BackwardGoal {
  /** Where it ends at the latest; undefined: at the beginning. */
  readonly place: Place | undefined;
  /** Whether breakpoints on the way stop it. */
  readonly stops: boolean;
}

/** Entries undone before messages are let through again: a few milliseconds. */
const LEAP_ENTRIES = 1 << 20;

export async function goBackward(motion: Motion, goal: BackwardGoal): Promise<void> {
  const { timeline, stops } = motion;
  const end = goal.place ?? timeline.firstPlace;
  const looks = goal.stops ? stops.isArmed : stops.prints;
  if (!(await (looks ? walkBack(motion, end, goal.stops) : leapBack(motion, end)))) return;
  if (goal.place !== undefined) {
    motion.stop('step', []);
    return;
  }
  stops.forget();
  motion.atStart();
}

/** Statement by statement; true when the end is reached and nothing has stopped it. */
async function walkBack(motion: Motion, end: Place, heeds: boolean): Promise<boolean> {
  const { timeline } = motion;
  const start = timeline.place;
  for (let { boundary } = start; boundary >= end.boundary; boundary--) {
    const begun = boundary < start.boundary || isInside(start);
    const passed = hitsOf(motion, boundary, begun).filter(
      ({ place }) => comparePlaces(place, start) < 0 && comparePlaces(place, end) >= 0,
    );
    const last = heeds ? passed.findLast(({ kind }) => kind === 'stop') : undefined;
    const here =
      last?.place ?? (boundary === end.boundary ? end : timeline.boundaryPlace(boundary));
    timeline.goTo(here);
    const hits = passLogs(
      motion,
      passed.filter(({ place }) => comparePlaces(place, here) >= 0).reverse(),
    );
    if (last !== undefined) {
      const at = hits.filter(({ place }) => samePlace(place, here)).reverse();
      motion.stop(at[0]?.reason ?? 'step', at);
      return false;
    }
    if (boundary > end.boundary && (await motion.interrupted())) return false;
  }
  return true;
}

/** Everything at a boundary and, once that has begun, inside the statement after it, in the order of time. */
function hitsOf({ timeline, stops }: Motion, boundary: number, begun: boolean): readonly Hit[] {
  const left = boundary > timeline.boundaries.first ? stops.during(boundary - 1) : [];
  const inside = begun ? stops.during(boundary) : [];
  return [
    ...left.filter(({ place }) => place.boundary === boundary),
    ...stops.at(boundary),
    ...inside.filter(({ place }) => place.boundary === boundary),
  ];
}

/** Over many statements at once; true when the end is reached. */
async function leapBack(motion: Motion, end: Place): Promise<boolean> {
  const { timeline } = motion;
  const { boundaries } = timeline;
  for (;;) {
    const { boundary, position } = timeline.place;
    const far = boundaries.lastUpTo(position - LEAP_ENTRIES);
    const next = Math.min(far, isInside(timeline.place) ? boundary : boundary - 1);
    if (next <= end.boundary) {
      timeline.goTo(end);
      return true;
    }
    timeline.goTo(timeline.boundaryPlace(next));
    if (await motion.interrupted()) return false;
  }
}
