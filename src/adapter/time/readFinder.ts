/**
 * Reads of what is watched, in one statement: the statement is run again with somebody hearing each of them. One line of the kernel
 * (or of the scenario) that reads a thing several times reads it once. The places depend on the tape alone.
 */
import { watchReads } from '../../engine/memory/readWatch.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { MachineEvent } from '../../scenario/index.js';
import { watchesByCell, type DataWatch } from '../breakpoints/dataWatch.js';
import type { Timeline } from './timeline.js';

export interface FoundRead {
  readonly watch: DataWatch;
  /** Events of the statement that had happened by then. */
  readonly events: number;
  /** Of the tape's cursor: the value that was read is the one there. */
  readonly position: number;
}

/** In the statement after a boundary, in the order of time. Memory is at the timeline's place afterwards. */
export function readsDuring(
  timeline: Timeline,
  tape: Tape<MachineEvent>,
  boundary: number,
  watches: readonly DataWatch[],
): readonly FoundRead[] {
  const byCell = watchesByCell(watches.filter(({ access }) => access !== 'write'));
  if (byCell.size === 0) return [];
  const found: FoundRead[] = [];
  let events = 0;
  const note = (cell: number, isCompare: boolean): void => {
    for (const { watch } of byCell.get(cell) ?? []) {
      const isOne = watch.words.length === 1;
      const known = found.findLast((read) => read.watch === watch)?.events === events;
      if (!known && !(isCompare && !isOne)) found.push({ watch, events, position: tape.cursor });
    }
  };
  watchReads(
    tape as Tape,
    (cell, nrWords, isCompare) => {
      for (let i = 0; i < nrWords; i++) note(cell + i, isCompare && i === 0);
    },
    () =>
      timeline.walk(boundary, {
        after: (n) => {
          events = n + 1;
        },
      }),
  );
  return found;
}
