/**
 * Compound pages: how the pages of one allocation (`__GFP_COMP`, order > 0) point to their head, and what the first tail
 * keeps about the whole.
 *
 *     head        PG_head
 *     each tail   compound_head = head | 1, mapping = TAIL_MAPPING
 *     first tail  compound_dtor, compound_order (a byte each), compound_mapcount, compound_pincount, 64 bit: compound_nr
 *
 * A machine may be booted with an older encoding, in which flags mark tails and first_page leads to the head: see
 * compoundEncoding.ts. What the first tail keeps is as above even then.
 *
 * Source: Linux 6.1 mm/page_alloc.c: prep_compound_page(), destroy_large_folio(); include/linux/mm.h.
 */
import type { Int, Order, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  compound_order,
  first_tail,
  set_compound_order,
  set_compound_page_dtor,
} from '../../include/linux/mm.h.js';
import { set_compound_head, set_page_flags } from '../../include/linux/page-flags.h.js';
import { free_the_page } from './free.js';

function prep_compound_head(k: Kernel, page: Page, order: Order): void {
  set_compound_page_dtor(k, page, k.COMPOUND_PAGE_DTOR);
  set_compound_order(k, page, order);
  const tail: Page = first_tail(k, page);
  k.write(tail + k.page.compound_mapcount, -1);
  k.write(tail + k.page.compound_pincount, 0);
}

/** p->mapping = TAIL_MAPPING; set_compound_head(p, head); set_page_private(p, 0) */
function prep_compound_tail(k: Kernel, head: Page, p: Page): void {
  if (k.encoding.first_page) {
    prep_flagged_tail(k, head, p);
    return;
  }
  k.write(p + k.page.mapping, k.TAIL_MAPPING.low);
  if (k.wide) k.write(p + k.page.mapping + 1, k.TAIL_MAPPING.high);
  set_compound_head(k, p, head);
  k.write_long(p + k.page.private, 0);
}

/** set_page_count(p, 0); p->first_page = head; __SetPageTail(p): as before Linux 4.4 */
function prep_flagged_tail(k: Kernel, head: Page, p: Page): void {
  k.write(p + k.page._refcount, 0);
  k.write_ptr(p + k.encoding.first_page_word, head);
  set_page_flags(k, p, k.encoding.tail_bits);
}

export function prep_compound_page(k: Kernel, page: Page, order: Order): void {
  const nr_pages: Int = 1 << order;
  set_page_flags(k, page, k.encoding.head_bits);
  let p: Page = page;
  for (let i = 1; i < nr_pages; i++) {
    p = k.next_page(p);
    prep_compound_tail(k, page, p);
  }
  prep_compound_head(k, page, order);
}

/** free_compound_page(): the destructor of plain compound pages. */
export function free_compound_page(k: Kernel, page: Page): void {
  free_the_page(k, page, compound_order(k, page));
}

/**
 * Runs the destructor that the first tail names. A huge page of hugetlbfs goes back to its pool, a transparent one leaves
 * the deferred-split list first: neither can be there yet, so both are freed as plain compound pages.
 */
export function destroy_large_folio(k: Kernel, page: Page): void {
  free_compound_page(k, page);
}
