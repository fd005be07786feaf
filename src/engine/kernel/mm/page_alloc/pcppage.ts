/**
 * The migratetype that a page on a per-CPU list will be freed to: it is kept in page->index.
 *
 * Source: Linux 6.1 mm/page_alloc.c: get_pcppage_migratetype(), set_pcppage_migratetype().
 */
import type { Migratetype, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

// --- the type a page goes back to --------------------------------------------------------------------------------------

/** page->index of a page on a pcp list: the type of the list it will be freed to. */
export const get_pcppage_migratetype = (k: Kernel, page: Page): Migratetype =>
  k.words[page + k.page.index]!;

export function set_pcppage_migratetype(k: Kernel, page: Page, migratetype: Migratetype): void {
  k.write_long(page + k.page.index, migratetype);
}
