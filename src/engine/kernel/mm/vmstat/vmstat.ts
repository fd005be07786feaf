/**
 * Counters: pages by zone (`zone->vm_stat`, summed in `vm_zone_stat`) and events by CPU (`vm_event_states`).
 *
 * On SMP a zone counter changes first in a signed byte of the CPU's `per_cpu_zonestat`; what exceeds the threshold is pushed
 * to the zone and the sum at once. Readers see the zone's part only.
 * Source: Linux 6.1 mm/vmstat.c, include/linux/vmstat.h.
 */
import type {
  Int,
  Long,
  Migratetype,
  PerCpuZonestat,
  ULong,
  Zone,
  ZoneStatItem,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { fls } from '../../include/linux/bitops.h.js';
import { cpu_online, nr_cpu_ids, num_online_cpus } from '../../include/linux/cpumask.h.js';
import {
  high_wmark_pages,
  is_migrate_cma,
  low_wmark_pages,
  min_wmark_pages,
  populated_zone,
  zone_managed_pages,
} from '../../include/linux/mmzone.h.js';
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { zone_page_state_add } from '../../include/linux/vmstat.h.js';

/** Changes a counter of a zone: on SMP what this CPU holds back of it, first. */
export function __mod_zone_page_state(
  k: Kernel,
  zone: Zone,
  item: ZoneStatItem,
  delta: Long,
): void {
  if (!k.smp) {
    zone_page_state_add(k, delta, zone, item);
    return;
  }
  const pcp: PerCpuZonestat = per_cpu_ptr(k, zone + k.zone.per_cpu_zonestats, k.cpu);
  const p = k.per_cpu_zonestat.vm_stat_diff + item;
  let x: Long = delta + k.read_s8(pcp, p);
  const t: Long = k.read_s8(pcp, k.per_cpu_zonestat.stat_threshold);
  // Other CPUs' cache lines are touched only when there is something to tell them.
  if (Math.abs(x) > t) {
    zone_page_state_add(k, x, zone, item);
    x = 0;
  }
  k.write8(pcp, p, x);
}

/** Free pages of a type: all of them, and those of CMA blocks once more. An inline of vmstat.h. */
export function __mod_zone_freepage_state(
  k: Kernel,
  zone: Zone,
  nr_pages: Int,
  migratetype: Migratetype,
): void {
  __mod_zone_page_state(k, zone, k.NR_FREE_PAGES, nr_pages);
  if (is_migrate_cma(k, migratetype)) __mod_zone_page_state(k, zone, k.NR_FREE_CMA_PAGES, nr_pages);
}

// --- thresholds --------------------------------------------------------------------------------------------------------

/** The largest difference a CPU may hold back: grows with the logs of CPUs and of memory in 128 MiB. */
export function calculate_normal_threshold(k: Kernel, zone: Zone): Int {
  // In units of 128 MiB.
  const mem: Int = Math.floor(zone_managed_pages(k, zone) / (1 << 15));
  const threshold: Int = 2 * fls(num_online_cpus(k)) * (1 + fls(mem));
  // It has to fit a signed byte, with room for one more change.
  return Math.min(125, threshold);
}

/** Sets the CPUs' thresholds of each populated zone, and from which free count on readers must not trust the counter. Left out: the node's. */
export function refresh_zone_stat_thresholds(k: Kernel): void {
  if (!k.smp) return;
  for (const zone of k.zones) {
    if (!populated_zone(k, zone)) continue;
    const threshold: Int = calculate_normal_threshold(k, zone);
    for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
      if (!cpu_online(k, cpu)) continue;
      const pcp: PerCpuZonestat = per_cpu_ptr(k, zone + k.zone.per_cpu_zonestats, cpu);
      k.write8(pcp, k.per_cpu_zonestat.stat_threshold, threshold);
    }
    // All CPUs together could hold back more than lies between two marks: below this count it is read exactly.
    const tolerate_drift: ULong = low_wmark_pages(k, zone) - min_wmark_pages(k, zone);
    const max_drift: ULong = num_online_cpus(k) * threshold;
    if (max_drift > tolerate_drift)
      k.write_long(zone + k.zone.percpu_drift_mark, high_wmark_pages(k, zone) + max_drift);
  }
}
