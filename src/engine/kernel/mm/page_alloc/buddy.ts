/**
 * The buddy lists of a zone: blocks of 2^order pages, aligned to their size, in `zone->free_area[order].free_list[type]`.
 *
 *     order 2   [        ]                 a block is free when its first page is PageBuddy; `private` is its order.
 *     order 1   [   ][   ]                 Freed: joins its buddy (pfn ^ 1 << order) as long as that is free, too.
 *     order 0   [ ][ ][ ][ ]               Taken: the upper halves of a larger block stay behind.
 *
 * Invariant: no two blocks overlap, and `nr_free` counts the blocks of an order over all types.
 * Source: Linux 6.1 mm/page_alloc.c: __free_one_page(), expand(), __rmqueue_smallest(); mm/internal.h.
 */
import {
  type FpiFlags,
  type FreeArea,
  type ListHead,
  type Migratetype,
  NULL,
  type Order,
  type Page,
  type ULong,
  type Zone,
  type Pfn,
} from '../../../machine/ctypes.js';
import { __ffs } from '../../include/linux/bitops.h.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  list_add,
  list_add_tail,
  list_del,
  list_empty,
  list_move_tail,
} from '../../include/linux/list.h.js';
import { page_zone } from '../../include/linux/mm.h.js';
import { free_area, free_list, migratetype_is_mergeable } from '../../include/linux/mmzone.h.js';
import { __ClearPageBuddy, __SetPageBuddy, PageBuddy } from '../../include/linux/page-flags.h.js';
import { is_migrate_isolate } from '../../include/linux/page-isolation.h.js';
import { trace_mm_page_alloc_zone_locked } from '../../include/trace/events/kmem.h.js';
import { __find_buddy_pfn, buddy_order, find_buddy_page_pfn } from '../internal.h.js';
import { __mod_zone_freepage_state } from '../vmstat/vmstat.js';
import { get_pageblock_migratetype, get_pfnblock_migratetype } from './pageblock.js';
import { set_pcppage_migratetype } from './pcppage.js';

/** Free page internal flags: private to the allocator, so no type or symbol tells them. */
export const FPI_NONE: FpiFlags = 0;
/** Do not tell page reporting, which the reference builds do not have. */
export const FPI_SKIP_REPORT_NOTIFY: FpiFlags = 1 << 0;
/** To the tail of the list: to be used last. */
export const FPI_TO_TAIL: FpiFlags = 1 << 1;
export const FPI_SKIP_KASAN_POISON: FpiFlags = 1 << 2;

const lru = (k: Kernel, page: Page): ListHead => (page + k.page.lru) as ListHead;

function set_buddy_order(k: Kernel, page: Page, order: Order): void {
  k.write_long(page + k.page.private, order);
  __SetPageBuddy(k, page);
}

// --- lists -------------------------------------------------------------------------------------------------------------

function add_to_free_list(
  k: Kernel,
  page: Page,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
): void {
  const area: FreeArea = free_area(k, zone, order);
  list_add(k, lru(k, page), free_list(k, area, migratetype));
  k.add_long(area + k.free_area.nr_free, 1);
}

function add_to_free_list_tail(
  k: Kernel,
  page: Page,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
): void {
  const area: FreeArea = free_area(k, zone, order);
  list_add_tail(k, lru(k, page), free_list(k, area, migratetype));
  k.add_long(area + k.free_area.nr_free, 1);
}

/** From one list of the order to the tail of another. */
export function move_to_free_list(
  k: Kernel,
  page: Page,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
): void {
  const area: FreeArea = free_area(k, zone, order);
  list_move_tail(k, lru(k, page), free_list(k, area, migratetype));
}

export function del_page_from_free_list(k: Kernel, page: Page, zone: Zone, order: Order): void {
  list_del(k, lru(k, page));
  __ClearPageBuddy(k, page);
  k.write_long(page + k.page.private, 0);
  k.add_long(free_area(k, zone, order) + k.free_area.nr_free, -1);
}

/** The block at the head of a list; NULL when it is empty. */
export function get_page_from_free_area(k: Kernel, area: FreeArea, migratetype: Migratetype): Page {
  const list: ListHead = free_list(k, area, migratetype);
  return list_empty(k, list) ? NULL : ((k.read_ptr(list) - k.page.lru) as Page);
}

/** Whether the next larger block's buddy is free: then this one had better wait for its own, at the tail. */
function buddy_merge_likely(
  k: Kernel,
  pfn: Pfn,
  buddy_pfn: Pfn,
  page: Page,
  order: Order,
): boolean {
  if (order >= k.MAX_ORDER - 2) return false;
  const higher_page_pfn: Pfn = buddy_pfn & pfn;
  const higher_page: Page = higher_page_pfn === pfn ? page : k.pfn_to_page(higher_page_pfn);
  return find_buddy_page_pfn(k, higher_page, higher_page_pfn, order + 1) !== NULL;
}

/** Puts a block on the lists, joined with its buddies as far as they are free. */
export function __free_one_page(
  k: Kernel,
  page: Page,
  pfn: Pfn,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
  fpi_flags: FpiFlags,
): void {
  let buddy_pfn: Pfn = 0;
  if (!is_migrate_isolate(k, migratetype))
    __mod_zone_freepage_state(k, zone, 1 << order, migratetype);

  while (order < k.MAX_ORDER - 1) {
    buddy_pfn = __find_buddy_pfn(pfn, order);
    const buddy: Page = find_buddy_page_pfn(k, page, pfn, order);
    if (buddy === NULL) break;

    if (order >= k.pageblock_order) {
      // Blocks of types that do not mix must not be joined across a pageblock border.
      const buddy_mt: Migratetype = get_pageblock_migratetype(k, buddy);
      if (
        migratetype !== buddy_mt &&
        (!migratetype_is_mergeable(k, migratetype) || !migratetype_is_mergeable(k, buddy_mt))
      )
        break;
    }

    del_page_from_free_list(k, buddy, zone, order);
    const combined_pfn: Pfn = buddy_pfn & pfn;
    if (combined_pfn !== pfn) page = buddy;
    pfn = combined_pfn;
    order++;
  }

  set_buddy_order(k, page, order);
  const to_tail =
    (fpi_flags & FPI_TO_TAIL) !== 0 || buddy_merge_likely(k, pfn, buddy_pfn, page, order);
  if (to_tail) add_to_free_list_tail(k, page, zone, order, migratetype);
  else add_to_free_list(k, page, zone, order, migratetype);
}

/**
 * Splits a free block at a place inside of it: the pieces are as large as fit, and each goes to the list of its own
 * pageblock's type. False: there is no such block any more.
 */
export function split_free_page(
  k: Kernel,
  free_page: Page,
  order: Order,
  split_pfn_offset: ULong,
): boolean {
  const zone: Zone = page_zone(k, free_page);
  const free_page_pfn: Pfn = k.page_to_pfn(free_page);
  if (split_pfn_offset === 0) return true;
  if (!PageBuddy(k, free_page) || buddy_order(k, free_page) !== order) return false;

  const mt: Migratetype = get_pageblock_migratetype(k, free_page);
  if (!is_migrate_isolate(k, mt)) __mod_zone_freepage_state(k, zone, -(1 << order), mt);
  del_page_from_free_list(k, free_page, zone, order);
  for (let pfn: Pfn = free_page_pfn; pfn < free_page_pfn + (1 << order);) {
    const page: Page = k.pfn_to_page(pfn);
    const aligned: Order = pfn === 0 ? order : __ffs(pfn);
    const free_page_order: Order = Math.min(aligned, 31 - Math.clz32(split_pfn_offset));
    const piece_mt: Migratetype = get_pfnblock_migratetype(k, page, pfn);
    __free_one_page(k, page, pfn, zone, free_page_order, piece_mt, FPI_NONE);
    pfn += 1 << free_page_order;
    split_pfn_offset -= 1 << free_page_order;
    // The first part is done: the second ends with the block.
    if (split_pfn_offset === 0) split_pfn_offset = (1 << order) - (pfn - free_page_pfn);
  }
  return true;
}

// --- taking ------------------------------------------------------------------------------------------------------------

/** Splits a block of order `high` down to `low`: keeps the lower half each time, lists the upper one. */
function expand(
  k: Kernel,
  zone: Zone,
  page: Page,
  low: Order,
  high: Order,
  migratetype: Migratetype,
): void {
  if (high === low) return;
  const pfn: Pfn = k.page_to_pfn(page);
  let size: ULong = 1 << high;
  while (high > low) {
    high--;
    size >>= 1;
    const half: Page = k.pfn_to_page(pfn + size);
    add_to_free_list(k, half, zone, high, migratetype);
    set_buddy_order(k, half, high);
  }
}

/** Takes the smallest block of one type that is large enough, cut to size. NULL when there is none. */
export function __rmqueue_smallest(
  k: Kernel,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
): Page {
  for (let current_order: Order = order; current_order < k.MAX_ORDER; ++current_order) {
    const area: FreeArea = free_area(k, zone, current_order);
    const page: Page = get_page_from_free_area(k, area, migratetype);
    if (page === NULL) continue;
    del_page_from_free_list(k, page, zone, current_order);
    expand(k, zone, page, order, current_order, migratetype);
    set_pcppage_migratetype(k, page, migratetype);
    trace_mm_page_alloc_zone_locked(k, page, order, migratetype);
    return page;
  }
  return NULL;
}
