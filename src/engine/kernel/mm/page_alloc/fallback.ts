/**
 * Fallback: when a type's lists are empty, blocks of another type are taken, and with them, if it pays, their whole
 * pageblock.
 *
 * Stealing mixes types in a pageblock for good, so it takes the largest block it can, and raises the watermarks (boost) for
 * kswapd to make room.
 * Source: Linux 6.1 mm/page_alloc.c: __rmqueue_fallback(), steal_suitable_fallback(), find_suitable_fallback().
 */
import type {
  AllocFlags,
  FreeArea,
  Int,
  Migratetype,
  Order,
  Page,
  ULong,
  Zone,
  Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  free_area,
  free_area_empty,
  zone_managed_pages,
  zone_spans_pfn,
} from '../../include/linux/mmzone.h.js';
import { __PageMovable, PageBuddy, PageLRU } from '../../include/linux/page-flags.h.js';
import { pageblock_end_pfn, pageblock_start_pfn } from '../../include/linux/pageblock-flags.h.js';
import { trace_mm_page_alloc_extfrag } from '../../include/trace/events/kmem.h.js';
import { buddy_order, is_migrate_highatomic } from '../internal.h.js';
import { get_page_from_free_area, move_to_free_list } from './buddy.js';
import { get_pageblock_migratetype, set_pageblock_migratetype } from './pageblock.js';

/** Where each type falls back to, first choice first; the other types do not. */
export function fallbacks(k: Kernel, migratetype: Migratetype, i: Int): Migratetype {
  switch (migratetype) {
    case k.MIGRATE_UNMOVABLE:
      return i === 0 ? k.MIGRATE_RECLAIMABLE : k.MIGRATE_MOVABLE;
    case k.MIGRATE_MOVABLE:
      return i === 0 ? k.MIGRATE_RECLAIMABLE : k.MIGRATE_UNMOVABLE;
    default:
      return i === 0 ? k.MIGRATE_UNMOVABLE : k.MIGRATE_MOVABLE;
  }
}
export const NR_FALLBACKS = 2;

/** Moves the free blocks that start in [start_pfn, end_pfn] to the tails of a type's lists; how many pages. */
function move_freepages(
  k: Kernel,
  zone: Zone,
  start_pfn: Pfn,
  end_pfn: Pfn,
  migratetype: Migratetype,
): Int {
  let pages_moved: Int = 0;
  for (let pfn: Pfn = start_pfn; pfn <= end_pfn;) {
    const page: Page = k.pfn_to_page(pfn);
    if (!PageBuddy(k, page)) {
      pfn++;
      continue;
    }
    const order: Order = buddy_order(k, page);
    move_to_free_list(k, page, zone, order, migratetype);
    pfn += 1 << order;
    pages_moved += 1 << order;
  }
  return pages_moved;
}

/** As move_freepages(), for the pageblock of `page`; nothing moves when the zone ends inside of it. */
export function move_freepages_block(
  k: Kernel,
  zone: Zone,
  page: Page,
  migratetype: Migratetype,
): Int {
  const pfn: Pfn = k.page_to_pfn(page);
  let start_pfn: Pfn = pageblock_start_pfn(k, pfn);
  const end_pfn: Pfn = pageblock_end_pfn(k, pfn) - 1;
  if (!zone_spans_pfn(k, zone, start_pfn)) start_pfn = pfn;
  if (!zone_spans_pfn(k, zone, end_pfn)) return 0;
  return move_freepages(k, zone, start_pfn, end_pfn, migratetype);
}

/**
 * Pages of the block that are in use but could be migrated away. The kernel counts them while it moves the free ones
 * (`num_movable`); moving a block changes nothing about them, so they are counted on their own here.
 */
function nr_movable_in_block(k: Kernel, zone: Zone, page: Page): Int {
  const pfn: Pfn = k.page_to_pfn(page);
  let start_pfn: Pfn = pageblock_start_pfn(k, pfn);
  const end_pfn: Pfn = pageblock_end_pfn(k, pfn) - 1;
  if (!zone_spans_pfn(k, zone, start_pfn)) start_pfn = pfn;
  if (!zone_spans_pfn(k, zone, end_pfn)) return 0;
  let num_movable: Int = 0;
  for (let at: ULong = start_pfn; at <= end_pfn;) {
    const candidate: Page = k.pfn_to_page(at);
    if (PageBuddy(k, candidate)) {
      at += 1 << buddy_order(k, candidate);
      continue;
    }
    if (PageLRU(k, candidate) || __PageMovable(k, candidate)) num_movable++;
    at++;
  }
  return num_movable;
}

function change_pageblock_range(
  k: Kernel,
  pageblock_page: Page,
  start_order: Order,
  migratetype: Migratetype,
): void {
  const pfn: Pfn = k.page_to_pfn(pageblock_page);
  const nr_pageblocks: Int = 1 << (start_order - k.pageblock_order);
  for (let i = 0; i < nr_pageblocks; i++)
    set_pageblock_migratetype(k, k.pfn_to_page(pfn + i * k.pageblock_nr_pages), migratetype);
}

// --- stealing ----------------------------------------------------------------------------------------------------------

/** Whether more than the one block may be taken: it is large, or the requester would pollute the pageblock anyway. */
export function can_steal_fallback(k: Kernel, order: Order, start_mt: Migratetype): boolean {
  return (
    order >= k.pageblock_order >> 1 ||
    start_mt === k.MIGRATE_RECLAIMABLE ||
    start_mt === k.MIGRATE_UNMOVABLE ||
    k.words[k.globals.page_group_by_mobility_disabled] !== 0
  );
}

/** Raises all watermarks by a pageblock, up to 1.5 times the high one. Whether it could. */
export function boost_watermark(k: Kernel, zone: Zone): boolean {
  const watermark_boost_factor: Int = k.words[k.globals.watermark_boost_factor]!;
  if (watermark_boost_factor === 0) return false;
  if (k.pageblock_nr_pages * 4 > zone_managed_pages(k, zone)) return false;

  const high: ULong = k.read_ulong(zone + k.zone._watermark + k.WMARK_HIGH * k.ptr_words);
  let max_boost: ULong = Math.floor((high * watermark_boost_factor) / 10000);
  // The mark is 0 early in boot: to boost then could make every allocation fail.
  if (max_boost === 0) return false;
  max_boost = Math.max(k.pageblock_nr_pages, max_boost);

  const boost: ULong = k.read_ulong(zone + k.zone.watermark_boost);
  k.write_long(zone + k.zone.watermark_boost, Math.min(boost + k.pageblock_nr_pages, max_boost));
  return true;
}

/** Moves `page`, a free block of another type, to the requester's lists; if it pays, its whole pageblock with it. */
export function steal_suitable_fallback(
  k: Kernel,
  zone: Zone,
  page: Page,
  alloc_flags: AllocFlags,
  start_type: Migratetype,
  whole_block: boolean,
): void {
  const current_order: Order = buddy_order(k, page);
  const old_block_type: Migratetype = get_pageblock_migratetype(k, page);

  if (is_migrate_highatomic(k, old_block_type)) {
    move_to_free_list(k, page, zone, current_order, start_type);
    return;
  }

  if (current_order >= k.pageblock_order) {
    change_pageblock_range(k, page, current_order, start_type);
    move_to_free_list(k, page, zone, current_order, start_type);
    return;
  }

  if (boost_watermark(k, zone) && (alloc_flags & k.ALLOC_KSWAPD) !== 0)
    k.write(zone + k.zone.flags, k.words[zone + k.zone.flags]! | (1 << k.ZONE_BOOSTED_WATERMARK));

  if (!whole_block) {
    move_to_free_list(k, page, zone, current_order, start_type);
    return;
  }

  const movable_pages: Int = nr_movable_in_block(k, zone, page);
  const free_pages: Int = move_freepages_block(k, zone, page, start_type);
  let alike_pages: Int = 0;
  if (start_type === k.MIGRATE_MOVABLE) alike_pages = movable_pages;
  else if (old_block_type === k.MIGRATE_MOVABLE)
    // Whatever cannot be moved in a movable block is taken for pages like ours.
    alike_pages = k.pageblock_nr_pages - (free_pages + movable_pages);

  // A block that reaches out of the zone was not moved.
  if (free_pages === 0) {
    move_to_free_list(k, page, zone, current_order, start_type);
    return;
  }

  if (
    free_pages + alike_pages >= 1 << (k.pageblock_order - 1) ||
    k.words[k.globals.page_group_by_mobility_disabled] !== 0
  )
    set_pageblock_migratetype(k, page, start_type);
}

/**
 * The first type of the fallback order that has a free block of this order; -1 if none has. (The kernel's `*can_steal` is
 * can_steal_fallback(order, migratetype) whenever a type is found.)
 */
export function find_suitable_fallback(
  k: Kernel,
  area: FreeArea,
  order: Order,
  migratetype: Migratetype,
  only_stealable: boolean,
): Migratetype {
  if (k.words[area + k.free_area.nr_free] === 0) return -1;
  for (let i = 0; i < NR_FALLBACKS; i++) {
    const fallback_mt: Migratetype = fallbacks(k, migratetype, i);
    if (free_area_empty(k, area, fallback_mt)) continue;
    if (!only_stealable || can_steal_fallback(k, order, migratetype)) return fallback_mt;
  }
  return -1;
}

/** Puts a block of another type on the requester's lists, for __rmqueue_smallest() to find. False: there is none. */
export function __rmqueue_fallback(
  k: Kernel,
  zone: Zone,
  order: Order,
  start_migratetype: Migratetype,
  alloc_flags: AllocFlags,
): boolean {
  let min_order: Order = order;
  if (order < k.pageblock_order && (alloc_flags & k.ALLOC_NOFRAGMENT) !== 0)
    min_order = k.pageblock_order;

  // The largest block: probably the pageblock with the most free pages.
  let current_order: Int = k.MAX_ORDER - 1;
  let fallback_mt: Migratetype = -1;
  for (; current_order >= min_order; --current_order) {
    const area: FreeArea = free_area(k, zone, current_order);
    fallback_mt = find_suitable_fallback(k, area, current_order, start_migratetype, false);
    if (fallback_mt !== -1) break;
  }
  if (fallback_mt === -1) return false;

  // A movable request that cannot have the pageblock does the least harm with the smallest block.
  const find_smallest =
    !can_steal_fallback(k, current_order, start_migratetype) &&
    start_migratetype === k.MIGRATE_MOVABLE &&
    current_order > order;
  if (find_smallest) {
    for (current_order = order; current_order < k.MAX_ORDER; current_order++) {
      const area: FreeArea = free_area(k, zone, current_order);
      fallback_mt = find_suitable_fallback(k, area, current_order, start_migratetype, false);
      if (fallback_mt !== -1) break;
    }
  }

  const can_steal = can_steal_fallback(k, current_order, start_migratetype);
  const page: Page = get_page_from_free_area(k, free_area(k, zone, current_order), fallback_mt);
  steal_suitable_fallback(k, zone, page, alloc_flags, start_migratetype, can_steal);
  trace_mm_page_alloc_extfrag(k, page, order, current_order, start_migratetype, fallback_mt);
  return true;
}
