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
  type Order,
  type Page,
  type ULong,
  type Zone,
  type Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ALIGN_DOWN } from '../../include/linux/align.h.js';
import { EBUSY } from '../../include/linux/errno.h.js';
import { pfn_to_online_page } from '../../include/linux/memory_hotplug.h.js';
import { compound_nr, page_zone } from '../../include/linux/mm.h.js';
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
 * -EBUSY, and then nothing is isolated. Left out: flags, gfp_flags; __alloc_contig_migrate_range (a page in use over the boundary is
 * reported, and cannot be moved yet).
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
  // The largest blocks begin there: the head of one that reaches over the boundary is met.
  const zone: Zone = page_zone(k, k.pfn_to_page(isolate_pageblock));
  const start_pfn: Pfn = Math.max(
    ALIGN_DOWN(isolate_pageblock, 1 << (k.MAX_ORDER - 1)),
    k.read_ulong(zone + k.zone.zone_start_pfn),
  );

  // Of a range within one pageblock both ends are in it.
  if (!skip_isolation) {
    const ret: Int = set_migratetype_isolate(
      k,
      k.pfn_to_page(isolate_pageblock),
      migratetype,
      isolate_pageblock,
      isolate_pageblock + k.pageblock_nr_pages,
    );
    if (ret !== 0) return ret;
  }

  // Nothing can reach over a boundary that has no pages on the other side.
  if (isolate_before) {
    if (pfn_to_online_page(k, boundary_pfn) === NULL) return 0;
  } else if (pfn_to_online_page(k, boundary_pfn - 1) === NULL) return 0;

  failed: {
    for (let pfn: Pfn = start_pfn; pfn < boundary_pfn;) {
      const page: Page = __first_valid_page(k, pfn, boundary_pfn - pfn);
      pfn = k.page_to_pfn(page);

      if (PageBuddy(k, page)) {
        const order: Order = buddy_order(k, page);
        // Each part goes to the list of its own pageblock. A block that changed before it was split is looked at again.
        if (pfn + (1 << order) > boundary_pfn)
          if (split_free_page(k, page, order, boundary_pfn - pfn) !== 0) continue;
        pfn += 1 << order;
        continue;
      }

      if (PageCompound(k, page)) {
        const head: Page = compound_head(k, page);
        const head_pfn: Pfn = k.page_to_pfn(head);
        const nr_pages: ULong = compound_nr(k, head);
        if (head_pfn + nr_pages <= boundary_pfn) {
          pfn = head_pfn + nr_pages;
          continue;
        }
        // Over the boundary, and in use: it would have to be migrated.
        if (PageLRU(k, page) || __PageMovable(k, page))
          k.emit({ kind: 'migrate', pfn: k.page_to_pfn(head), outcome: 'failed' });
        break failed;
      }

      // A single page, or one of a plain block that is in use.
      pfn++;
    }
    return 0;
  }
  // failed:
  if (!skip_isolation) unset_migratetype_isolate(k, k.pfn_to_page(isolate_pageblock), migratetype);
  return -EBUSY;
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
  let skip_isolation = false;

  let ret: Int = isolate_single_pageblock(k, isolate_start, false, skip_isolation, migratetype);
  if (ret !== 0) return ret;
  // Both ends are in one pageblock, which is isolated by now: another time it would be -EBUSY.
  if (isolate_start === isolate_end - k.pageblock_nr_pages) skip_isolation = true;
  ret = isolate_single_pageblock(k, isolate_end, true, skip_isolation, migratetype);
  if (ret !== 0) {
    // The other end was isolated already.
    unset_migratetype_isolate(k, k.pfn_to_page(isolate_start), migratetype);
    return ret;
  }

  // Those in between.
  for (
    let pfn: Pfn = isolate_start + k.pageblock_nr_pages;
    pfn < isolate_end - k.pageblock_nr_pages;
    pfn += k.pageblock_nr_pages
  ) {
    const page: Page = __first_valid_page(k, pfn, k.pageblock_nr_pages);
    if (page !== NULL && set_migratetype_isolate(k, page, migratetype, start_pfn, end_pfn) !== 0) {
      // All or none: those before this one, and the last, which was isolated out of turn.
      undo_isolate_page_range(k, isolate_start, pfn, migratetype);
      const last: Page = k.pfn_to_page(isolate_end - k.pageblock_nr_pages);
      unset_migratetype_isolate(k, last, migratetype);
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

/** The first page of the range that is not free; `end_pfn` or beyond if all are. Left out: hwpoison, PageOffline. */
function __test_page_isolated_in_pageblock(k: Kernel, pfn: Pfn, end_pfn: Pfn): ULong {
  while (pfn < end_pfn) {
    const page: Page = k.pfn_to_page(pfn);
    if (PageBuddy(k, page)) pfn += 1 << buddy_order(k, page);
    else break;
  }
  return pfn;
}

/** Whether all pages of a range, which begins with a block, are free in isolated pageblocks: 0, or -EBUSY. */
export function test_pages_isolated(k: Kernel, start_pfn: Pfn, end_pfn: Pfn): Int {
  let pfn: Pfn;
  let page: Page;
  // The types first: a free block may be as large as several pageblocks.
  for (pfn = start_pfn; pfn < end_pfn; pfn += k.pageblock_nr_pages) {
    page = __first_valid_page(k, pfn, k.pageblock_nr_pages);
    if (page !== NULL && !is_migrate_isolate(k, get_pageblock_migratetype(k, page))) break;
  }
  // The loop left early: a pageblock is not isolated. A range without pages is no success either.
  page = __first_valid_page(k, start_pfn, end_pfn - start_pfn);
  if (pfn < end_pfn || page === NULL) return -EBUSY;

  pfn = __test_page_isolated_in_pageblock(k, start_pfn, end_pfn);
  return pfn < end_pfn ? -EBUSY : 0;
}
