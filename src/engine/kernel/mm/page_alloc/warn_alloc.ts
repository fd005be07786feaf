/**
 * What the kernel log says when an allocation fails: the request, and the state of memory (show_mem).
 *
 * The kernel prints at most one such report in ten seconds; no time passes here, so each failure is reported. The call trace
 * and the lines about huge pages are left out.
 * Source: Linux 6.1 mm/page_alloc.c: warn_alloc(), __show_free_areas(); lib/show_mem.c.
 */
import type { NodeStatItem, ZoneStatItem } from '../../../machine/ctypes.js';
import type { Gfp, Order, ULong, Zone, ZoneType } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { zone_name } from '../../../verdict/reason.js';
import { currentComm } from '../../arch/x86/include/asm/current.h.js';
import { cpu_online, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import { gfp_zone } from '../../include/linux/gfp.h.js';
import {
  free_area,
  free_area_empty,
  high_wmark_pages,
  low_wmark_pages,
  managed_zone,
  min_wmark_pages,
  populated_zone,
  zone_idx,
  zone_managed_pages,
} from '../../include/linux/mmzone.h.js';
import {
  global_node_page_state,
  global_zone_page_state,
  zone_page_state,
} from '../../include/linux/vmstat.h.js';
import { show_mem } from '../../lib/show_mem.js';
import { gfp_text } from '../../lib/vsprintf.js';
import { zone_pcp } from './pcp.js';

const KERN_WARNING = 4;
/** Pages in KiB. */
const K = (pages: ULong): number => pages * 4;

export function warn_alloc(k: Kernel, gfp_mask: Gfp, message: string): void {
  if ((gfp_mask & k.__GFP_NOWARN) !== 0) return;
  if ((gfp_mask & k.__GFP_DMA) !== 0 && !managed_zone(k, k.zones[k.ZONE_DMA]!)) return;
  const mode = `mode:0x${(gfp_mask >>> 0).toString(16)}(${gfp_text(k, gfp_mask)})`;
  print(k, `${currentComm()}: ${message}, ${mode}, nodemask=(null)`);
  show_mem(k, gfp_zone(k, gfp_mask));
}

export function print(k: Kernel, text: string): void {
  k.emit({ kind: 'printk', level: KERN_WARNING, text });
}

export function show_mem_lines(k: Kernel, max_zone_idx: ZoneType): string[] {
  const zones = k.zones.filter((z) => populated_zone(k, z) && zone_idx(k, z) <= max_zone_idx);
  const lines = ['Mem-Info:', ...global_lines(k, zones), node_line(k)];
  for (const zone of zones) {
    lines.push(zone_line(k, zone));
    const reserves = k.zones.map((_, i) =>
      k.read_long(zone + k.zone.lowmem_reserve + i * k.ptr_words),
    );
    lines.push(`lowmem_reserve[]: ${reserves.join(' ')}`);
  }
  for (const zone of zones) lines.push(free_area_line(k, zone));
  const node = (item: NodeStatItem): ULong => global_node_page_state(k, item);
  lines.push(`${node(k.NR_FILE_PAGES)} total pagecache pages`);
  lines.push(...swap_lines(k), ...totals(k));
  return lines;
}

function global_lines(k: Kernel, zones: readonly Zone[]): string[] {
  const node = (item: NodeStatItem): ULong => global_node_page_state(k, item);
  const zone = (item: ZoneStatItem): ULong => global_zone_page_state(k, item);
  const free_pcp = zones.reduce((sum, z) => sum + pcp_pages(k, z), 0);
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
}

function node_line(k: Kernel): string {
  const kB = (name: string, item: NodeStatItem): string =>
    `${name}${K(global_node_page_state(k, item))}kB`;
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
}

function zone_line(k: Kernel, zone: Zone): string {
  const stat = (item: ZoneStatItem): ULong => K(zone_page_state(k, zone, item));
  const local_pcp = k.words[zone_pcp(k, zone, k.cpu) + k.per_cpu_pages.count]!;
  return [
    zone_name(k, zone),
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
    `free_pcp:${K(pcp_pages(k, zone))}kB`,
    `local_pcp:${K(local_pcp)}kB`,
    `free_cma:${stat(k.NR_FREE_CMA_PAGES)}kB`,
  ].join(' ');
}

function pcp_pages(k: Kernel, zone: Zone): ULong {
  let pages: ULong = 0;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++)
    if (cpu_online(k, cpu)) pages += k.words[zone_pcp(k, zone, cpu) + k.per_cpu_pages.count]!;
  return pages;
}

/** `DMA32: 6*4kB (UME) 3*8kB (ME) ... = 30912kB` */
function free_area_line(k: Kernel, zone: Zone): string {
  let total: ULong = 0;
  let text = `${zone_name(k, zone)}: `;
  for (let order: Order = 0; order < k.MAX_ORDER; order++) {
    const nr: ULong = k.read_ulong(free_area(k, zone, order) + k.free_area.nr_free);
    total += nr * 2 ** order;
    text += `${nr}*${K(1) << order}kB `;
    if (nr !== 0) text += `(${migration_types(k, zone, order)}) `;
  }
  return `${text}= ${K(total)}kB`;
}

/** One letter for each migratetype that has blocks of the order: show_migration_types(). */
function migration_types(k: Kernel, zone: Zone, order: Order): string {
  const letters: readonly (readonly [number, string])[] = [
    [k.MIGRATE_UNMOVABLE, 'U'],
    [k.MIGRATE_MOVABLE, 'M'],
    [k.MIGRATE_RECLAIMABLE, 'E'],
    [k.MIGRATE_HIGHATOMIC, 'H'],
    [k.MIGRATE_CMA, 'C'],
    [k.MIGRATE_ISOLATE, 'I'],
  ];
  const area = free_area(k, zone, order);
  return letters.map(([mt, letter]) => (free_area_empty(k, area, mt) ? '' : letter)).join('');
}

/** show_swap_cache_info() */
function swap_lines(k: Kernel): string[] {
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
}

function totals(k: Kernel): string[] {
  let total: ULong = 0;
  let reserved: ULong = 0;
  let highmem: ULong = 0;
  for (const zone of k.zones) {
    if (!populated_zone(k, zone)) continue;
    const present: ULong = k.read_ulong(zone + k.zone.present_pages);
    total += present;
    reserved += present - zone_managed_pages(k, zone);
    if (zone_idx(k, zone) === k.ZONE_HIGHMEM) highmem += present;
  }
  return [
    `${total} pages RAM`,
    `${highmem} pages HighMem/MovableOnly`,
    `${reserved} pages reserved`,
    `${k.read_ulong(k.globals.totalcma_pages)} pages cma reserved`,
  ];
}
