/**
 * Isolating pageblocks: their free pages go to lists that no allocation takes from, and are not counted as free.
 *
 *     set_migratetype_isolate     type := ISOLATE, its free pages to the ISOLATE lists, NR_FREE_PAGES less them
 *     meanwhile                   pages freed into the block join them, uncounted; no merge across the block's border
 *     unset_migratetype_isolate   type := what is asked for, its free pages back and counted, merged if the block is whole
 *
 * Blocks one at a time here; ranges, with what crosses their ends, are in range.ts.
 * Source: Linux 6.1 mm/page_isolation.c.
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
import { compound_nr, page_zone } from '../../include/linux/mm.h.js';
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

/**
 * A page of one pageblock that could neither be freed nor migrated away; NULL if there is none.
 * Left out: flags, hwpoison, PageOffline (memory hotplug), PageHuge.
 */
export function has_unmovable_pages(
  k: Kernel,
  start_pfn: Pfn,
  end_pfn: Pfn,
  migratetype: Migratetype,
): Page {
  let page: Page = k.pfn_to_page(start_pfn);
  const zone: Zone = page_zone(k, page);
  if (is_migrate_cma(k, get_pageblock_migratetype(k, page))) {
    // CMA takes its blocks back even where a page in them cannot move just now; nobody else may have them.
    if (is_migrate_cma(k, migratetype)) return NULL;
    return page;
  }

  for (let pfn: Pfn = start_pfn; pfn < end_pfn; pfn++) {
    page = k.pfn_to_page(pfn);

    // What boot allocated, and holes in memory.
    if (PageReserved(k, page)) return page;
    // Everything else in this zone is movable.
    if (zone_idx(k, zone) === k.ZONE_MOVABLE) continue;

    // Migrated as a whole: its tails need not be looked at.
    if (PageCompound(k, page)) {
      const head: Page = compound_head(k, page);
      if (!PageLRU(k, head) && !__PageMovable(k, head)) return page;
      const skip_pages: ULong = compound_nr(k, head) - (pfn - k.page_to_pfn(head));
      pfn += skip_pages - 1;
      continue;
    }

    if (page_ref_count(k, page) === 0) {
      // Free, or on a per-CPU list, or a later page of a block that is in use and was seen before.
      // The loop adds the last one.
      if (PageBuddy(k, page)) pfn += (1 << buddy_order(k, page)) - 1;
      continue;
    }

    if (__PageMovable(k, page) || PageLRU(k, page)) continue;
    // A slab page that could be shrunk, for all that is known; nobody tries.
    return page;
  }
  return NULL;
}

/** Isolates the pageblock of `page`, of which [start_pfn, end_pfn) must be movable: 0, or -EBUSY. Left out: isol_flags (no reports). */
export function set_migratetype_isolate(
  k: Kernel,
  page: Page,
  migratetype: Migratetype,
  start_pfn: Pfn,
  end_pfn: Pfn,
): Int {
  const zone: Zone = page_zone(k, page);
  // Somebody else has isolated it, and will give it back some day: two cannot.
  if (is_migrate_isolate(k, get_pageblock_migratetype(k, page))) return -EBUSY;

  // What the caller wants of it; the rest of the block may stay in use.
  const pfn: Pfn = k.page_to_pfn(page);
  const check_unmovable_start: Pfn = Math.max(pfn, start_pfn);
  const check_unmovable_end: Pfn = Math.min(pageblock_end_pfn(k, pfn), end_pfn);
  const unmovable: Page = has_unmovable_pages(
    k,
    check_unmovable_start,
    check_unmovable_end,
    migratetype,
  );
  if (unmovable === NULL) {
    const mt: Migratetype = get_pageblock_migratetype(k, page);
    // Pages freed into the block from here on are isolated, too: the zone's count makes frees read the type again.
    set_pageblock_migratetype(k, page, k.MIGRATE_ISOLATE);
    k.add_long(zone + k.zone.nr_isolate_pageblock, 1);
    const nr_pages: ULong = move_freepages_block(k, zone, page, k.MIGRATE_ISOLATE, undefined);
    // Nobody can have them now.
    __mod_zone_freepage_state(k, zone, -nr_pages, mt);
    return 0;
  }
  return -EBUSY;
}

/** Gives a pageblock that is isolated, `page` its first, another type. */
export function unset_migratetype_isolate(k: Kernel, page: Page, migratetype: Migratetype): void {
  const zone: Zone = page_zone(k, page);
  if (!is_migrate_isolate(k, get_pageblock_migratetype(k, page))) return;

  // A whole free block whose buddy is free and was kept apart from it, since their types did not mix: taken and freed again, they merge.
  let isolated_page = false;
  let order: Order = 0;
  if (PageBuddy(k, page)) {
    order = buddy_order(k, page);
    // A smaller block has its buddy in the same pageblock, where nothing kept them apart; the largest has none.
    if (order >= k.pageblock_order && order < k.MAX_ORDER - 1) {
      const buddy: Page = find_buddy_page_pfn(k, page, k.page_to_pfn(page), order);
      if (buddy !== NULL && !is_migrate_isolate(k, get_pageblock_migratetype(k, buddy)))
        isolated_page = __isolate_free_page(k, page, order) !== 0;
    }
  }

  // Taken as a whole, there is nothing else free in the block.
  if (!isolated_page) {
    const nr_pages: ULong = move_freepages_block(k, zone, page, migratetype, undefined);
    __mod_zone_freepage_state(k, zone, nr_pages, migratetype);
  }
  // Before the block is put back: a free block is on a list of its pageblock's type.
  set_pageblock_migratetype(k, page, migratetype);
  if (isolated_page) __putback_isolated_page(k, page, order, migratetype);
  k.add_long(zone + k.zone.nr_isolate_pageblock, -1);
}
