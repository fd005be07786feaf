/**
 * Why a request failed, in one sentence: what the zones it could use lacked. Whoever wants to know asks, at the position of the tape
 * where it failed: the kernel does not. What there is to say of each attempt, also of those that succeeded, is recorded on demand: see
 * recorder.ts.
 */
import { node_zonelist } from '../kernel/include/linux/gfp.h.js';
import { free_area_empty, wmark_pages, zonelist_zone } from '../kernel/include/linux/mmzone.h.js';
import { zone_page_state } from '../kernel/include/linux/vmstat.h.js';
import { gfpText } from '../kernel/lib/vsprintf.js';
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
  type Zoneref,
  type ZoneType,
} from '../machine/ctypes.js';
import type { FailedAllocation } from '../machine/events.js';
import type { Kernel } from '../machine/kernel.js';
import { zoneName } from '../machine/zoneNames.js';
import { migratetypeName } from '../types/enumName.js';

/** `DMA32: 4 blocks of order 10 are CMA, unusable for GFP_KERNEL without __GFP_MOVABLE; DMA: ...` */
export function failureReason(k: Kernel, failed: Omit<FailedAllocation, 'kind'>): string {
  const { order, gfp, alloc_flags, highest_zoneidx } = failed;
  if (order >= k.MAX_ORDER)
    return `no block is larger than order ${k.MAX_ORDER - 1} (MAX_ORDER is ${k.MAX_ORDER})`;
  const parts: string[] = [];
  for (
    let z: Zoneref = first_zones_zonelist(k, node_zonelist(k), highest_zoneidx),
      zone: Zone = zonelist_zone(k, z);
    zone !== NULL;
    z = next_zones_zonelist(k, z, highest_zoneidx), zone = zonelist_zone(k, z)
  )
    parts.push(
      `${zoneName(k, zone)}: ${zoneReason(k, zone, gfp, order, alloc_flags, highest_zoneidx)}`,
    );
  if (parts.length === 0) return 'no zone has memory that the request may use';
  return parts.join('; ');
}

function zoneReason(
  k: Kernel,
  zone: Zone,
  gfp_mask: Gfp,
  order: Order,
  alloc_flags: AllocFlags,
  highest_zoneidx: ZoneType,
): string {
  const free = zone_page_state(k, zone, k.NR_FREE_PAGES);
  const mark = wmark_pages(k, zone, alloc_flags & k.ALLOC_WMARK_MASK);
  const reserve = k.read_long(zone + k.zone.lowmem_reserve + highest_zoneidx * k.ptr_words);
  const cma = (alloc_flags & k.ALLOC_CMA) === 0 ? zone_page_state(k, zone, k.NR_FREE_CMA_PAGES) : 0;
  const pages = `${free} pages free${cma === 0 ? '' : ` (${cma} CMA)`}`;
  const lowering = k.ALLOC_MIN_RESERVE | k.ALLOC_OOM;
  const rights = (alloc_flags & lowering) === 0 ? '' : ' (lowered by its rights)';
  const marks = `watermark ${mark}${rights}${reserve === 0 ? '' : ` + lowmem_reserve ${reserve}`}`;
  const enough =
    (alloc_flags & k.ALLOC_NO_WATERMARKS) !== 0 ||
    __zone_watermark_ok(k, zone, 0, mark, highest_zoneidx, alloc_flags, free);
  if (!enough) return `${pages}, not above ${marks}`;

  const unusable: string[] = [];
  for (let mt: Migratetype = 0; mt < k.MIGRATE_TYPES; mt++) {
    const blocks = blocksText(k, zone, order, mt);
    if (blocks === '') continue;
    const why = unusableType(k, mt, order, alloc_flags);
    // There is a block, but to take it would leave too little.
    if (why === undefined) return `${pages}, ${1 << order} fewer would not be above ${marks}`;
    unusable.push(`${blocks} ${typeText(k, mt)}, unusable for ${gfpText(k, gfp_mask)} ${why}`);
  }
  if (unusable.length > 0) return unusable.join(', ');
  return `${pages}, but no block of order ${order}${largestText(k, zone)}`;
}

/** Why a request with these rights may not take blocks of a type; undefined when it may. */
export function unusableType(
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
function blocksText(k: Kernel, zone: Zone, order: Order, mt: Migratetype): string {
  const counts: string[] = [];
  let blocks: ULong = 0;
  for (let o: Order = order; o < k.MAX_ORDER; o++) {
    const nr = nrBlocks(k, zone, o, mt);
    if (nr === 0) continue;
    const noun = counts.length > 0 ? '' : nr === 1 ? ' block' : ' blocks';
    counts.push(`${nr}${noun} of order ${o}`);
    blocks += nr;
  }
  return counts.length === 0 ? '' : `${counts.join(' and ')} ${blocks === 1 ? 'is' : 'are'}`;
}

/** Blocks on one free list: nr_free counts those of all types, which also ends the walk of a damaged list. */
function nrBlocks(k: Kernel, zone: Zone, order: Order, mt: Migratetype): Int {
  const area = zone + k.zone.free_area + order * k.stride.free_area;
  const list: ListHead = area + k.free_area.free_list + mt * k.stride.list_head;
  const nr_free: ULong = k.read_ulong(area + k.free_area.nr_free);
  let nr: Int = 0;
  for (let at: ListHead = list; nr < nr_free && !k.ptr_is(at, list); at = k.read_ptr(at)) nr++;
  return nr;
}

function largestText(k: Kernel, zone: Zone): string {
  for (let o: Order = k.MAX_ORDER - 1; o >= 0; o--) {
    const area = zone + k.zone.free_area + o * k.stride.free_area;
    for (let mt: Migratetype = 0; mt < k.MIGRATE_TYPES; mt++)
      if (!free_area_empty(k, area, mt)) return `: the largest is of order ${o}`;
  }
  return '';
}

/** `CMA`, `HIGHATOMIC` */
const typeText = (k: Kernel, mt: Migratetype): string =>
  migratetypeName(k.profile, mt).replace('MIGRATE_', '');
