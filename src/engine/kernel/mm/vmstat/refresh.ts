/**
 * Folding what a CPU holds back of the counters into the zones', the node's and the global sums: what the vmstat worker does
 * each second, and an idle CPU before it sleeps. No time passes here, so it happens when it is asked for.
 *
 * Source: Linux 6.1 mm/vmstat.c: refresh_cpu_vm_stats(), fold_diff(), quiet_vmstat().
 */
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import type {
  Int,
  NodeStatItem,
  PerCpuZonestat,
  Pgdat,
  ZoneStatItem,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { populated_zone } from '../../include/linux/mmzone.h.js';

/** Adds what was gathered to the global sums; how many counters changed. */
function fold_diff(k: Kernel, zone_diff: readonly Int[], node_diff: readonly Int[]): Int {
  let changes: Int = 0;
  for (let i: ZoneStatItem = 0; i < k.NR_VM_ZONE_STAT_ITEMS; i++)
    if (zone_diff[i] !== 0) {
      k.add_long(k.globals.vm_zone_stat + i * k.ptr_words, zone_diff[i]!);
      changes++;
    }
  for (let i: NodeStatItem = 0; i < k.NR_VM_NODE_STAT_ITEMS; i++)
    if (node_diff[i] !== 0) {
      k.add_long(k.globals.vm_node_stat + i * k.ptr_words, node_diff[i]!);
      changes++;
    }
  return changes;
}

/**
 * Adds this CPU's differences to the zones, the node and the global sums; how many counters changed.
 * Left out: do_pagesets (pages of other nodes).
 */
export function refresh_cpu_vm_stats(k: Kernel): Int {
  if (!k.smp) return 0;
  const global_zone_diff: Int[] = new Array<Int>(k.NR_VM_ZONE_STAT_ITEMS).fill(0);
  const global_node_diff: Int[] = new Array<Int>(k.NR_VM_NODE_STAT_ITEMS).fill(0);
  let changes: Int = 0;

  for (const zone of k.zones) {
    if (!populated_zone(k, zone)) continue;
    const pzstats: PerCpuZonestat = per_cpu_ptr(k, zone + k.zone.per_cpu_zonestats, k.cpu);
    for (let i: ZoneStatItem = 0; i < k.NR_VM_ZONE_STAT_ITEMS; i++) {
      // Taken and cleared at once: an interrupt may count in between.
      const v: Int = k.read_s8(pzstats, k.per_cpu_zonestat.vm_stat_diff + i);
      if (v === 0) continue;
      k.write8(pzstats, k.per_cpu_zonestat.vm_stat_diff + i, 0);
      k.add_long(zone + k.zone.vm_stat + i * k.ptr_words, v);
      global_zone_diff[i]! += v;
    }
  }

  const pgdat: Pgdat = k.globals.contig_page_data;
  // A machine that was rebuilt from a recorded state has none: its dump does not show them.
  if (k.read_ulong(pgdat + k.pglist_data.per_cpu_nodestats) !== 0) {
    const p = per_cpu_ptr(k, pgdat + k.pglist_data.per_cpu_nodestats, k.cpu);
    for (let i: NodeStatItem = 0; i < k.NR_VM_NODE_STAT_ITEMS; i++) {
      const v: Int = k.read_s8(p, k.per_cpu_nodestat.vm_node_stat_diff + i);
      if (v === 0) continue;
      k.write8(p, k.per_cpu_nodestat.vm_node_stat_diff + i, 0);
      k.add_long(pgdat + k.pglist_data.vm_stat + i * k.ptr_words, v);
      global_node_diff[i]! += v;
    }
  }

  // The global sums come last and once for each counter: all CPUs write to those lines.
  changes += fold_diff(k, global_zone_diff, global_node_diff);
  return changes;
}

/** Of the CPU that runs, as before it goes idle: what it holds back would be missing for as long as it sleeps. */
export function quiet_vmstat(k: Kernel): void {
  refresh_cpu_vm_stats(k);
}
