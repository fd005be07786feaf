/**
 * Counters of zones, nodes and the machine, by the names that the kernel itself prints them under.
 *
 *     vmstat_text[]   zone counters | NUMA events | node counters | counters of the machine | events
 *
 * Source: Linux 6.1 mm/vmstat.c: vmstat_text[], include/linux/vmstat.h.
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import type { Inspected } from './inspected.js';
import type { ZoneView } from './zones.js';

/** Sections of vmstat_text[], in order; `length` is the enumerator that ends each. */
interface Section {
  readonly first: number;
  readonly length: number;
}

/** More than any kernel counts. */
const MAX_ITEMS = 4096;

export class Counters {
  readonly zone: Section;
  readonly numa: Section;
  readonly node: Section;
  /** NR_VM_WRITEBACK_STAT_ITEMS until 6.10, NR_VM_STAT_ITEMS since (f4cb78af91e3). */
  readonly machine: Section;
  readonly events: Section;
  private readonly text: VirtAddr;

  constructor(private readonly k: Inspected) {
    this.text = k.global('vmstat_text');
    const count = (...names: readonly string[]): number =>
      Math.min(
        names.map((name) => k.findEnumerator(name)).find((value) => value !== undefined) ?? 0,
        MAX_ITEMS,
      );
    let first = 0;
    const section = (length: number): Section => {
      const made = { first, length };
      first += length;
      return made;
    };
    this.zone = section(count('NR_VM_ZONE_STAT_ITEMS'));
    this.numa = section(count('NR_VM_NUMA_EVENT_ITEMS', 'NR_VM_NUMA_STAT_ITEMS'));
    this.node = section(count('NR_VM_NODE_STAT_ITEMS'));
    this.machine = section(count('NR_VM_STAT_ITEMS', 'NR_VM_WRITEBACK_STAT_ITEMS'));
    this.events = section(count('NR_VM_EVENT_ITEMS'));
  }

  name({ first }: Section, item: number): string {
    const { space, pointerSize } = this.k;
    return space.text(space.pointer(this.text, (first + item) * pointerSize), 0, 64);
  }

  /** zone_page_state(): never below 0. */
  ofZone({ at }: ZoneView, item: number): number {
    return this.counter(at, this.k.offset('zone', 'vm_stat'), item);
  }

  ofMachine(name: string): number {
    return this.counter(this.k.global('vm_zone_stat'), 0, this.k.enumerator(name));
  }

  globalZone(item: number): number {
    return this.counter(this.k.global('vm_zone_stat'), 0, item);
  }

  globalNode(item: number): number {
    return this.counter(this.k.global('vm_node_stat'), 0, item);
  }

  /** A node counter of the whole machine by its enumerator. */
  nodeNamed(name: string): number {
    return this.globalNode(this.k.enumerator(name));
  }

  ofNode(node: VirtAddr, item: number): number {
    return this.counter(node, this.k.offset('pglist_data', 'vm_stat'), item);
  }

  /**
   * A NUMA event of a zone: what CPUs hold back is folded in when the file is read. The counters were called vm_numa_stat
   * before 5.14 (f19298b9516c).
   */
  numaOfZone({ at }: ZoneView, item: number): number {
    const { k } = this;
    const member = k.either('zone', 'vm_numa_event', 'vm_numa_stat');
    const folded = this.counter(at, k.offset('zone', member), item);
    if (!k.has('per_cpu_zonestat', 'vm_numa_event')) return folded;
    const place = k.place('per_cpu_zonestat', `vm_numa_event[${item}]`);
    const stats = k.pointer(at, 'zone', 'per_cpu_zonestats');
    return k
      .onlineCpus()
      .reduce((sum, cpu) => sum + k.numberAt(k.perCpu(stats, cpu), place), folded);
  }

  /** An event of the machine, summed over the CPUs that are online. */
  event(item: number): number {
    const { k } = this;
    const states = k.global('vm_event_states');
    return k
      .onlineCpus()
      .reduce((sum, cpu) => sum + k.space.ulong(k.perCpu(states, cpu), item * k.pointerSize), 0);
  }

  private counter(at: VirtAddr, offset: number, item: number): number {
    return Math.max(0, this.k.space.long(asVirt(at), offset + item * this.k.pointerSize));
  }
}

/** HPAGE_PMD_NR: what counters of huge pages are divided by where they are printed. */
export const hugePagePages = (k: Inspected): number => (k.dump.paging === '2-level' ? 1024 : 512);

/** Source: include/linux/mmzone.h: vmstat_item_print_in_thp(). */
export function isPrintedInThp(k: Inspected, item: number): boolean {
  return [
    'NR_ANON_THPS',
    'NR_FILE_THPS',
    'NR_SHMEM_THPS',
    'NR_SHMEM_PMDMAPPED',
    'NR_FILE_PMDMAPPED',
  ].some((name) => k.findEnumerator(name) === item);
}
