/**
 * Isolating ranges: all pageblocks that [start_pfn, end_pfn) touches, the first and the last one first, since a block of
 * pages may reach over the range's ends.
 *
 *     |  pageblock  |  pageblock  |  pageblock  |       A free block over an end (order 10, where pageblocks have order 9)
 *         start ^-----------------------^ end           is split there; a compound page over an end cannot be had.
 *
 * Source: Linux 6.1 mm/page_isolation.c.
 */
import {
  type Int,
  type Migratetype,
  NULL,
  type Page,
  type ULong,
  type Zone,
  type Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { EBUSY } from '../../include/linux/errno.h.js';
import { pfn_to_online_page } from '../../include/linux/memory_hotplug.h.js';
import { compound_order, page_zone } from '../../include/linux/mm.h.js';
import {
  __PageMovable,
  compound_head,
  PageBuddy,
  PageCompound,
  PageLRU,
} from '../../include/linux/page-flags.h.js';
import { is_migrate_isolate } from '../../include/linux/page-isolation.h.js';
import { pageblock_align, pageblock_start_pfn } from '../../include/linux/pageblock-flags.h.js';
import { buddy_order } from '../internal.h.js';
import { split_free_page } from '../page_alloc/buddy.js';
import { get_pageblock_migratetype } from '../page_alloc/pageblock.js';
import { set_migratetype_isolate, unset_migratetype_isolate } from './page_isolation.js';

/** The first page from `pfn` on that exists, of `nr_pages`; NULL if none does. */
function __first_valid_page(k: Kernel, pfn: Pfn, nr_pages: ULong): Page {
  for (let i = 0; i < nr_pages; i++) {
    const page: Page = pfn_to_online_page(k, pfn + i);
    if (page !== NULL) return page;
  }
  return NULL;
}

/**
 * Isolates the pageblock before or behind `boundary_pfn`, and splits the free block that reaches over the boundary: 0, or
 * -EBUSY, and then nothing is isolated.
 */
function isolate_single_pageblock(
  k: Kernel,
  boundary_pfn: Pfn,
  isolate_before: boolean,
  skip_isolation: boolean,
  migratetype: Migratetype,
): Int {
  const isolate_pageblock: ULong = isolate_before
    ? boundary_pfn - k.pageblock_nr_pages
    : boundary_pfn;
  const block: Page = k.pfn_to_page(isolate_pageblock);
  const zone: Zone = page_zone(k, block);
  const MAX_ORDER_NR_PAGES = 1 << (k.MAX_ORDER - 1);
  // The largest blocks begin there: the head of one that reaches over the boundary is met.
  const start_pfn: Pfn = Math.max(
    isolate_pageblock & ~(MAX_ORDER_NR_PAGES - 1),
    k.read_ulong(zone + k.zone.zone_start_pfn),
  );

  if (!skip_isolation) {
    const end: ULong = isolate_pageblock + k.pageblock_nr_pages;
    const ret: Int = set_migratetype_isolate(k, block, migratetype, isolate_pageblock, end);
    if (ret !== 0) return ret;
  }
  // Nothing can reach over a boundary that has no pages on the other side.
  if (pfn_to_online_page(k, isolate_before ? boundary_pfn : boundary_pfn - 1) === NULL) return 0;

  for (let pfn: Pfn = start_pfn; pfn < boundary_pfn;) {
    const page: Page = __first_valid_page(k, pfn, boundary_pfn - pfn);
    pfn = k.page_to_pfn(page);
    if (PageBuddy(k, page)) {
      const order = buddy_order(k, page);
      if (pfn + (1 << order) > boundary_pfn) split_free_page(k, page, order, boundary_pfn - pfn);
      pfn += 1 << order;
      continue;
    }
    if (PageCompound(k, page)) {
      const head: Page = compound_head(k, page);
      const head_end: ULong = k.page_to_pfn(head) + (1 << compound_order(k, head));
      if (head_end <= boundary_pfn) {
        pfn = head_end;
        continue;
      }
      // Over the boundary, and in use: it would have to be migrated.
      if (PageLRU(k, page) || __PageMovable(k, page))
        k.emit({ kind: 'migrate', pfn: k.page_to_pfn(head) });
      if (!skip_isolation) unset_migratetype_isolate(k, block, migratetype);
      return -EBUSY;
    }
    pfn++;
  }
  return 0;
}

/** Isolates the pageblocks of a range: 0, or -EBUSY, and then none is. `migratetype` is what they are and will be again. */
export function start_isolate_page_range(
  k: Kernel,
  start_pfn: Pfn,
  end_pfn: Pfn,
  migratetype: Migratetype,
): Int {
  const isolate_start: ULong = pageblock_start_pfn(k, start_pfn);
  const isolate_end: ULong = pageblock_align(k, end_pfn);
  const last: ULong = isolate_end - k.pageblock_nr_pages;

  let ret: Int = isolate_single_pageblock(k, isolate_start, false, false, migratetype);
  if (ret !== 0) return ret;
  const skip_isolation = isolate_start === last;
  ret = isolate_single_pageblock(k, isolate_end, true, skip_isolation, migratetype);
  if (ret !== 0) {
    unset_migratetype_isolate(k, k.pfn_to_page(isolate_start), migratetype);
    return ret;
  }

  for (let pfn = isolate_start + k.pageblock_nr_pages; pfn < last; pfn += k.pageblock_nr_pages) {
    const page: Page = __first_valid_page(k, pfn, k.pageblock_nr_pages);
    if (page === NULL) continue;
    if (set_migratetype_isolate(k, page, migratetype, start_pfn, end_pfn) !== 0) {
      undo_isolate_page_range(k, isolate_start, pfn, migratetype);
      unset_migratetype_isolate(k, k.pfn_to_page(last), migratetype);
      return -EBUSY;
    }
  }
  return 0;
}

/** Makes the free pages of a range's pageblocks usable again, as pages of the type. */
export function undo_isolate_page_range(
  k: Kernel,
  start_pfn: Pfn,
  end_pfn: Pfn,
  migratetype: Migratetype,
): void {
  const isolate_start: ULong = pageblock_start_pfn(k, start_pfn);
  const isolate_end: ULong = pageblock_align(k, end_pfn);
  for (let pfn: Pfn = isolate_start; pfn < isolate_end; pfn += k.pageblock_nr_pages) {
    const page: Page = __first_valid_page(k, pfn, k.pageblock_nr_pages);
    if (page === NULL || !is_migrate_isolate(k, get_pageblock_migratetype(k, page))) continue;
    unset_migratetype_isolate(k, page, migratetype);
  }
}

/** The first page of the range that is not free; `end_pfn` or beyond if all are. */
function __test_page_isolated_in_pageblock(k: Kernel, pfn: Pfn, end_pfn: Pfn): ULong {
  while (pfn < end_pfn) {
    const page: Page = k.pfn_to_page(pfn);
    if (!PageBuddy(k, page)) break;
    pfn += 1 << buddy_order(k, page);
  }
  return pfn;
}

/** Whether all pages of a range, which begins with a block, are free in isolated pageblocks: 0, or -EBUSY. */
export function test_pages_isolated(k: Kernel, start_pfn: Pfn, end_pfn: Pfn): Int {
  for (let pfn: Pfn = start_pfn; pfn < end_pfn; pfn += k.pageblock_nr_pages) {
    const page: Page = __first_valid_page(k, pfn, k.pageblock_nr_pages);
    if (page !== NULL && !is_migrate_isolate(k, get_pageblock_migratetype(k, page))) return -EBUSY;
  }
  if (__first_valid_page(k, start_pfn, end_pfn - start_pfn) === NULL) return -EBUSY;
  return __test_page_isolated_in_pageblock(k, start_pfn, end_pfn) < end_pfn ? -EBUSY : 0;
}
