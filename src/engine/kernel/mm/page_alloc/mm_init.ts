/**
 * Boot: struct pages, zones and zonelists as they start, and handing memory to the buddy lists.
 *
 * The order of the steps and where things lie is the image's business; here is what each step does to the bytes.
 * Source: Linux 6.1 mm/page_alloc.c: __init_single_page(), zone_init_internals(), init_currently_empty_zone(),
 * build_all_zonelists(), __free_pages_core(), init_cma_reserved_pageblock(), set_zone_contiguous(); include/linux/mm.h: free_reserved_page().
 */
import {
  type FreeArea,
  type Int,
  type Migratetype,
  NULL,
  type Order,
  type Page,
  type Pfn,
  type Pgdat,
  type ULong,
  type Zone,
  type Zoneref,
  type ZoneType,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import { cpu_possible, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import { gfp_zone, node_zonelist } from '../../include/linux/gfp.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import {
  nth_page,
  page_mapcount_reset,
  page_zone,
  page_zonenum,
} from '../../include/linux/mm.h.js';
import {
  is_highmem_idx,
  populated_zone,
  zone_end_pfn,
  zone_idx,
} from '../../include/linux/mmzone.h.js';
import { __ClearPageReserved } from '../../include/linux/page-flags.h.js';
import { set_page_count } from '../../include/linux/page_ref.h.js';
import { pageblock_end_pfn } from '../../include/linux/pageblock-flags.h.js';
import { per_cpu } from '../../include/linux/percpu-defs.h.js';
import { set_page_refcounted } from '../internal.h.js';
import { __free_page, __free_pages } from './api.js';
import { FPI_SKIP_KASAN_POISON, FPI_TO_TAIL } from './buddy.js';
import { __free_pages_ok } from './free.js';
import { set_pageblock_migratetype } from './pageblock.js';
import { per_cpu_pages_init, zone_pcp_init } from './pageset_setup.js';
import { nr_free_zone_pages } from './watermark_setup.js';

// --- struct pages ------------------------------------------------------------------------------------------------------

/** A page that nobody has used: in use by one, until it is freed for the first time. Left out: nid, KASAN's tag. */
export function __init_single_page(k: Kernel, page: Page, zone: ZoneType): void {
  for (let word = 0; word < k.memmap.page_words; word++) k.write(page + word, 0);
  k.write(page + k.page.flags + (k.ZONES_PGSHIFT >> 5), zone << (k.ZONES_PGSHIFT & 31));
  set_page_count(k, page, 1);
  page_mapcount_reset(k, page);
  INIT_LIST_HEAD(k, page + k.page.lru);
}

// --- zones -------------------------------------------------------------------------------------------------------------

/** What every zone gets, also an empty one. */
export function zone_init_internals(k: Kernel, zone: Zone, managed_pages: ULong): void {
  k.write_long(zone + k.zone.managed_pages, managed_pages);
  k.write_ptr(zone + k.zone.zone_pgdat, k.globals.contig_page_data);
  zone_pcp_init(k, zone);
}

/** Empty lists of each order and type, so that pages can be freed to them. */
function zone_init_free_lists(k: Kernel, zone: Zone): void {
  for (let order: Order = 0; order < k.MAX_ORDER; order++) {
    const area: FreeArea = zone + k.zone.free_area + order * k.stride.free_area;
    for (let t: Migratetype = 0; t < k.MIGRATE_TYPES; t++)
      INIT_LIST_HEAD(k, area + k.free_area.free_list + t * k.stride.list_head);
    k.write_long(area + k.free_area.nr_free, 0);
  }
}

/** A zone that has a range of pages, none of them free yet. */
export function init_currently_empty_zone(k: Kernel, zone: Zone, zone_start_pfn: Pfn): void {
  const pgdat: Pgdat = k.read_ptr(zone + k.zone.zone_pgdat);
  // pgdat->nr_zones is one more than the index of the highest zone in use.
  const nr_zones: Int = zone_idx(k, zone) + 1;
  if (nr_zones > k.words[pgdat + k.pglist_data.nr_zones]!)
    k.write(pgdat + k.pglist_data.nr_zones, nr_zones);
  k.write_long(zone + k.zone.zone_start_pfn, zone_start_pfn);
  zone_init_free_lists(k, zone);
  k.write(zone + k.zone.initialized, 1);
}

/** Notes whether all pages of the zone's range are the zone's: then pageblock_pfn_to_page() need not look. Left out: cond_resched. */
export function set_zone_contiguous(k: Kernel, zone: Zone): void {
  const end_pfn: Pfn = zone_end_pfn(k, zone);
  let block_start_pfn: Pfn = k.read_ulong(zone + k.zone.zone_start_pfn);
  while (block_start_pfn < end_pfn) {
    const block_end_pfn: Pfn = Math.min(pageblock_end_pfn(k, block_start_pfn), end_pfn);
    if (__pageblock_pfn_to_page(k, block_start_pfn, block_end_pfn, zone) === NULL) return;
    block_start_pfn = block_end_pfn;
  }
  k.write8(zone, k.zone.contiguous, 1);
}

/** The first page of [start_pfn, end_pfn) if it and the last one are pages of the zone. */
export function __pageblock_pfn_to_page(k: Kernel, start_pfn: Pfn, end_pfn: Pfn, zone: Zone): Page {
  const start_page: Page = k.pfn_to_page(start_pfn);
  const end_page: Page = k.pfn_to_page(end_pfn - 1);
  if (start_page === NULL || end_page === NULL) return NULL;
  // A hole may lie in between: that the caller must see for himself. Here it is only the zone.
  if (page_zone(k, start_page) !== zone) return NULL;
  return page_zonenum(k, start_page) === page_zonenum(k, end_page) ? start_page : NULL;
}

// --- zonelists ---------------------------------------------------------------------------------------------------------

/** A zoneref has the zone's index beside the pointer: a walk passes zones over without looking into them. */
function zoneref_set_zone(k: Kernel, zone: Zone, zoneref: Zoneref): void {
  k.write_ptr(zoneref, zone);
  k.write(zoneref + k.zoneref.zone_idx, zone_idx(k, zone));
}

/** The populated zones, highest first: the low ones are kept for those that need them. How many. */
function build_zonerefs_node(k: Kernel, zonerefs: Zoneref): Int {
  let nr_zones: Int = 0;
  let zone_type: ZoneType = k.MAX_NR_ZONES;
  do {
    zone_type--;
    const zone: Zone = k.zones[zone_type]!;
    if (populated_zone(k, zone))
      zoneref_set_zone(k, zone, zonerefs + nr_zones++ * k.stride.zoneref);
  } while (zone_type > 0);
  return nr_zones;
}

/** The node's zones, and the end mark. Left out: other nodes. */
function build_zonelists(k: Kernel): void {
  let zonerefs: Zoneref = node_zonelist(k) + k.zonelist._zonerefs;
  const nr_zones: Int = build_zonerefs_node(k, zonerefs);
  zonerefs += nr_zones * k.stride.zoneref;
  // With index 0, so that a walk stops here whatever its highest zone is.
  k.write_ptr(zonerefs, NULL);
  k.write(zonerefs + k.zoneref.zone_idx, 0);
}

/** Also the boot page sets, which each CPU uses until there is memory for others. Left out: cpuset. */
function build_all_zonelists_init(k: Kernel): void {
  build_zonelists(k);
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++)
    if (cpu_possible(k, cpu))
      per_cpu_pages_init(k, per_cpu(k, 'boot_pageset', cpu), per_cpu(k, 'boot_zonestats', cpu));
}

/** Builds the zonelist, and gives grouping by mobility up on a machine that is too small for it. Left out: memory hotplug. */
export function build_all_zonelists(k: Kernel): void {
  build_all_zonelists_init(k);
  const vm_total_pages: ULong = nr_free_zone_pages(k, gfp_zone(k, k.GFP_HIGHUSER_MOVABLE));
  // Too few pageblocks to give each type some.
  const page_group_by_mobility_disabled =
    vm_total_pages < k.pageblock_nr_pages * k.MIGRATE_TYPES ? 1 : 0;
  k.write(k.globals.page_group_by_mobility_disabled, page_group_by_mobility_disabled);
}

// --- freeing memory for the first time ---------------------------------------------------------------------------------

/** Frees a block that boot did not use, to the tail of its list: what is freed later is used before it. */
export function __free_pages_core(k: Kernel, page: Page, order: Order): void {
  // Until now each page was reserved, and had boot's reference.
  for (let loop = 0; loop < 1 << order; loop++) {
    const p: Page = nth_page(k, page, loop);
    __ClearPageReserved(k, p);
    set_page_count(k, p, 0);
  }
  // Managed are the pages that the buddy allocator was ever given.
  k.add_long(page_zone(k, page) + k.zone.managed_pages, 1 << order);
  __free_pages_ok(k, page, order, FPI_TO_TAIL | FPI_SKIP_KASAN_POISON);
}

/** Frees the pages of a pageblock that boot reserved for CMA. */
export function init_cma_reserved_pageblock(k: Kernel, page: Page): void {
  for (let i = 0; i < k.pageblock_nr_pages; i++) {
    const p: Page = nth_page(k, page, i);
    __ClearPageReserved(k, p);
    set_page_count(k, p, 0);
  }
  // The type before the pages, which are freed to the lists of that type.
  set_pageblock_migratetype(k, page, k.MIGRATE_CMA);
  // The reference that __free_pages() drops.
  set_page_refcounted(k, page);
  __free_pages(k, page, k.pageblock_order);
  adjust_managed_page_count(k, page, k.pageblock_nr_pages);
  k.add_long(page_zone(k, page) + k.zone.cma_pages, k.pageblock_nr_pages);
}

/** Pages join the zone (or leave it). */
export function adjust_managed_page_count(k: Kernel, page: Page, count: Int): void {
  k.add_long(page_zone(k, page) + k.zone.managed_pages, count);
  k.add_long(k.globals._totalram_pages, count);
  if (is_highmem_idx(k, page_zonenum(k, page))) k.add_long(k.globals._totalhigh_pages, count);
}

/** Frees a page that boot kept until now, as a user would. An inline of mm.h. */
export function free_reserved_page(k: Kernel, page: Page): void {
  __ClearPageReserved(k, page);
  set_page_count(k, page, 1);
  __free_page(k, page);
  adjust_managed_page_count(k, page, 1);
}

/** Frees whole pages of [start, end), filled with `poison` if that is a byte; how many. Left out: s, the line in the log. */
export function free_reserved_area(k: Kernel, start: VirtAddr, end: VirtAddr, poison: Int): ULong {
  let pages: ULong = 0;
  // Inwards: a page at either end may be shared with something that is still in use.
  const first = Math.ceil(start / PAGE_SIZE) * PAGE_SIZE;
  const last = Math.floor(end / PAGE_SIZE) * PAGE_SIZE;
  for (let pos = first; pos < last; pos += PAGE_SIZE, pages++) {
    const page: Page = virt_to_page(k, asVirt(pos));
    if (poison >= 0 && poison <= 0xff) {
      // The memory of the page, not its alias in the kernel image, which may be read-only.
      const direct_map_addr = k.cell_of(asVirt(pos));
      for (let word = 0; word < PAGE_SIZE / 4; word++)
        k.write(direct_map_addr + word, poison * 0x01010101);
    }
    free_reserved_page(k, page);
  }
  return pages;
}
