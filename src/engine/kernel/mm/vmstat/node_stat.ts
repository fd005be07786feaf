/**
 * Counters of the node: like those of a zone, on SMP each CPU gathers a difference first.
 *
 * Source: Linux 6.1 mm/vmstat.c: __mod_node_page_state(); include/linux/vmstat.h: node_page_state_add().
 */
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import type { Long, NodeStatItem, Pgdat } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { node_page_state_add } from '../../include/linux/vmstat.h.js';

/** Changes a counter of the node: on SMP what this CPU holds back of it, first. Left out: counters of bytes kept in pages. */
export function __mod_node_page_state(k: Kernel, item: NodeStatItem, delta: Long): void {
  if (!k.smp) {
    node_page_state_add(k, delta, item);
    return;
  }
  const pgdat: Pgdat = k.globals.contig_page_data;
  const pcp = per_cpu_ptr(k, pgdat + k.pglist_data.per_cpu_nodestats, k.cpu);
  const p = k.per_cpu_nodestat.vm_node_stat_diff + item;
  let x: Long = delta + k.read_s8(pcp, p);
  const t: Long = k.read_s8(pcp, k.per_cpu_nodestat.stat_threshold);
  // Beyond its threshold the CPU gives all of it to the node, and starts from 0 again.
  if (Math.abs(x) > t) {
    node_page_state_add(k, x, item);
    x = 0;
  }
  k.write8(pcp, p, x);
}
