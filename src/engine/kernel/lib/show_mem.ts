/**
 * The state of all memory in the kernel log.
 *
 * Source: Linux 6.1 lib/show_mem.c; include/linux/mm.h.
 */
import type { ULong, ZoneType } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { is_highmem_idx, populated_zone, zone_managed_pages } from '../include/linux/mmzone.h.js';
import { printk } from '../include/linux/printk.h.js';
import { __show_free_areas } from '../mm/page_alloc/show_free_areas.js';

/** Zones up to `max_zone_idx`, and totals of all. Left out: filter, nodemask (one node), hwpoison. */
export function __show_mem(k: Kernel, max_zone_idx: ZoneType): void {
  let total: ULong = 0;
  let reserved: ULong = 0;
  let highmem: ULong = 0;

  printk(k, 'Mem-Info:');
  __show_free_areas(k, max_zone_idx);

  for (let zoneid: ZoneType = 0; zoneid < k.MAX_NR_ZONES; zoneid++) {
    const zone = k.zones[zoneid]!;
    if (!populated_zone(k, zone)) continue;
    const present_pages: ULong = k.read_ulong(zone + k.zone.present_pages);
    total += present_pages;
    reserved += present_pages - zone_managed_pages(k, zone);
    if (is_highmem_idx(k, zoneid)) highmem += present_pages;
  }

  printk(k, `${total} pages RAM`);
  printk(k, `${highmem} pages HighMem/MovableOnly`);
  printk(k, `${reserved} pages reserved`);
  printk(k, `${k.read_ulong(k.globals.totalcma_pages)} pages cma reserved`);
}
