/** From the address of a `struct page` to the engine's page, and its frame. */
import type { Kernel } from '../../engine/machine/kernel.js';
import type { Page } from '../../engine/machine/ctypes.js';
import { asCell, asPfn, fromWords, type Pfn, type VirtAddr } from '../../engine/memory/address.js';

/** The frame whose `struct page` lies at an address; undefined if none does. */
export function pfnOfPage({ memmap, wide }: Kernel, va: VirtAddr): Pfn | undefined {
  const base = wide ? fromWords(memmap.baseLow, memmap.baseHigh) : memmap.baseLow >>> 0;
  const index = (va - base) / (memmap.page_words * 4);
  return memmap.contains(va) && Number.isInteger(index) ? asPfn(index) : undefined;
}

/** The page at an address; 0 if there is none. Pages are asked of mem_map, which then knows their frames. */
export function pageAt(mm: Kernel, va: VirtAddr): Page {
  const pfn = pfnOfPage(mm, va);
  return pfn === undefined ? asCell(0) : mm.pfn_to_page(pfn);
}
