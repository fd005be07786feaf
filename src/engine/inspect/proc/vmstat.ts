/**
 * /proc/vmstat of a dumped kernel.
 *
 * Source: Linux 6.1 mm/vmstat.c: vmstat_start(), vmstat_show(); mm/page-writeback.c: global_dirty_limits(),
 * global_dirtyable_memory(), highmem_dirtyable_memory().
 */
import { Counters, hugePagePages, isPrintedInThp } from '../counters.js';
import type { Inspected } from '../inspected.js';
import { populatedZonesOf } from '../zones.js';

export function vmstat(k: Inspected): string[] {
  const counters = new Counters(k);
  const { zone, numa, node, machine, events } = counters;
  const zones = populatedZonesOf(k);
  const items = (
    section: { readonly length: number; readonly first: number },
    value: (item: number) => number,
  ) =>
    Array.from(
      { length: section.length },
      (_, item) => `${counters.name(section, item)} ${value(item)}`,
    );
  const limits = dirtyLimits(k, counters);
  const counts = machineCounts(k, limits);
  return [
    ...items(zone, (item) => counters.globalZone(item)),
    ...items(numa, (item) => zones.reduce((sum, each) => sum + counters.numaOfZone(each, item), 0)),
    ...items(node, (item) => {
      const pages = counters.globalNode(item);
      return isPrintedInThp(k, item) ? Math.floor(pages / hugePagePages(k)) : pages;
    }),
    ...items(machine, (item) => counts[item] ?? 0),
    ...items(events, (item) => {
      const sum = counters.event(item);
      const name = counters.name(events, item);
      return name === 'pgpgin' || name === 'pgpgout' ? Math.floor(sum / 2) : sum;
    }),
    'nr_unstable 0',
  ];
}

interface Limits {
  readonly dirty: number;
  readonly background: number;
}

/** enum vm_stat_item: the two limits, and what memory maps take (since 6.10: 15995a352474). */
function machineCounts(k: Inspected, limits: Limits): number[] {
  const long = (name: string): number => {
    const at = k.findGlobal(name);
    return at === undefined ? 0 : k.space.long(at);
  };
  return [limits.dirty, limits.background, long('nr_memmap_pages'), long('nr_memmap_boot_pages')];
}

/** Left out: the quarter more that a realtime task has. */
function dirtyLimits(k: Inspected, counters: Counters): Limits {
  const long = (name: string): number => k.space.ulong(k.global(name));
  const int = (name: string): number => k.space.i32(k.global(name));
  const available = dirtyableMemory(k, counters);
  const pages = (bytes: number, ratio: number): number =>
    bytes > 0
      ? Math.ceil(bytes / 4096)
      : Math.floor((Math.floor((ratio * 4096) / 100) * available) / 4096);
  const dirty = pages(long('vm_dirty_bytes'), int('vm_dirty_ratio'));
  const background = pages(long('dirty_background_bytes'), int('dirty_background_ratio'));
  return { dirty, background: background >= dirty ? Math.floor(dirty / 2) : background };
}

function dirtyableMemory(k: Inspected, counters: Counters): number {
  const free = counters.globalZone(k.enumerator('NR_FREE_PAGES'));
  const reserve = k.space.ulong(k.global('totalreserve_pages'));
  const files = counters.nodeNamed('NR_INACTIVE_FILE') + counters.nodeNamed('NR_ACTIVE_FILE');
  const all = free - Math.min(free, reserve) + files;
  return Math.max(0, all - highmemDirtyable(k, counters, all)) + 1;
}

/** Highmem does not count unless vm.highmem_is_dirtyable says so. */
function highmemDirtyable(k: Inspected, counters: Counters, total: number): number {
  const index = k.findEnumerator('ZONE_HIGHMEM');
  const setting = k.findGlobal('vm_highmem_is_dirtyable');
  if (index === undefined || (setting !== undefined && k.space.i32(setting) !== 0)) return 0;
  let sum = 0;
  for (const zone of populatedZonesOf(k)) {
    if (zone.index !== index) continue;
    const free = counters.ofZone(zone, k.enumerator('NR_FREE_PAGES'));
    const high = (zone.watermark[2] ?? 0) + zone.boost;
    sum += free - Math.min(free, high);
    for (const name of ['NR_ZONE_INACTIVE_FILE', 'NR_ZONE_ACTIVE_FILE'])
      sum += counters.ofZone(zone, k.enumerator(name));
  }
  return Math.min(sum, total);
}
