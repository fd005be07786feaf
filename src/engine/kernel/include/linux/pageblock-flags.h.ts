/**
 * Pageblocks: 2^pageblock_order pages, aligned to their size, of one migratetype.
 *
 * Source: Linux 6.1 include/linux/pageblock-flags.h.
 */
import type { ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

export const pageblock_start_pfn = (k: Kernel, pfn: ULong): ULong =>
  pfn - (pfn & (k.pageblock_nr_pages - 1));
export const pageblock_end_pfn = (k: Kernel, pfn: ULong): ULong =>
  pageblock_start_pfn(k, pfn) + k.pageblock_nr_pages;
export const pageblock_aligned = (k: Kernel, pfn: ULong): boolean =>
  (pfn & (k.pageblock_nr_pages - 1)) === 0;
export const pageblock_align = (k: Kernel, pfn: ULong): ULong =>
  pageblock_start_pfn(k, pfn + k.pageblock_nr_pages - 1);
