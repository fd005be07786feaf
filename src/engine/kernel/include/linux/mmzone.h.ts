/**
 * What a node's zones are made of: free areas, watermarks, the list of zones that a request may use; and sections of mem_map.
 *
 * Invariant: reads only.
 * Source: Linux 6.1 include/linux/mmzone.h.
 */
import {
  type FreeArea,
  type Int,
  type ListHead,
  type Migratetype,
  NULL,
  type Page,
  type UInt,
  type ULong,
  type Zone,
  type Zoneref,
  type ZoneType,
  type Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { type Cell, PAGE_SIZE } from '../../../memory/address.js';
import { list_empty, list_first_entry_or_null } from './list.h.js';

// --- migratetypes, free areas ------------------------------------------------------------------------------------------

/** Whether pages of the type may be merged with, and fall back to, other types. */
export function migratetype_is_mergeable(k: Kernel, mt: Migratetype): boolean {
  return mt < k.MIGRATE_PCPTYPES;
}

export const is_migrate_cma = (k: Kernel, mt: Migratetype): boolean => mt === k.MIGRATE_CMA;

export function free_area_empty(k: Kernel, area: FreeArea, migratetype: Migratetype): boolean {
  return list_empty(k, area + k.free_area.free_list + migratetype * k.stride.list_head);
}

/** The block at the head of a list; NULL when it is empty. */
export function get_page_from_free_area(k: Kernel, area: FreeArea, migratetype: Migratetype): Page {
  const list: ListHead = area + k.free_area.free_list + migratetype * k.stride.list_head;
  return list_first_entry_or_null(k, list, k.page.lru);
}

// --- zones -------------------------------------------------------------------------------------------------------------

/** A mark with the boost that the zone has just now: all marks rise by it. */
export const wmark_pages = (k: Kernel, zone: Zone, i: Int): ULong =>
  k.read_ulong(zone + k.zone._watermark + i * k.ptr_words) +
  k.read_ulong(zone + k.zone.watermark_boost);

export const min_wmark_pages = (k: Kernel, zone: Zone): ULong => wmark_pages(k, zone, k.WMARK_MIN);
export const low_wmark_pages = (k: Kernel, zone: Zone): ULong => wmark_pages(k, zone, k.WMARK_LOW);
export const high_wmark_pages = (k: Kernel, zone: Zone): ULong =>
  wmark_pages(k, zone, k.WMARK_HIGH);

/** Pages that the page allocator was given: those that exist, less what boot kept. */
export function zone_managed_pages(k: Kernel, zone: Zone): ULong {
  return k.read_ulong(zone + k.zone.managed_pages);
}

export function managed_zone(k: Kernel, zone: Zone): boolean {
  return zone_managed_pages(k, zone) !== 0;
}

export function populated_zone(k: Kernel, zone: Zone): boolean {
  return k.read_ulong(zone + k.zone.present_pages) !== 0;
}

/** Behind the last page of the zone's range, which may have holes. */
export function zone_end_pfn(k: Kernel, zone: Zone): Pfn {
  return k.read_ulong(zone + k.zone.zone_start_pfn) + k.read_ulong(zone + k.zone.spanned_pages);
}

export function zone_spans_pfn(k: Kernel, zone: Zone, pfn: Pfn): boolean {
  return k.read_ulong(zone + k.zone.zone_start_pfn) <= pfn && pfn < zone_end_pfn(k, zone);
}

/** Which element of `node_zones[]` it is. */
export const zone_idx = (k: Kernel, zone: Zone): ZoneType =>
  (zone - k.globals.contig_page_data - k.pglist_data.node_zones) / k.stride.zone;

/** Whether pages of the zone have no linear address: highmem, or ZONE_MOVABLE when it is taken from there. */
export function is_highmem_idx(k: Kernel, idx: ZoneType): boolean {
  if (k.ZONE_HIGHMEM < 0) return false;
  const movable_zone: ZoneType = k.words[k.globals.movable_zone]!;
  return idx === k.ZONE_HIGHMEM || (idx === k.ZONE_MOVABLE && movable_zone === k.ZONE_HIGHMEM);
}

export function is_highmem(k: Kernel, zone: Zone): boolean {
  return is_highmem_idx(k, zone_idx(k, zone));
}

// --- zonelists: the walk itself calls mm/mmzone.c and is there ----------------------------------------------------------

export function zonelist_zone(k: Kernel, z: Zoneref): Zone {
  return k.read_ptr(z);
}

export function zonelist_zone_idx(k: Kernel, z: Zoneref): ZoneType {
  return k.words[z + k.zoneref.zone_idx]!;
}

// --- sections of mem_map: CONFIG_SPARSEMEM_EXTREME ----------------------------------------------------------------------

export function pfn_to_section_nr(k: Kernel, pfn: Pfn): ULong {
  return Math.floor(pfn / k.PAGES_PER_SECTION);
}

/**
 * mem_section[] is an array of pointers to pages of sections. What it leads to may lie in any frame, so it goes by addresses. NULL
 * for a number that no section has.
 */
export function __nr_to_section(k: Kernel, nr: ULong): Cell {
  const SECTIONS_PER_ROOT: Int = Math.floor(PAGE_SIZE / k.sizeof.mem_section);
  const root: ULong = Math.floor(nr / SECTIONS_PER_ROOT);
  if (nr < 0 || root >= Math.ceil(k.NR_MEM_SECTIONS / SECTIONS_PER_ROOT)) return NULL;
  const mem_section_root: Cell = k.read_ptr_plus(k.globals.mem_section, root * k.ptr_words * 4);
  if (k.read_ptr(mem_section_root) === NULL) return NULL;
  return k.read_ptr_plus(mem_section_root, (nr % SECTIONS_PER_ROOT) * k.stride.mem_section * 4);
}

export function __pfn_to_section(k: Kernel, pfn: Pfn): Cell {
  return __nr_to_section(k, pfn_to_section_nr(k, pfn));
}

/** Word `word` of the section's pageblock bits: `ms->usage->pageblock_flags`. */
export function section_to_usemap(k: Kernel, ms: Cell, word: UInt): Cell {
  return k.read_ptr_plus(
    k.deref(ms, k.mem_section.usage) + k.mem_section.usage,
    (k.mem_section_usage.pageblock_flags + word) * 4,
  );
}
