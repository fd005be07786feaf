/**
 * Isolating pageblocks: their free pages go to lists that no allocation takes from, and are not counted as free.
 *
 *     set_migratetype_isolate     type := ISOLATE, its free pages to the ISOLATE lists, NR_FREE_PAGES less them
 *     meanwhile                   pages freed into the block join them, uncounted; no merge across the block's border
 *     unset_migratetype_isolate   type := what is asked for, its free pages back and counted, merged if the block is whole
 *
 * Blocks one at a time: ranges, with what crosses their ends, are alloc_contig_range()'s and not here yet.
 * Source: Linux 6.1 mm/page_isolation.c; mm/page_alloc.c: __isolate_free_page(), __putback_isolated_page().
 */
import {
  type Int,
  type Migratetype,
  NULL,
  type Order,
  type Page,
  type ULong,
  type Zone,
  type Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { EBUSY } from '../../include/linux/errno.h.js';
import { compound_order, page_zone } from '../../include/linux/mm.h.js';
import { is_migrate_cma, zone_idx } from '../../include/linux/mmzone.h.js';
import {
  __PageMovable,
  compound_head,
  PageBuddy,
  PageCompound,
  PageLRU,
  PageReserved,
} from '../../include/linux/page-flags.h.js';
import { is_migrate_isolate } from '../../include/linux/page-isolation.h.js';
import { page_ref_count } from '../../include/linux/page_ref.h.js';
import { pageblock_end_pfn } from '../../include/linux/pageblock-flags.h.js';
import { buddy_order, find_buddy_page_pfn } from '../internal.h.js';
import { move_freepages_block } from '../page_alloc/fallback.js';
import { __isolate_free_page, __putback_isolated_page } from '../page_alloc/isolate_free_page.js';
import { get_pageblock_migratetype, set_pageblock_migratetype } from '../page_alloc/pageblock.js';
import { __mod_zone_freepage_state } from '../vmstat/vmstat.js';

/** A page of one pageblock that could neither be freed nor migrated away; NULL if there is none. */
export function has_unmovable_pages(
  k: Kernel,
  start_pfn: Pfn,
  end_pfn: Pfn,
  migratetype: Migratetype,
): Page {
  const first: Page = k.pfn_to_page(start_pfn);
  const zone: Zone = page_zone(k, first);
  // In a CMA block everything can be migrated, but it is CMA's to say so.
  if (is_migrate_cma(k, get_pageblock_migratetype(k, first)))
    return is_migrate_cma(k, migratetype) ? NULL : first;

  for (let pfn: Pfn = start_pfn; pfn < end_pfn; pfn++) {
    const page: Page = k.pfn_to_page(pfn);
    if (PageReserved(k, page)) return page;
    if (zone_idx(k, zone) === k.ZONE_MOVABLE) continue;
    if (PageCompound(k, page)) {
      const head: Page = compound_head(k, page);
      if (!PageLRU(k, head) && !__PageMovable(k, head)) return page;
      pfn = k.page_to_pfn(head) + (1 << compound_order(k, head)) - 1;
      continue;
    }
    if (page_ref_count(k, page) === 0) {
      // Free, or on a per-CPU list, or a later page of a block that is in use and was seen before.
      if (PageBuddy(k, page)) pfn += (1 << buddy_order(k, page)) - 1;
      continue;
    }
    if (!__PageMovable(k, page) && !PageLRU(k, page)) return page;
  }
  return NULL;
}

/** Isolates the pageblock of `page`, of which [start_pfn, end_pfn) must be movable: 0, or -EBUSY. */
export function set_migratetype_isolate(
  k: Kernel,
  page: Page,
  migratetype: Migratetype,
  start_pfn: Pfn,
  end_pfn: Pfn,
): Int {
  const zone: Zone = page_zone(k, page);
  const pfn: Pfn = k.page_to_pfn(page);
  const mt: Migratetype = get_pageblock_migratetype(k, page);
  if (is_migrate_isolate(k, mt)) return -EBUSY;
  const check_start: ULong = Math.max(pfn, start_pfn);
  const check_end: ULong = Math.min(pageblock_end_pfn(k, pfn), end_pfn);
  if (has_unmovable_pages(k, check_start, check_end, migratetype) !== NULL) return -EBUSY;

  set_pageblock_migratetype(k, page, k.MIGRATE_ISOLATE);
  k.add_long(zone + k.zone.nr_isolate_pageblock, 1);
  const nr_pages: Int = move_freepages_block(k, zone, page, k.MIGRATE_ISOLATE);
  __mod_zone_freepage_state(k, zone, -nr_pages, mt);
  return 0;
}

/** Gives a pageblock that is isolated, `page` its first, another type. */
export function unset_migratetype_isolate(k: Kernel, page: Page, migratetype: Migratetype): void {
  const zone: Zone = page_zone(k, page);
  if (!is_migrate_isolate(k, get_pageblock_migratetype(k, page))) return;

  // A whole free block whose buddy is free and was kept apart from it: taken and freed again, they merge.
  let isolated_order: Order = -1;
  if (PageBuddy(k, page)) {
    const order: Order = buddy_order(k, page);
    if (order >= k.pageblock_order && order < k.MAX_ORDER - 1) {
      const buddy: Page = find_buddy_page_pfn(k, page, k.page_to_pfn(page), order);
      if (buddy !== NULL && !is_migrate_isolate(k, get_pageblock_migratetype(k, buddy)))
        if (__isolate_free_page(k, page, order) !== 0) isolated_order = order;
    }
  }
  if (isolated_order < 0) {
    const nr_pages: Int = move_freepages_block(k, zone, page, migratetype);
    __mod_zone_freepage_state(k, zone, nr_pages, migratetype);
  }
  set_pageblock_migratetype(k, page, migratetype);
  if (isolated_order >= 0) __putback_isolated_page(k, page, isolated_order, migratetype);
  k.add_long(zone + k.zone.nr_isolate_pageblock, -1);
}
