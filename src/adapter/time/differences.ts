/**
 * What differs between two times: words that hold something else, in the order of their cells. Only what was written in
 * between is looked at.
 */
import type { Cell } from '../../engine/memory/address.js';
import { asCell } from '../../engine/memory/address.js';
import type { Tape } from '../../engine/memory/tape.js';

export interface WordDifference {
  readonly cell: Cell;
  readonly before: number;
  readonly after: number;
}

const STRIDE = 3;

export function differingWords(
  tape: Pick<Tape, 'stretches' | 'midway'>,
  from: number,
  to: number,
): readonly WordDifference[] {
  const before = new Map<number, number>();
  const after = new Map<number, number>();
  for (const { words } of tape.stretches(from, to)) {
    tape.midway?.();
    for (let at = 0; at < words.length; at += STRIDE) {
      const cell = words[at] as number;
      if (!after.has(cell)) before.set(cell, words[at + 1] as number);
      after.set(cell, words[at + 2] as number);
    }
  }
  return [...after]
    .map(([cell, now]) => ({ cell: asCell(cell), before: before.get(cell) ?? 0, after: now }))
    .filter((word) => word.before !== word.after)
    .sort((a, b) => a.cell - b.cell);
}
