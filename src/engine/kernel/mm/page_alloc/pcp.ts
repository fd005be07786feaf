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
import { test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  cpu_online,
  cpumask_clear_cpu,
  cpumask_set_cpu,
  cpumask_test_cpu,
  nr_cpu_ids,
} from '../../include/linux/cpumask.h.js';
import {
  list_add,
  list_del,
  list_empty,
  list_first_entry,
  list_last_entry,
} from '../../include/linux/list.h.js';
import { page_zonenum } from '../../include/linux/mm.h.js';
import { populated_zone } from '../../include/linux/mmzone.h.js';
import { has_isolate_pageblock } from '../../include/linux/page-isolation.h.js';
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { __count_vm_events, __count_zid_vm_events } from '../../include/linux/vmstat.h.js';
import { trace_mm_page_pcpu_drain } from '../../include/trace/events/kmem.h.js';
import { free_page_is_bad } from './bad_page.js';
import { __free_one_page, FPI_NONE } from './buddy.js';
import { get_pageblock_migratetype, get_pcppage_migratetype } from './pageblock.js';
import { check_new_pages, rmqueue_bulk } from './rmqueue.js';

/** Whether blocks of this order go through the per-cpu lists. Compiled in with huge pages, in use or not. */
export function pcp_allowed_order(k: Kernel, order: Order): boolean {
  return order <= k.PAGE_ALLOC_COSTLY_ORDER || order === k.pageblock_order;
}

/** Which list keeps blocks of an order and a type. Those of huge pages have two: one for MOVABLE, one for the others. */
export function order_to_pindex(k: Kernel, migratetype: Migratetype, order: Order): Int {
  if (order > k.PAGE_ALLOC_COSTLY_ORDER)
    return k.NR_LOWORDER_PCP_LISTS + (migratetype === k.MIGRATE_MOVABLE ? 1 : 0);
  return k.MIGRATE_PCPTYPES * order + migratetype;
}

/** The other way round. */
export function pindex_to_order(k: Kernel, pindex: Int): Order {
  if (pindex >= k.NR_LOWORDER_PCP_LISTS) return k.pageblock_order;
  return (pindex / k.MIGRATE_PCPTYPES) | 0;
}

// --- taking ------------------------------------------------------------------------------------------------------------

/** With DEBUG_VM a page is checked when it leaves a per-cpu list for its user, else when it came to it. Left out: debug_pagealloc. */
const check_new_pcp = (k: Kernel, page: Page, order: Order): boolean =>
  k.CONFIG_DEBUG_VM !== 0 && check_new_pages(k, page, order);

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
  let page: Page;
  do {
    if (list_empty(k, list)) {
      let batch: Int = k.words[pcp + k.per_cpu_pages.batch]!;
      // A batch of 1 belongs to a small zone or a boot pageset, which must not keep any.
      // The batch is in pages: of larger blocks fewer are taken, but two at least.
      if (batch > 1) batch = Math.max(batch >> order, 2);
      const alloced: Int = rmqueue_bulk(k, zone, order, batch, list, migratetype, alloc_flags);
      k.write(
        pcp + k.per_cpu_pages.count,
        k.words[pcp + k.per_cpu_pages.count]! + (alloced << order),
      );
      if (list_empty(k, list)) return NULL;
    }
    page = list_first_entry(k, list, k.page.lru);
    list_del(k, page + k.page.lru);
    k.write(pcp + k.per_cpu_pages.count, k.words[pcp + k.per_cpu_pages.count]! - (1 << order));
  } while (check_new_pcp(k, page, order));
  return page;
}

/** Takes one block from this CPU's lists of the zone. Left out: a trylock that fails (one CPU runs at a time), zone_statistics. */
export function rmqueue_pcplist(
  k: Kernel,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
  alloc_flags: AllocFlags,
): Page {
  const pcp: PerCpuPages = per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, k.cpu);
  // Allocating makes the next frees give back less at once.
  const free_factor: Int = k.read16(pcp, k.per_cpu_pages.free_factor);
  if (free_factor !== 0) k.write16(pcp, k.per_cpu_pages.free_factor, free_factor >> 1);
  const list: ListHead =
    pcp + k.per_cpu_pages.lists + order_to_pindex(k, migratetype, order) * k.stride.list_head;
  const page: Page = __rmqueue_pcplist(k, zone, order, migratetype, alloc_flags, pcp, list);
  if (page !== NULL) __count_zid_vm_events(k, k.PGALLOC_NORMAL, page_zonenum(k, page), 1 << order);
  return page;
}

// --- giving back -------------------------------------------------------------------------------------------------------

/** A page moves on to the buddy lists. Without DEBUG_VM its user freed it unchecked, and it is checked only now. Left out: debug_pagealloc. */
function bulkfree_pcp_prepare(k: Kernel, page: Page): boolean {
  return k.CONFIG_DEBUG_VM === 0 && free_page_is_bad(k, page);
}

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
  // A count that is too high would go round the lists for ever.
  count = Math.min(k.words[pcp + k.per_cpu_pages.count]!, count);
  // The list that the caller asks for is the first one.
  pindex = pindex - 1;
  // Asked once: while zone->lock is held, none can be isolated.
  const isolated_pageblocks = has_isolate_pageblock(k, zone);

  while (count > 0) {
    let list: ListHead;
    // Round robin over the lists, so that none is emptied at the cost of another. Empty ones at either end are not asked again.
    let rounds = 0;
    for (;;) {
      k.watchdog(++rounds << 10);
      if (++pindex > max_pindex) pindex = min_pindex;
      list = pcp + k.per_cpu_pages.lists + pindex * k.stride.list_head;
      if (!list_empty(k, list)) break;
      if (pindex === max_pindex) max_pindex--;
      if (pindex === min_pindex) min_pindex++;
    }

    const order: Order = pindex_to_order(k, pindex);
    const nr_pages: Int = 1 << order;
    do {
      const page: Page = list_last_entry(k, list, k.page.lru, k.page.index);
      let mt: Migratetype = get_pcppage_migratetype(k, page);
      list_del(k, page + k.page.lru);
      count -= nr_pages;
      k.write(pcp + k.per_cpu_pages.count, k.words[pcp + k.per_cpu_pages.count]! - nr_pages);
      // A bad page is on no list any more, and counted out: so it is leaked.
      if (bulkfree_pcp_prepare(k, page)) continue;
      // The block may have been isolated since the page was put here.
      if (isolated_pageblocks) mt = get_pageblock_migratetype(k, page);
      __free_one_page(k, page, k.page_to_pfn(page), zone, order, mt, FPI_NONE);
      trace_mm_page_pcpu_drain(k, page, order, mt);
    } while (count > 0 && !list_empty(k, list));
  }
}

/** How many pages to give back: all after a burst of small blocks, else a batch that doubles with each free in a row. */
function nr_pcp_free(k: Kernel, pcp: PerCpuPages, high: Int, batch: Int, free_high: boolean): Int {
  if (free_high) return k.words[pcp + k.per_cpu_pages.count]!;
  // A boot pageset, or one that is disabled.
  if (high < batch) return 1;

  const min_nr_free: Int = batch;
  // At least a batch stays, for the next one to take.
  const max_nr_free: Int = high - batch;
  const free_factor: Int = k.read16(pcp, k.per_cpu_pages.free_factor);
  // Frees in a row are a CPU that only frees: it gives back more each time.
  batch <<= free_factor;
  if (batch < max_nr_free && free_factor < k.CONFIG_PCP_BATCH_SCALE_MAX)
    k.write16(pcp, k.per_cpu_pages.free_factor, free_factor + 1);
  return Math.min(Math.max(batch, min_nr_free), max_nr_free);
}

/** From how many pages on the lists are shortened. */
function nr_pcp_high(k: Kernel, pcp: PerCpuPages, zone: Zone, free_high: boolean): Int {
  const high: Int = k.words[pcp + k.per_cpu_pages.high]!;
  // Nothing may stay: the page set is disabled, or a burst of small blocks is on its way back.
  if (high === 0 || free_high) return 0;
  if (!test_bit(k, k.ZONE_RECLAIM_ACTIVE, zone + k.zone.flags)) return high;
  // Somebody is reclaiming pages in the zone: those that wait here are needed.
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
  list_add(k, page + k.page.lru, pcp + k.per_cpu_pages.lists + pindex * k.stride.list_head);
  k.write(pcp + k.per_cpu_pages.count, k.words[pcp + k.per_cpu_pages.count]! + (1 << order));

  // Blocks of order 1 to 3 fragment memory when they are kept: freed in a row, they go back at once.
  const free_high =
    k.read16(pcp, k.per_cpu_pages.free_factor) !== 0 &&
    order !== 0 &&
    order <= k.PAGE_ALLOC_COSTLY_ORDER;
  const high: Int = nr_pcp_high(k, pcp, zone, free_high);
  if (k.words[pcp + k.per_cpu_pages.count]! >= high) {
    const batch: Int = k.words[pcp + k.per_cpu_pages.batch]!;
    // The list that has just grown is the first to give.
    free_pcppages_bulk(k, zone, nr_pcp_free(k, pcp, high, batch, free_high), pcp, pindex);
  }
}

// --- draining ----------------------------------------------------------------------------------------------------------

/** Gives back all pages on a CPU's lists of one zone, a stretch at a time so that its lock is not held too long. */
function drain_pages_zone(k: Kernel, cpu: Int, zone: Zone): void {
  const pcp: PerCpuPages = per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, cpu);
  let count: Int;
  let rounds = 0;
  do {
    k.watchdog(++rounds << 10);
    count = k.read_int(pcp + k.per_cpu_pages.count);
    if (count !== 0) {
      const batch: Int = k.words[pcp + k.per_cpu_pages.batch]!;
      const to_drain: Int = Math.min(count, batch << k.CONFIG_PCP_BATCH_SCALE_MAX);
      free_pcppages_bulk(k, zone, to_drain, pcp, 0);
      count -= to_drain;
    }
  } while (count !== 0);
}

/** Gives back all pages on a CPU's lists. */
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

/**
 * Gives back all pages on all CPUs' lists, of one zone or (NULL) of all.
 * Left out: pcpu_drain_mutex, mm_percpu_wq, force_all_cpus (never set here).
 */
function __drain_all_pages(k: Kernel, zone: Zone): void {
  // Static: a mask may be too large for the stack, and when memory is short is no time to allocate one.
  const cpus_with_pcps: CpuMask = k.globals.cpus_with_pcps;
  // Asked without a lock, so it may miss a page that is freed just now: that is no harm.
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_online(k, cpu)) continue;
    let has_pcps = false;
    if (zone !== NULL) {
      const pcp: PerCpuPages = per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, cpu);
      if (k.words[pcp + k.per_cpu_pages.count]! !== 0) has_pcps = true;
    } else {
      for (const z of k.zones) {
        if (!populated_zone(k, z)) continue;
        const pcp: PerCpuPages = per_cpu_ptr(k, z + k.zone.per_cpu_pageset, cpu);
        if (k.words[pcp + k.per_cpu_pages.count]! === 0) continue;
        has_pcps = true;
        break;
      }
    }
    if (has_pcps) cpumask_set_cpu(k, cpu, cpus_with_pcps);
    else cpumask_clear_cpu(k, cpu, cpus_with_pcps);
  }

  // A CPU with empty lists is left alone.
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpumask_test_cpu(k, cpu, cpus_with_pcps)) continue;
    if (zone !== NULL) drain_pages_zone(k, cpu, zone);
    else drain_pages(k, cpu);
  }
}

/** For those that can do without a page or two: memory hotplug, which cannot, has every CPU drained. */
export function drain_all_pages(k: Kernel, zone: Zone): void {
  __drain_all_pages(k, zone);
}
