/**
 * Boot: struct pages, zones and zonelists as they start, and handing memory to the buddy lists.
 *
 * The order of the steps and where things lie is the image's business; here is what each step does to the bytes.
 * Source: Linux 6.1 mm/page_alloc.c: __init_single_page(), zone_init_internals(), init_currently_empty_zone(),
 * build_all_zonelists(), __free_pages_core(), init_cma_reserved_pageblock(), set_zone_contiguous().
 */
import { constantNamed } from '../../../types/named.js';
import {
  type Int,
  type ListHead,
  NULL,
  type Order,
  type Page,
  type ULong,
  type Zone,
  type ZoneType,
  type Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import { gfp_zone, node_zonelist } from '../../include/linux/gfp.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { page_mapcount_reset, page_zone, page_zonenum } from '../../include/linux/mm.h.js';
import {
  free_area,
  free_list,
  is_highmem_idx,
  populated_zone,
  zone_end_pfn,
} from '../../include/linux/mmzone.h.js';
import { set_page_count } from '../../include/linux/page_ref.h.js';
import { pageblock_end_pfn } from '../../include/linux/pageblock-flags.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { set_page_refcounted } from '../internal.h.js';
import { __free_page, __free_pages } from './api.js';
import { __free_one_page, FPI_SKIP_KASAN_POISON, FPI_TO_TAIL } from './buddy.js';
import { __free_pages_ok } from './free.js';
import { get_pfnblock_migratetype, set_pageblock_migratetype } from './pageblock.js';
import { zone_pcp_init } from './pageset_setup.js';
import { nr_free_zone_pages } from './watermark_setup.js';

/** Variables of page allocation that the compiler initialises, as this build has them. */
export function init_static_data(k: Kernel): void {
  const GFP_BOOT_MASK =
    k.__GFP_BITS_MASK &
    ~(k.__GFP_DIRECT_RECLAIM | k.__GFP_KSWAPD_RECLAIM | k.__GFP_IO | k.__GFP_FS);
  k.write(k.globals.gfp_allowed_mask, GFP_BOOT_MASK);
  k.write(k.globals.min_free_kbytes, 1024);
  for (const name of ['watermark_boost_factor', 'watermark_scale_factor', 'user_min_free_kbytes'])
    k.write(k.symbol(name), constantNamed(k.profile, name));
  const ratios = k.globals.sysctl_lowmem_reserve_ratio;
  for (let i = 0; i < k.MAX_NR_ZONES; i++)
    k.write(ratios + i, constantNamed(k.profile, `sysctl_lowmem_reserve_ratio[${i}]`));
}

// --- struct pages ------------------------------------------------------------------------------------------------------

/** A page nobody has used: in use by one, until it is freed for the first time. */
export function __init_single_page(k: Kernel, page: Page, zone: ZoneType): void {
  for (let word = 0; word < k.memmap.page_words; word++) k.write(page + word, 0);
  k.write(page + k.page.flags + (k.ZONES_PGSHIFT >> 5), zone << (k.ZONES_PGSHIFT & 31));
  set_page_count(k, page, 1);
  page_mapcount_reset(k, page);
  INIT_LIST_HEAD(k, (page + k.page.lru) as ListHead);
}

// --- zones -------------------------------------------------------------------------------------------------------------

/** What every zone gets, also an empty one. */
export function zone_init_internals(k: Kernel, zone: Zone, managed_pages: ULong): void {
  k.write_long(zone + k.zone.managed_pages, managed_pages);
  k.write_ptr(zone + k.zone.zone_pgdat, k.globals.contig_page_data);
  zone_pcp_init(k, zone);
}

function zone_init_free_lists(k: Kernel, zone: Zone): void {
  for (let order: Order = 0; order < k.MAX_ORDER; order++) {
    const area = free_area(k, zone, order);
    for (let t = 0; t < k.MIGRATE_TYPES; t++) INIT_LIST_HEAD(k, free_list(k, area, t));
    k.write_long(area + k.free_area.nr_free, 0);
  }
}

/** A zone that has a range of pages, none of them free yet. */
export function init_currently_empty_zone(k: Kernel, zone: Zone, zone_start_pfn: Pfn): void {
  const nr_zones: Int = k.zones.indexOf(zone) + 1;
  if (nr_zones > k.words[k.globals.contig_page_data + k.pglist_data.nr_zones]!)
    k.write(k.globals.contig_page_data + k.pglist_data.nr_zones, nr_zones);
  k.write_long(zone + k.zone.zone_start_pfn, zone_start_pfn);
  zone_init_free_lists(k, zone);
  k.write(zone + k.zone.initialized, 1);
}

/** Notes whether all pages of the zone's range are the zone's: then blocks need no check. */
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
  if (page_zone(k, start_page) !== zone) return NULL;
  return page_zonenum(k, start_page) === page_zonenum(k, end_page) ? start_page : NULL;
}

// --- zonelists ---------------------------------------------------------------------------------------------------------

/** The populated zones, highest first, and the end mark. */
function build_zonelists(k: Kernel): void {
  let z = node_zonelist(k) + k.zonelist._zonerefs;
  for (let zone_type: ZoneType = k.MAX_NR_ZONES - 1; zone_type >= 0; zone_type--) {
    const zone: Zone = k.zones[zone_type]!;
    if (!populated_zone(k, zone)) continue;
    k.write_ptr(z, zone);
    k.write(z + k.zoneref.zone_idx, zone_type);
    z += k.stride.zoneref;
  }
  k.write_ptr(z, NULL);
  k.write(z + k.zoneref.zone_idx, 0);
}

/** Builds the zonelist, and gives grouping by mobility up on a machine that is too small for it. */
export function build_all_zonelists(k: Kernel): void {
  build_zonelists(k);
  const vm_total_pages: ULong = nr_free_zone_pages(k, gfp_zone(k, k.GFP_HIGHUSER_MOVABLE));
  const too_small = vm_total_pages < k.pageblock_nr_pages * k.MIGRATE_TYPES;
  k.write(k.globals.page_group_by_mobility_disabled, too_small ? 1 : 0);
}

// --- freeing memory for the first time ---------------------------------------------------------------------------------

/** Frees a block that boot did not use, to the tail of its list. */
export function __free_pages_core(k: Kernel, page: Page, order: Order): void {
  const pfn: Pfn = k.page_to_pfn(page);
  for (let loop = 0; loop < 1 << order; loop++) {
    const p: Page = k.pfn_to_page(pfn + loop);
    k.write(p + k.page.flags, k.words[p + k.page.flags]! & ~(1 << k.PG_reserved));
    set_page_count(k, p, 0);
  }
  k.add_long(page_zone(k, page) + k.zone.managed_pages, 1 << order);
  __free_pages_ok(k, page, order, FPI_TO_TAIL | FPI_SKIP_KASAN_POISON);
}

/**
 * As __free_pages_core(), for a block whose struct pages a memory rule already shows as never used and free: only what
 * links the block is written, so a machine of any size is booted in the time its blocks take, not its pages.
 */
export function free_fresh_pages(k: Kernel, page: Page, order: Order): void {
  const pfn: Pfn = k.page_to_pfn(page);
  const zone: Zone = page_zone(k, page);
  k.add_long(zone + k.zone.managed_pages, 1 << order);
  const migratetype = get_pfnblock_migratetype(k, page, pfn);
  __free_one_page(k, page, pfn, zone, order, migratetype, FPI_TO_TAIL);
  __count_vm_events(k, k.PGFREE, 1 << order);
}

/** Frees the pages of a pageblock that boot reserved for CMA. */
export function init_cma_reserved_pageblock(k: Kernel, page: Page): void {
  const pfn: Pfn = k.page_to_pfn(page);
  for (let i = 0; i < k.pageblock_nr_pages; i++) {
    const p: Page = k.pfn_to_page(pfn + i);
    k.write(p + k.page.flags, k.words[p + k.page.flags]! & ~(1 << k.PG_reserved));
    set_page_count(k, p, 0);
  }
  set_pageblock_migratetype(k, page, k.MIGRATE_CMA);
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

/** Frees a page that boot kept until now. */
export function free_reserved_page(k: Kernel, page: Page): void {
  k.write(page + k.page.flags, k.words[page + k.page.flags]! & ~(1 << k.PG_reserved));
  set_page_count(k, page, 1);
  __free_page(k, page);
  adjust_managed_page_count(k, page, 1);
}

/** Frees whole pages of [start, end), filled with `poison` if that is a byte; how many. */
export function free_reserved_area(k: Kernel, start: VirtAddr, end: VirtAddr, poison: Int): Int {
  let pages: Int = 0;
  const first = Math.ceil(start / PAGE_SIZE) * PAGE_SIZE;
  const last = Math.floor(end / PAGE_SIZE) * PAGE_SIZE;
  for (let pos = first; pos < last; pos += PAGE_SIZE) {
    if (poison >= 0 && poison <= 0xff) {
      const cell = k.cell_of(asVirt(pos));
      for (let word = 0; word < PAGE_SIZE / 4; word++) k.write(cell + word, poison * 0x01010101);
    }
    free_reserved_page(k, virt_to_page(k, asVirt(pos)));
    pages++;
  }
  return pages;
}
