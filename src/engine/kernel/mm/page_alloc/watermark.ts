/**
 * Watermarks: may a request take pages from a zone?
 *
 *     free pages  -  what the request cannot use  >  mark (lowered by its rights)  +  lowmem_reserve[highest zone it may use]
 *
 * and, for order > 0, is there a block it could get? The mark includes the zone's boost.
 * Source: Linux 6.1 mm/page_alloc.c: __zone_watermark_ok(), zone_watermark_fast().
 */
import type {
  AllocFlags,
  FreeArea,
  Gfp,
  Long,
  Migratetype,
  Order,
  ULong,
  Zone,
  ZoneType,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { free_area_empty } from '../../include/linux/mmzone.h.js';
import { zone_page_state, zone_page_state_snapshot } from '../../include/linux/vmstat.h.js';

/** Free pages that a request of this order with these rights could not use in any case. */
export function __zone_watermark_unusable_free(
  k: Kernel,
  z: Zone,
  order: Order,
  alloc_flags: AllocFlags,
): Long {
  // The block without one page: `<=` in the comparison with the mark stands for that one.
  let unusable_free: Long = (1 << order) - 1;
  // The atomic reserve is counted as a whole, free or in use: to look closer would cost too much here.
  if ((alloc_flags & k.ALLOC_RESERVES) === 0)
    unusable_free += k.read_ulong(z + k.zone.nr_reserved_highatomic);
  if ((alloc_flags & k.ALLOC_CMA) === 0)
    unusable_free += zone_page_state(k, z, k.NR_FREE_CMA_PAGES);
  return unusable_free;
}

/** Whether the zone would still be above the mark after the request, and has a block for it. */
export function __zone_watermark_ok(
  k: Kernel,
  z: Zone,
  order: Order,
  mark: ULong,
  highest_zoneidx: ZoneType,
  alloc_flags: AllocFlags,
  free_pages: Long,
): boolean {
  let min: Long = mark;
  free_pages -= __zone_watermark_unusable_free(k, z, order, alloc_flags);

  if ((alloc_flags & k.ALLOC_RESERVES) !== 0) {
    if ((alloc_flags & k.ALLOC_MIN_RESERVE) !== 0) {
      min -= Math.trunc(min / 2);
      // GFP_ATOMIC goes deeper than __GFP_HIGH; not to block alone gives no right to the reserve.
      if ((alloc_flags & k.ALLOC_NON_BLOCK) !== 0) min -= Math.trunc(min / 4);
    }
    if ((alloc_flags & k.ALLOC_OOM) !== 0) min -= Math.trunc(min / 2);
  }

  // A request that could use a higher zone must leave something for those that cannot.
  const lowmem_reserve: Long = k.read_long(
    z + k.zone.lowmem_reserve + highest_zoneidx * k.ptr_words,
  );
  if (free_pages <= min + lowmem_reserve) return false;
  // One page is a block: any that is free will do.
  if (order === 0) return true;

  // Enough pages; but a block that is large enough must be there, too.
  for (let o: Order = order; o < k.MAX_ORDER; o++) {
    const area: FreeArea = z + k.zone.free_area + o * k.stride.free_area;
    if (k.words[area + k.free_area.nr_free] === 0) continue;
    // Of any of these types: __rmqueue_fallback() turns one into the other.
    for (let mt: Migratetype = 0; mt < k.MIGRATE_PCPTYPES; mt++) {
      if (!free_area_empty(k, area, mt)) return true;
    }
    if ((alloc_flags & k.ALLOC_CMA) !== 0 && !free_area_empty(k, area, k.MIGRATE_CMA)) return true;
    if (
      (alloc_flags & (k.ALLOC_HIGHATOMIC | k.ALLOC_OOM)) !== 0 &&
      !free_area_empty(k, area, k.MIGRATE_HIGHATOMIC)
    )
      return true;
  }
  return false;
}

/** With the zone's count as it stands. */
export function zone_watermark_ok(
  k: Kernel,
  z: Zone,
  order: Order,
  mark: ULong,
  highest_zoneidx: ZoneType,
  alloc_flags: AllocFlags,
): boolean {
  const free_pages: Long = zone_page_state(k, z, k.NR_FREE_PAGES);
  return __zone_watermark_ok(k, z, order, mark, highest_zoneidx, alloc_flags, free_pages);
}

/** The test of every allocation: order 0 passes with a few reads when there is plenty. */
export function zone_watermark_fast(
  k: Kernel,
  z: Zone,
  order: Order,
  mark: ULong,
  highest_zoneidx: ZoneType,
  alloc_flags: AllocFlags,
  gfp_mask: Gfp,
): boolean {
  const free_pages: Long = zone_page_state(k, z, k.NR_FREE_PAGES);

  if (order === 0) {
    // No right lowers the mark here, so a request that passes would pass the exact test as well.
    let usable_free: Long = free_pages;
    const reserved: Long = __zone_watermark_unusable_free(k, z, 0, alloc_flags);
    // Not below 0: the counters are read one after the other, and need not fit each other.
    usable_free -= Math.min(usable_free, reserved);
    const lowmem_reserve: Long = k.read_long(
      z + k.zone.lowmem_reserve + highest_zoneidx * k.ptr_words,
    );
    if (usable_free > mark + lowmem_reserve) return true;
  }

  if (__zone_watermark_ok(k, z, order, mark, highest_zoneidx, alloc_flags, free_pages)) return true;

  // The boost is there to make kswapd work; a request that cannot wait for that does not fail because of it.
  if (
    order === 0 &&
    (gfp_mask & k.__GFP_ATOMIC) !== 0 &&
    k.read_ulong(z + k.zone.watermark_boost) !== 0 &&
    (alloc_flags & k.ALLOC_WMARK_MASK) === k.WMARK_MIN
  ) {
    mark = k.read_ulong(z + k.zone._watermark + k.WMARK_MIN * k.ptr_words);
    return __zone_watermark_ok(k, z, order, mark, highest_zoneidx, alloc_flags, free_pages);
  }
  return false;
}

/** As zone_watermark_ok(), exact where SMP counters may run behind so far that it matters. */
export function zone_watermark_ok_safe(
  k: Kernel,
  z: Zone,
  order: Order,
  mark: ULong,
  highest_zoneidx: ZoneType,
): boolean {
  let free_pages: Long = zone_page_state(k, z, k.NR_FREE_PAGES);
  const drift_mark: ULong = k.read_ulong(z + k.zone.percpu_drift_mark);
  // Adding up every CPU's share is expensive: it is done only where it may decide.
  if (drift_mark !== 0 && free_pages < drift_mark)
    free_pages = zone_page_state_snapshot(k, z, k.NR_FREE_PAGES);
  return __zone_watermark_ok(k, z, order, mark, highest_zoneidx, 0, free_pages);
}
