/**
 * Page sets for each zone, when per-CPU memory can be allocated.
 *
 * Source: Linux 6.1 mm/page_alloc.c: setup_zone_pageset(), setup_per_cpu_pageset().
 */
import type { PerCpuPages, PerCpuZonestat, Zone } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { cpu_possible, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { __alloc_percpu } from '../percpu/percpu.js';
import { per_cpu_pages_init, zone_set_pageset_high_and_batch } from './pageset_setup.js';

function setup_zone_pageset(k: Kernel, zone: Zone): void {
  // On UP the statistics are an empty struct: nothing is allocated for it.
  if (k.sizeof.per_cpu_zonestat > 0)
    k.write_va(zone + k.zone.per_cpu_zonestats, __alloc_percpu(k, k.sizeof.per_cpu_zonestat, 1));
  // ____cacheline_aligned_in_smp where there are several CPUs.
  const align: number = k.smp ? k.L1_CACHE_BYTES : k.ptr_words * 4;
  k.write_va(zone + k.zone.per_cpu_pageset, __alloc_percpu(k, k.stride.per_cpu_pages * 4, align));
  // Offline CPUs as well: their page sets are ready when they come up.
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    const pcp: PerCpuPages = per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, cpu);
    const pzstats: PerCpuZonestat = per_cpu_ptr(k, zone + k.zone.per_cpu_zonestats, cpu);
    per_cpu_pages_init(k, pcp, pzstats);
  }
  zone_set_pageset_high_and_batch(k, zone, 0);
}

/** For all populated zones, and the node's statistics. */
export function setup_per_cpu_pageset(k: Kernel): void {
  for (const zone of k.zones)
    if (k.read_ulong(zone + k.zone.present_pages) > 0) setup_zone_pageset(k, zone);
  const per_cpu_nodestats = k.globals.contig_page_data + k.pglist_data.per_cpu_nodestats;
  k.write_va(per_cpu_nodestats, __alloc_percpu(k, k.sizeof.per_cpu_nodestat, 1));
}
