/**
 * What makes a compound page a transparent huge page.
 *
 * Source: Linux 6.1 mm/huge_memory.c: prep_transhuge_page().
 */
import type { Page } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { set_compound_page_dtor } from '../include/linux/mm.h.js';

/** What a folio of order > 1 carries besides: the list of huge pages to be split. Its kind of destructor says so. */
export function prep_transhuge_page(k: Kernel, page: Page): void {
  const second_tail: Page = k.pfn_to_page(k.page_to_pfn(page) + 2);
  k.write_ptr(second_tail + k.page.deferred_list, second_tail + k.page.deferred_list);
  k.write_ptr(
    second_tail + k.page.deferred_list + k.list_head.prev,
    second_tail + k.page.deferred_list,
  );
  set_compound_page_dtor(k, page, k.TRANSHUGE_PAGE_DTOR);
}
