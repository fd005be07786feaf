/**
 * One change of some bits, as it is told: when, by which line of which function in which task, from what to what. A line that
 * wrote several words of them (a pointer) changed them once.
 */
import { lastChange, nextChange, type WatchedWord } from '../../engine/memory/writeSearch.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { MachineEvent } from '../../scenario/index.js';
import { placeBehindEntry, recordedTimes } from './moments.js';
import type { Place } from './place.js';
import type { Timeline } from './timeline.js';

export interface Change {
  /** Number of the statement's execution. */
  readonly boundary: number;
  /** Of its first and of its last entry. */
  readonly first: number;
  readonly last: number;
  /** Behind the line that wrote. */
  readonly place: Place;
  /** An edit in the debugger; there is no line that wrote. */
  readonly edited: boolean;
  /** Statement ids of the kernel functions that were active, outermost first; none where the scenario itself wrote. */
  readonly stack: readonly number[];
}

/** The newest change behind the cursor, or the next one in front of it as far as the tape goes. */
export function changeOf(
  timeline: Timeline,
  tape: Tape<MachineEvent>,
  words: readonly WatchedWord[],
  which: 'last' | 'next',
): Change | undefined {
  const { position } = timeline.place;
  const { from, to } = recordedTimes(timeline);
  const found =
    which === 'last' ? lastChange(tape, words, position) : nextChange(tape, words, position);
  if (found === undefined || found < from || found >= to) return undefined;
  return changeAt(timeline, tape, words, found);
}

function changeAt(
  timeline: Timeline,
  tape: Tape<MachineEvent>,
  words: readonly WatchedWord[],
  position: number,
): Change {
  const { boundaries } = timeline;
  const boundary = boundaries.lastUpTo(position);
  const edited = timeline.isEdit(boundary, position);
  const place = placeBehindEntry(timeline, boundary, position);
  if (timeline.isEditStep(boundary))
    return { boundary, first: position, last: position, place, edited, stack: [] };
  const trace = timeline.trace(boundary);
  const events = trace.eventsBeforeEntry(position);
  const from = boundaries.position(boundary);
  const here = new Map(words.map(({ cell, mask }) => [cell as number, mask]));
  const positions: number[] = [];
  tape.searchForward(from, timeline.endOf(boundary), (cell, before, after, at) => {
    tape.passed(at);
    const changed = ((before ^ after) & (here.get(cell) ?? 0)) !== 0;
    if (changed && trace.eventsBeforeEntry(at) === events) positions.push(at);
    return false;
  });
  const stack = edited ? [] : trace.stackAfter(events);
  const first = positions[0] ?? position;
  return { boundary, first, last: positions.at(-1) ?? position, place, edited, stack };
}
