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
import { gfp_zone, node_zonelist } from '../../include/linux/gfp.h.js';
import { pfn_to_online_page } from '../../include/linux/memory_hotplug.h.js';
import { page_zone } from '../../include/linux/mm.h.js';
import { zone_spans_pfn, zonelist_zone } from '../../include/linux/mmzone.h.js';
import { PageBuddy, PageReserved } from '../../include/linux/page-flags.h.js';
import { page_ref_count } from '../../include/linux/page_ref.h.js';
import { isolate_freepages_range, isolate_migratepages_range } from '../compaction.js';
import { buddy_order, type CompactControl } from '../internal.h.js';
import { first_zones_zonelist, next_zones_zonelist } from '../mmzone.js';
import {
  start_isolate_page_range,
  test_pages_isolated,
  undo_isolate_page_range,
} from '../page_isolation/range.js';
import { lru_cache_disable, lru_cache_enable } from '../swap.js';
import { __free_page } from './api.js';
import { drain_all_pages } from './pcp.js';

/** Migrates what can be migrated out of [start, end), which lies in one zone. Nothing can yet: see isolate_migratepages_range(). */
function __alloc_contig_migrate_range(
  k: Kernel,
  cc: CompactControl,
  start: ULong,
  end: ULong,
): void {
  lru_cache_disable(k);
  for (let pfn: Pfn = start; pfn < end; pfn = cc.migrate_pfn)
    isolate_migratepages_range(k, cc, pfn, end);
  lru_cache_enable(k);
}

/** Where the free block that holds `start` begins; `start` itself if it is in none. */
function find_outer_start(k: Kernel, start: ULong): ULong {
  let order: Order = 0;
  let outer_start: ULong = start;
  while (!PageBuddy(k, k.pfn_to_page(outer_start))) {
    if (++order >= k.MAX_ORDER) return start;
    outer_start &= ~0 << order;
  }
  if (outer_start === start) return start;
  // A small free block further down: `start` is not in it.
  order = buddy_order(k, k.pfn_to_page(outer_start));
  return outer_start + (1 << order) <= start ? start : outer_start;
}

/**
 * Takes the pages of [start, end), all of one zone and of pageblocks of one type (MOVABLE or CMA): 0, and each has one
 * reference; -EBUSY where one cannot be had.
 */
export function alloc_contig_range(
  k: Kernel,
  start: ULong,
  end: ULong,
  migratetype: Migratetype,
  gfp_mask: Gfp,
): Int {
  const zone: Zone = page_zone(k, k.pfn_to_page(start));
  const cc: CompactControl = { zone, gfp_mask, nr_freepages: 0, migrate_pfn: start };

  let ret: Int = start_isolate_page_range(k, start, end, migratetype);
  if (ret === 0) {
    drain_all_pages(k, zone);
    __alloc_contig_migrate_range(k, cc, start, end);

    // The free blocks at both ends may reach out of the range: they are taken whole, and the rest is freed.
    const outer_start: ULong = find_outer_start(k, start);
    ret = test_pages_isolated(k, outer_start, end);
    if (ret === 0) {
      const outer_end: ULong = isolate_freepages_range(k, cc, outer_start, end);
      if (outer_end === 0) ret = -EBUSY;
      else {
        if (start !== outer_start) free_contig_range(k, outer_start, start - outer_start);
        if (end !== outer_end) free_contig_range(k, end, outer_end - end);
      }
    }
  }
  undo_isolate_page_range(k, start, end, migratetype);
  return ret;
}

/** Frees single pages one by one upwards. */
export function free_contig_range(k: Kernel, pfn: Pfn, nr_pages: ULong): void {
  let count: ULong = 0;
  for (let i = 0; i < nr_pages; i++) {
    const page: Page = k.pfn_to_page(pfn + i);
    if (page_ref_count(k, page) !== 1) count++;
    __free_page(k, page);
  }
  if (count !== 0) k.emit({ kind: 'warn', text: `${count} pages are still in use!` });
}

// --- any range -----------------------------------------------------------------------------------------------------------

/** Whether all pages of a range exist, are the zone's, and are not kept for good. */
function pfn_range_valid_contig(k: Kernel, z: Zone, start_pfn: Pfn, nr_pages: ULong): boolean {
  for (let i: ULong = start_pfn; i < start_pfn + nr_pages; i++) {
    const page: Page = pfn_to_online_page(k, i);
    if (page === NULL || page_zone(k, page) !== z || PageReserved(k, page)) return false;
  }
  return true;
}

/** The first `nr_pages` pages in a row, aligned to their number, that can be had; NULL if none can. */
export function alloc_contig_pages(k: Kernel, nr_pages: ULong, gfp_mask: Gfp): Page {
  const highest_zoneidx = gfp_zone(k, gfp_mask);
  let z = first_zones_zonelist(k, node_zonelist(k), highest_zoneidx);
  for (
    let zone: Zone = zonelist_zone(k, z);
    zone !== NULL;
    z = next_zones_zonelist(k, z, highest_zoneidx), zone = zonelist_zone(k, z)
  ) {
    const zone_start: ULong = k.read_ulong(zone + k.zone.zone_start_pfn);
    let pfn: Pfn = Math.ceil(zone_start / nr_pages) * nr_pages;
    for (; zone_spans_pfn(k, zone, pfn + nr_pages - 1); pfn += nr_pages) {
      if (!pfn_range_valid_contig(k, zone, pfn, nr_pages)) continue;
      if (alloc_contig_range(k, pfn, pfn + nr_pages, k.MIGRATE_MOVABLE, gfp_mask) === 0)
        return k.pfn_to_page(pfn);
    }
  }
  return NULL;
}
