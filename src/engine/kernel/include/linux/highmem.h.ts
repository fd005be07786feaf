/**
 * Contents of pages: clearing and copying them.
 *
 * Source: Linux 6.1 include/linux/highmem.h.
 */
import type { Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { WORDS_PER_FRAME } from '../../../memory/address.js';

/** Fills a page with zeros. Left out: kmap_local_page (its mapping is gone again before anybody could see it), KASAN. */
export function clear_highpage(k: Kernel, page: Page): void {
  const pfn = k.page_to_pfn(page);
  // A frame that no one has touched, and that holds zeros anyway, stays untouched.
  if (k.memory.isUntouchedZero(pfn)) return;
  const kaddr = k.memory.slot(pfn) * WORDS_PER_FRAME;
  k.clear_page(kaddr);
}

/** Copies a page of a process. Left out: the mappings of highmem pages, as above; user cache flushes. */
export function copy_user_highpage(k: Kernel, to: Page, from: Page): void {
  const source = k.page_to_pfn(from);
  const target = k.page_to_pfn(to);
  if (k.memory.isUntouchedZero(source) && k.memory.isUntouchedZero(target)) return;
  const vfrom = k.memory.slot(source) * WORDS_PER_FRAME;
  const vto = k.memory.slot(target) * WORDS_PER_FRAME;
  k.copy_page(vto, vfrom);
}
