/**
 * The pool of huge pages: made of what the page allocator has, given out, and taken back. Pages that exceed the pool's size (surplus)
 * go back to the page allocator when nobody uses them any more.
 *
 *     nr_huge_pages        all of them            free_huge_pages     those on hugepage_freelists[]
 *     surplus_huge_pages   those beyond the size  resv_huge_pages     promised, and not yet given out
 *
 * A page on a free list has no reference; a page that was just made has none, either.
 *
 * Left out: several nodes, demotion, struct pages given back, hwpoison, cgroups, hugetlb_lock, signals while it grows.
 * Source: Linux 6.1 mm/hugetlb.c: enqueue_huge_page(), remove_hugetlb_page() to alloc_pool_huge_page(), remove_pool_huge_page(),
 * alloc_surplus_huge_page() to return_unused_surplus_pages(), set_max_huge_pages(), hugetlb_sysctl_handler(),
 * hugetlb_overcommit_handler(), hugetlb_acct_memory().
 */
import {
  type Gfp,
  type Hstate,
  type Int,
  type ListHead,
  type Long,
  NULL,
  type Page,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import {
  addCount,
  default_hstate,
  hstate_is_gigantic,
  hstateCount,
  htlb_alloc_mask,
  huge_page_order,
  hugetlb_set_page_subpool,
  page_hstate,
  pages_per_huge_page,
  setHPageFlag,
  testHPageFlag,
  clearHPageFlag,
} from '../../include/linux/hugetlb.h.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_del,
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_move,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { nth_page, set_compound_page_dtor } from '../../include/linux/mm.h.js';
import { PageAnon, PageHighMem } from '../../include/linux/page-flags.h.js';
import { page_ref_count, set_page_count } from '../../include/linux/page_ref.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { set_page_refcounted } from '../internal.h.js';
import { __free_pages } from '../page_alloc/api.js';
import { __alloc_pages } from '../page_alloc/page_alloc.js';
import { ClearPageAnonExclusive } from '../rmap/rmap.js';

/** Of gigantic.ts, which stands on migration, and that on pools: linked when it is loaded. */
interface GiganticPages {
  readonly fresh: (k: Kernel, h: Hstate, gfp_mask: Gfp) => Page;
  readonly free: (k: Kernel, h: Hstate, page: Page) => void;
}
let giganticPages: GiganticPages | undefined;
export const linkGiganticPages = (pages: GiganticPages): void => {
  giganticPages = pages;
};

const freeList = (k: Kernel, h: Hstate): ListHead => h + k.hstate.hugepage_freelists;

/** A counter of the pool, and the node's own. */
const addCounts = (k: Kernel, h: Hstate, member: number, ofNode: number, delta: Int): void => {
  addCount(k, h, member, delta);
  k.write(h + ofNode, k.words[h + ofNode]! + delta);
};

export function enqueue_huge_page(k: Kernel, h: Hstate, page: Page): void {
  list_move(k, page + k.page.lru, freeList(k, h));
  addCounts(k, h, k.hstate.free_huge_pages, k.hstate.free_huge_pages_node, 1);
  setHPageFlag(k, page, k.HPG_freed);
}

// --- out of the pool -----------------------------------------------------------------------------------------------------

/** The page is a compound page like any other from here on. It has a reference. */
function remove_hugetlb_page(k: Kernel, h: Hstate, page: Page, adjust_surplus: boolean): void {
  list_del(k, page + k.page.lru);
  if (testHPageFlag(k, page, k.HPG_freed))
    addCounts(k, h, k.hstate.free_huge_pages, k.hstate.free_huge_pages_node, -1);
  if (adjust_surplus)
    addCounts(k, h, k.hstate.surplus_huge_pages, k.hstate.surplus_huge_pages_node, -1);
  // __clear_hugetlb_destructor():
  set_compound_page_dtor(k, page, k.COMPOUND_PAGE_DTOR);
  set_page_refcounted(k, page);
  addCounts(k, h, k.hstate.nr_huge_pages, k.hstate.nr_huge_pages_node, -1);
}

/** Back to the page allocator, without the flags that users of the pages have left. */
function update_and_free_page(k: Kernel, h: Hstate, page: Page): void {
  const flags = [k.PG_locked, k.PG_error, k.PG_referenced, k.PG_dirty, k.PG_active, k.PG_private];
  let mask: Int = 1 << k.PG_writeback;
  for (const nr of flags) mask |= 1 << nr;
  for (let i = 0; i < pages_per_huge_page(k, h); i++) {
    const subpage: Page = nth_page(k, page, i);
    k.write(subpage + k.page.flags, k.words[subpage + k.page.flags]! & ~mask);
  }
  if (hstate_is_gigantic(k, h)) giganticPages?.free(k, h, page);
  else __free_pages(k, page, huge_page_order(k, h));
}

function update_and_free_pages_bulk(k: Kernel, h: Hstate, list: ListHead): void {
  for (
    let page: Page = list_first_entry(k, list, k.page.lru),
      t_page: Page = list_next_entry(k, page, k.page.lru);
    !list_entry_is_head(k, page, list, k.page.lru);
    page = t_page, t_page = list_next_entry(k, t_page, k.page.lru)
  )
    update_and_free_page(k, h, page);
}

/** The destructor of a pool's page: nobody uses it any more. It goes back to the pool, or, where there are too many, leaves it. */
export function free_huge_page(k: Kernel, page: Page): void {
  const h: Hstate = page_hstate(k, page);
  hugetlb_set_page_subpool(k, page);
  if (PageAnon(k, page)) ClearPageAnonExclusive(k, page);
  k.write_long(page + k.page.mapping, 0);
  const restore_reserve = testHPageFlag(k, page, k.HPG_restore_reserve);
  clearHPageFlag(k, page, k.HPG_restore_reserve);
  clearHPageFlag(k, page, k.HPG_migratable);
  if (restore_reserve) addCount(k, h, k.hstate.resv_huge_pages, 1);

  if (testHPageFlag(k, page, k.HPG_temporary)) {
    remove_hugetlb_page(k, h, page, false);
    update_and_free_page(k, h, page);
  } else if (k.words[h + k.hstate.surplus_huge_pages_node] !== 0) {
    remove_hugetlb_page(k, h, page, true);
    update_and_free_page(k, h, page);
  } else {
    enqueue_huge_page(k, h, page);
  }
}

/** The first page of the free list; NULL where there is none, or, with `acct_surplus`, none beyond the pool's size. */
function remove_pool_huge_page(k: Kernel, h: Hstate, acct_surplus: boolean): Page {
  if (acct_surplus && k.words[h + k.hstate.surplus_huge_pages_node] === 0) return NULL;
  if (list_empty(k, freeList(k, h))) return NULL;
  const page: Page = list_first_entry(k, freeList(k, h), k.page.lru);
  remove_hugetlb_page(k, h, page, acct_surplus);
  return page;
}

// --- into the pool -------------------------------------------------------------------------------------------------------

/** From the page allocator: without a reference. */
function alloc_buddy_huge_page(k: Kernel, h: Hstate, gfp_mask: Gfp): Page {
  gfp_mask |= k.__GFP_COMP | k.__GFP_NOWARN | k.__GFP_RETRY_MAYFAIL;
  const page: Page = __alloc_pages(k, gfp_mask, huge_page_order(k, h));
  if (page === NULL) {
    __count_vm_events(k, k.HTLB_BUDDY_PGALLOC_FAIL, 1);
    return NULL;
  }
  // page_ref_freeze():
  if (page_ref_count(k, page) === 1) set_page_count(k, page, 0);
  __count_vm_events(k, k.HTLB_BUDDY_PGALLOC, 1);
  return page;
}

/** A huge page that is in no list and has no reference, but is counted; NULL without memory. */
function alloc_fresh_huge_page(k: Kernel, h: Hstate, gfp_mask: Gfp): Page {
  const page: Page = hstate_is_gigantic(k, h)
    ? (giganticPages?.fresh(k, h, gfp_mask) ?? NULL)
    : alloc_buddy_huge_page(k, h, gfp_mask);
  if (page !== NULL) prep_new_huge_page(k, h, page);
  return page;
}

/** It is the pool's from here on, in no list. */
export function prep_new_huge_page(k: Kernel, h: Hstate, page: Page): void {
  INIT_LIST_HEAD(k, page + k.page.lru);
  set_compound_page_dtor(k, page, k.HUGETLB_PAGE_DTOR);
  hugetlb_set_page_subpool(k, page);
  addCounts(k, h, k.hstate.nr_huge_pages, k.hstate.nr_huge_pages_node, 1);
}

/** One more page for the pool; whether there was memory. */
export function alloc_pool_huge_page(k: Kernel, h: Hstate): boolean {
  const gfp_mask: Gfp = htlb_alloc_mask(k) | k.__GFP_THISNODE;
  const page: Page = alloc_fresh_huge_page(k, h, gfp_mask);
  if (page === NULL) return false;
  free_huge_page(k, page);
  return true;
}

/** One beyond the pool's size, where so many are allowed. */
export function alloc_surplus_huge_page(k: Kernel, h: Hstate, gfp_mask: Gfp): Page {
  const limit: ULong = hstateCount(k, h, k.hstate.nr_overcommit_huge_pages);
  if (hstateCount(k, h, k.hstate.surplus_huge_pages) >= limit) return NULL;
  const page: Page = alloc_fresh_huge_page(k, h, gfp_mask);
  if (page !== NULL)
    addCounts(k, h, k.hstate.surplus_huge_pages, k.hstate.surplus_huge_pages_node, 1);
  return page;
}

/** Makes as many surplus pages as the pool lacks for `delta` more reservations, and reserves them. */
function gather_surplus_pages(k: Kernel, h: Hstate, delta: Long): Int {
  const lacking = (allocated: Long): Long =>
    hstateCount(k, h, k.hstate.resv_huge_pages) +
    delta -
    (hstateCount(k, h, k.hstate.free_huge_pages) + allocated);
  let needed: Long = lacking(0);
  if (needed <= 0) {
    addCount(k, h, k.hstate.resv_huge_pages, delta);
    return 0;
  }
  const surplus_list: ListHead = k.machine.register('surplus_list');
  INIT_LIST_HEAD(k, surplus_list);
  let allocated: Long = 0;
  let alloc_ok = true;
  let ret: Int = -ENOMEM;
  // retry:
  do {
    let i: Long = 0;
    for (; i < needed; i++) {
      const page: Page = alloc_surplus_huge_page(k, h, htlb_alloc_mask(k));
      if (page === NULL) {
        alloc_ok = false;
        break;
      }
      list_add(k, page + k.page.lru, surplus_list);
    }
    allocated += i;
    needed = lacking(allocated);
  } while (needed > 0 && alloc_ok);

  if (needed <= 0) {
    needed += allocated;
    addCount(k, h, k.hstate.resv_huge_pages, delta);
    ret = 0;
    for (
      let page: Page = list_first_entry(k, surplus_list, k.page.lru),
        tmp: Page = list_next_entry(k, page, k.page.lru);
      !list_entry_is_head(k, page, surplus_list, k.page.lru);
      page = tmp, tmp = list_next_entry(k, tmp, k.page.lru)
    ) {
      if (--needed < 0) break;
      enqueue_huge_page(k, h, page);
    }
  }
  // free: what was gathered in vain, or is too much
  for (
    let page: Page = list_first_entry(k, surplus_list, k.page.lru),
      tmp: Page = list_next_entry(k, page, k.page.lru);
    !list_entry_is_head(k, page, surplus_list, k.page.lru);
    page = tmp, tmp = list_next_entry(k, tmp, k.page.lru)
  )
    free_huge_page(k, page);
  return ret;
}

/** Reservations that nobody will use: surplus pages that were made for them go back. */
function return_unused_surplus_pages(k: Kernel, h: Hstate, unused_resv_pages: ULong): void {
  addCount(k, h, k.hstate.resv_huge_pages, -unused_resv_pages);
  let nr_pages: ULong = Math.min(unused_resv_pages, hstateCount(k, h, k.hstate.surplus_huge_pages));
  const page_list: ListHead = k.machine.register('page_list');
  INIT_LIST_HEAD(k, page_list);
  while (nr_pages-- > 0) {
    const page: Page = remove_pool_huge_page(k, h, true);
    if (page === NULL) break;
    list_add(k, page + k.page.lru, page_list);
  }
  // out:
  update_and_free_pages_bulk(k, h, page_list);
}

/** So many reservations more, or less. */
export function hugetlb_acct_memory(k: Kernel, h: Hstate, delta: Long): Int {
  if (delta === 0) return 0;
  if (delta > 0) {
    if (gather_surplus_pages(k, h, delta) < 0) return -ENOMEM;
    // allowed_mems_nr(): of the one node
    if (delta > k.words[h + k.hstate.free_huge_pages_node]!) {
      return_unused_surplus_pages(k, h, delta);
      return -ENOMEM;
    }
    return 0;
  }
  return_unused_surplus_pages(k, h, -delta);
  return 0;
}

// --- the pool's size -----------------------------------------------------------------------------------------------------

const persistent_huge_pages = (k: Kernel, h: Hstate): ULong =>
  hstateCount(k, h, k.hstate.nr_huge_pages) - hstateCount(k, h, k.hstate.surplus_huge_pages);

/** One page is surplus, or is so no longer; whether there is one. */
function adjust_pool_surplus(k: Kernel, h: Hstate, delta: 1 | -1): boolean {
  const surplus: Int = k.words[h + k.hstate.surplus_huge_pages_node]!;
  if (delta < 0 ? surplus === 0 : surplus >= k.words[h + k.hstate.nr_huge_pages_node]!)
    return false;
  addCounts(k, h, k.hstate.surplus_huge_pages, k.hstate.surplus_huge_pages_node, delta);
  return true;
}

/** With highmem: pages of lowmem leave first, which is scarcer. */
function try_to_free_low(k: Kernel, h: Hstate, count: ULong): void {
  if (k.ZONE_HIGHMEM < 0) return;
  const page_list: ListHead = k.machine.register('page_list');
  INIT_LIST_HEAD(k, page_list);
  const freel: ListHead = freeList(k, h);
  for (
    let page: Page = list_first_entry(k, freel, k.page.lru),
      next: Page = list_next_entry(k, page, k.page.lru);
    !list_entry_is_head(k, page, freel, k.page.lru);
    page = next, next = list_next_entry(k, next, k.page.lru)
  ) {
    if (count >= hstateCount(k, h, k.hstate.nr_huge_pages)) break;
    if (PageHighMem(k, page)) continue;
    remove_hugetlb_page(k, h, page, false);
    list_add(k, page + k.page.lru, page_list);
  }
  // out:
  update_and_free_pages_bulk(k, h, page_list);
}

/** The pool is to have so many pages: it grows, or shrinks as far as nobody uses them; what is in use becomes surplus. */
export function set_max_huge_pages(k: Kernel, h: Hstate, count: ULong): Int {
  while (
    hstateCount(k, h, k.hstate.surplus_huge_pages) !== 0 &&
    count > persistent_huge_pages(k, h) &&
    adjust_pool_surplus(k, h, -1)
  );
  out: {
    while (count > persistent_huge_pages(k, h)) if (!alloc_pool_huge_page(k, h)) break out;
    let min_count: ULong =
      hstateCount(k, h, k.hstate.resv_huge_pages) +
      hstateCount(k, h, k.hstate.nr_huge_pages) -
      hstateCount(k, h, k.hstate.free_huge_pages);
    min_count = Math.max(count, min_count);
    try_to_free_low(k, h, min_count);
    const page_list: ListHead = k.machine.register('page_list');
    INIT_LIST_HEAD(k, page_list);
    while (min_count < persistent_huge_pages(k, h)) {
      const page: Page = remove_pool_huge_page(k, h, false);
      if (page === NULL) break;
      list_add(k, page + k.page.lru, page_list);
    }
    update_and_free_pages_bulk(k, h, page_list);
    while (count < persistent_huge_pages(k, h) && adjust_pool_surplus(k, h, 1));
  }
  // out:
  k.write_long(h + k.hstate.max_huge_pages, persistent_huge_pages(k, h));
  return 0;
}

/** nr_overcommit_hugepages_store(): so many pages may be made beyond the pool's size. */
export const setOvercommitHugePages = (k: Kernel, h: Hstate, count: ULong): void =>
  k.write_long(h + k.hstate.nr_overcommit_huge_pages, count);

/** vm.nr_hugepages, of the default pool. Differs: a number, not text. @param count undefined: it is only looked at */
export function hugetlb_sysctl_handler(k: Kernel, count: ULong | undefined): ULong {
  const h: Hstate = default_hstate(k);
  if (count !== undefined) set_max_huge_pages(k, h, count);
  return hstateCount(k, h, k.hstate.max_huge_pages);
}

/** vm.nr_overcommit_hugepages. Differs: as above. */
export function hugetlb_overcommit_handler(k: Kernel, count: ULong | undefined): Long {
  const h: Hstate = default_hstate(k);
  if (count !== undefined) {
    if (hstate_is_gigantic(k, h)) return -EINVAL;
    setOvercommitHugePages(k, h, count);
  }
  return hstateCount(k, h, k.hstate.nr_overcommit_huge_pages);
}
