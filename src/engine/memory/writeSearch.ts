/**
 * Which entry of the tape changed some bits last, or will change them next. A question about one object looks at every entry
 * in between, so the loop is bare: 16 million entries, all that a tape holds by default, take some 20 ms.
 *
 * Invariant: nothing here moves the cursor.
 */
import type { Cell } from './address.js';
import type { Stretch, Tape } from './tape.js';

/** A word of the pool and which of its bits are meant. */
export interface WatchedWord {
  readonly cell: Cell;
  readonly mask: number;
}

const STRIDE = 3;

/** Position of the newest entry left of `before` that changed one of the bits. */
export function lastChange(
  tape: Pick<Tape, 'stretches' | 'start' | 'midway'>,
  words: readonly WatchedWord[],
  before: number,
): number | undefined {
  const changes = tester(words);
  for (const stretch of tape.stretches(tape.start, before).toReversed()) {
    tape.midway?.();
    for (let at = stretch.words.length - STRIDE; at >= 0; at -= STRIDE)
      if (changes(stretch.words, at)) return positionOf(stretch, at);
  }
  return undefined;
}

/** Position of the first entry from `from` on that changes one of the bits. */
export function nextChange(
  tape: Pick<Tape, 'stretches' | 'end' | 'midway'>,
  words: readonly WatchedWord[],
  from: number,
): number | undefined {
  const changes = tester(words);
  for (const stretch of tape.stretches(from, tape.end)) {
    tape.midway?.();
    for (let at = 0; at < stretch.words.length; at += STRIDE)
      if (changes(stretch.words, at)) return positionOf(stretch, at);
  }
  return undefined;
}

const positionOf = ({ position }: Stretch, at: number): number => position + at / STRIDE;

/** Most entries are elsewhere: two comparisons tell. */
function tester(words: readonly WatchedWord[]): (entries: Int32Array, at: number) => boolean {
  const masks = new Map(words.map(({ cell, mask }) => [cell as number, mask]));
  const first = Math.min(...masks.keys());
  const last = Math.max(...masks.keys());
  return (entries, at) => {
    const cell = entries[at] as number;
    if (cell < first || cell > last) return false;
    const mask = masks.get(cell) ?? 0;
    return (((entries[at + 1] as number) ^ (entries[at + 2] as number)) & mask) !== 0;
  };
}
