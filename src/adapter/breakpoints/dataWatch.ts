/**
 * One armed data breakpoint: finds in the entries of a statement those that changed what it watches.
 */
import type { MachineEvent } from '../../scenario/index.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { WatchedWord } from '../../engine/memory/writeSearch.js';
import type { DataTarget } from './dataTarget.js';
import type { Trigger } from './trigger.js';

export interface DataWatch {
  readonly id: number;
  readonly access: Access;
  /** Stops in front of the line that reads or writes; else behind it. */
  readonly before: boolean;
  readonly target: DataTarget;
  readonly words: readonly WatchedWord[];
  readonly trigger: Trigger;
}

export type Access = 'read' | 'write' | 'readWrite';

export const ACCESSES: readonly Access[] = ['write', 'read', 'readWrite'];

/** An entry that changed a watched bit. */
export interface WatchedEntry {
  readonly watch: DataWatch;
  readonly position: number;
}

/** Entries of [from, to) that some watch is interested in, oldest first. */
export function watchedEntries(
  tape: Tape<MachineEvent>,
  watches: readonly DataWatch[],
  from: number,
  to: number,
): readonly WatchedEntry[] {
  const byCell = watchesByCell(watches.filter(({ access }) => access !== 'read'));
  if (byCell.size === 0) return [];
  const found: WatchedEntry[] = [];
  tape.searchForward(from, to, (cell, before, after, position) => {
    tape.passed(position);
    for (const { watch, mask } of byCell.get(cell) ?? [])
      if (((before ^ after) & mask) !== 0) found.push({ watch, position });
    return false;
  });
  return found;
}

interface WatchOfWord {
  readonly watch: DataWatch;
  readonly mask: number;
}

export function watchesByCell(
  watches: readonly DataWatch[],
): ReadonlyMap<number, readonly WatchOfWord[]> {
  const byCell = new Map<number, WatchOfWord[]>();
  for (const watch of watches)
    for (const { cell, mask } of watch.words) {
      const list = byCell.get(cell);
      if (list === undefined) byCell.set(cell, [{ watch, mask }]);
      else list.push({ watch, mask });
    }
  return byCell;
}
