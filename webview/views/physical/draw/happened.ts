/**
 * What the allocator did between two times, as far as frames show it: a free block that is in pieces now was split, and one that was
 * in pieces was merged. Of whole blocks only; where both happened in one step, what remains of it.
 */
import type { FrameChangeRun } from '../../../../src/engine/view/frameChanges.js';
import { detailOfState, kindOfState, pageKindCode } from '../../../../src/engine/view/pageState.js';

export interface BlockEvent {
  readonly kind: 'split' | 'merge';
  readonly firstPfn: number;
  /** Of the block before it was split, or after it was merged. */
  readonly order: number;
  /** Orders of what it was split into, or merged from, by pfn; free blocks only. */
  readonly parts: readonly number[];
}

const FREE = new Set([pageKindCode('free'), pageKindCode('freeCma'), pageKindCode('freeIsolated')]);

const isFree = (state: number): boolean => FREE.has(kindOfState(state));

export function blockEvents(runs: readonly FrameChangeRun[]): readonly BlockEvent[] {
  return [
    ...eventsOf(
      runs,
      'split',
      ([, , before]) => before,
      ([, , , after]) => after,
    ),
    ...eventsOf(
      runs,
      'merge',
      ([, , , after]) => after,
      ([, , before]) => before,
    ),
  ];
}

function eventsOf(
  runs: readonly FrameChangeRun[],
  kind: BlockEvent['kind'],
  whole: (run: FrameChangeRun) => number,
  part: (run: FrameChangeRun) => number,
): BlockEvent[] {
  const found = new Map<number, { firstPfn: number; order: number; parts: number[] }>();
  for (const run of runs) {
    const order = detailOfState(whole(run));
    const piece = detailOfState(part(run));
    if (!isFree(whole(run)) || order === 0 || (isFree(part(run)) && piece >= order)) continue;
    const [first, nrFrames] = run;
    for (let pfn = first; pfn < first + nrFrames;) {
      const firstPfn = pfn - (pfn % (1 << order));
      let event = found.get(firstPfn);
      if (event === undefined) found.set(firstPfn, (event = { firstPfn, order, parts: [] }));
      const end = Math.min(first + nrFrames, firstPfn + (1 << order));
      if (isFree(part(run))) for (let at = pfn; at < end; at += 1 << piece) event.parts.push(piece);
      pfn = end;
    }
  }
  return [...found.values()].map((event) => ({ kind, ...event }));
}
