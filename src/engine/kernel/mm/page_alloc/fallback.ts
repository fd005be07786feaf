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
  Out,
  Page,
  ULong,
  Zone,
  Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { nth_page } from '../../include/linux/mm.h.js';
import {
  free_area_empty,
  get_page_from_free_area,
  zone_managed_pages,
  zone_spans_pfn,
} from '../../include/linux/mmzone.h.js';
import { __PageMovable, PageBuddy, PageLRU } from '../../include/linux/page-flags.h.js';
import { pageblock_end_pfn, pageblock_start_pfn } from '../../include/linux/pageblock-flags.h.js';
import { trace_mm_page_alloc_extfrag } from '../../include/trace/events/kmem.h.js';
import { buddy_order, is_migrate_highatomic } from '../internal.h.js';
import { move_to_free_list } from './buddy.js';
import { get_pageblock_migratetype, set_pageblock_migratetype } from './pageblock.js';

/** Moves the free blocks that start in [start_pfn, end_pfn] to the tails of a type's lists; how many pages. */
function move_freepages(
  k: Kernel,
  zone: Zone,
  start_pfn: Pfn,
  end_pfn: Pfn,
  migratetype: Migratetype,
  num_movable: Out<Int> | undefined,
): Int {
  let pages_moved: Int = 0;
  for (let pfn: Pfn = start_pfn; pfn <= end_pfn;) {
    const page: Page = k.pfn_to_page(pfn);
    if (!PageBuddy(k, page)) {
      // In use, but could be migrated away. Only a guess: to be sure it would have to be isolated, which costs too much.
      if (num_movable !== undefined && (PageLRU(k, page) || __PageMovable(k, page)))
        num_movable.value++;
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

/** As move_freepages(), for the pageblock of `page`. */
export function move_freepages_block(
  k: Kernel,
  zone: Zone,
  page: Page,
  migratetype: Migratetype,
  num_movable: Out<Int> | undefined,
): Int {
  if (num_movable !== undefined) num_movable.value = 0;

  const pfn: Pfn = k.page_to_pfn(page);
  let start_pfn: Pfn = pageblock_start_pfn(k, pfn);
  const end_pfn: Pfn = pageblock_end_pfn(k, pfn) - 1;
  // Other zones' pages are on other zones' lists.
  if (!zone_spans_pfn(k, zone, start_pfn)) start_pfn = pfn;
  // The zone ends within the pageblock: none of it is moved, as the 0 tells the caller.
  if (!zone_spans_pfn(k, zone, end_pfn)) return 0;
  return move_freepages(k, zone, start_pfn, end_pfn, migratetype, num_movable);
}

/** All pageblocks of a block that has at least one. */
function change_pageblock_range(
  k: Kernel,
  pageblock_page: Page,
  start_order: Order,
  migratetype: Migratetype,
): void {
  let nr_pageblocks: Int = 1 << (start_order - k.pageblock_order);
  while (nr_pageblocks-- > 0) {
    set_pageblock_migratetype(k, pageblock_page, migratetype);
    // Not beyond the last one: there may be no struct page.
    if (nr_pageblocks > 0) pageblock_page = nth_page(k, pageblock_page, k.pageblock_nr_pages);
  }
}

// --- stealing ----------------------------------------------------------------------------------------------------------

/** Whether more than the one block may be taken: it is large, or the requester would pollute the pageblock anyway. */
export function can_steal_fallback(k: Kernel, order: Order, start_mt: Migratetype): boolean {
  // Whole pageblocks: nothing gets mixed. The next test is only a rule of thumb, and may change.
  if (order >= k.pageblock_order) return true;

  // What cannot be moved stays where it is for good, so it had better have room there for more of its kind.
  if (
    order >= k.pageblock_order >> 1 ||
    start_mt === k.MIGRATE_RECLAIMABLE ||
    start_mt === k.MIGRATE_UNMOVABLE ||
    k.words[k.globals.page_group_by_mobility_disabled] !== 0
  )
    return true;

  return false;
}

/** Raises all watermarks by a pageblock, up to 1.5 times the high one. Whether it could. */
export function boost_watermark(k: Kernel, zone: Zone): boolean {
  const watermark_boost_factor: Int = k.words[k.globals.watermark_boost_factor]!;
  if (watermark_boost_factor === 0) return false;
  // In a small zone a boost of one pageblock would be out of all proportion.
  if (k.pageblock_nr_pages * 4 > zone_managed_pages(k, zone)) return false;

  const high: ULong = k.read_ulong(zone + k.zone._watermark + k.WMARK_HIGH * k.ptr_words);
  let max_boost: ULong = Math.floor((high * watermark_boost_factor) / 10000);
  // The mark is 0 early in boot: to boost then could make every allocation fail.
  if (max_boost === 0) return false;
  // A pageblock at least: less would not even make up for the one that is stolen.
  max_boost = Math.max(k.pageblock_nr_pages, max_boost);

  const boost: ULong = k.read_ulong(zone + k.zone.watermark_boost);
  // Each steal raises it further, until kswapd has worked it off.
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

  single_page: {
    // Races can leave such a block on another list. What is reserved has been counted, so it keeps its type.
    if (is_migrate_highatomic(k, old_block_type)) break single_page;

    // Whole pageblocks are taken as they are.
    if (current_order >= k.pageblock_order) {
      change_pageblock_range(k, page, current_order, start_type);
      break single_page;
    }

    // The zone is short of this type: kswapd is to free more than usual, so that fewer blocks must be stolen.
    if (boost_watermark(k, zone) && (alloc_flags & k.ALLOC_KSWAPD) !== 0)
      set_bit(k, k.ZONE_BOOSTED_WATERMARK, zone + k.zone.flags);

    // The block, but not its pageblock: that was decided when it was found.
    if (!whole_block) break single_page;

    const movable_pages: Out<Int> = { value: 0 };
    const free_pages: Int = move_freepages_block(k, zone, page, start_type, movable_pages);
    let alike_pages: Int;
    if (start_type === k.MIGRATE_MOVABLE) {
      alike_pages = movable_pages.value;
    } else if (old_block_type === k.MIGRATE_MOVABLE) {
      // Whatever cannot be moved in a movable block is taken for pages like ours.
      alike_pages = k.pageblock_nr_pages - (free_pages + movable_pages.value);
    } else {
      // Which of the two unmovable types a page in use has cannot be told.
      alike_pages = 0;
    }

    // A block that reaches out of the zone was not moved.
    if (free_pages === 0) break single_page;

    // Enough of the block is free or like ours: it is ours from now on.
    if (
      free_pages + alike_pages >= 1 << (k.pageblock_order - 1) ||
      k.words[k.globals.page_group_by_mobility_disabled] !== 0
    )
      set_pageblock_migratetype(k, page, start_type);
    // With the others of its pageblock this block is on the requester's lists already.
    return;
  }
  // single_page:
  move_to_free_list(k, page, zone, current_order, start_type);
}

/**
 * The first type of the fallback order that has a free block of this order; -1 if none has. `can_steal`: whether its pageblock may
 * be taken, too.
 */
export function find_suitable_fallback(
  k: Kernel,
  area: FreeArea,
  order: Order,
  migratetype: Migratetype,
  only_stealable: boolean,
  can_steal: Out<boolean>,
): Migratetype {
  if (k.read_ulong(area + k.free_area.nr_free) === 0) return -1;

  can_steal.value = false;
  // A row of fallbacks[] ends with MIGRATE_TYPES. HIGHATOMIC, CMA and ISOLATE are in none: they are never stolen from.
  // Linux has no test for the end of the row: with a request for HIGHATOMIC, which only wrong flags make, it would read on behind it.
  for (let i = 0; i < k.fallbacks[migratetype]!.length; i++) {
    const fallback_mt: Migratetype = k.fallbacks[migratetype]![i]!;
    if (fallback_mt === k.MIGRATE_TYPES) break;
    if (free_area_empty(k, area, fallback_mt)) continue;
    if (can_steal_fallback(k, order, migratetype)) can_steal.value = true;
    // Compaction asks for stealable ones only: it goes on until a whole pageblock can be had.
    if (!only_stealable) return fallback_mt;
    if (can_steal.value) return fallback_mt;
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
  let area!: FreeArea;
  let fallback_mt!: Migratetype;
  const can_steal: Out<boolean> = { value: false };

  // Pieces of other types' pageblocks are left alone as long as the request may come back without ALLOC_NOFRAGMENT.
  let min_order: Order = order;
  if (order < k.pageblock_order && (alloc_flags & k.ALLOC_NOFRAGMENT) !== 0)
    min_order = k.pageblock_order;

  // The largest block first: probably the pageblock with the most free pages.
  let current_order: Int;
  do_steal: {
    find_smallest: {
      for (current_order = k.MAX_ORDER - 1; current_order >= min_order; --current_order) {
        area = zone + k.zone.free_area + current_order * k.stride.free_area;
        fallback_mt = find_suitable_fallback(
          k,
          area,
          current_order,
          start_migratetype,
          false,
          can_steal,
        );
        if (fallback_mt === -1) continue;

        // A movable request that cannot have the pageblock does the least harm with the smallest block: what it mixes in can be
        // moved out again.
        if (!can_steal.value && start_migratetype === k.MIGRATE_MOVABLE && current_order > order)
          break find_smallest;
        break do_steal;
      }
      return false;
    }
    // find_smallest:
    // Upwards this time. There is a block, since the first loop has seen one.
    for (current_order = order; current_order < k.MAX_ORDER; current_order++) {
      area = zone + k.zone.free_area + current_order * k.stride.free_area;
      fallback_mt = find_suitable_fallback(
        k,
        area,
        current_order,
        start_migratetype,
        false,
        can_steal,
      );
      if (fallback_mt !== -1) break;
    }
  }
  // do_steal:
  // The block only changes lists. The caller looks at its own list again, and cuts it to size there.
  const page: Page = get_page_from_free_area(k, area, fallback_mt);
  steal_suitable_fallback(k, zone, page, alloc_flags, start_migratetype, can_steal.value);
  trace_mm_page_alloc_extfrag(k, page, order, current_order, start_migratetype, fallback_mt);
  return true;
}
