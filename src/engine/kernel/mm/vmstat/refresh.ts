/**
 * Folding what a CPU holds back of the counters into the zones', the node's and the global sums: what the vmstat worker does
 * each second, and an idle CPU before it sleeps. No time passes here, so it happens when it is asked for.
 *
 * Source: Linux 6.1 mm/vmstat.c: refresh_cpu_vm_stats(), fold_diff(), quiet_vmstat().
 */
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import type { Int } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { populated_zone } from '../../include/linux/mmzone.h.js';
import { read_s8 } from '../../include/linux/vmstat.h.js';

/** The bytes of differences at `at`, and the sums that they belong to. How many were not 0. */
function fold_diffs(k: Kernel, at: number, byteOffset: Int, nr: Int, sums: readonly number[]): Int {
  let changes: Int = 0;
  for (let i = 0; i < nr; i++) {
    const v: Int = read_s8(k, at, byteOffset + i);
    if (v === 0) continue;
    k.write8(at, byteOffset + i, 0);
    for (const sum of sums) k.add_long(sum + i * k.ptr_words, v);
    changes++;
  }
  return changes;
}

/** This CPU's differences of all zones and of the node; how many there were. */
export function refresh_cpu_vm_stats(k: Kernel): Int {
  if (!k.smp) return 0;
  let changes: Int = 0;
  for (const zone of k.zones) {
    if (!populated_zone(k, zone)) continue;
    const pzstats = per_cpu_ptr(k, zone + k.zone.per_cpu_zonestats, k.cpu);
    const sums = [zone + k.zone.vm_stat, k.globals.vm_zone_stat];
    const nr: Int = k.NR_VM_ZONE_STAT_ITEMS;
    changes += fold_diffs(k, pzstats, k.per_cpu_zonestat.vm_stat_diff, nr, sums);
  }
  return changes + refresh_node(k);
}

function refresh_node(k: Kernel): Int {
  const pointer = k.globals.contig_page_data + k.pglist_data.per_cpu_nodestats;
  // A machine rebuilt from a recorded state has none: its dump does not show them.
  if (k.read_ulong(pointer) === 0) return 0;
  const p = per_cpu_ptr(k, pointer, k.cpu);
  const sums = [k.globals.contig_page_data + k.pglist_data.vm_stat, k.globals.vm_node_stat];
  const nr: Int = k.NR_VM_NODE_STAT_ITEMS;
  return fold_diffs(k, p, k.per_cpu_nodestat.vm_node_stat_diff, nr, sums);
}

/** Of the CPU that runs, as before it goes idle. */
export function quiet_vmstat(k: Kernel): void {
  refresh_cpu_vm_stats(k);
}
