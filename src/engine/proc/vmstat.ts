/**
 * /proc/vmstat: every counter that memory management keeps, one a line: of zones, of the node, the limits of dirty pages, and what
 * has happened since boot. It only reads.
 *
 * Source: Linux 6.1 mm/vmstat.c: vmstat_start(), vmstat_show(), sum_vm_events(); mm/page-writeback.c: global_dirty_limits(),
 * domain_dirty_limits(), global_dirtyable_memory(), highmem_dirtyable_memory().
 */
import { cpu_online, nr_cpu_ids } from '../kernel/include/linux/cpumask.h.js';
import { high_wmark_pages, populated_zone } from '../kernel/include/linux/mmzone.h.js';
import {
  global_node_page_state,
  global_zone_page_state,
  vmEventStates,
  zone_page_state,
} from '../kernel/include/linux/vmstat.h.js';
import type { ULong, VmEventItem } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { PAGE_SIZE } from '../memory/address.js';
import { constantNamed } from '../types/named.js';
import { longOf } from './globals.js';
import { event_name, node_stat_name, zone_stat_name } from './names.js';
import { in_huge_pages, vmstat_item_print_in_thp } from './zoneinfo.js';

export function vmstat_show(k: Kernel): string[] {
  const zoneLines = Array.from(
    { length: k.NR_VM_ZONE_STAT_ITEMS },
    (_, i) => `${zone_stat_name(k, i)} ${global_zone_page_state(k, i)}`,
  );
  const nodeLines = Array.from({ length: k.NR_VM_NODE_STAT_ITEMS }, (_, i) => {
    const pages: ULong = global_node_page_state(k, i);
    return `${node_stat_name(k, i)} ${vmstat_item_print_in_thp(k, i) ? in_huge_pages(k, pages) : pages}`;
  });
  const limits = global_dirty_limits(k);
  const nrEvents = constantNamed(k.profile, 'NR_VM_EVENT_ITEMS');
  const eventLines = Array.from(
    { length: nrEvents },
    (_, i) => `${event_name(k, i)} ${sum_vm_event(k, i)}`,
  );
  return [
    ...zoneLines,
    ...nodeLines,
    `nr_dirty_threshold ${limits.dirty}`,
    `nr_dirty_background_threshold ${limits.background}`,
    ...eventLines,
    // Kept for programs that expect it.
    'nr_unstable 0',
  ];
}

/** Of all CPUs that are online. Those of disks are counted in sectors. */
function sum_vm_event(k: Kernel, item: VmEventItem): ULong {
  let sum: ULong = 0;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++)
    if (cpu_online(k, cpu)) sum += k.read_ulong(vmEventStates(k, cpu) + item * k.ptr_words);
  const name = event_name(k, item);
  return name === 'pgpgin' || name === 'pgpgout' ? Math.floor(sum / 2) : sum;
}

/** Left out: the quarter more that a realtime task has. */
function global_dirty_limits(k: Kernel): { readonly dirty: ULong; readonly background: ULong } {
  const available = global_dirtyable_memory(k);
  const limit = (bytes: string, ratio: string): ULong => {
    const nrBytes = longOf(k, bytes);
    if (nrBytes !== 0) return Math.ceil(nrBytes / PAGE_SIZE);
    // The ratio, in percent, by the page: more exact than by the hundred.
    const perPage = Math.floor((longOf(k, ratio) * PAGE_SIZE) / 100);
    return Math.floor((perPage * available) / PAGE_SIZE);
  };
  const dirty = limit('vm_dirty_bytes', 'vm_dirty_ratio');
  const background = limit('dirty_background_bytes', 'dirty_background_ratio');
  return { dirty, background: background >= dirty ? Math.floor(dirty / 2) : background };
}

function global_dirtyable_memory(k: Kernel): ULong {
  let x: ULong = global_zone_page_state(k, k.NR_FREE_PAGES);
  x -= Math.min(x, k.read_ulong(k.globals.totalreserve_pages));
  x += global_node_page_state(k, k.NR_INACTIVE_FILE);
  x += global_node_page_state(k, k.NR_ACTIVE_FILE);
  if (longOf(k, 'vm_highmem_is_dirtyable') === 0) x -= highmem_dirtyable_memory(k, x);
  return x + 1;
}

function highmem_dirtyable_memory(k: Kernel, total: ULong): ULong {
  const zone = k.ZONE_HIGHMEM < 0 ? undefined : k.zones[k.ZONE_HIGHMEM];
  if (zone === undefined || !populated_zone(k, zone)) return 0;
  let nr_pages: ULong = zone_page_state(k, zone, k.NR_FREE_PAGES);
  nr_pages -= Math.min(nr_pages, high_wmark_pages(k, zone));
  nr_pages += zone_page_state(k, zone, k.NR_ZONE_INACTIVE_FILE);
  nr_pages += zone_page_state(k, zone, k.NR_ZONE_ACTIVE_FILE);
  return Math.min(nr_pages, total);
}
