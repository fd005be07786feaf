/**
 * Contiguous ranges by address: the pages of [start, end), whichever they are, taken from the page allocator.
 *
 *     start_isolate_page_range   no one else gets a page of these pageblocks from here on
 *     drain_all_pages            what waits on per-CPU lists joins them
 *     migrate                    what is in use moves away, if it can
 *     isolate_freepages_range    all is free: taken, as single pages
 *     undo_isolate_page_range    what is left of the pageblocks is usable again
 *
 * Source: Linux 6.1 mm/page_alloc.c: alloc_contig_range(), __alloc_contig_migrate_range(), alloc_contig_pages(),
 * free_contig_range().
 */
import {
  type Gfp,
  type Int,
  type ListHead,
  type Migratetype,
  NULL,
  type Order,
  type Page,
  type Pfn,
  type ULong,
  type Zone,
  type Zoneref,
  type ZoneType,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { WARN } from '../../include/asm-generic/bug.h.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { EAGAIN, EBUSY, ENOMEM } from '../../include/linux/errno.h.js';
import { gfp_zone, node_zonelist } from '../../include/linux/gfp.h.js';
import { PageHuge } from '../../include/linux/hugetlb.h.js';
import { INIT_LIST_HEAD, list_empty } from '../../include/linux/list.h.js';
import { pfn_to_online_page } from '../../include/linux/memory_hotplug.h.js';
import { page_zone } from '../../include/linux/mm.h.js';
import { zone_spans_pfn, zonelist_zone } from '../../include/linux/mmzone.h.js';
import { PageBuddy, PageReserved } from '../../include/linux/page-flags.h.js';
import { page_ref_count } from '../../include/linux/page_ref.h.js';
import { current_gfp_context } from '../../include/linux/sched/mm.h.js';
import { isolate_freepages_range } from '../compaction/compaction.js';
import { isolate_migratepages_range } from '../compaction/isolate_migratepages.js';
import { MIGRATE_SYNC, MR_CONTIG_RANGE, putback_movable_pages } from '../migrate/migrate.js';
import { migrate_pages } from '../migrate/migrate_pages.js';
import { buddy_order, type CompactControl } from '../internal.h.js';
import { first_zones_zonelist, next_zones_zonelist } from '../mmzone.js';
import {
  start_isolate_page_range,
  test_pages_isolated,
  undo_isolate_page_range,
} from '../page_isolation/range.js';
import { reclaim_clean_pages_from_list } from '../vmscan/clean_pages.js';
import { lru_cache_disable, lru_cache_enable } from '../swap/swap.js';
import { __free_page } from './api.js';
import { drain_all_pages } from './pcp.js';

/** Left out: fatal signals, alloc_contig_dump_pages(). */
function __alloc_contig_migrate_range(k: Kernel, cc: CompactControl, start: Pfn, end: Pfn): Int {
  let pfn: Pfn = start;
  let tries: Int = 0;
  let ret: Int = 0;
  const mtc = { gfp_mask: k.GFP_USER | k.__GFP_MOVABLE | k.__GFP_RETRY_MAYFAIL };
  // A page that waits in a CPU's batch for its LRU list cannot be taken off that.
  lru_cache_disable(k);
  while (pfn < end || !list_empty(k, cc.migratepages)) {
    if (list_empty(k, cc.migratepages)) {
      cc.nr_migratepages = 0;
      ret = isolate_migratepages_range(k, cc, pfn, end);
      if (ret !== 0 && ret !== -EAGAIN) break;
      pfn = cc.migrate_pfn;
      tries = 0;
    } else if (++tries === 5) {
      ret = -EBUSY;
      break;
    }
    // What can be read again, or may be lost, need not be moved.
    cc.nr_migratepages -= reclaim_clean_pages_from_list(k, cc.migratepages);
    ret = migrate_pages(k, cc.migratepages, mtc, MIGRATE_SYNC, MR_CONTIG_RANGE);
    // Without memory another try is of no use.
    if (ret === -ENOMEM) break;
  }
  lru_cache_enable(k);
  if (ret < 0) {
    putback_movable_pages(k, cc.migratepages);
    return ret;
  }
  return 0;
}

/**
 * Takes the pages of [start, end), all of one zone and of pageblocks of one type (MOVABLE or CMA): 0, and each has one
 * reference; -EBUSY where one cannot be had.
 */
export function alloc_contig_range(
  k: Kernel,
  start: Pfn,
  end: Pfn,
  migratetype: Migratetype,
  gfp_mask: Gfp,
): Int {
  const migratepages: ListHead = k.machine.register('migratepages');
  INIT_LIST_HEAD(k, migratepages);
  const cc: CompactControl = {
    migratepages,
    nr_migratepages: 0,
    zone: page_zone(k, k.pfn_to_page(start)),
    gfp_mask: current_gfp_context(k, gfp_mask),
    nr_freepages: 0,
    migrate_pfn: 0,
  };

  // Whoever frees a page of the range from here on frees it for us: no one else gets it.
  let ret: Int = start_isolate_page_range(k, start, end, migratetype);
  done: {
    if (ret !== 0) break done;

    // A page on a per-CPU list is not PageBuddy: it would be taken for one in use below.
    drain_all_pages(k, cc.zone);

    // Pages that stay busy are found below; some may have become free by then.
    ret = __alloc_contig_migrate_range(k, cc, start, end);
    if (ret !== 0 && ret !== -EBUSY) break done;
    ret = 0;

    // All is free now, in blocks; those at both ends may reach out of the range. They are taken whole, and the rest is freed again.
    let order: Order = 0;
    let outer_start: Pfn = start;
    while (!PageBuddy(k, k.pfn_to_page(outer_start))) {
      if (++order >= k.MAX_ORDER) {
        // Not even in a block of the largest order: `start` is in use, which test_pages_isolated() will find.
        outer_start = start;
        break;
      }
      // Only there can a block of this order begin that has `start` in it.
      outer_start &= ~0 << order;
    }
    if (outer_start !== start) {
      order = buddy_order(k, k.pfn_to_page(outer_start));
      // A small free block further down: `start` is not in it, and so is not free.
      if (outer_start + (1 << order) <= start) outer_start = start;
    }

    // Migration promises nothing: one page that is still in use, and the range cannot be had.
    if (test_pages_isolated(k, outer_start, end) !== 0) {
      ret = -EBUSY;
      break done;
    }

    // Off the lists, and split into single pages: from here on they are the caller's.
    const outer_end: Pfn = isolate_freepages_range(k, cc, outer_start, end);
    if (outer_end === 0) {
      ret = -EBUSY;
      break done;
    }

    if (start !== outer_start) free_contig_range(k, outer_start, start - outer_start);
    if (end !== outer_end) free_contig_range(k, end, outer_end - end);
  }
  // done:
  // In any case. Pages that were taken are on no list: they stay the caller's.
  undo_isolate_page_range(k, start, end, migratetype);
  return ret;
}

/** Frees single pages one by one upwards. */
export function free_contig_range(k: Kernel, pfn: Pfn, nr_pages: ULong): void {
  let count: ULong = 0;
  for (; nr_pages-- > 0; pfn++) {
    const page: Page = k.pfn_to_page(pfn);
    // Somebody else holds the page as well, and it is not free when this reference is dropped.
    if (page_ref_count(k, page) !== 1) count++;
    __free_page(k, page);
  }
  WARN(k, count !== 0, `${count} pages are still in use!`);
}

// --- any range -----------------------------------------------------------------------------------------------------------

/** Whether all pages of a range exist, are the zone's, and are neither kept for good nor huge ones of a pool. */
function pfn_range_valid_contig(k: Kernel, z: Zone, start_pfn: Pfn, nr_pages: ULong): boolean {
  for (let i: ULong = start_pfn; i < start_pfn + nr_pages; i++) {
    const page: Page = pfn_to_online_page(k, i);
    if (page === NULL || page_zone(k, page) !== z || PageReserved(k, page)) return false;
    if (PageHuge(k, page)) return false;
  }
  return true;
}

/** Whether a candidate ends within the zone: the first that does not ends the walk. */
function zone_spans_last_pfn(k: Kernel, zone: Zone, start_pfn: Pfn, nr_pages: ULong): boolean {
  const last_pfn: Pfn = start_pfn + nr_pages - 1;
  return zone_spans_pfn(k, zone, last_pfn);
}

/** As MOVABLE: the candidate lies somewhere in a zone, not in an area of CMA. */
function __alloc_contig_pages(k: Kernel, start_pfn: Pfn, nr_pages: ULong, gfp_mask: Gfp): Int {
  const end_pfn: Pfn = start_pfn + nr_pages;
  return alloc_contig_range(k, start_pfn, end_pfn, k.MIGRATE_MOVABLE, gfp_mask);
}

/** The first `nr_pages` pages in a row, aligned to their number, that can be had; NULL if none can. Left out: nid, nodemask. */
export function alloc_contig_pages(k: Kernel, nr_pages: ULong, gfp_mask: Gfp): Page {
  const highest_zoneidx: ZoneType = gfp_zone(k, gfp_mask);
  for (
    let z: Zoneref = first_zones_zonelist(k, node_zonelist(k), highest_zoneidx),
      zone: Zone = zonelist_zone(k, z);
    zone !== NULL;
    z = next_zones_zonelist(k, z, highest_zoneidx), zone = zonelist_zone(k, z)
  ) {
    // Candidates do not overlap: a page that spoils one leaves the next alone.
    let pfn: Pfn = ALIGN(k.read_ulong(zone + k.zone.zone_start_pfn), nr_pages);
    while (zone_spans_last_pfn(k, zone, pfn, nr_pages)) {
      if (pfn_range_valid_contig(k, zone, pfn, nr_pages)) {
        // zone->lock is dropped for this: somebody may be faster, and then it goes on behind.
        const ret: Int = __alloc_contig_pages(k, pfn, nr_pages, gfp_mask);
        if (ret === 0) return k.pfn_to_page(pfn);
      }
      pfn += nr_pages;
    }
  }
  return NULL;
}
