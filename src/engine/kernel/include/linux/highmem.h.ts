/**
 * Contents of pages: clearing them.
 *
 * Source: Linux 6.1 include/linux/highmem.h: clear_highpage(). Highmem pages are cleared through a temporary mapping there,
 * of which nothing is left afterwards.
 */
import type { Int, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asPfn, PAGE_SIZE, pfn_to_phys, WORDS_PER_FRAME } from '../../../memory/address.js';

/** Fills pages with zeros. A frame that nobody has touched and that holds zeros anyway stays untouched. */
export function clear_highpages(k: Kernel, page: Page, nr_pages: Int): void {
  const pfn = k.page_to_pfn(page);
  for (let i = 0; i < nr_pages; i++) clear_frame(k, pfn + i);
}

function clear_frame(k: Kernel, pfn: number): void {
  const memory = k.memory;
  if (memory.slotOfFrame[pfn] === 0) {
    const bytes = memory.readBytes(pfn_to_phys(asPfn(pfn)), PAGE_SIZE);
    if (bytes.every((byte) => byte === 0)) return;
  }
  const cell = memory.slot(pfn) * WORDS_PER_FRAME;
  for (let i = 0; i < WORDS_PER_FRAME; i++) k.write(cell + i, 0);
}
