/**
 * What makes a compound page a transparent huge page.
 *
 * Source: Linux 6.1 mm/huge_memory.c: prep_transhuge_page().
 */
import type { Page } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { INIT_LIST_HEAD } from '../include/linux/list.h.js';
import { nth_page, set_compound_page_dtor } from '../include/linux/mm.h.js';

/** What a folio of order > 1 carries besides: the list of huge pages to be split. Its kind of destructor says so. */
export function prep_transhuge_page(k: Kernel, page: Page): void {
  // In the second tail: the words of mapping and index there are used by no one.
  INIT_LIST_HEAD(k, nth_page(k, page, 2) + k.page.deferred_list);
  set_compound_page_dtor(k, page, k.TRANSHUGE_PAGE_DTOR);
}
