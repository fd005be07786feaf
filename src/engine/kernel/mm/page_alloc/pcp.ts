/**
 * Per-cpu page lists: a CPU's own stock of free blocks of a zone, taken from and given back to the buddy lists in batches.
 *
 *     lists[3 * order + type]    order 0..3, type UNMOVABLE, MOVABLE, RECLAIMABLE
 *     lists[12], lists[13]       order pageblock_order: others, MOVABLE
 *
 * Taken from and freed to the head, filled at the tail, drained from the tail. `page->index` of a page on a list is the type
 * it goes back to, which need not be the list's.
 * Source: Linux 6.1 mm/page_alloc.c: rmqueue_pcplist(), free_pcppages_bulk(), drain_pages_zone().
 */
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import {
  type AllocFlags,
  type CpuMask,
  type Int,
  type ListHead,
  type Migratetype,
  NULL,
  type Order,
  type Page,
  type PerCpuPages,
  type Zone,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { cpu_online, cpumask_assign, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import { list_add, list_del, list_empty, list_last } from '../../include/linux/list.h.js';
import { page_zonenum } from '../../include/linux/mm.h.js';
import { populated_zone } from '../../include/linux/mmzone.h.js';
import { has_isolate_pageblock } from '../../include/linux/page-isolation.h.js';
import { __count_vm_events, __count_zid_vm_events } from '../../include/linux/vmstat.h.js';
import { trace_mm_page_pcpu_drain } from '../../include/trace/events/kmem.h.js';
import { bulkfree_pcp_prepare } from './bad_page.js';
import { __free_one_page, FPI_NONE } from './buddy.js';
import { get_pageblock_migratetype } from './pageblock.js';
import { get_pcppage_migratetype } from './pcppage.js';
import { rmqueue_bulk } from './rmqueue.js';

/** Whether blocks of this order go through the per-cpu lists. Compiled in with huge pages, in use or not. */
export function pcp_allowed_order(k: Kernel, order: Order): boolean {
  return order <= k.PAGE_ALLOC_COSTLY_ORDER || order === k.pageblock_order;
}

export function order_to_pindex(k: Kernel, migratetype: Migratetype, order: Order): Int {
  if (order > k.PAGE_ALLOC_COSTLY_ORDER)
    return k.NR_LOWORDER_PCP_LISTS + (migratetype === k.MIGRATE_MOVABLE ? 1 : 0);
  return k.MIGRATE_PCPTYPES * order + migratetype;
}

export function pindex_to_order(k: Kernel, pindex: Int): Order {
  if (pindex >= k.NR_LOWORDER_PCP_LISTS) return k.pageblock_order;
  return (pindex / k.MIGRATE_PCPTYPES) | 0;
}

/** pcp->lists[pindex] */
export const pcp_list = (k: Kernel, pcp: PerCpuPages, pindex: Int): ListHead =>
  (pcp + k.per_cpu_pages.lists + pindex * k.stride.list_head) as ListHead;

/** per_cpu_ptr(zone->per_cpu_pageset, cpu) */
export const zone_pcp = (k: Kernel, zone: Zone, cpu: Int): PerCpuPages =>
  per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, cpu);

const pcp_count = (k: Kernel, pcp: PerCpuPages): Int => k.words[pcp + k.per_cpu_pages.count]!;
const pcp_free_factor = (k: Kernel, pcp: PerCpuPages): Int =>
  k.read16(pcp, k.per_cpu_pages.free_factor);

function pcp_count_add(k: Kernel, pcp: PerCpuPages, nr_pages: Int): void {
  k.write(pcp + k.per_cpu_pages.count, k.words[pcp + k.per_cpu_pages.count]! + nr_pages);
}

// --- taking ------------------------------------------------------------------------------------------------------------

/** The block at the head of `list`, which is filled first when it is empty. */
export function __rmqueue_pcplist(
  k: Kernel,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
  alloc_flags: AllocFlags,
  pcp: PerCpuPages,
  list: ListHead,
): Page {
  if (list_empty(k, list)) {
    let batch: Int = k.words[pcp + k.per_cpu_pages.batch]!;
    // A batch of 1 belongs to a small zone or a boot pageset, which must not keep any.
    if (batch > 1) batch = Math.max(batch >> order, 2);
    const alloced: Int = rmqueue_bulk(k, zone, order, batch, list, migratetype, alloc_flags);
    pcp_count_add(k, pcp, alloced << order);
    if (list_empty(k, list)) return NULL;
  }
  const page = (k.read_ptr(list) - k.page.lru) as Page;
  list_del(k, (page + k.page.lru) as ListHead);
  pcp_count_add(k, pcp, -(1 << order));
  return page;
}

/** Takes one block from this CPU's lists of the zone. */
export function rmqueue_pcplist(
  k: Kernel,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
  alloc_flags: AllocFlags,
): Page {
  const pcp: PerCpuPages = zone_pcp(k, zone, k.cpu);
  // Allocating makes the next frees give back less at once.
  const free_factor: Int = pcp_free_factor(k, pcp);
  if (free_factor !== 0) k.write16(pcp, k.per_cpu_pages.free_factor, free_factor >> 1);
  const list: ListHead = pcp_list(k, pcp, order_to_pindex(k, migratetype, order));
  const page: Page = __rmqueue_pcplist(k, zone, order, migratetype, alloc_flags, pcp, list);
  if (page !== NULL) __count_zid_vm_events(k, k.PGALLOC_NORMAL, page_zonenum(k, page), 1 << order);
  return page;
}

// --- giving back -------------------------------------------------------------------------------------------------------

/** Frees `count` pages to the buddy lists: all of list `pindex` first, then the next ones upwards, each from its tail. */
export function free_pcppages_bulk(
  k: Kernel,
  zone: Zone,
  count: Int,
  pcp: PerCpuPages,
  pindex: Int,
): void {
  let min_pindex: Int = 0;
  let max_pindex: Int = k.NR_PCP_LISTS - 1;
  count = Math.min(pcp_count(k, pcp), count);
  pindex = pindex - 1;
  const isolated_pageblocks = has_isolate_pageblock(k, zone);

  while (count > 0) {
    let list: ListHead;
    for (;;) {
      if (++pindex > max_pindex) pindex = min_pindex;
      list = pcp_list(k, pcp, pindex);
      if (!list_empty(k, list)) break;
      if (pindex === max_pindex) max_pindex--;
      if (pindex === min_pindex) min_pindex++;
    }

    const order: Order = pindex_to_order(k, pindex);
    const nr_pages: Int = 1 << order;
    do {
      const page = (list_last(k, list) - k.page.lru) as Page;
      let mt: Migratetype = get_pcppage_migratetype(k, page);
      list_del(k, (page + k.page.lru) as ListHead);
      count -= nr_pages;
      pcp_count_add(k, pcp, -nr_pages);
      if (bulkfree_pcp_prepare(k, page)) continue;
      if (isolated_pageblocks) mt = get_pageblock_migratetype(k, page);
      __free_one_page(k, page, k.page_to_pfn(page), zone, order, mt, FPI_NONE);
      trace_mm_page_pcpu_drain(k, page, order, mt);
    } while (count > 0 && !list_empty(k, list));
  }
}

/** How many pages to give back: all after a burst of small blocks, else a batch that doubles with each free in a row. */
function nr_pcp_free(k: Kernel, pcp: PerCpuPages, high: Int, batch: Int, free_high: boolean): Int {
  if (free_high) return pcp_count(k, pcp);
  // A boot pageset, or one that is disabled.
  if (high < batch) return 1;

  const min_nr_free: Int = batch;
  const max_nr_free: Int = high - batch;
  const free_factor: Int = pcp_free_factor(k, pcp);
  batch <<= free_factor;
  if (batch < max_nr_free && free_factor < k.CONFIG_PCP_BATCH_SCALE_MAX)
    k.write16(pcp, k.per_cpu_pages.free_factor, free_factor + 1);
  return Math.min(Math.max(batch, min_nr_free), max_nr_free);
}

/** From how many pages on the lists are shortened. */
function nr_pcp_high(k: Kernel, pcp: PerCpuPages, zone: Zone, free_high: boolean): Int {
  const high: Int = k.words[pcp + k.per_cpu_pages.high]!;
  if (high === 0 || free_high) return 0;
  if ((k.words[zone + k.zone.flags]! & (1 << k.ZONE_RECLAIM_ACTIVE)) === 0) return high;
  return Math.min(k.words[pcp + k.per_cpu_pages.batch]! << 2, high);
}

/** Puts a prepared block on this CPU's list. */
export function free_unref_page_commit(
  k: Kernel,
  zone: Zone,
  pcp: PerCpuPages,
  page: Page,
  migratetype: Migratetype,
  order: Order,
): void {
  __count_vm_events(k, k.PGFREE, 1 << order);
  const pindex: Int = order_to_pindex(k, migratetype, order);
  list_add(k, (page + k.page.lru) as ListHead, pcp_list(k, pcp, pindex));
  pcp_count_add(k, pcp, 1 << order);

  // Blocks of order 1 to 3 fragment memory when they are kept: freed in a row, they go back at once.
  const free_high =
    order !== 0 && order <= k.PAGE_ALLOC_COSTLY_ORDER && pcp_free_factor(k, pcp) !== 0;
  const high: Int = nr_pcp_high(k, pcp, zone, free_high);
  if (pcp_count(k, pcp) >= high) {
    const batch: Int = k.words[pcp + k.per_cpu_pages.batch]!;
    free_pcppages_bulk(k, zone, nr_pcp_free(k, pcp, high, batch, free_high), pcp, pindex);
  }
}

// --- draining ----------------------------------------------------------------------------------------------------------

function drain_pages_zone(k: Kernel, cpu: Int, zone: Zone): void {
  const pcp: PerCpuPages = zone_pcp(k, zone, cpu);
  let count: Int;
  do {
    count = pcp_count(k, pcp);
    if (count !== 0) {
      const batch: Int = k.words[pcp + k.per_cpu_pages.batch]!;
      const to_drain: Int = Math.min(count, batch << k.CONFIG_PCP_BATCH_SCALE_MAX);
      free_pcppages_bulk(k, zone, to_drain, pcp, 0);
      count -= to_drain;
    }
  } while (count !== 0);
}

function drain_pages(k: Kernel, cpu: Int): void {
  for (const zone of k.zones) {
    if (populated_zone(k, zone)) drain_pages_zone(k, cpu, zone);
  }
}

/** Gives back all pages on this CPU's lists, of one zone or (NULL) of all. */
export function drain_local_pages(k: Kernel, zone: Zone): void {
  if (zone !== NULL) drain_pages_zone(k, k.cpu, zone);
  else drain_pages(k, k.cpu);
}

/** Whether the CPU has pages on its lists, of one zone or (NULL) of any. */
function has_pcps(k: Kernel, cpu: Int, zone: Zone): boolean {
  if (zone !== NULL) return pcp_count(k, zone_pcp(k, zone, cpu)) !== 0;
  return k.zones.some((z) => populated_zone(k, z) && pcp_count(k, zone_pcp(k, z, cpu)) !== 0);
}

/** Gives back all pages on all CPUs' lists, of one zone or (NULL) of all. */
export function drain_all_pages(k: Kernel, zone: Zone): void {
  // Static, because the stack is no place for it and this is no time to allocate.
  const cpus_with_pcps: CpuMask = k.globals.cpus_with_pcps;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++)
    if (cpu_online(k, cpu)) cpumask_assign(k, cpu, cpus_with_pcps, has_pcps(k, cpu, zone));

  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (((k.words[cpus_with_pcps + (cpu >> 5)]! >>> (cpu & 31)) & 1) === 0) continue;
    if (zone !== NULL) drain_pages_zone(k, cpu, zone);
    else drain_pages(k, cpu);
  }
}
