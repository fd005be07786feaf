/**
 * Counters: pages by zone (`zone->vm_stat`, summed in `vm_zone_stat`) and events by CPU (`vm_event_states`).
 *
 * On SMP a zone counter changes first in a signed byte of the CPU's `per_cpu_zonestat`; what exceeds the threshold is pushed
 * to the zone and the sum at once. Readers see the zone's part only.
 * Source: Linux 6.1 mm/vmstat.c, include/linux/vmstat.h.
 */
import type { Mm } from './mm.js';
import { is_migrate_cma } from './pageblock.js';
import type {
  Int,
  Long,
  Migratetype,
  NodeStatItem,
  PerCpuZonestat,
  ULong,
  VmEventItem,
  Zone,
  ZoneStatItem,
  ZoneType,
} from './types.js';

// --- events ------------------------------------------------------------------------------------------------------------

export function __count_vm_events(k: Mm, item: VmEventItem, delta: Long): void {
  k.add_long(k.vm_event_states(k.cpu) + item * k.ptr_words, delta);
}

/** `item` is the member of a per-zone family that belongs to ZONE_NORMAL. */
export function __count_zid_vm_events(k: Mm, item: VmEventItem, zid: ZoneType, delta: Long): void {
  __count_vm_events(k, item - k.ZONE_NORMAL + zid, delta);
}

// --- zone counters -----------------------------------------------------------------------------------------------------

export function zone_page_state_add(k: Mm, x: Long, zone: Zone, item: ZoneStatItem): void {
  k.add_long(zone + k.zone_vm_stat + item * k.ptr_words, x);
  k.add_long(k.vm_zone_stat + item * k.ptr_words, x);
}

export function __mod_zone_page_state(k: Mm, zone: Zone, item: ZoneStatItem, delta: Long): void {
  if (!k.smp) {
    zone_page_state_add(k, delta, zone, item);
    return;
  }
  const pcp: PerCpuZonestat = k.per_cpu_ptr(zone + k.zone_per_cpu_zonestats, k.cpu);
  const p = k.zonestat_vm_stat_diff_bytes + item;
  let x: Long = delta + read_s8(k, pcp, p);
  const t: Long = read_s8(k, pcp, k.zonestat_stat_threshold_bytes);
  if (Math.abs(x) > t) {
    zone_page_state_add(k, x, zone, item);
    x = 0;
  }
  k.write8(pcp, p, x);
}

/** Free pages of a type: all of them, and those of CMA blocks once more. */
export function __mod_zone_freepage_state(
  k: Mm,
  zone: Zone,
  nr_pages: Int,
  migratetype: Migratetype,
): void {
  __mod_zone_page_state(k, zone, k.NR_FREE_PAGES, nr_pages);
  if (is_migrate_cma(k, migratetype)) __mod_zone_page_state(k, zone, k.NR_FREE_CMA_PAGES, nr_pages);
}

/** The zone's counter without what the CPUs still hold back. */
export function zone_page_state(k: Mm, zone: Zone, item: ZoneStatItem): ULong {
  const at = zone + k.zone_vm_stat + item * k.ptr_words;
  // A count of pages fits a word unless the zone has 16 TiB; a negative one is an SMP counter that runs behind.
  if (k.wide && k.words[at + 1] !== 0) return Math.max(0, k.read_long(at));
  const x = k.words[at]!;
  return k.smp && !k.wide && x < 0 ? 0 : x >>> 0;
}

/** The zone's counter with the parts that the CPUs hold back. */
export function zone_page_state_snapshot(k: Mm, zone: Zone, item: ZoneStatItem): ULong {
  let x: Long = k.read_long(zone + k.zone_vm_stat + item * k.ptr_words);
  if (!k.smp) return x;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_online(k, cpu)) continue;
    const pcp: PerCpuZonestat = k.per_cpu_ptr(zone + k.zone_per_cpu_zonestats, cpu);
    x += read_s8(k, pcp, k.zonestat_vm_stat_diff_bytes + item);
  }
  return Math.max(0, x);
}

export function global_zone_page_state(k: Mm, item: ZoneStatItem): ULong {
  const x: Long = k.read_long(k.vm_zone_stat + item * k.ptr_words);
  return k.smp ? Math.max(0, x) : x;
}

export function global_node_page_state(k: Mm, item: NodeStatItem): ULong {
  const x: Long = k.read_long(k.symbol('vm_node_stat') + item * k.ptr_words);
  return k.smp ? Math.max(0, x) : x;
}

/** A difference: a signed byte. */
export const read_s8 = (k: Mm, at: number, byteOffset: number): Int =>
  (k.read8(at, byteOffset) << 24) >> 24;

// --- CPUs --------------------------------------------------------------------------------------------------------------

/** CPUs that this build can have. */
export const nr_cpu_ids = (k: Mm): Int => (k.smp ? k.constant('CONFIG_NR_CPUS') : 1);

export function cpu_online(k: Mm, cpu: Int): boolean {
  if (!k.smp) return cpu === 0;
  const mask = k.symbol('__cpu_online_mask');
  return ((k.words[mask + (cpu >> 5)]! >>> (cpu & 31)) & 1) !== 0;
}

/** A CPU that has per-CPU data: all that were found at boot. */
export function cpu_possible(k: Mm, cpu: Int): boolean {
  if (!k.smp) return cpu === 0;
  const mask = k.symbol('__cpu_possible_mask');
  return ((k.words[mask + (cpu >> 5)]! >>> (cpu & 31)) & 1) !== 0;
}

export function num_online_cpus(k: Mm): Int {
  let online: Int = 0;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) if (cpu_online(k, cpu)) online++;
  return online;
}

// --- thresholds --------------------------------------------------------------------------------------------------------

/** The largest difference a CPU may hold back: grows with the logs of CPUs and of memory in 128 MiB. */
export function calculate_normal_threshold(k: Mm, zone: Zone): Int {
  const mem: Int = Math.floor(k.read_ulong(zone + k.zone_managed_pages) / (1 << 15));
  const threshold: Int = 2 * fls(num_online_cpus(k)) * (1 + fls(mem));
  return Math.min(125, threshold);
}

/** Sets the CPUs' thresholds of each populated zone, and from which free count on readers must not trust the counter. */
export function refresh_zone_stat_thresholds(k: Mm): void {
  if (!k.smp) return;
  for (const zone of k.zones) {
    if (k.read_ulong(zone + k.zone_present_pages) === 0) continue;
    const threshold: Int = calculate_normal_threshold(k, zone);
    for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
      if (!cpu_online(k, cpu)) continue;
      const pcp: PerCpuZonestat = k.per_cpu_ptr(zone + k.zone_per_cpu_zonestats, cpu);
      k.write8(pcp, k.zonestat_stat_threshold_bytes, threshold);
    }
    const wmark = (which: number): ULong =>
      k.read_ulong(zone + k.zone_watermark + which * k.ptr_words) +
      k.read_ulong(zone + k.zone_watermark_boost);
    const tolerate_drift: ULong = wmark(k.WMARK_LOW) - wmark(k.WMARK_MIN);
    const max_drift: ULong = num_online_cpus(k) * threshold;
    if (max_drift > tolerate_drift)
      k.write_long(zone + k.zone_percpu_drift_mark, wmark(k.WMARK_HIGH) + max_drift);
  }
}

/** Number of the highest set bit, from 1; 0 for 0. */
const fls = (x: number): number => 32 - Math.clz32(x);
