/**
 * Gigantic pages (1 GiB), larger than any block of the page allocator: a range of frames that is taken together, and made one compound
 * page by hand.
 *
 * Pages that boot's own allocator gives: bootmem.ts.
 * Left out: other nodes, demotion, retries.
 * Source: Linux 6.1 mm/hugetlb.c: alloc_gigantic_page(), free_gigantic_page(), prep_compound_gigantic_page(),
 * destroy_compound_gigantic_page().
 */
import {
  type Cma,
  type Gfp,
  type Hstate,
  type Int,
  NULL,
  type Order,
  type Page,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { huge_page_order, pages_per_huge_page } from '../../include/linux/hugetlb.h.js';
import { nth_page, set_compound_order } from '../../include/linux/mm.h.js';
import {
  __ClearPageReserved,
  __SetPageHead,
  clear_compound_head,
  ClearPageCompound,
  set_compound_head,
} from '../../include/linux/page-flags.h.js';
import { page_ref_count, set_page_count } from '../../include/linux/page_ref.h.js';
import { set_page_refcounted } from '../internal.h.js';
import { cma_alloc, cma_release } from '../cma.js';
import { alloc_contig_pages, free_contig_range } from '../page_alloc/contig.js';
import { linkGiganticPages } from './pool.js';

/** What the first tail keeps of the whole; 64 bit has a word for its number of pages. */
const clearOrder = (k: Kernel, page: Page): void => {
  set_compound_order(k, page, 0);
  if (k.page.compound_nr >= 0) k.write(nth_page(k, page, 1) + k.page.compound_nr, 0);
};

/** hugetlb_cma[0]: the area that boot has set aside; NULL without one. */
const hugetlbCma = (k: Kernel): Cma =>
  k.globals.hugetlb_cma === NULL ? NULL : k.read_ptr(k.globals.hugetlb_cma);

/** Pages of a range, each of which has one reference: of the area, or of anywhere. NULL: there is none in a row. */
export function alloc_gigantic_page(k: Kernel, h: Hstate, gfp_mask: Gfp): Page {
  const cma: Cma = hugetlbCma(k);
  if (cma !== NULL) {
    const page: Page = cma_alloc(k, cma, pages_per_huge_page(k, h), huge_page_order(k, h), true);
    if (page !== NULL) return page;
  }
  return alloc_contig_pages(k, pages_per_huge_page(k, h), gfp_mask);
}

export function free_gigantic_page(k: Kernel, page: Page, order: Order): void {
  const cma: Cma = hugetlbCma(k);
  if (cma !== NULL && cma_release(k, cma, page, 2 ** order)) return;
  free_contig_range(k, k.page_to_pfn(page), 2 ** order);
}

/** Makes one page of many; false: somebody else has one of them, and all are as they were. */
export function prep_compound_gigantic_page(k: Kernel, page: Page, order: Order): boolean {
  const nr_pages: Int = 2 ** order;
  // prep_new_huge_page() sets the destructor.
  set_compound_order(k, page, order);
  __ClearPageReserved(k, page);
  __SetPageHead(k, page);
  for (let i = 0; i < nr_pages; i++) {
    const p: Page = nth_page(k, page, i);
    if (i !== 0) __ClearPageReserved(k, p);
    // page_ref_freeze(): a tail has no references, and nobody must have taken one meanwhile.
    if (page_ref_count(k, p) !== 1) {
      // out_error:
      for (let j = 0; j < i; j++) {
        if (j !== 0) clear_compound_head(k, nth_page(k, page, j));
        set_page_refcounted(k, nth_page(k, page, j));
      }
      clearOrder(k, page);
      ClearPageCompound(k, page);
      return false;
    }
    set_page_count(k, p, 0);
    if (i !== 0) set_compound_head(k, p, page);
  }
  k.write(nth_page(k, page, 1) + k.page.compound_mapcount, -1);
  k.write(nth_page(k, page, 1) + k.page.compound_pincount, 0);
  return true;
}

/** Its tails are pages again, with a reference each. */
export function destroy_compound_gigantic_page(k: Kernel, page: Page, order: Order): void {
  k.write(nth_page(k, page, 1) + k.page.compound_mapcount, 0);
  k.write(nth_page(k, page, 1) + k.page.compound_pincount, 0);
  for (let i = 1; i < 2 ** order; i++) {
    const p: Page = nth_page(k, page, i);
    k.write_long(p + k.page.mapping, 0);
    clear_compound_head(k, p);
    set_page_refcounted(k, p);
  }
  clearOrder(k, page);
  ClearPageCompound(k, page);
}

/** A gigantic page that is one; NULL without such a range. */
function freshGiganticPage(k: Kernel, h: Hstate, gfp_mask: Gfp): Page {
  const order: Order = huge_page_order(k, h);
  const page: Page = alloc_gigantic_page(k, h, gfp_mask);
  if (page === NULL || prep_compound_gigantic_page(k, page, order)) return page;
  free_gigantic_page(k, page, order);
  return NULL;
}

linkGiganticPages({
  fresh: freshGiganticPage,
  free: (k, h, page) => {
    const order: Order = huge_page_order(k, h);
    destroy_compound_gigantic_page(k, page, order);
    free_gigantic_page(k, page, order);
  },
});
