/**
 * Taking a block out of a zone's buddy lists, whatever type it must come from.
 *
 * Source: Linux 6.1 mm/page_alloc.c: __rmqueue(), rmqueue_bulk(), rmqueue_buddy(), check_new_pages().
 */
import {
  type AllocFlags,
  type Int,
  type ListHead,
  type Migratetype,
  NULL,
  type Order,
  type Page,
  type ULong,
  type Zone,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { list_add_tail } from '../../include/linux/list.h.js';
import { page_zonenum, nth_page } from '../../include/linux/mm.h.js';
import { is_migrate_cma } from '../../include/linux/mmzone.h.js';
import { __count_zid_vm_events, zone_page_state } from '../../include/linux/vmstat.h.js';
import { __mod_zone_freepage_state, __mod_zone_page_state } from '../vmstat/vmstat.js';
import { check_new_page_bad, page_expected_state } from './bad_page.js';
import { __rmqueue_smallest } from './buddy.js';
import { __rmqueue_fallback } from './fallback.js';
import { get_pcppage_migratetype } from './pageblock.js';

/** Whether a page that leaves the lists is not as a free page should be; it is reported then. */
function check_new_page(k: Kernel, page: Page): boolean {
  if (page_expected_state(k, page, k.PAGE_FLAGS_CHECK_AT_PREP)) return false;
  check_new_page_bad(k, page);
  return true;
}

/** check_new_page() for all pages of a block, up to the first bad one. */
export function check_new_pages(k: Kernel, page: Page, order: Order): boolean {
  if (check_new_page(k, page)) return true;
  let p: Page = page;
  for (let i = 1; i < 1 << order; i++) {
    p = nth_page(k, p, 1);
    if (check_new_page(k, p)) return true;
  }
  return false;
}

/** Without DEBUG_VM pages are checked when they come to a per-CPU list, not when they leave it. */
function check_pcp_refill(k: Kernel, page: Page, order: Order): boolean {
  return k.CONFIG_DEBUG_VM === 0 && check_new_pages(k, page, order);
}

/** CMA's free pages, lent to requests that promise to let go of them: those with ALLOC_CMA. */
function __rmqueue_cma_fallback(k: Kernel, zone: Zone, order: Order): Page {
  return __rmqueue_smallest(k, zone, order, k.MIGRATE_CMA);
}

/** A block of the type, or one stolen for it. Who calls it holds zone->lock there. */
export function __rmqueue(
  k: Kernel,
  zone: Zone,
  order: Order,
  migratetype: Migratetype,
  alloc_flags: AllocFlags,
): Page {
  let page: Page;
  let rounds = 0;
  // Most requests cannot use CMA pages: while more than half of what is free is CMA's, those that can take from there.
  if (
    (alloc_flags & k.ALLOC_CMA) !== 0 &&
    zone_page_state(k, zone, k.NR_FREE_CMA_PAGES) > zone_page_state(k, zone, k.NR_FREE_PAGES) >>> 1
  ) {
    page = __rmqueue_cma_fallback(k, zone, order);
    if (page !== NULL) return page;
  }
  retry: for (;;) {
    page = __rmqueue_smallest(k, zone, order, migratetype);
    if (page !== NULL) return page;
    k.watchdog(++rounds << 10);
    // The area can be cleared again, a stolen pageblock cannot.
    if ((alloc_flags & k.ALLOC_CMA) !== 0) page = __rmqueue_cma_fallback(k, zone, order);
    // A block of another type is on the lists of this one now: it is found there.
    if (page === NULL && __rmqueue_fallback(k, zone, order, migratetype, alloc_flags))
      continue retry;
    return page;
  }
}

/** Moves up to `count` blocks to the tail of `list`; how many. The free count follows once, after the batch. */
export function rmqueue_bulk(
  k: Kernel,
  zone: Zone,
  order: Order,
  count: ULong,
  list: ListHead,
  migratetype: Migratetype,
  alloc_flags: AllocFlags,
): Int {
  let i: Int;
  let allocated: Int = 0;
  for (i = 0; i < count; ++i) {
    const page: Page = __rmqueue(k, zone, order, migratetype, alloc_flags);
    if (page === NULL) break;
    // A bad block is leaked, and the batch is shorter by it.
    if (check_pcp_refill(k, page, order)) continue;
    // Split blocks come lowest address first: so they stay in that order, and a device may merge them.
    list_add_tail(k, page + k.page.lru, list);
    allocated++;
    // A batch may come from blocks of several types, so CMA's count follows one by one.
    if (is_migrate_cma(k, get_pcppage_migratetype(k, page)))
      __mod_zone_page_state(k, zone, k.NR_FREE_CMA_PAGES, -(1 << order));
  }
  // A block that failed the check is gone, too: what was taken counts, not what arrived.
  __mod_zone_page_state(k, zone, k.NR_FREE_PAGES, -(i << order));
  return allocated;
}

/** Takes one block around the per-cpu lists. Left out: zone_statistics (one node). */
export function rmqueue_buddy(
  k: Kernel,
  zone: Zone,
  order: Order,
  alloc_flags: AllocFlags,
  migratetype: Migratetype,
): Page {
  let page: Page;
  // A bad block is leaked, and another one taken.
  do {
    page = NULL;
    // The reserve was made for these requests: they take from it first.
    if ((alloc_flags & k.ALLOC_HIGHATOMIC) !== 0)
      page = __rmqueue_smallest(k, zone, order, k.MIGRATE_HIGHATOMIC);
    if (page === NULL) {
      page = __rmqueue(k, zone, order, migratetype, alloc_flags);
      // The reserve is for orders above 0, but better use it up than fail a request that cannot wait or kills to get memory.
      if (page === NULL && (alloc_flags & (k.ALLOC_OOM | k.ALLOC_NON_BLOCK)) !== 0)
        page = __rmqueue_smallest(k, zone, order, k.MIGRATE_HIGHATOMIC);
      if (page === NULL) return NULL;
    }
    // A bad block is taken as well: it goes nowhere.
    __mod_zone_freepage_state(k, zone, -(1 << order), get_pcppage_migratetype(k, page));
  } while (check_new_pages(k, page, order));

  __count_zid_vm_events(k, k.PGALLOC_NORMAL, page_zonenum(k, page), 1 << order);
  return page;
}
