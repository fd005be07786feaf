/**
 * What the allocator is about to see, read with the kernel's own functions where its run has come to.
 */
import type { Kernel } from '../machine/kernel.js';
import type { AllocFlags, Gfp, Migratetype, Order, Zone, ZoneType } from '../machine/ctypes.js';
import { NULL } from '../machine/ctypes.js';
import { unusableType } from './unusable.js';
import { zone_page_state } from '../kernel/include/linux/vmstat.h.js';
import { free_area_empty, get_page_from_free_area } from '../kernel/include/linux/mmzone.h.js';
import { zone_watermark_fast } from '../kernel/mm/page_alloc/watermark.js';
import { enumName } from '../types/enumName.js';
import type { BuddyStep, FallbackStep, OrderScan, WatermarkTest } from './attempt.js';

/** The arguments of zone_watermark_fast(). */
export interface WatermarkQuestion {
  readonly zone: Zone;
  readonly order: Order;
  readonly mark: number;
  readonly highest_zoneidx: ZoneType;
  readonly alloc_flags: AllocFlags;
  readonly gfp_mask: Gfp;
}

export function watermarkTest(k: Kernel, question: WatermarkQuestion): WatermarkTest {
  const { zone, order, mark, highest_zoneidx, alloc_flags, gfp_mask } = question;
  const which = alloc_flags & k.ALLOC_WMARK_MASK;
  const ignored = (alloc_flags & k.ALLOC_NO_WATERMARKS) !== 0;
  const pages = k.read_ulong(zone + k.zone._watermark + which * k.ptr_words);
  const boost = k.read_ulong(zone + k.zone.watermark_boost);
  const passed = zone_watermark_fast(k, zone, order, mark, highest_zoneidx, alloc_flags, gfp_mask);
  return {
    name: enumName(k.profile, 'zone_watermarks', which),
    pages,
    boost,
    extra: mark - pages - boost,
    free: zone_page_state(k, zone, k.NR_FREE_PAGES),
    cma: (alloc_flags & k.ALLOC_CMA) === 0 ? zone_page_state(k, zone, k.NR_FREE_CMA_PAGES) : 0,
    highatomic:
      (alloc_flags & k.ALLOC_RESERVES) === 0
        ? k.read_ulong(zone + k.zone.nr_reserved_highatomic)
        : 0,
    taken: (1 << order) - 1,
    min: mark,
    lowmem_reserve: k.read_long(zone + k.zone.lowmem_reserve + highest_zoneidx * k.ptr_words),
    passed,
    ignored,
  };
}

/** The mark as the request's rights lower it. Source: Linux 6.1 mm/page_alloc.c __zone_watermark_ok(). */
export function markFor(k: Kernel, mark: number, alloc_flags: AllocFlags): number {
  let min = mark;
  if ((alloc_flags & k.ALLOC_RESERVES) === 0) return min;
  if ((alloc_flags & k.ALLOC_MIN_RESERVE) !== 0) {
    min -= Math.trunc(min / 2);
    if ((alloc_flags & k.ALLOC_NON_BLOCK) !== 0) min -= Math.trunc(min / 4);
  }
  if ((alloc_flags & k.ALLOC_OOM) !== 0) min -= Math.trunc(min / 2);
  return min;
}

/** Every order of a zone, and which of its lists the request could use. */
export function orderScans(
  k: Kernel,
  zone: Zone,
  order: Order,
  alloc_flags: AllocFlags,
): readonly OrderScan[] {
  return Array.from({ length: k.MAX_ORDER }, (_, o) => {
    const area = zone + k.zone.free_area + o * k.stride.free_area;
    const all = Array.from({ length: k.MIGRATE_TYPES }, (_unused, mt) => mt);
    return {
      order: o,
      nr_free: k.read_ulong(area + k.free_area.nr_free),
      types: all
        .filter((mt) => !free_area_empty(k, area, mt))
        .map((migratetype) => {
          const unusable = unusableType(k, migratetype, order, alloc_flags);
          return { migratetype, ...(unusable !== undefined && { unusable }) };
        }),
    };
  });
}

/** What __rmqueue_smallest() will find. */
export function buddyStep(
  k: Kernel,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
): BuddyStep {
  let found: Order | undefined;
  for (let o = order; o < k.MAX_ORDER && found === undefined; o++)
    if (
      get_page_from_free_area(k, zone + k.zone.free_area + o * k.stride.free_area, migratetype) !==
      NULL
    )
      found = o;
  return { kind: 'buddy', order, migratetype, found, times: 1 };
}

/** What __rmqueue_fallback() may take. What it takes is known when it does. */
export function fallbackStep(
  k: Kernel,
  order: Order,
  migratetype: Migratetype,
  alloc_flags: AllocFlags,
): FallbackStep {
  const nofragment = order < k.pageblock_order && (alloc_flags & k.ALLOC_NOFRAGMENT) !== 0;
  return {
    kind: 'fallback',
    order,
    migratetype,
    candidates: (k.fallbacks[migratetype] ?? []).filter((mt) => mt !== k.MIGRATE_TYPES),
    min_order: nofragment ? k.pageblock_order : order,
    nofragment,
    times: 1,
  };
}
