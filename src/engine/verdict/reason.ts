/**
 * Why a request failed, in one sentence: what the zones it could use lacked. What it says of each attempt in full, also of
 * those that succeeded, is recorded on demand: see src/engine/verdict.
 */
import {
  free_area,
  free_area_empty,
  free_list,
  wmark_pages,
  zone_idx,
  zonelist_zone,
} from '../kernel/include/linux/mmzone.h.js';
import { zone_page_state } from '../kernel/include/linux/vmstat.h.js';
import { gfp_text } from '../kernel/lib/vsprintf.js';
import type { AllocContext } from '../kernel/mm/internal.h.js';
import { first_zones_zonelist, next_zones_zonelist } from '../kernel/mm/mmzone.js';
import { __zone_watermark_ok } from '../kernel/mm/page_alloc/watermark.js';
import {
  type AllocFlags,
  type Gfp,
  type Int,
  type ListHead,
  type Migratetype,
  NULL,
  type Order,
  type ULong,
  type Zone,
} from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { migratetypeName } from '../types/enumName.js';

/** `DMA32: 4 blocks of order 10 are CMA, unusable for GFP_KERNEL without __GFP_MOVABLE; DMA: ...` */
export function failure_reason(
  k: Kernel,
  gfp_mask: Gfp,
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
    parts.push(`${zone_name(k, zone)}: ${zone_reason(k, zone, gfp_mask, order, alloc_flags, ac)}`);
  if (parts.length === 0) return 'no zone has memory that the request may use';
  return parts.join('; ');
}

function zone_reason(
  k: Kernel,
  zone: Zone,
  gfp_mask: Gfp,
  order: Order,
  alloc_flags: AllocFlags,
  ac: AllocContext,
): string {
  const free = zone_page_state(k, zone, k.NR_FREE_PAGES);
  const mark = wmark_pages(k, zone, alloc_flags & k.ALLOC_WMARK_MASK);
  const reserve = k.read_long(zone + k.zone.lowmem_reserve + ac.highest_zoneidx * k.ptr_words);
  const cma = (alloc_flags & k.ALLOC_CMA) === 0 ? zone_page_state(k, zone, k.NR_FREE_CMA_PAGES) : 0;
  const pages = `${free} pages free${cma === 0 ? '' : ` (${cma} CMA)`}`;
  const lowering = k.ALLOC_MIN_RESERVE | k.ALLOC_OOM;
  const rights = (alloc_flags & lowering) === 0 ? '' : ' (lowered by its rights)';
  const marks = `watermark ${mark}${rights}${reserve === 0 ? '' : ` + lowmem_reserve ${reserve}`}`;
  const enough =
    (alloc_flags & k.ALLOC_NO_WATERMARKS) !== 0 ||
    __zone_watermark_ok(k, zone, 0, mark, ac.highest_zoneidx, alloc_flags, free);
  if (!enough) return `${pages}, not above ${marks}`;

  const unusable: string[] = [];
  for (let mt: Migratetype = 0; mt < k.MIGRATE_TYPES; mt++) {
    const blocks = blocks_text(k, zone, order, mt);
    if (blocks === '') continue;
    const why = unusable_type(k, mt, order, alloc_flags);
    // There is a block, but to take it would leave too little.
    if (why === undefined) return `${pages}, ${1 << order} fewer would not be above ${marks}`;
    unusable.push(`${blocks} ${type_text(k, mt)}, unusable for ${gfp_text(k, gfp_mask)} ${why}`);
  }
  if (unusable.length > 0) return unusable.join(', ');
  return `${pages}, but no block of order ${order}${largest_text(k, zone)}`;
}

/** Why a request with these rights may not take blocks of a type; undefined when it may. */
export function unusable_type(
  k: Kernel,
  mt: Migratetype,
  order: Order,
  alloc_flags: AllocFlags,
): string | undefined {
  switch (mt) {
    case k.MIGRATE_CMA:
      return (alloc_flags & k.ALLOC_CMA) !== 0 ? undefined : 'without __GFP_MOVABLE';
    case k.MIGRATE_HIGHATOMIC: {
      let rights: AllocFlags = k.ALLOC_HIGHATOMIC | k.ALLOC_OOM;
      // rmqueue_buddy() would give one to whoever cannot wait, but above order 0 the watermark test sees none for him.
      if (order === 0 || (alloc_flags & k.ALLOC_NO_WATERMARKS) !== 0) rights |= k.ALLOC_NON_BLOCK;
      return (alloc_flags & rights) !== 0 ? undefined : 'without ALLOC_HIGHATOMIC';
    }
    case k.MIGRATE_ISOLATE:
      return 'while they are isolated';
    default:
      return undefined;
  }
}

/** `3 blocks of order 9 and 58 of order 10 are`; empty when the type has no block of the order or above. */
function blocks_text(k: Kernel, zone: Zone, order: Order, mt: Migratetype): string {
  const counts: string[] = [];
  let blocks: ULong = 0;
  for (let o: Order = order; o < k.MAX_ORDER; o++) {
    const nr = nr_blocks(k, zone, o, mt);
    if (nr === 0) continue;
    const noun = counts.length > 0 ? '' : nr === 1 ? ' block' : ' blocks';
    counts.push(`${nr}${noun} of order ${o}`);
    blocks += nr;
  }
  return counts.length === 0 ? '' : `${counts.join(' and ')} ${blocks === 1 ? 'is' : 'are'}`;
}

/** Blocks on one free list: nr_free counts those of all types, which also ends the walk of a damaged list. */
function nr_blocks(k: Kernel, zone: Zone, order: Order, mt: Migratetype): Int {
  const area = free_area(k, zone, order);
  const list: ListHead = free_list(k, area, mt);
  const nr_free: ULong = k.read_ulong(area + k.free_area.nr_free);
  let nr: Int = 0;
  for (let at: ListHead = list; nr < nr_free && !k.ptr_is(at, list); at = k.read_ptr(at)) nr++;
  return nr;
}

function largest_text(k: Kernel, zone: Zone): string {
  for (let o: Order = k.MAX_ORDER - 1; o >= 0; o--) {
    const area = free_area(k, zone, o);
    for (let mt: Migratetype = 0; mt < k.MIGRATE_TYPES; mt++)
      if (!free_area_empty(k, area, mt)) return `: the largest is of order ${o}`;
  }
  return '';
}

/** `CMA`, `HIGHATOMIC` */
const type_text = (k: Kernel, mt: Migratetype): string =>
  migratetypeName(k.profile, mt).replace('MIGRATE_', '');

/** The name that `zone->name` points to. */
export function zone_name(k: Kernel, zone: Zone): string {
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
