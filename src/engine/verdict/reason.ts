/**
 * Why a request failed, in one sentence: what the zones it could use lacked. Whoever wants to know asks, at the position of the tape
 * where it failed: the kernel does not. What there is to say of each attempt, also of those that succeeded, is recorded on demand: see
 * recorder.ts.
 */
import { node_zonelist } from '../kernel/include/linux/gfp.h.js';
import { free_area_empty, wmark_pages, zonelist_zone } from '../kernel/include/linux/mmzone.h.js';
import { gfpText } from '../kernel/lib/vsprintf.js';
import { first_zones_zonelist, next_zones_zonelist } from '../kernel/mm/mmzone.js';
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
import { markFor, watermarkTest } from './readings.js';
import { unusableType } from './unusable.js';
import { isEnough, markText, sumText } from './watermarkText.js';

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
  const mark = wmark_pages(k, zone, alloc_flags & k.ALLOC_WMARK_MASK);
  const question = { zone, order, mark, highest_zoneidx, alloc_flags, gfp_mask };
  const test = { ...watermarkTest(k, question), min: markFor(k, mark, alloc_flags) };
  // What the kernel looks at first: pages that may be used, whatever blocks they make.
  if (!test.ignored && !isEnough(test)) return `${sumText(test)}, not above ${markText(test)}`;

  const unusable: string[] = [];
  for (let mt: Migratetype = 0; mt < k.MIGRATE_TYPES; mt++) {
    const blocks = blocksText(k, zone, order, mt);
    if (blocks === '') continue;
    const why = unusableType(k, mt, order, alloc_flags);
    if (why === undefined)
      return `${sumText(test)}, above ${markText(test)}: ${blocks} ${typeText(k, mt)} and could be used`;
    unusable.push(`${blocks} ${typeText(k, mt)}, unusable for ${gfpText(k, gfp_mask)} ${why}`);
  }
  if (unusable.length > 0) return unusable.join(', ');
  return `${sumText(test)}, above ${markText(test)}, but no block of order ${order}${largestText(k, zone)}`;
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
