/**
 * What KPF_BUDDY tells of free blocks. Since 4.6 every frame of a block has it, before only the first. Two free frames that are buddies would
 * be one block: so where every frame has it, an even one is nearly always followed by another, and where only the first has it, never.
 *
 * Source: Linux fs/proc/page.c: stable_page_flags() (commit 832fc1de01ae); mm/page_alloc.c: __free_one_page().
 */

/** MAX_ORDER - 1 of most machines. */
const LARGEST_FREE_ORDER = 10;
const ALONE_TO_PAIRS = 16;

/** Is told of every frame that has BUDDY, in their order. */
export class FreeBlocks {
  private last = -2;
  private even = 0;
  private pairs = 0;

  add(pfn: number): void {
    if (pfn % 2 === 0) this.even++;
    else if (this.last === pfn - 1) this.pairs++;
    this.last = pfn;
  }

  /** Whether only the first frame of a block has the flag. */
  get onlyFirst(): boolean {
    return this.even - this.pairs > ALONE_TO_PAIRS * this.pairs;
  }
}

/** Of a free block that begins at a frame and ends before another, as large as it can be: the allocator merges whatever it can. */
export function largestOrder(pfn: number, end: number): number {
  let order = 0;
  while (order < LARGEST_FREE_ORDER && pfn % (2 << order) === 0 && pfn + (2 << order) <= end)
    order++;
  return order;
}
