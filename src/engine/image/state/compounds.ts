/**
 * Compound pages of a recorded state. A dump shows a head (PG_head) but not its order, and tails not at all: a tail is a
 * page behind a head that has no reference, no flag, and is on no list. What ends the tails (the next block's first page,
 * which has a reference, is PageBuddy, is reserved or is listed) gives the order.
 */
import type { MemmapRuns } from './memmapDump.js';

export interface Compounds {
  /** Head pfn -> order. */
  readonly orders: ReadonlyMap<number, number>;
  /** Tail pfn -> head pfn. */
  readonly heads: ReadonlyMap<number, number>;
}

export interface CompoundFacts {
  /** `1 << PG_head` */
  readonly headMask: number;
  /** The bits of the low flags word that are flags. */
  readonly flagsMask: number;
  readonly maxOrder: number;
  /** Whether a page is on a free list or a per-CPU list. */
  readonly isListed: (pfn: number) => boolean;
}

export function findCompounds(memmap: MemmapRuns, facts: CompoundFacts): Compounds {
  const orders = new Map<number, number>();
  const heads = new Map<number, number>();
  for (let run = 0; run < memmap.length; run++) {
    if (((memmap.flagsLow[run] ?? 0) & facts.headMask) === 0) continue;
    const start = memmap.startPfn[run] ?? 0;
    // Two heads are never neighbours, so only the last page of a run can have tails.
    const head = start + (memmap.count[run] ?? 0) - 1;
    const order = orderOf(memmap, run + 1, head, facts);
    if (order === 0) continue;
    orders.set(head, order);
    for (let tail = head + 1; tail < head + (1 << order); tail++) heads.set(tail, head);
  }
  return { orders, heads };
}

function orderOf(memmap: MemmapRuns, run: number, head: number, facts: CompoundFacts): number {
  const isTail =
    memmap.startPfn[run] === head + 1 &&
    ((memmap.flagsLow[run] ?? 0) & facts.flagsMask) === 0 &&
    memmap.refcount[run] === 0 &&
    memmap.mapcount[run] === -1;
  if (!isTail) return 0;
  const most = memmap.count[run] ?? 0;
  let nrTails = 0;
  while (nrTails < most && !facts.isListed(head + 1 + nrTails)) nrTails++;
  let order = 0;
  while (order < facts.maxOrder && head % (2 << order) === 0 && (2 << order) - 1 <= nrTails)
    order++;
  return order;
}
