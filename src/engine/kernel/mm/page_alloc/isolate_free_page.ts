/**
 * Taking a free block off the buddy lists as it is, and putting it back.
 *
 * Source: Linux 6.1 mm/page_alloc.c: __isolate_free_page(), __putback_isolated_page().
 */
import type {
  FpiFlags,
  Migratetype,
  Order,
  Page,
  ULong,
  Zone,
  Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { page_zone } from '../../include/linux/mm.h.js';
import { migratetype_is_mergeable } from '../../include/linux/mmzone.h.js';
import { is_migrate_isolate } from '../../include/linux/page-isolation.h.js';
import { __mod_zone_freepage_state } from '../vmstat/vmstat.js';
import {
  __free_one_page,
  del_page_from_free_list,
  FPI_SKIP_REPORT_NOTIFY,
  FPI_TO_TAIL,
} from './buddy.js';
import { get_pageblock_migratetype, set_pageblock_migratetype } from './pageblock.js';
import { zone_watermark_ok } from './watermark.js';

/** Takes a free block off its list; its pages, or 0 where the watermark does not allow it. */
export function __isolate_free_page(k: Kernel, page: Page, order: Order): ULong {
  const zone: Zone = page_zone(k, page);
  const mt: Migratetype = get_pageblock_migratetype(k, page);
  // Isolated pages have left the free count: to take them brings no mark into danger.
  if (!is_migrate_isolate(k, mt)) {
    // A block is there, so a mark for single pages, raised by its size, says what one for its order would.
    const watermark: ULong =
      k.read_ulong(zone + k.zone._watermark + k.WMARK_MIN * k.ptr_words) + (1 << order);
    if (!zone_watermark_ok(k, zone, 0, watermark, 0, k.ALLOC_CMA)) return 0;
    __mod_zone_freepage_state(k, zone, -(1 << order), mt);
  }
  del_page_from_free_list(k, page, zone, order);

  // At least half of a pageblock leaves: what is migrated into it is movable, so the block is.
  if (order >= k.pageblock_order - 1) {
    const endpage: Pfn = k.page_to_pfn(page) + (1 << order) - 1;
    for (let pfn: Pfn = k.page_to_pfn(page); pfn < endpage; pfn += k.pageblock_nr_pages) {
      const block: Page = k.pfn_to_page(pfn);
      const mt: Migratetype = get_pageblock_migratetype(k, block);
      if (migratetype_is_mergeable(k, mt)) set_pageblock_migratetype(k, block, k.MIGRATE_MOVABLE);
    }
  }
  return 1 << order;
}

/** Puts a block that __isolate_free_page() took back, to be used last. */
export function __putback_isolated_page(
  k: Kernel,
  page: Page,
  order: Order,
  mt: Migratetype,
): void {
  const zone: Zone = page_zone(k, page);
  const fpi_flags: FpiFlags = FPI_SKIP_REPORT_NOTIFY | FPI_TO_TAIL;
  __free_one_page(k, page, k.page_to_pfn(page), zone, order, mt, fpi_flags);
}
