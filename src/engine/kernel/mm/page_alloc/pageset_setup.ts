/**
 * Sizes of the per-cpu page lists, and the boot page set, which keeps nothing. Those of each zone: setup_per_cpu_pageset.ts.
 *
 *     batch   about 0.1 % of the zone, at most 1 MiB, a quarter of that, 2^n - 1
 *     high    the low watermark divided by the CPUs, at least 4 * batch
 *
 * Source: Linux 6.1 mm/page_alloc.c: zone_batchsize(), zone_highsize(), zone_pcp_update().
 */
import type { Int, PerCpuPages, PerCpuZonestat, ULong, Zone } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE } from '../../../memory/address.js';
import { cpu_possible, nr_cpu_ids, num_online_cpus } from '../../include/linux/cpumask.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { rounddown_pow_of_two } from '../../include/linux/log2.h.js';
import { low_wmark_pages, zone_managed_pages } from '../../include/linux/mmzone.h.js';
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';

/** A page that is put on a boot page set's list goes to the buddy lists at once. */
const BOOT_PAGESET_HIGH = 0;
const BOOT_PAGESET_BATCH = 1;
const SZ_1M = 1 << 20;

/** How many pages a CPU takes and gives back at a time. */
export function zone_batchsize(k: Kernel, zone: Zone): Int {
  let batch: Int = Math.min(Math.floor(zone_managed_pages(k, zone) / 1024), SZ_1M / PAGE_SIZE);
  // Less than is kept: a batch is moved with zone->lock held.
  batch = Math.floor(batch / 4);
  if (batch < 1) batch = 1;
  // Not a power of two: of two tasks that pass pages to each other, each would always have pages of the same cache colours.
  return rounddown_pow_of_two(batch + (batch >> 1)) - 1;
}

/** How many pages the CPUs may keep, each. `cpu_online`: 1 while a CPU is coming up and not counted yet. */
export function zone_highsize(k: Kernel, zone: Zone, batch: Int, cpu_online: Int): Int {
  const fraction: Int = k.words[k.globals.percpu_pagelist_high_fraction]!;
  // By default all lists of a zone together hold no more than would take it from HIGH to LOW, and wake kswapd.
  const total_pages: ULong =
    fraction === 0 ? low_wmark_pages(k, zone) : Math.floor(zone_managed_pages(k, zone) / fraction);
  const nr_split_cpus: Int = Math.max(1, num_online_cpus(k) + cpu_online);
  // With less than a few batches each refill would be given back at once.
  return Math.max(Math.floor(total_pages / nr_split_cpus), batch << 2);
}

/** The order in which a free on another CPU must see them does not matter here. */
function pageset_update(k: Kernel, pcp: PerCpuPages, high: Int, batch: Int): void {
  k.write(pcp + k.per_cpu_pages.batch, batch);
  k.write(pcp + k.per_cpu_pages.high, high);
}

/** An empty boot page set. */
export function per_cpu_pages_init(k: Kernel, pcp: PerCpuPages, pzstats: PerCpuZonestat): void {
  for (let word = 0; word < k.stride.per_cpu_pages; word++) k.write(pcp + word, 0);
  for (let byte = 0; byte < k.sizeof.per_cpu_zonestat; byte++) k.write8(pzstats, byte, 0);
  for (let pindex = 0; pindex < k.NR_PCP_LISTS; pindex++)
    INIT_LIST_HEAD(k, pcp + k.per_cpu_pages.lists + pindex * k.stride.list_head);
  k.write(pcp + k.per_cpu_pages.high, BOOT_PAGESET_HIGH);
  k.write(pcp + k.per_cpu_pages.batch, BOOT_PAGESET_BATCH);
}

/** A zone starts with the boot page set, which all zones share. */
export function zone_pcp_init(k: Kernel, zone: Zone): void {
  k.write_long(zone + k.zone.per_cpu_pageset, k.profile.symbol('boot_pageset')?.address ?? 0);
  k.write_long(zone + k.zone.per_cpu_zonestats, k.profile.symbol('boot_zonestats')?.address ?? 0);
  k.write(zone + k.zone.pageset_high, BOOT_PAGESET_HIGH);
  k.write(zone + k.zone.pageset_batch, BOOT_PAGESET_BATCH);
}

/** The same sizes for all CPUs. A list that holds more gives it back with the next frees. */
function __zone_set_pageset_high_and_batch(k: Kernel, zone: Zone, high: Int, batch: Int): void {
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    const pcp: PerCpuPages = per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, cpu);
    pageset_update(k, pcp, high, batch);
  }
}

/** Both follow from the zone's size and marks; the page sets are written only when one of them has changed. */
export function zone_set_pageset_high_and_batch(k: Kernel, zone: Zone, cpu_online: Int): void {
  const new_batch: Int = Math.max(1, zone_batchsize(k, zone));
  const new_high: Int = zone_highsize(k, zone, new_batch, cpu_online);
  if (
    k.words[zone + k.zone.pageset_high] === new_high &&
    k.words[zone + k.zone.pageset_batch] === new_batch
  )
    return;
  k.write(zone + k.zone.pageset_high, new_high);
  k.write(zone + k.zone.pageset_batch, new_batch);
  __zone_set_pageset_high_and_batch(k, zone, new_high, new_batch);
}

/** After the zone's managed pages or watermarks have changed. */
export function zone_pcp_update(k: Kernel, zone: Zone, cpu_online: Int): void {
  zone_set_pageset_high_and_batch(k, zone, cpu_online);
}

/** Keeps pages off the zone's lists until zone_pcp_enable(): each free goes on to the buddy lists at once. */
export function zone_pcp_disable(k: Kernel, zone: Zone): void {
  __zone_set_pageset_high_and_batch(k, zone, 0, 1);
}

/** The zone has kept its sizes: only the CPUs' copies of them were changed. */
export function zone_pcp_enable(k: Kernel, zone: Zone): void {
  const high: Int = k.words[zone + k.zone.pageset_high]!;
  const batch: Int = k.words[zone + k.zone.pageset_batch]!;
  __zone_set_pageset_high_and_batch(k, zone, high, batch);
}
