/**
 * Times of the tape as places: where the debugger stands when it is to show what a position of the tape is about.
 */
import type { Place } from './place.js';
import type { Timeline } from './timeline.js';

/** Numbers of entries that can be reached: [from, to]. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

export const recordedTimes = (timeline: Timeline): TimeRange => ({
  from: timeline.firstPlace.position,
  to: timeline.endOf(timeline.boundaries.last),
});

/**
 * The place behind the line that wrote the entry in front of `time`, which is the number of entries written by then: a stop of
 * a data breakpoint is there, too. A time between two statements is that boundary.
 */
export function placeOfTime(timeline: Timeline, time: number): Place {
  const { boundaries } = timeline;
  const { from, to } = recordedTimes(timeline);
  const wanted = Math.max(from, Math.min(time, to));
  const boundary = boundaries.lastUpTo(wanted);
  const start = boundaries.position(boundary);
  if (wanted === start) return timeline.boundaryPlace(boundary);
  return placeBehindEntry(timeline, boundary, wanted - 1);
}

/** Behind the line that wrote the entry at a position of the statement after a boundary. */
export function placeBehindEntry(timeline: Timeline, boundary: number, position: number): Place {
  if (timeline.isEditStep(boundary)) return timeline.boundaryPlace(boundary + 1);
  const trace = timeline.trace(boundary);
  const events = trace.eventsBeforeEntry(position);
  // A statement that an edit has cut ends with the tape.
  return events >= trace.length && !timeline.isComplete(boundary)
    ? { boundary, events, position: timeline.endOf(boundary) }
    : timeline.placeBehind(boundary, events);
}
