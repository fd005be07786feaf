/**
 * The state of free memory in the kernel log: counters, marks, and free blocks by order. Each long printk() is a function of ours that
 * makes its text.
 *
 * Source: Linux 6.1 mm/page_alloc.c: __show_free_areas(), show_migration_types(); mm/swap_state.c: show_swap_cache_info().
 */
import type {
  FreeArea,
  Int,
  Migratetype,
  NodeStatItem,
  Order,
  PerCpuPages,
  UInt,
  ULong,
  Zone,
  ZoneStatItem,
  ZoneType,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SHIFT } from '../../../memory/address.js';
import { zoneName } from '../../../machine/zoneNames.js';
import { cpu_online, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import {
  free_area_empty,
  high_wmark_pages,
  low_wmark_pages,
  min_wmark_pages,
  populated_zone,
  zone_idx,
  zone_managed_pages,
} from '../../include/linux/mmzone.h.js';
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { printk } from '../../include/linux/printk.h.js';
import {
  global_node_page_state,
  global_zone_page_state,
  zone_page_state,
} from '../../include/linux/vmstat.h.js';

/** Pages in KiB. */
const K = (pages: ULong): ULong => pages << (PAGE_SHIFT - 10);

/** Zones up to `max_zone_idx`: counters, marks, and free blocks by order. Left out: hugetlb_show_meminfo_node, shadow call stacks. */
export function __show_free_areas(k: Kernel, max_zone_idx: ZoneType): void {
  const shown: Zone[] = [];
  for (const zone of k.zones)
    if (populated_zone(k, zone) && zone_idx(k, zone) <= max_zone_idx) shown.push(zone);

  // On per-CPU lists: not in NR_FREE_PAGES, but free all the same.
  let free_pcp: ULong = 0;
  for (const zone of shown) free_pcp += pcpPages(k, zone);
  for (const line of globalLines(k, free_pcp)) printk(k, line);
  printk(k, nodeLine(k));

  for (const zone of shown) {
    printk(k, zoneLine(k, zone));
    // One number for each zone that a request might have used instead of this one.
    let reserves = '';
    for (let i: ZoneType = 0; i < k.MAX_NR_ZONES; i++)
      reserves += ` ${k.read_long(zone + k.zone.lowmem_reserve + i * k.ptr_words)}`;
    printk(k, `lowmem_reserve[]:${reserves}`);
  }

  for (const zone of shown) {
    let total: ULong = 0;
    let line = `${zoneName(k, zone)}: `;
    for (let order: Order = 0; order < k.MAX_ORDER; order++) {
      const area: FreeArea = zone + k.zone.free_area + order * k.stride.free_area;
      const nr: ULong = k.read_ulong(area + k.free_area.nr_free);
      total += nr * 2 ** order;
      let types: UInt = 0;
      for (let type: Migratetype = 0; type < k.MIGRATE_TYPES; type++)
        if (!free_area_empty(k, area, type)) types |= 1 << type;
      line += `${nr}*${K(1) << order}kB `;
      if (nr !== 0) line += `(${migrationTypes(k, types)}) `;
    }
    printk(k, `${line}= ${K(total)}kB`);
  }

  printk(k, `${global_node_page_state(k, k.NR_FILE_PAGES)} total pagecache pages`);
  for (const line of swapLines(k)) printk(k, line);
}

// --- lines ---------------------------------------------------------------------------------------------------------------

const globalLines = (k: Kernel, free_pcp: ULong): string[] => {
  const node = (item: NodeStatItem): ULong => global_node_page_state(k, item);
  const zone = (item: ZoneStatItem): ULong => global_zone_page_state(k, item);
  return [
    `active_anon:${node(k.NR_ACTIVE_ANON)} inactive_anon:${node(k.NR_INACTIVE_ANON)} isolated_anon:${node(k.NR_ISOLATED_ANON)}`,
    ` active_file:${node(k.NR_ACTIVE_FILE)} inactive_file:${node(k.NR_INACTIVE_FILE)} isolated_file:${node(k.NR_ISOLATED_FILE)}`,
    ` unevictable:${node(k.NR_UNEVICTABLE)} dirty:${node(k.NR_FILE_DIRTY)} writeback:${node(k.NR_WRITEBACK)}`,
    ` slab_reclaimable:${node(k.NR_SLAB_RECLAIMABLE_B)} slab_unreclaimable:${node(k.NR_SLAB_UNRECLAIMABLE_B)}`,
    ` mapped:${node(k.NR_FILE_MAPPED)} shmem:${node(k.NR_SHMEM)} pagetables:${node(k.NR_PAGETABLE)}`,
    ` sec_pagetables:${node(k.NR_SECONDARY_PAGETABLE)} bounce:${zone(k.NR_BOUNCE)}`,
    ` kernel_misc_reclaimable:${node(k.NR_KERNEL_MISC_RECLAIMABLE)}`,
    ` free:${zone(k.NR_FREE_PAGES)} free_pcp:${free_pcp} free_cma:${zone(k.NR_FREE_CMA_PAGES)}`,
  ];
};

const nodeLine = (k: Kernel): string => {
  const kB = (name: string, item: NodeStatItem): string =>
    `${name}${K(global_node_page_state(k, item))}kB`;
  // The one counter here that is not in pages.
  const stack_kB = global_node_page_state(k, k.NR_KERNEL_STACK_KB);
  return [
    'Node 0',
    kB('active_anon:', k.NR_ACTIVE_ANON),
    kB('inactive_anon:', k.NR_INACTIVE_ANON),
    kB('active_file:', k.NR_ACTIVE_FILE),
    kB('inactive_file:', k.NR_INACTIVE_FILE),
    kB('unevictable:', k.NR_UNEVICTABLE),
    kB('isolated(anon):', k.NR_ISOLATED_ANON),
    kB('isolated(file):', k.NR_ISOLATED_FILE),
    kB('mapped:', k.NR_FILE_MAPPED),
    kB('dirty:', k.NR_FILE_DIRTY),
    kB('writeback:', k.NR_WRITEBACK),
    kB('shmem:', k.NR_SHMEM),
    kB('shmem_thp: ', k.NR_SHMEM_THPS),
    kB('shmem_pmdmapped: ', k.NR_SHMEM_PMDMAPPED),
    kB('anon_thp: ', k.NR_ANON_THPS),
    kB('writeback_tmp:', k.NR_WRITEBACK_TEMP),
    `kernel_stack:${stack_kB}kB`,
    kB('pagetables:', k.NR_PAGETABLE),
    kB('sec_pagetables:', k.NR_SECONDARY_PAGETABLE),
    'all_unreclaimable? no',
  ].join(' ');
};

const zoneLine = (k: Kernel, zone: Zone): string => {
  const stat = (item: ZoneStatItem): ULong => K(zone_page_state(k, zone, item));
  const pcp: PerCpuPages = per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, k.cpu);
  const local_pcp: Int = k.words[pcp + k.per_cpu_pages.count]!;
  return [
    zoneName(k, zone),
    `free:${stat(k.NR_FREE_PAGES)}kB`,
    `boost:${K(k.read_ulong(zone + k.zone.watermark_boost))}kB`,
    `min:${K(min_wmark_pages(k, zone))}kB`,
    `low:${K(low_wmark_pages(k, zone))}kB`,
    `high:${K(high_wmark_pages(k, zone))}kB`,
    `reserved_highatomic:${K(k.read_ulong(zone + k.zone.nr_reserved_highatomic))}KB`,
    `active_anon:${stat(k.NR_ZONE_ACTIVE_ANON)}kB`,
    `inactive_anon:${stat(k.NR_ZONE_INACTIVE_ANON)}kB`,
    `active_file:${stat(k.NR_ZONE_ACTIVE_FILE)}kB`,
    `inactive_file:${stat(k.NR_ZONE_INACTIVE_FILE)}kB`,
    `unevictable:${stat(k.NR_ZONE_UNEVICTABLE)}kB`,
    `writepending:${stat(k.NR_ZONE_WRITE_PENDING)}kB`,
    `present:${K(k.read_ulong(zone + k.zone.present_pages))}kB`,
    `managed:${K(zone_managed_pages(k, zone))}kB`,
    `mlocked:${stat(k.NR_MLOCK)}kB`,
    `bounce:${stat(k.NR_BOUNCE)}kB`,
    `free_pcp:${K(pcpPages(k, zone))}kB`,
    `local_pcp:${K(local_pcp)}kB`,
    `free_cma:${stat(k.NR_FREE_CMA_PAGES)}kB`,
  ].join(' ');
};

/** Pages on the CPUs' lists of a zone. */
const pcpPages = (k: Kernel, zone: Zone): ULong => {
  let pages: ULong = 0;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_online(k, cpu)) continue;
    const pcp: PerCpuPages = per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, cpu);
    pages += k.words[pcp + k.per_cpu_pages.count]!;
  }
  return pages;
};

/** One letter for each migratetype that has blocks of an order: show_migration_types(). */
const migrationTypes = (k: Kernel, types: UInt): string => {
  let letters = '';
  if ((types & (1 << k.MIGRATE_UNMOVABLE)) !== 0) letters += 'U';
  if ((types & (1 << k.MIGRATE_MOVABLE)) !== 0) letters += 'M';
  if ((types & (1 << k.MIGRATE_RECLAIMABLE)) !== 0) letters += 'E';
  if ((types & (1 << k.MIGRATE_HIGHATOMIC)) !== 0) letters += 'H';
  if ((types & (1 << k.MIGRATE_CMA)) !== 0) letters += 'C';
  if ((types & (1 << k.MIGRATE_ISOLATE)) !== 0) letters += 'I';
  return letters;
};

/** show_swap_cache_info() */
const swapLines = (k: Kernel): string[] => {
  const pages = (name: string): ULong => {
    const at = k.findSymbol(name);
    return at === undefined ? 0 : k.read_ulong(at);
  };
  const cached = k.NR_SWAPCACHE;
  return [
    `${cached < 0 ? 0 : global_node_page_state(k, cached)} pages in swap cache`,
    `Free swap  = ${K(pages('nr_swap_pages'))}kB`,
    `Total swap = ${K(pages('total_swap_pages'))}kB`,
  ];
};
