/**
 * Counters of events, zones and nodes: reading them, and adding to them directly.
 *
 * Source: Linux 6.1 include/linux/vmstat.h.
 */
import type {
  Int,
  Long,
  NodeStatItem,
  PerCpuZonestat,
  ULong,
  VmEventItem,
  Zone,
  ZoneStatItem,
  ZoneType,
} from '../../../machine/ctypes.js';
import type { Mm } from '../../../machine/mm.js';
import { cpu_online, nr_cpu_ids } from './cpumask.h.js';

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

export function node_page_state_add(k: Mm, x: Long, item: NodeStatItem): void {
  k.add_long(k.node + k.offset('pglist_data', 'vm_stat') + item * k.ptr_words, x);
  k.add_long(k.symbol('vm_node_stat') + item * k.ptr_words, x);
}
