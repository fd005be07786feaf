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
  Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { list_empty } from './list.h.js';

export const zonelist_zone = (k: Kernel, z: Zoneref): Zone => k.read_ptr(z);

export const zonelist_zone_idx = (k: Kernel, z: Zoneref): ZoneType =>
  k.words[z + k.zoneref.zone_idx]!;

/** Whether pages of the type may be merged with, and fall back to, other types. */
export const migratetype_is_mergeable = (k: Kernel, mt: Migratetype): boolean =>
  mt < k.MIGRATE_PCPTYPES;
export const is_migrate_cma = (k: Kernel, mt: Migratetype): boolean => mt === k.MIGRATE_CMA;

/** zone->free_area[order] */
export const free_area = (k: Kernel, zone: Zone, order: Order): FreeArea =>
  (zone + k.zone.free_area + order * k.stride.free_area) as FreeArea;

/** area->free_list[migratetype] */
export const free_list = (k: Kernel, area: FreeArea, migratetype: Migratetype): ListHead =>
  (area + migratetype * k.stride.list_head) as ListHead;

export const free_area_empty = (k: Kernel, area: FreeArea, migratetype: Migratetype): boolean =>
  list_empty(k, free_list(k, area, migratetype));

export function wmark_pages(k: Kernel, zone: Zone, which: number): ULong {
  return (
    k.read_ulong(zone + k.zone._watermark + which * k.ptr_words) +
    k.read_ulong(zone + k.zone.watermark_boost)
  );
}

export const min_wmark_pages = (k: Kernel, zone: Zone): ULong => wmark_pages(k, zone, k.WMARK_MIN);
export const low_wmark_pages = (k: Kernel, zone: Zone): ULong => wmark_pages(k, zone, k.WMARK_LOW);
export const high_wmark_pages = (k: Kernel, zone: Zone): ULong =>
  wmark_pages(k, zone, k.WMARK_HIGH);

export const zone_managed_pages = (k: Kernel, zone: Zone): ULong =>
  k.read_ulong(zone + k.zone.managed_pages);
export const managed_zone = (k: Kernel, zone: Zone): boolean => zone_managed_pages(k, zone) !== 0;
export const populated_zone = (k: Kernel, zone: Zone): boolean =>
  k.read_ulong(zone + k.zone.present_pages) !== 0;
export const zone_end_pfn = (k: Kernel, zone: Zone): Pfn =>
  k.read_ulong(zone + k.zone.zone_start_pfn) + k.read_ulong(zone + k.zone.spanned_pages);

export function zone_spans_pfn(k: Kernel, zone: Zone, pfn: Pfn): boolean {
  return k.read_ulong(zone + k.zone.zone_start_pfn) <= pfn && pfn < zone_end_pfn(k, zone);
}

/** zone_idx(): which element of `node_zones[]` it is. */
export const zone_idx = (k: Kernel, zone: Zone): ZoneType =>
  (zone - k.globals.contig_page_data - k.pglist_data.node_zones) / k.stride.zone;

/** Whether pages of the zone have no linear address: highmem, or ZONE_MOVABLE when it is taken from there. */
export function is_highmem_idx(k: Kernel, idx: ZoneType): boolean {
  if (k.ZONE_HIGHMEM < 0) return false;
  const movable_zone: ZoneType = k.words[k.globals.movable_zone]!;
  return idx === k.ZONE_HIGHMEM || (idx === k.ZONE_MOVABLE && movable_zone === k.ZONE_HIGHMEM);
}

export const is_highmem = (k: Kernel, zone: Zone): boolean => is_highmem_idx(k, zone_idx(k, zone));
