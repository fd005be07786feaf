/**
 * Pageblocks: 2^pageblock_order pages, aligned to their size, of one migratetype.
 *
 * Source: Linux 6.1 include/linux/pageblock-flags.h.
 */
import type { ULong, Pfn } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

export const pageblock_start_pfn = (k: Kernel, pfn: Pfn): Pfn =>
  pfn - (pfn & (k.pageblock_nr_pages - 1));
export const pageblock_end_pfn = (k: Kernel, pfn: Pfn): Pfn =>
  pageblock_start_pfn(k, pfn) + k.pageblock_nr_pages;
export const pageblock_aligned = (k: Kernel, pfn: Pfn): boolean =>
  (pfn & (k.pageblock_nr_pages - 1)) === 0;
export const pageblock_align = (k: Kernel, pfn: Pfn): ULong =>
  pageblock_start_pfn(k, pfn + k.pageblock_nr_pages - 1);
