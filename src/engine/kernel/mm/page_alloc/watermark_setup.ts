/**
 * Watermarks and reserves, computed from min_free_kbytes and the sizes of the zones.
 *
 *     MIN   the zone's share of min_free_kbytes (highmem: 1/1024 of it, 32 to 128 pages)
 *     LOW, HIGH, PROMO   one, two, three steps above: a quarter of MIN's share, at least 0.1 % of the zone
 *     lowmem_reserve[j]  what requests that could use zone j must leave: pages above up to j, divided by the zone's ratio
 *
 * Source: Linux 6.1 mm/page_alloc.c: init_per_zone_wmark_min(), __setup_per_zone_wmarks(),
 * setup_per_zone_lowmem_reserve(), calculate_totalreserve_pages().
 */
import {
  type Int,
  type Long,
  NULL,
  type ULong,
  type Zone,
  type Zoneref,
  type ZoneType,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SHIFT, PAGE_SIZE } from '../../../memory/address.js';
import { gfp_zone, node_zonelist } from '../../include/linux/gfp.h.js';
import {
  high_wmark_pages,
  is_highmem,
  low_wmark_pages,
  min_wmark_pages,
  zone_managed_pages,
  zonelist_zone,
} from '../../include/linux/mmzone.h.js';
import { SWAP_CLUSTER_MAX } from '../../include/linux/swap.h.js';
import { first_zones_zonelist, next_zones_zonelist } from '../mmzone.js';
import { refresh_zone_stat_thresholds } from '../vmstat/vmstat.js';
import { zone_pcp_update } from './pageset_setup.js';

/** Pages beyond the high watermarks in the zones up to `offset`. */
export function nr_free_zone_pages(k: Kernel, offset: ZoneType): ULong {
  let sum: ULong = 0;
  for (
    let z: Zoneref = first_zones_zonelist(k, node_zonelist(k), offset),
      zone: Zone = zonelist_zone(k, z);
    zone !== NULL;
    z = next_zones_zonelist(k, z, offset), zone = zonelist_zone(k, z)
  ) {
    const size: ULong = zone_managed_pages(k, zone);
    const high: ULong = high_wmark_pages(k, zone);
    // A zone smaller than its mark adds nothing, rather than a negative number.
    if (size > high) sum += size - high;
  }
  return sum;
}

/** Those that a page of a file may have. */
export function nr_free_buffer_pages(k: Kernel): ULong {
  return nr_free_zone_pages(k, gfp_zone(k, k.GFP_USER));
}

/** Pages that no user may count on: each zone's high mark and its largest reserve. */
export function calculate_totalreserve_pages(k: Kernel): void {
  let reserve_pages: ULong = 0;
  for (let i: ZoneType = 0; i < k.MAX_NR_ZONES; i++) {
    const zone: Zone = k.zones[i]!;
    let max: Long = 0;
    // The largest reserve: what the least privileged request must leave.
    for (let j: ZoneType = i; j < k.MAX_NR_ZONES; j++)
      max = Math.max(max, k.read_long(zone + k.zone.lowmem_reserve + j * k.ptr_words));
    // kswapd keeps the zone above its high mark.
    max += high_wmark_pages(k, zone);
    // A zone cannot keep more than it has.
    reserve_pages += Math.min(max, zone_managed_pages(k, zone));
  }
  k.write_long(k.globals.contig_page_data + k.pglist_data.totalreserve_pages, reserve_pages);
  k.write_long(k.globals.totalreserve_pages, reserve_pages);
}

/** What each zone keeps from requests that could have used a higher one. */
export function setup_per_zone_lowmem_reserve(k: Kernel): void {
  const ratios = k.globals.sysctl_lowmem_reserve_ratio;
  for (let i: ZoneType = 0; i < k.MAX_NR_ZONES - 1; i++) {
    const zone: Zone = k.zones[i]!;
    const ratio: Int = k.words[ratios + i]!;
    // A ratio of 0 leaves the zone unprotected; one without pages has nothing to protect.
    const clear = ratio === 0 || zone_managed_pages(k, zone) === 0;
    let managed_pages: ULong = 0;
    for (let j: ZoneType = i + 1; j < k.MAX_NR_ZONES; j++) {
      // The more memory lies above, the more of it could spill down here: the reserve grows with each zone.
      managed_pages += zone_managed_pages(k, k.zones[j]!);
      const reserve: Long = clear ? 0 : Math.floor(managed_pages / ratio);
      k.write_long(zone + k.zone.lowmem_reserve + j * k.ptr_words, reserve);
    }
  }
  calculate_totalreserve_pages(k);
}

/** MIN is the zone's share of min_free_kbytes by size; the other marks follow in equal steps. */
function __setup_per_zone_wmarks(k: Kernel): void {
  const min_free_kbytes: Int = k.words[k.globals.min_free_kbytes]!;
  const watermark_scale_factor: Int = k.words[k.globals.watermark_scale_factor]!;
  const pages_min: ULong = min_free_kbytes >> (PAGE_SHIFT - 10);
  // Only lowmem counts for the share: allocations that must not fail come from there.
  let lowmem_pages: ULong = 0;
  for (const zone of k.zones) if (!is_highmem(k, zone)) lowmem_pages += zone_managed_pages(k, zone);

  for (const zone of k.zones) {
    const managed: ULong = zone_managed_pages(k, zone);
    let tmp: ULong = Math.floor((pages_min * managed) / lowmem_pages);
    let min: ULong = tmp;
    // Lowmem is what the reserve is for; the distances between the marks stay.
    if (is_highmem(k, zone))
      min = Math.min(Math.max(Math.floor(managed / 1024), SWAP_CLUSTER_MAX), 128);
    const _watermark = zone + k.zone._watermark;
    k.write_long(_watermark + k.WMARK_MIN * k.ptr_words, min);

    // On a large machine a quarter of MIN would be too little time for kswapd.
    const least: ULong = Math.floor((managed * watermark_scale_factor) / 10000);
    tmp = Math.max(Math.floor(tmp / 4), least);
    // A boost belongs to the marks that it raised.
    k.write_long(zone + k.zone.watermark_boost, 0);
    k.write_long(_watermark + k.WMARK_LOW * k.ptr_words, min_wmark_pages(k, zone) + tmp);
    k.write_long(_watermark + k.WMARK_HIGH * k.ptr_words, low_wmark_pages(k, zone) + tmp);
    k.write_long(_watermark + k.WMARK_PROMO * k.ptr_words, high_wmark_pages(k, zone) + tmp);
  }
  calculate_totalreserve_pages(k);
}

/** After min_free_kbytes or the sizes of zones have changed. */
export function setup_per_zone_wmarks(k: Kernel): void {
  __setup_per_zone_wmarks(k);
  // How much CPUs may keep depends on the marks.
  for (const zone of k.zones) zone_pcp_update(k, zone, 0);
}

/** min_free_kbytes = sqrt(16 * lowmem in KiB), within bounds; a value that the user set stays. */
export function calculate_min_free_kbytes(k: Kernel): void {
  const lowmem_kbytes: ULong = nr_free_buffer_pages(k) * (PAGE_SIZE >> 10);
  // The root: a larger machine keeps more, but a smaller part of its memory.
  const new_min_free_kbytes: Int = Math.floor(Math.sqrt(lowmem_kbytes * 16));
  const user_min_free_kbytes: Int = k.words[k.globals.user_min_free_kbytes]!;
  if (new_min_free_kbytes > user_min_free_kbytes)
    k.write(k.globals.min_free_kbytes, Math.min(Math.max(new_min_free_kbytes, 128), 262144));
}

/** The watermarks of a machine that has just booted. */
export function init_per_zone_wmark_min(k: Kernel): void {
  // Each step needs those before: the marks min_free_kbytes, the thresholds the marks, the total reserve both marks
  // and lowmem_reserve.
  calculate_min_free_kbytes(k);
  setup_per_zone_wmarks(k);
  refresh_zone_stat_thresholds(k);
  setup_per_zone_lowmem_reserve(k);
}
