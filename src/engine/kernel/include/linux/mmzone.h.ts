/**
 * What a node's zones are made of: free areas, watermarks, and the list of zones that a request may use.
 *
 * Invariant: reads only.
 * Source: Linux 6.1 include/linux/mmzone.h.
 */
import type {
  FreeArea,
  ListHead,
  Migratetype,
  Order,
  ULong,
  Zone,
  Zoneref,
  ZoneType,
} from '../../../machine/ctypes.js';
import type { Mm } from '../../../machine/mm.js';
import { list_empty } from './list.h.js';

export const zonelist_zone = (k: Mm, z: Zoneref): Zone => k.read_ptr(z);

export const zonelist_zone_idx = (k: Mm, z: Zoneref): ZoneType => k.words[z + k.zoneref_zone_idx]!;

/** Whether pages of the type may be merged with, and fall back to, other types. */
export const migratetype_is_mergeable = (k: Mm, mt: Migratetype): boolean =>
  mt < k.MIGRATE_PCPTYPES;
export const is_migrate_cma = (k: Mm, mt: Migratetype): boolean => mt === k.MIGRATE_CMA;

/** zone->free_area[order] */
export const free_area = (k: Mm, zone: Zone, order: Order): FreeArea =>
  (zone + k.zone_free_area + order * k.free_area_words) as FreeArea;

/** area->free_list[migratetype] */
export const free_list = (k: Mm, area: FreeArea, migratetype: Migratetype): ListHead =>
  (area + migratetype * k.list_head_words) as ListHead;

export const free_area_empty = (k: Mm, area: FreeArea, migratetype: Migratetype): boolean =>
  list_empty(k, free_list(k, area, migratetype));

export function wmark_pages(k: Mm, zone: Zone, which: number): ULong {
  return (
    k.read_ulong(zone + k.zone_watermark + which * k.ptr_words) +
    k.read_ulong(zone + k.zone_watermark_boost)
  );
}

export const min_wmark_pages = (k: Mm, zone: Zone): ULong => wmark_pages(k, zone, k.WMARK_MIN);
export const low_wmark_pages = (k: Mm, zone: Zone): ULong => wmark_pages(k, zone, k.WMARK_LOW);
export const high_wmark_pages = (k: Mm, zone: Zone): ULong => wmark_pages(k, zone, k.WMARK_HIGH);

export const zone_managed_pages = (k: Mm, zone: Zone): ULong =>
  k.read_ulong(zone + k.zone_managed_pages);
export const managed_zone = (k: Mm, zone: Zone): boolean => zone_managed_pages(k, zone) !== 0;
export const populated_zone = (k: Mm, zone: Zone): boolean =>
  k.read_ulong(zone + k.zone_present_pages) !== 0;
export const zone_end_pfn = (k: Mm, zone: Zone): ULong =>
  k.read_ulong(zone + k.zone_zone_start_pfn) + k.read_ulong(zone + k.zone_spanned_pages);

export function zone_spans_pfn(k: Mm, zone: Zone, pfn: ULong): boolean {
  return k.read_ulong(zone + k.zone_zone_start_pfn) <= pfn && pfn < zone_end_pfn(k, zone);
}

/** zone_idx(): which element of `node_zones[]` it is. */
export const zone_idx = (k: Mm, zone: Zone): ZoneType =>
  (zone - k.node - k.pgdat_node_zones) / k.zone_words;

/** Whether pages of the zone have no linear address: highmem, or ZONE_MOVABLE when it is taken from there. */
export function is_highmem_idx(k: Mm, idx: ZoneType): boolean {
  if (k.ZONE_HIGHMEM < 0) return false;
  const movable_zone: ZoneType = k.words[k.symbol('movable_zone')]!;
  return idx === k.ZONE_HIGHMEM || (idx === k.ZONE_MOVABLE && movable_zone === k.ZONE_HIGHMEM);
}

export const is_highmem = (k: Mm, zone: Zone): boolean => is_highmem_idx(k, zone_idx(k, zone));
