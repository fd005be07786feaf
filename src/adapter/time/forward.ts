/**
 * Going forward: over what is on the tape, and further by running statements, until something stops or the goal is reached.
 * With `only`, other tasks stand still: where another one would run next, the debugger switches back, as a step on the tape.
 */
import { comparePlaces, isInside, samePlace, type Place } from './place.js';
import { passLogs, type Motion, type StopHit } from './motion.js';
import type { Hit, StopReason } from './stops.js';

export interface ForwardGoal {
  /** Where it ends inside the statement after a boundary. */
  inside(boundary: number): Place | undefined;
  /** Why it ends at a boundary. Asked once for each that is passed, in order. */
  at(boundary: number): StopReason | undefined;
  /** The only task that may run. */
  readonly only?: number | undefined;
}

export async function goForward(motion: Motion, goal: ForwardGoal): Promise<void> {
  const { timeline, stops } = motion;
  for (;;) {
    const from = timeline.place;
    const { boundary } = from;
    if (timeline.hasEnded(boundary)) {
      motion.end();
      return;
    }
    if (goal.only !== undefined && !isHeld(motion, goal.only)) return;
    while (!timeline.advance(boundary, () => motion.mayRest()))
      // A pause in the middle of a long call stops in front of its statement.
      if (await motion.interrupted(() => timeline.abandon())) return;
    const later = stops.during(boundary).filter(({ place }) => comparePlaces(place, from) > 0);
    const inside = later.filter(({ place }) => place.boundary === boundary);
    if (stoppedInside(motion, inside, goal.inside(boundary))) return;
    const there = comeTo(motion, boundary + 1);
    if (inside.length > 0) {
      // Only now, so that it is printed once; and where it was passed.
      timeline.goTo(from);
      passLogs(motion, inside);
      timeline.goTo(timeline.boundaryPlace(boundary + 1));
    }
    motion.progressed();
    const left = later.filter(({ place }) => place.boundary > boundary);
    if (arrived(motion, goal, [...left, ...there])) return;
    if (await motion.interrupted()) return;
  }
}

/** Goes to a boundary; gives what is passed at it. Where that is given up, it has not been come to. */
function comeTo({ timeline, stops }: Motion, boundary: number): readonly Hit[] {
  const from = timeline.place;
  timeline.goTo(timeline.boundaryPlace(boundary));
  try {
    return stops.at(boundary);
  } catch (error) {
    timeline.goTo(from);
    throw error;
  }
}

/** Sees to it that the statement at the cursor is one of the task's, or a switch to it; false when the motion is over. */
function isHeld(motion: Motion, only: number): boolean {
  const { timeline } = motion;
  const { boundaries, place } = timeline;
  const { boundary } = place;
  // A statement under way belongs to its task; a switch that is on the tape is gone over like a statement.
  if (isInside(place) || boundaries.task(boundary) === only) return true;
  if (timeline.isSwitch(boundary) && boundaries.task(boundary + 1) === only) return true;
  if (motion.switchTo(only)) {
    timeline.goTo(place);
    return true;
  }
  motion.cannotRun(only);
  return false;
}

/** At a boundary: stops there if something does. */
function arrived(motion: Motion, goal: ForwardGoal, passed: readonly Hit[]): boolean {
  const { timeline } = motion;
  const { boundary } = timeline.place;
  const hits = passLogs(motion, passed);
  const reason = hits[0]?.reason ?? (timeline.hasEnded(boundary) ? undefined : goal.at(boundary));
  if (reason === undefined) return false;
  motion.stop(reason, hits);
  return true;
}

/** Stops at the first of hits and target, and prints what is passed before that; false if there is none. */
function stoppedInside(motion: Motion, hits: readonly Hit[], target: Place | undefined): boolean {
  const first = hits.find((hit): hit is StopHit => hit.kind === 'stop');
  const stopAt =
    first === undefined || (target !== undefined && comparePlaces(target, first.place) < 0)
      ? target
      : first.place;
  if (stopAt === undefined) return false;
  passLogs(
    motion,
    hits.filter(({ place }) => comparePlaces(place, stopAt) <= 0),
  );
  motion.timeline.goTo(stopAt);
  motion.progressed();
  const here = hits.filter(
    (hit): hit is StopHit => hit.kind === 'stop' && samePlace(hit.place, stopAt),
  );
  motion.stop(here[0]?.reason ?? 'step', here);
  return true;
}
