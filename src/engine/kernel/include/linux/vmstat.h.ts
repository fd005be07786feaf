/**
 * Counters of events, zones and nodes: reading them, and adding to them directly.
 *
 * Source: Linux 6.1 include/linux/vmstat.h.
 */
import { per_cpu_ptr } from './percpu-defs.h.js';
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
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell } from '../../../memory/address.js';
import { cpu_online, nr_cpu_ids } from './cpumask.h.js';

/** &per_cpu(vm_event_states, cpu) */
export const vmEventStates = (k: Kernel, cpu: Int): Cell =>
  !k.smp
    ? k.globals.vm_event_states
    : k.read_ptr_plus(k.globals.__per_cpu_offset + cpu * k.ptr_words, k.percpu.vm_event_states);

// --- events ------------------------------------------------------------------------------------------------------------

export function __count_vm_events(k: Kernel, item: VmEventItem, delta: Long): void {
  k.add_long(vmEventStates(k, k.cpu) + item * k.ptr_words, delta);
}

/** `item` is the member of a per-zone family that belongs to ZONE_NORMAL. */
export function __count_zid_vm_events(
  k: Kernel,
  item: VmEventItem,
  zid: ZoneType,
  delta: Long,
): void {
  __count_vm_events(k, item - k.ZONE_NORMAL + zid, delta);
}

// --- zone counters -----------------------------------------------------------------------------------------------------

export function zone_page_state_add(k: Kernel, x: Long, zone: Zone, item: ZoneStatItem): void {
  k.add_long(zone + k.zone.vm_stat + item * k.ptr_words, x);
  k.add_long(k.globals.vm_zone_stat + item * k.ptr_words, x);
}

/** The zone's counter without what the CPUs still hold back. */
export function zone_page_state(k: Kernel, zone: Zone, item: ZoneStatItem): ULong {
  const at = zone + k.zone.vm_stat + item * k.ptr_words;
  // A count of pages fits a word unless the zone has 16 TiB; a negative one is an SMP counter that runs behind.
  if (k.wide && k.words[at + 1] !== 0) return Math.max(0, k.read_long(at));
  const x = k.words[at]!;
  return k.smp && !k.wide && x < 0 ? 0 : x >>> 0;
}

/** The zone's counter with the parts that the CPUs hold back. */
export function zone_page_state_snapshot(k: Kernel, zone: Zone, item: ZoneStatItem): ULong {
  let x: Long = k.read_long(zone + k.zone.vm_stat + item * k.ptr_words);
  if (!k.smp) return x;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_online(k, cpu)) continue;
    const pcp: PerCpuZonestat = per_cpu_ptr(k, zone + k.zone.per_cpu_zonestats, cpu);
    x += k.read_s8(pcp, k.per_cpu_zonestat.vm_stat_diff + item);
  }
  return Math.max(0, x);
}

export function global_zone_page_state(k: Kernel, item: ZoneStatItem): ULong {
  const x: Long = k.read_long(k.globals.vm_zone_stat + item * k.ptr_words);
  return k.smp ? Math.max(0, x) : x;
}

export function global_node_page_state(k: Kernel, item: NodeStatItem): ULong {
  const x: Long = k.read_long(k.globals.vm_node_stat + item * k.ptr_words);
  return k.smp ? Math.max(0, x) : x;
}

export function node_page_state_add(k: Kernel, x: Long, item: NodeStatItem): void {
  k.add_long(k.globals.contig_page_data + k.pglist_data.vm_stat + item * k.ptr_words, x);
  k.add_long(k.globals.vm_node_stat + item * k.ptr_words, x);
}
