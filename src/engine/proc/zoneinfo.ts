/**
 * /proc/zoneinfo: the node's counters, and each zone's sizes, watermarks, counters and per-cpu lists. A zone without pages
 * shows what its neighbours' reserves need, and no more. It only reads.
 *
 * Source: Linux 6.1 mm/vmstat.c: zoneinfo_show_print(), is_zone_first_populated(); include/linux/mmzone.h.
 */
import { findConstant } from '../types/named.js';
import { per_cpu_ptr } from '../kernel/include/linux/percpu-defs.h.js';
import { cpu_online, nr_cpu_ids } from '../kernel/include/linux/cpumask.h.js';
import {
  high_wmark_pages,
  low_wmark_pages,
  min_wmark_pages,
  populated_zone,
  zone_managed_pages,
} from '../kernel/include/linux/mmzone.h.js';
import { global_node_page_state, zone_page_state } from '../kernel/include/linux/vmstat.h.js';
import { MAX_RECLAIM_RETRIES } from '../kernel/mm/internal.h.js';
import type {
  Int,
  NodeStatItem,
  PerCpuPages,
  PerCpuZonestat,
  ULong,
  Zone,
} from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { PAGE_SHIFT } from '../memory/address.js';
import { zoneName } from '../machine/zoneNames.js';
import { node_id } from './buddyinfo.js';
import { node_stat_name, zone_stat_name } from './names.js';
import { zonePcp } from '../view/zoneLists.js';

export const zoneinfo_show = (k: Kernel): string[] =>
  k.zones.flatMap((zone) => zoneinfo_show_print(k, zone));

function zoneinfo_show_print(k: Kernel, zone: Zone): string[] {
  return [
    `Node ${node_id(k)}, zone ${zoneName(k, zone).padStart(8)}`,
    ...(is_zone_first_populated(k, zone) ? node_lines(k) : []),
    ...size_lines(k, zone),
    // Of an unpopulated zone no other information is useful.
    ...(populated_zone(k, zone) ? [...stat_lines(k, zone), ...pageset_lines(k, zone)] : []),
  ];
}

const is_zone_first_populated = (k: Kernel, zone: Zone): boolean =>
  zone === k.zones.find((compare) => populated_zone(k, compare));

function node_lines(k: Kernel): string[] {
  const lines = ['  per-node stats'];
  const nr_items: Int = k.NR_VM_NODE_STAT_ITEMS;
  for (let i: NodeStatItem = 0; i < nr_items; i++) {
    const pages: ULong = global_node_page_state(k, i);
    const shown: ULong = vmstat_item_print_in_thp(k, i) ? in_huge_pages(k, pages) : pages;
    lines.push(`      ${node_stat_name(k, i).padEnd(12)} ${shown}`);
  }
  return lines;
}

/** Counters of huge pages count their small ones. */
const PRINTED_IN_THP: readonly string[] = [
  'NR_ANON_THPS',
  'NR_FILE_THPS',
  'NR_SHMEM_THPS',
  'NR_SHMEM_PMDMAPPED',
  'NR_FILE_PMDMAPPED',
];

export const vmstat_item_print_in_thp = (k: Kernel, item: NodeStatItem): boolean =>
  PRINTED_IN_THP.some((name) => findConstant(k.profile, name) === item);

/** By HPAGE_PMD_NR. */
export const in_huge_pages = (k: Kernel, pages: ULong): ULong =>
  Math.floor(pages / (1 << (k.PMD_SHIFT - PAGE_SHIFT)));

function size_lines(k: Kernel, zone: Zone): string[] {
  const reserves = k.zones.map((_, i) =>
    k.read_long(zone + k.zone.lowmem_reserve + i * k.ptr_words),
  );
  return [
    `  pages free     ${zone_page_state(k, zone, k.NR_FREE_PAGES)}`,
    `        boost    ${k.read_ulong(zone + k.zone.watermark_boost)}`,
    `        min      ${min_wmark_pages(k, zone)}`,
    `        low      ${low_wmark_pages(k, zone)}`,
    `        high     ${high_wmark_pages(k, zone)}`,
    `        spanned  ${k.read_ulong(zone + k.zone.spanned_pages)}`,
    `        present  ${k.read_ulong(zone + k.zone.present_pages)}`,
    `        managed  ${zone_managed_pages(k, zone)}`,
    `        cma      ${k.read_ulong(zone + k.zone.cma_pages)}`,
    `        protection: (${reserves.join(', ')})`,
  ];
}

function stat_lines(k: Kernel, zone: Zone): string[] {
  const lines: string[] = [];
  const nr_items: Int = k.NR_VM_ZONE_STAT_ITEMS;
  for (let i = 0; i < nr_items; i++)
    lines.push(`      ${zone_stat_name(k, i).padEnd(12)} ${zone_page_state(k, zone, i)}`);
  return lines;
}

function pageset_lines(k: Kernel, zone: Zone): string[] {
  const lines = ['  pagesets'];
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_online(k, cpu)) continue;
    const pcp: PerCpuPages = zonePcp(k, zone, cpu);
    lines.push(
      `    cpu: ${cpu}`,
      `              count: ${k.words[pcp + k.per_cpu_pages.count]!}`,
      `              high:  ${k.words[pcp + k.per_cpu_pages.high]!}`,
      `              batch: ${k.words[pcp + k.per_cpu_pages.batch]!}`,
    );
    if (!k.smp) continue;
    const pzstats: PerCpuZonestat = per_cpu_ptr(k, zone + k.zone.per_cpu_zonestats, cpu);
    lines.push(`  vm stats threshold: ${k.read8(pzstats, k.per_cpu_zonestat.stat_threshold)}`);
  }
  const failures: Int = k.words[k.globals.contig_page_data + k.pglist_data.kswapd_failures]!;
  lines.push(
    `  node_unreclaimable:  ${failures >= MAX_RECLAIM_RETRIES ? 1 : 0}`,
    `  start_pfn:           ${k.read_ulong(zone + k.zone.zone_start_pfn)}`,
  );
  return lines;
}
