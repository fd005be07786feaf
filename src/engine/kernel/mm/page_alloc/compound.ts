/**
 * Compound pages: how the pages of one allocation (`__GFP_COMP`, order > 0) point to their head, and what the first tail
 * keeps about the whole.
 *
 *     head        PG_head
 *     each tail   compound_head = head | 1, mapping = TAIL_MAPPING
 *     first tail  compound_dtor, compound_order (a byte each), compound_mapcount, compound_pincount, 64 bit: compound_nr
 *
 * A machine may be booted with an older encoding, in which flags mark tails and first_page leads to the head: `k.flaggedTails`
 * stores those. What the first tail keeps is as above even then.
 *
 * Source: Linux 6.1 mm/page_alloc.c: prep_compound_page(); include/linux/mm.h.
 */
import type { Int, Order, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { nth_page, set_compound_order, set_compound_page_dtor } from '../../include/linux/mm.h.js';
import { __SetPageHead, set_compound_head } from '../../include/linux/page-flags.h.js';

/** The first tail's words about the whole: how to free it, its size, its mappings and pins. */
function prep_compound_head(k: Kernel, page: Page, order: Order): void {
  set_compound_page_dtor(k, page, k.COMPOUND_PAGE_DTOR);
  set_compound_order(k, page, order);
  // Not mapped as a whole, not pinned.
  const first_tail: Page = nth_page(k, page, 1);
  k.write(first_tail + k.page.compound_mapcount, -1);
  k.write(first_tail + k.page.compound_pincount, 0);
}

/** A tail has no state of its own but the way to its head: flags and references are looked up there. */
function prep_compound_tail(k: Kernel, head: Page, tail_idx: Int): void {
  const p: Page = nth_page(k, head, tail_idx);
  if (k.flaggedTails !== undefined) {
    k.flaggedTails.setTail(k, head, p);
    return;
  }
  // A pointer that faults: no one may take a tail for a page of a file.
  k.write_wide(p + k.page.mapping, k.TAIL_MAPPING);
  set_compound_head(k, p, head);
  k.write_long(p + k.page.private, 0);
}

/** Makes one page of many. The head's flag comes first: with the tails' words, it is what PageCompound() asks for. */
export function prep_compound_page(k: Kernel, page: Page, order: Order): void {
  const nr_pages: Int = 1 << order;
  __SetPageHead(k, page);
  for (let i = 1; i < nr_pages; i++) prep_compound_tail(k, page, i);
  prep_compound_head(k, page, order);
}
