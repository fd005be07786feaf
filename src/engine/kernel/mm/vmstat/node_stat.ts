/**
 * Counters of the node: like those of a zone, on SMP each CPU gathers a difference first.
 *
 * Source: Linux 6.1 mm/vmstat.c: __mod_node_page_state(); include/linux/vmstat.h: node_page_state_add().
 */
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import type { Long, NodeStatItem } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { node_page_state_add } from '../../include/linux/vmstat.h.js';

export function __mod_node_page_state(k: Kernel, item: NodeStatItem, delta: Long): void {
  if (!k.smp) {
    node_page_state_add(k, delta, item);
    return;
  }
  const pcp = per_cpu_ptr(k, k.globals.contig_page_data + k.pglist_data.per_cpu_nodestats, k.cpu);
  const diffs = k.per_cpu_nodestat.vm_node_stat_diff + item;
  const threshold = k.read8(pcp, k.per_cpu_nodestat.stat_threshold);
  const x = delta + ((k.read8(pcp, diffs) << 24) >> 24);
  const over = Math.abs(x) > threshold;
  if (over) node_page_state_add(k, x, item);
  k.write8(pcp, diffs, over ? 0 : x);
}
