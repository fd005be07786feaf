/**
 * /proc/buddyinfo and /proc/pagetypeinfo: free blocks by order, by order and migratetype, and pageblocks by migratetype, of
 * each populated zone. They only read.
 *
 * Source: Linux 6.1 mm/vmstat.c: frag_show(), pagetypeinfo_show().
 */
import { pfn_to_online_page } from '../kernel/include/linux/memory_hotplug.h.js';
import { page_zone } from '../kernel/include/linux/mm.h.js';
import { populated_zone, zone_end_pfn } from '../kernel/include/linux/mmzone.h.js';
import { get_pageblock_migratetype } from '../kernel/mm/page_alloc/pageblock.js';
import {
  type FreeArea,
  type Int,
  type ListHead,
  type Migratetype,
  NULL,
  type Order,
  type Page,
  type ULong,
  type Zone,
} from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { zoneName } from '../machine/zoneNames.js';
import { migratetype_name } from './names.js';
import { freeArea, freeList } from '../view/zoneLists.js';

/** A list is counted so far: the kernel holds a lock meanwhile. */
const FREECOUNT_CAP = 100000;

export const node_id = (k: Kernel): Int =>
  k.words[k.globals.contig_page_data + k.pglist_data.node_id]!;

/** `Node 0, zone      DMA      1      0 ...`: `nr_free` of each order. */
export function frag_show(k: Kernel): string[] {
  return populated_zones(k).map((zone) => {
    let line = `Node ${node_id(k)}, zone ${zoneName(k, zone).padStart(8)} `;
    for (let order: Order = 0; order < k.MAX_ORDER; ++order)
      line += column(k.read_ulong(freeArea(k, zone, order) + k.free_area.nr_free), 6);
    return line;
  });
}

export function pagetypeinfo_show(k: Kernel): string[] {
  return [
    `Page block order: ${k.pageblock_order}`,
    `Pages per block:  ${k.pageblock_nr_pages}`,
    '',
    ...pagetypeinfo_showfree(k),
    '',
    ...pagetypeinfo_showblockcount(k),
  ];
}

/** Length of each free list. */
function pagetypeinfo_showfree(k: Kernel): string[] {
  let header = `${'Free pages count per migrate type at order'.padEnd(43)} `;
  for (let order: Order = 0; order < k.MAX_ORDER; ++order) header += column(order, 6);
  const lines = [header];
  for (const zone of populated_zones(k))
    for (let mtype: Migratetype = 0; mtype < k.MIGRATE_TYPES; mtype++)
      lines.push(showfree_line(k, zone, mtype));
  return lines;
}

function showfree_line(k: Kernel, zone: Zone, mtype: Migratetype): string {
  const node = node_id(k).toString().padStart(4);
  const type = migratetype_name(k, mtype).padStart(12);
  let line = `Node ${node}, zone ${zoneName(k, zone).padStart(8)}, type ${type} `;
  for (let order: Order = 0; order < k.MAX_ORDER; ++order) {
    const area: FreeArea = freeArea(k, zone, order);
    const head: ListHead = freeList(k, area, mtype);
    let freecount: ULong = 0;
    let overflow = false;
    for (let curr: ListHead = k.read_ptr(head); curr !== head; curr = k.read_ptr(curr)) {
      if (++freecount < FREECOUNT_CAP) continue;
      overflow = true;
      break;
    }
    line += (overflow ? '>' : '') + column(freecount, 6);
  }
  return line;
}

/** Pageblocks of each type, as the pages at the zone's start plus multiples of a block tell it. */
function pagetypeinfo_showblockcount(k: Kernel): string[] {
  let header = 'Number of blocks type '.padEnd(23);
  for (let mtype: Migratetype = 0; mtype < k.MIGRATE_TYPES; mtype++)
    header += column(migratetype_name(k, mtype), 12);
  return [header, ...populated_zones(k).map((zone) => showblockcount_line(k, zone))];
}

function showblockcount_line(k: Kernel, zone: Zone): string {
  const count = new Array<number>(k.MIGRATE_TYPES).fill(0);
  const end_pfn: ULong = zone_end_pfn(k, zone);
  let pfn: ULong = k.read_ulong(zone + k.zone.zone_start_pfn);
  for (; pfn < end_pfn; pfn += k.pageblock_nr_pages) {
    const page: Page = pfn_to_online_page(k, pfn);
    if (page === NULL || page_zone(k, page) !== zone) continue;
    const mtype: Migratetype = get_pageblock_migratetype(k, page);
    if (mtype < k.MIGRATE_TYPES) count[mtype]!++;
  }
  const line = `Node ${node_id(k)}, zone ${zoneName(k, zone).padStart(8)} `;
  return line + count.map((nr) => column(nr, 12)).join('');
}

const populated_zones = (k: Kernel): readonly Zone[] => k.zones.filter((z) => populated_zone(k, z));

/** Right-aligned, and a blank behind it: also behind the last one. */
const column = (value: number | string, width: number): string =>
  `${value.toString().padStart(width)} `;
