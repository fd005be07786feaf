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
  type Int,
  type ListHead,
  type Migratetype,
  NULL,
  type Order,
  type Page,
  type ULong,
  type Zone,
  type Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { __ffs, fls } from '../../include/linux/bitops.h.js';
import { ENOENT } from '../../include/linux/errno.h.js';
import { list_add, list_add_tail, list_del, list_move_tail } from '../../include/linux/list.h.js';
import { nth_page, page_zone } from '../../include/linux/mm.h.js';
import { VM_BUG_ON_PAGE } from '../../include/linux/mmdebug.h.js';
import { get_page_from_free_area, migratetype_is_mergeable } from '../../include/linux/mmzone.h.js';
import { __ClearPageBuddy, __SetPageBuddy, PageBuddy } from '../../include/linux/page-flags.h.js';
import { is_migrate_isolate } from '../../include/linux/page-isolation.h.js';
import { trace_mm_page_alloc_zone_locked } from '../../include/trace/events/kmem.h.js';
import { __find_buddy_pfn, buddy_order, find_buddy_page_pfn } from '../internal.h.js';
import { __mod_zone_freepage_state } from '../vmstat/vmstat.js';
import {
  get_pageblock_migratetype,
  get_pfnblock_migratetype,
  set_pcppage_migratetype,
} from './pageblock.js';

/** Free page internal flags: private to the allocator, so no type or symbol tells them. */
export const FPI_NONE: FpiFlags = 0;
/** Do not tell page reporting, which the reference builds do not have. */
export const FPI_SKIP_REPORT_NOTIFY: FpiFlags = 1 << 0;
/** To the tail of the list: to be used last. */
export const FPI_TO_TAIL: FpiFlags = 1 << 1;
/** Leave KASAN's marks alone, as when boot frees memory. No reference build has KASAN. */
export const FPI_SKIP_KASAN_POISON: FpiFlags = 1 << 2;

/** Makes the page the head of a free block of this order. */
function set_buddy_order(k: Kernel, page: Page, order: Order): void {
  // Before the flag: a reader that sees PageBuddy relies on the order.
  k.write_long(page + k.page.private, order);
  __SetPageBuddy(k, page);
}

// --- lists -------------------------------------------------------------------------------------------------------------

/** &area->free_list[migratetype]. A page keeps its type in a word of its own, which may hold anything: then it is wherever that leads. */
const listOfType = (k: Kernel, area: FreeArea, migratetype: Migratetype): ListHead =>
  migratetype >>> 0 < k.MIGRATE_TYPES
    ? area + k.free_area.free_list + migratetype * k.stride.list_head
    : k.plus(area + k.free_area.free_list, migratetype * k.stride.list_head);

/** At the head: used first, while its lines may still be in the caches. */
function add_to_free_list(
  k: Kernel,
  page: Page,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
): void {
  const area: FreeArea = zone + k.zone.free_area + order * k.stride.free_area;
  const head: ListHead = listOfType(k, area, migratetype);
  list_add(k, page + k.page.lru, head);
  k.add_long(area + k.free_area.nr_free, 1);
}

/** At the tail: used last. */
function add_to_free_list_tail(
  k: Kernel,
  page: Page,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
): void {
  const area: FreeArea = zone + k.zone.free_area + order * k.stride.free_area;
  const head: ListHead = listOfType(k, area, migratetype);
  list_add_tail(k, page + k.page.lru, head);
  k.add_long(area + k.free_area.nr_free, 1);
}

/** From one list of the order to the tail of another: what was just freed there is used before what was moved there. */
export function move_to_free_list(
  k: Kernel,
  page: Page,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
): void {
  const area: FreeArea = zone + k.zone.free_area + order * k.stride.free_area;
  const head: ListHead = listOfType(k, area, migratetype);
  list_move_tail(k, page + k.page.lru, head);
}

/** The block is free no longer. Left out: PageReported. */
export function del_page_from_free_list(k: Kernel, page: Page, zone: Zone, order: Order): void {
  list_del(k, page + k.page.lru);
  // From here on its buddy does not join it any more.
  __ClearPageBuddy(k, page);
  k.write_long(page + k.page.private, 0);
  k.add_long(zone + k.zone.free_area + order * k.stride.free_area + k.free_area.nr_free, -1);
}

/** Whether the next larger block's buddy is free: then this one had better wait for its own, at the tail. Ours would be the last piece. */
function buddy_merge_likely(
  k: Kernel,
  pfn: Pfn,
  buddy_pfn: Pfn,
  page: Page,
  order: Order,
): boolean {
  // The two together would be as large as blocks can be: they would have nothing to wait for.
  if (order >= k.MAX_ORDER - 2) return false;
  // The block that this one and its buddy would be together.
  const higher_page_pfn: Pfn = buddy_pfn & pfn;
  const higher_page: Page = higher_page_pfn === pfn ? page : k.pfn_to_page(higher_page_pfn);
  return find_buddy_page_pfn(k, higher_page, higher_page_pfn, order + 1) !== NULL;
}

/** With CONFIG_DEBUG_VM: whether a page is not the zone's. Left out: the zone's span, which page_zone() comes from here. */
const bad_range = (k: Kernel, zone: Zone, page: Page): boolean => page_zone(k, page) !== zone;

/**
 * Puts a block on the lists, joined with its buddies as far as they are free. Whoever calls it holds zone->lock there.
 * Left out: compaction_capture (no direct compaction), page_is_guard (no debug_pagealloc), is_shuffle_order, page reporting.
 */
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
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_PAGE(
      (k.words[page + k.page.flags]! & k.PAGE_FLAGS_CHECK_AT_PREP) !== 0,
      page,
      'mm/page_alloc.c',
      'page->flags & PAGE_FLAGS_CHECK_AT_PREP',
    );
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_PAGE(
      (pfn & ((1 << order) - 1)) !== 0,
      page,
      'mm/page_alloc.c',
      'pfn & ((1 << order) - 1)',
    );
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_PAGE(bad_range(k, zone, page), page, 'mm/page_alloc.c', 'bad_range(zone, page)');
  // Pages of an isolated block are on lists, but nobody can have them: they do not count as free.
  if (!is_migrate_isolate(k, migratetype))
    __mod_zone_freepage_state(k, zone, 1 << order, migratetype);

  // Invariant: the 2^order pages from pfn on are free and on no list; `page` is the first of them.
  while (order < k.MAX_ORDER - 1) {
    buddy_pfn = __find_buddy_pfn(pfn, order);
    const buddy: Page = find_buddy_page_pfn(k, page, pfn, order);
    if (buddy === NULL) break;

    if (order >= k.pageblock_order) {
      // The two lie in different pageblocks, which may have types that must not mix: an isolated or a CMA block stays apart.
      const buddy_mt: Migratetype = get_pageblock_migratetype(k, buddy);
      if (
        migratetype !== buddy_mt &&
        (!migratetype_is_mergeable(k, migratetype) || !migratetype_is_mergeable(k, buddy_mt))
      )
        break;
    }

    // The buddy leaves the list of its order, as from now on it is half of a larger block.
    del_page_from_free_list(k, buddy, zone, order);
    const combined_pfn: Pfn = buddy_pfn & pfn;
    // The lower of the two is the head of both.
    if (combined_pfn !== pfn) page = buddy;
    pfn = combined_pfn;
    order++;
  }

  // done_merging:
  set_buddy_order(k, page, order);
  const to_tail =
    (fpi_flags & FPI_TO_TAIL) !== 0 || buddy_merge_likely(k, pfn, buddy_pfn, page, order);
  if (to_tail) add_to_free_list_tail(k, page, zone, order, migratetype);
  else add_to_free_list(k, page, zone, order, migratetype);
}

/**
 * Splits a free block at a place inside of it: the pieces are as large as fit, and each goes to the list of its own pageblock's
 * type. 0, or -ENOENT: there is no such block any more.
 */
export function split_free_page(
  k: Kernel,
  free_page: Page,
  order: Order,
  split_pfn_offset: ULong,
): Int {
  const zone: Zone = page_zone(k, free_page);
  const free_page_pfn: Pfn = k.page_to_pfn(free_page);
  if (split_pfn_offset === 0) return 0;
  // The caller found it without zone->lock: by now it may be in use, or part of a larger block.
  if (!PageBuddy(k, free_page) || buddy_order(k, free_page) !== order) return -ENOENT;

  const mt: Migratetype = get_pageblock_migratetype(k, free_page);
  // __free_one_page() counts the pieces in again, each by the type of its own pageblock.
  if (!is_migrate_isolate(k, mt)) __mod_zone_freepage_state(k, zone, -(1 << order), mt);
  del_page_from_free_list(k, free_page, zone, order);
  for (let pfn: Pfn = free_page_pfn; pfn < free_page_pfn + (1 << order);) {
    const mt: Migratetype = get_pfnblock_migratetype(k, k.pfn_to_page(pfn), pfn);
    // As large as the place is aligned to, and as there is room up to the border.
    const free_page_order: Order = Math.min(
      pfn !== 0 ? __ffs(pfn) : order,
      fls(split_pfn_offset) - 1,
    );
    __free_one_page(k, k.pfn_to_page(pfn), pfn, zone, free_page_order, mt, FPI_NONE);
    pfn += 1 << free_page_order;
    split_pfn_offset -= 1 << free_page_order;
    // The first part is done: the second ends with the block.
    if (split_pfn_offset === 0) split_pfn_offset = (1 << order) - (pfn - free_page_pfn);
  }
  return 0;
}

// --- taking ------------------------------------------------------------------------------------------------------------

/**
 * Splits a block of order `high` down to `low`: keeps the lower half each time, lists the upper one.
 * Left out: set_page_guard (no debug_pagealloc).
 */
function expand(
  k: Kernel,
  zone: Zone,
  page: Page,
  low: Order,
  high: Order,
  migratetype: Migratetype,
): void {
  let size: ULong = 1 << high;
  // Invariant: the rest begins at `page` and has `size` pages. Its upper half goes each time, so `page` stays.
  while (high > low) {
    high--;
    size >>= 1;
    const half: Page = nth_page(k, page, size);
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
  // From the order asked for upwards: a large block is cut only where no smaller one is left.
  for (let current_order: Order = order; current_order < k.MAX_ORDER; ++current_order) {
    const area: FreeArea = zone + k.zone.free_area + current_order * k.stride.free_area;
    const page: Page = get_page_from_free_area(k, area, migratetype);
    if (page === NULL) continue;
    del_page_from_free_list(k, page, zone, current_order);
    expand(k, zone, page, order, current_order, migratetype);
    // Should it come to a per-CPU list, it is known where it belongs, whatever list it was stolen for.
    set_pcppage_migratetype(k, page, migratetype);
    trace_mm_page_alloc_zone_locked(k, page, order, migratetype);
    return page;
  }
  return NULL;
}
