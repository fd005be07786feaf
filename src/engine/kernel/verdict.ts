/**
 * Why a request failed, in one sentence: what the zones it could use lacked.
 */
import type { AllocContext } from './alloc_context.js';
import type { Mm } from './mm.js';
import type { AllocFlags, Order, Zone } from './types.js';
import { NULL } from './types.js';
import { zone_page_state } from './vmstat.js';
import { __zone_watermark_ok, wmark_pages, zone_idx } from './watermark.js';
import { first_zones_zonelist, next_zones_zonelist, zonelist_zone } from './zonelist.js';

export function failure_reason(
  k: Mm,
  order: Order,
  alloc_flags: AllocFlags,
  ac: AllocContext,
): string {
  const parts: string[] = [];
  let z = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx);
  for (
    let zone: Zone = zonelist_zone(k, z);
    zone !== NULL;
    z = next_zones_zonelist(k, z, ac.highest_zoneidx), zone = zonelist_zone(k, z)
  )
    parts.push(`${zone_name(k, zone)} ${zone_reason(k, zone, order, alloc_flags, ac)}`);
  if (parts.length === 0) return 'no zone has memory that the request may use';
  return parts.join('; ');
}

function zone_reason(
  k: Mm,
  zone: Zone,
  order: Order,
  alloc_flags: AllocFlags,
  ac: AllocContext,
): string {
  const free = zone_page_state(k, zone, k.NR_FREE_PAGES);
  const mark = wmark_pages(k, zone, alloc_flags & k.ALLOC_WMARK_MASK);
  const reserve = k.read_long(zone + k.zone_lowmem_reserve + ac.highest_zoneidx * k.ptr_words);
  const enough = __zone_watermark_ok(k, zone, 0, mark, ac.highest_zoneidx, alloc_flags, free);
  if (enough || (alloc_flags & k.ALLOC_NO_WATERMARKS) !== 0)
    return `has ${free} pages free but no block of order ${order} the request may use`;
  const cma = (alloc_flags & k.ALLOC_CMA) === 0 ? zone_page_state(k, zone, k.NR_FREE_CMA_PAGES) : 0;
  const unusable = cma === 0 ? '' : ` (${cma} of them CMA)`;
  return `has ${free} pages free${unusable}, not above watermark ${mark} + lowmem_reserve ${reserve}`;
}

/** The name that `zone->name` points to. */
export function zone_name(k: Mm, zone: Zone): string {
  const idx = zone_idx(k, zone);
  switch (idx) {
    case k.ZONE_DMA:
      return 'DMA';
    case k.ZONE_DMA32:
      return 'DMA32';
    case k.ZONE_NORMAL:
      return 'Normal';
    case k.ZONE_HIGHMEM:
      return 'HighMem';
    default:
      return 'Movable';
  }
}
