/**
 * Freeing: a block is checked and wiped, then goes to the CPU's lists or to the buddy lists.
 *
 * Source: Linux 6.1 mm/page_alloc.c: free_pages_prepare(), free_unref_page(), __free_pages_ok(), free_unref_page_list(),
 * destroy_large_folio(); mm/huge_memory.c: free_transhuge_page().
 */
import type {
  FpiFlags,
  Int,
  ListHead,
  Migratetype,
  Order,
  Page,
  PerCpuPages,
  Pfn,
  Zone,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  list_del,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { VM_BUG_ON_PAGE } from '../../include/linux/mmdebug.h.js';
import {
  compound_mapcount,
  compound_nr,
  compound_order,
  page_zone,
  nth_page,
} from '../../include/linux/mm.h.js';
import {
  __folio_clear_mlocked,
  clear_compound_head,
  ClearPageDoubleMap,
  compound_head,
  folio_test_mlocked,
  page_folio,
  PageCompound,
  PageMappingFlags,
  PageTail,
} from '../../include/linux/page-flags.h.js';
import { has_isolate_pageblock, is_migrate_isolate } from '../../include/linux/page-isolation.h.js';
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import {
  trace_mm_page_free,
  trace_mm_page_free_batched,
} from '../../include/trace/events/kmem.h.js';
import { __mod_zone_page_state } from '../vmstat/vmstat.js';
import { leaveDeferredList } from '../huge_memory/huge_memory.js';
import { bad_page, free_page_is_bad } from './bad_page.js';
import { __free_one_page, FPI_NONE } from './buddy.js';
import {
  get_pcppage_migratetype,
  get_pfnblock_migratetype,
  set_pcppage_migratetype,
} from './pageblock.js';
import { free_unref_page_commit, pcp_allowed_order } from './pcp.js';

/** Frees through the per-cpu lists where the order allows. */
export function free_the_page(k: Kernel, page: Page, order: Order): void {
  if (pcp_allowed_order(k, order)) free_unref_page(k, page, order);
  else __free_pages_ok(k, page, order, FPI_NONE);
}

/** What is wrong with a tail, in a kernel with CONFIG_DEBUG_VM; '' when nothing is. */
function tailReason(k: Kernel, head_page: Page, page: Page): string {
  const nth: Int = k.page_to_pfn(page) - k.page_to_pfn(head_page);
  // Of the first and the second tail other members lie in this word.
  if (nth === 1 && compound_mapcount(k, page) !== 0) return 'nonzero compound_mapcount';
  if (nth > 2 && k.words[page + k.page.mapping] !== k.TAIL_MAPPING.low)
    return 'corrupted mapping in tail page';
  if (!PageTail(k, page)) return 'PageTail not set';
  if (compound_head(k, page) !== head_page) return 'compound_head not consistent';
  return '';
}

/** Takes back the words that made a page a tail; 1 if they were bad. */
function free_tail_pages_check(k: Kernel, head_page: Page, page: Page): Int {
  if (k.flaggedTails !== undefined) {
    const reason = k.flaggedTails.clearTail(k, head_page, page);
    if (reason !== '') bad_page(k, page, reason);
    return reason === '' ? 0 : 1;
  }
  let ret: Int = 0;
  if (k.CONFIG_DEBUG_VM !== 0) {
    const reason = tailReason(k, head_page, page);
    if (reason !== '') {
      bad_page(k, page, reason);
      ret = 1;
    }
  }
  // out:
  k.write_long(page + k.page.mapping, 0);
  clear_compound_head(k, page);
  return ret;
}

/**
 * Checks a block and wipes what its user left in `struct page`. False: a page is bad, and the whole block is leaked.
 * `check_free` is false for blocks bound for a per-cpu list of a kernel without DEBUG_VM: their first page is checked when it leaves that.
 * Left out: fpi_flags, hwpoison, memcg, page_owner, page_table_check, debug_pagealloc, KASAN, init_on_free.
 */
export function free_pages_prepare(
  k: Kernel,
  page: Page,
  order: Order,
  check_free: boolean,
): boolean {
  let bad: Int = 0;
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_PAGE(PageTail(k, page), page, 'mm/page_alloc.c', 'PageTail(page)');
  trace_mm_page_free(k, page, order);
  const folio: Page = page_folio(k, page);
  // Truncation and munlock may race, and leave a page that is freed marked as locked in memory: it is counted out.
  if (folio_test_mlocked(k, folio)) {
    const nr_pages: Int = compound_nr(k, folio);
    __folio_clear_mlocked(k, folio);
    __mod_zone_page_state(k, page_zone(k, folio), k.NR_MLOCK, -nr_pages);
    __count_vm_events(k, k.UNEVICTABLE_PGCLEARED, nr_pages);
  }

  // Tails before the head is wiped: whether they are tails, the head says.
  if (order !== 0) {
    const compound = PageCompound(k, page);
    if (k.CONFIG_DEBUG_VM !== 0)
      VM_BUG_ON_PAGE(
        compound && compound_order(k, page) !== order,
        page,
        'mm/page_alloc.c',
        'compound && compound_order(page) != order',
      );
    // PG_double_map lies in the first tail, where it would pass for a flag of that page itself.
    if (compound) ClearPageDoubleMap(k, page);
    let tail: Page = page;
    for (let i = 1; i < 1 << order; i++) {
      tail = nth_page(k, tail, 1);
      if (compound) bad += free_tail_pages_check(k, page, tail);
      // One bad page does not end the loop: the others may be bad, too, and each has its report.
      if (free_page_is_bad(k, tail)) {
        bad++;
        continue;
      }
      k.write(tail + k.page.flags, k.words[tail + k.page.flags]! & ~k.PAGE_FLAGS_CHECK_AT_PREP);
    }
  }
  // Anonymous pages and those that a driver can move may be freed with their mapping set.
  if (PageMappingFlags(k, page)) k.write_long(page + k.page.mapping, 0);
  if (check_free && free_page_is_bad(k, page)) bad++;
  if (bad !== 0) return false;

  // The user's flags go; zone and section, which page->flags has as well, stay.
  k.write(page + k.page.flags, k.words[page + k.page.flags]! & ~k.PAGE_FLAGS_CHECK_AT_PREP);
  k.write_long(page + k.page.private, 0);
  return true;
}

/** With CONFIG_DEBUG_VM a page is checked when its user frees it, not when it leaves the per-cpu list: so the report names who. */
function free_pcp_prepare(k: Kernel, page: Page, order: Order): boolean {
  return free_pages_prepare(k, page, order, k.CONFIG_DEBUG_VM !== 0);
}

/** free_pages_prepare() for a per-cpu list, and the type of its pageblock noted in page->index. */
function free_unref_page_prepare(k: Kernel, page: Page, pfn: Pfn, order: Order): boolean {
  if (!free_pcp_prepare(k, page, order)) return false;
  set_pcppage_migratetype(k, page, get_pfnblock_migratetype(k, page, pfn));
  return true;
}

/** Puts a block on the buddy lists; its type is read again when blocks of the zone are isolated. */
function free_one_page(
  k: Kernel,
  zone: Zone,
  page: Page,
  pfn: Pfn,
  order: Order,
  migratetype: Migratetype,
  fpi_flags: FpiFlags,
): void {
  // The block may have been isolated, or be so no longer, since its type was read.
  if (has_isolate_pageblock(k, zone) || is_migrate_isolate(k, migratetype))
    migratetype = get_pfnblock_migratetype(k, page, pfn);
  __free_one_page(k, page, pfn, zone, order, migratetype, fpi_flags);
}

/** Frees around the per-cpu lists. */
export function __free_pages_ok(k: Kernel, page: Page, order: Order, fpi_flags: FpiFlags): void {
  const pfn: Pfn = k.page_to_pfn(page);
  const zone: Zone = page_zone(k, page);
  if (!free_pages_prepare(k, page, order, true)) return;
  // Read before zone->lock is taken: where that may matter, free_one_page() reads it again.
  const migratetype: Migratetype = get_pfnblock_migratetype(k, page, pfn);
  free_one_page(k, zone, page, pfn, order, migratetype, fpi_flags);
  __count_vm_events(k, k.PGFREE, 1 << order);
}

/** Frees to this CPU's lists. Left out: a trylock that fails (one CPU runs at a time). */
export function free_unref_page(k: Kernel, page: Page, order: Order): void {
  const pfn: Pfn = k.page_to_pfn(page);
  if (!free_unref_page_prepare(k, page, pfn, order)) return;

  const migratetype: Migratetype = get_pcppage_migratetype(k, page);
  let pcpmigratetype: Migratetype = migratetype;
  if (migratetype >= k.MIGRATE_PCPTYPES) {
    // Who isolated the block waits for its pages: they must not stay on a per-CPU list.
    if (is_migrate_isolate(k, migratetype)) {
      free_one_page(k, page_zone(k, page), page, pfn, order, migratetype, FPI_NONE);
      return;
    }
    // HIGHATOMIC and CMA pages wait among the movable ones, for whoever comes first.
    pcpmigratetype = k.MIGRATE_MOVABLE;
  }

  const zone: Zone = page_zone(k, page);
  const pcp: PerCpuPages = per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, k.cpu);
  free_unref_page_commit(k, zone, pcp, page, pcpmigratetype, order);
}

/**
 * Frees a list of single pages (linked through page->lru) to this CPU's lists. The list is empty of them afterwards.
 * Left out: batch_count and locked_zone (locks that are dropped now and then).
 */
export function free_unref_page_list(k: Kernel, list: ListHead): void {
  // First all are checked and wiped.
  for (
    let page: Page = list_first_entry(k, list, k.page.lru),
      next: Page = list_next_entry(k, page, k.page.lru);
    !list_entry_is_head(k, page, list, k.page.lru);
    page = next, next = list_next_entry(k, next, k.page.lru)
  ) {
    const pfn: Pfn = k.page_to_pfn(page);
    if (!free_unref_page_prepare(k, page, pfn, 0)) {
      // Bad, so it is leaked: it goes to no list.
      list_del(k, page + k.page.lru);
      continue;
    }

    // Not to a per-CPU list, as in free_unref_page().
    const migratetype: Migratetype = get_pcppage_migratetype(k, page);
    if (is_migrate_isolate(k, migratetype)) {
      list_del(k, page + k.page.lru);
      free_one_page(k, page_zone(k, page), page, pfn, 0, migratetype, FPI_NONE);
    }
  }

  // Now all are free, and of a type that the per-CPU lists have, or that waits among the movable ones.
  for (
    let page: Page = list_first_entry(k, list, k.page.lru),
      next: Page = list_next_entry(k, page, k.page.lru);
    !list_entry_is_head(k, page, list, k.page.lru);
    page = next, next = list_next_entry(k, next, k.page.lru)
  ) {
    const zone: Zone = page_zone(k, page);
    list_del(k, page + k.page.lru);
    let migratetype: Migratetype = get_pcppage_migratetype(k, page);
    const pcp: PerCpuPages = per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, k.cpu);
    if (migratetype >= k.MIGRATE_PCPTYPES) migratetype = k.MIGRATE_MOVABLE;
    trace_mm_page_free_batched(k, page);
    free_unref_page_commit(k, zone, pcp, page, migratetype, 0);
  }
}

// --- compound pages ------------------------------------------------------------------------------------------------------

/** The destructor of plain compound pages. Left out: memcg. */
export function free_compound_page(k: Kernel, page: Page): void {
  free_the_page(k, page, compound_order(k, page));
}

/** A transparent huge page leaves the queue of those to be split first. */
function free_transhuge_page(k: Kernel, page: Page): void {
  leaveDeferredList(k, page);
  free_compound_page(k, page);
}

type CompoundPageDtor = (k: Kernel, page: Page) => void;
let free_huge_page: CompoundPageDtor = free_compound_page;

/** mm/hugetlb.c names its destructor when it is loaded: it calls what is here. */
export const linkHugetlbDestructor = (func: CompoundPageDtor): void => void (free_huge_page = func);

/** Runs the destructor that the first tail names: compound_page_dtors[]. */
export function destroy_large_folio(k: Kernel, folio: Page): void {
  const dtor: Int = k.read8(nth_page(k, folio, 1), k.page.compound_dtor);
  if (dtor === k.HUGETLB_PAGE_DTOR) free_huge_page(k, folio);
  else if (dtor === k.TRANSHUGE_PAGE_DTOR) free_transhuge_page(k, folio);
  else free_compound_page(k, folio);
}
