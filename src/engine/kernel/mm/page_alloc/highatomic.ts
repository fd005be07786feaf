/**
 * MIGRATE_HIGHATOMIC: pageblocks kept for allocations of several pages that cannot wait.
 *
 * Each such allocation that succeeds reserves the pageblock it came from, up to about 1 % of the zone; before the kernel
 * gives up on a request, it dissolves them.
 * Source: Linux 6.1 mm/page_alloc.c: reserve_highatomic_pageblock(), unreserve_highatomic_pageblock().
 */
import {
  type FreeArea,
  type Migratetype,
  NULL,
  type Order,
  type Page,
  type ULong,
  type Zone,
  type Zoneref,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  get_page_from_free_area,
  migratetype_is_mergeable,
  zone_managed_pages,
  zonelist_zone,
} from '../../include/linux/mmzone.h.js';
import { type AllocContext, is_migrate_highatomic } from '../internal.h.js';
import { first_zones_zonelist, next_zones_zonelist } from '../mmzone.js';
import { move_freepages_block } from './fallback.js';
import { get_pageblock_migratetype, set_pageblock_migratetype } from './pageblock.js';

/** Keeps the pageblock of `page` for the next request of this kind. Left out: alloc_order, which 6.1 does not use. */
export function reserve_highatomic_pageblock(k: Kernel, page: Page, zone: Zone): void {
  // One pageblock, or about 1 % of the zone.
  const max_managed: ULong = Math.floor(zone_managed_pages(k, zone) / 100) + k.pageblock_nr_pages;
  const reserved: ULong = k.read_ulong(zone + k.zone.nr_reserved_highatomic);
  if (reserved >= max_managed) return;

  // CMA and isolated blocks are somebody's, and one that is reserved has been counted.
  const mt: Migratetype = get_pageblock_migratetype(k, page);
  if (migratetype_is_mergeable(k, mt)) {
    // Pages of the block that are in use now come to the reserve when they are freed: the type sees to that.
    k.write_long(zone + k.zone.nr_reserved_highatomic, reserved + k.pageblock_nr_pages);
    set_pageblock_migratetype(k, page, k.MIGRATE_HIGHATOMIC);
    move_freepages_block(k, zone, page, k.MIGRATE_HIGHATOMIC, undefined);
  }
}

/** Turns one reserved pageblock into one of the request's type. Unless forced, each zone keeps its last one. */
export function unreserve_highatomic_pageblock(
  k: Kernel,
  ac: AllocContext,
  force: boolean,
): boolean {
  for (
    let z: Zoneref = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx),
      zone: Zone = zonelist_zone(k, z);
    zone !== NULL;
    z = next_zones_zonelist(k, z, ac.highest_zoneidx), zone = zonelist_zone(k, z)
  ) {
    if (!force && k.read_ulong(zone + k.zone.nr_reserved_highatomic) <= k.pageblock_nr_pages)
      continue;

    // There is no list of reserved pageblocks: one is found by a free block in it, so one without is not found.
    for (let order: Order = 0; order < k.MAX_ORDER; order++) {
      const area: FreeArea = zone + k.zone.free_area + order * k.stride.free_area;
      const page: Page = get_page_from_free_area(k, area, k.MIGRATE_HIGHATOMIC);
      if (page === NULL) continue;

      // A free block may still be listed as HIGHATOMIC when its pageblock is no longer: count each pageblock once.
      if (is_migrate_highatomic(k, get_pageblock_migratetype(k, page))) {
        const reserved: ULong = k.read_ulong(zone + k.zone.nr_reserved_highatomic);
        // Never below 0, whatever went wrong before.
        k.write_long(
          zone + k.zone.nr_reserved_highatomic,
          reserved - Math.min(k.pageblock_nr_pages, reserved),
        );
      }

      // To the type that needs it, without weighing whether it pays: another type would only get it stolen again.
      set_pageblock_migratetype(k, page, ac.migratetype);
      const ret = move_freepages_block(k, zone, page, ac.migratetype, undefined) !== 0;
      // One is enough for the caller to look at the lists again.
      if (ret) return ret;
    }
  }
  return false;
}
