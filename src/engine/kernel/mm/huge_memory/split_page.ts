/**
 * A huge page becomes small ones, in place: each tail gets flags, mapping, index and a place on the LRU list as the head had them.
 *
 *     1. unmap_folio()          every entry of it waits, as in a migration; entries of pmds become tables first
 *     2. the only reference left is the caller's: it is frozen at 0, so that nobody can take another one
 *     3. __split_huge_page()    tails are cut off, from the last to the first
 *     4. remap_page()           entries map the small pages; those that nobody maps are freed
 *
 * It fails (-EAGAIN, in Linux 6.1) where somebody has a reference besides: get_user_pages(), a pin. Then the entries stay split.
 * Left out: huge pages of files, swap cache, memcg, page_owner, hwpoison, idle page tracking, split_queue_lock.
 * Source: Linux 6.1 mm/huge_memory.c: unmap_folio() to split_huge_page_to_list(), deferred_split_scan(), split_huge_pages_all();
 * include/linux/huge_mm.h: split_huge_page().
 */
import { type AnonVma, type Int, type ListHead, NULL, type Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asPfn } from '../../../memory/address.js';
import { set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { EAGAIN, EBUSY } from '../../include/linux/errno.h.js';
import { is_huge_zero_page, thp_nr_pages } from '../../include/linux/huge_mm.h.js';
import { PageHuge } from '../../include/linux/hugetlb.h.js';
import {
  INIT_LIST_HEAD,
  list_add_tail,
  list_del,
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_move,
  list_next_entry,
  list_splice_tail,
} from '../../include/linux/list.h.js';
import { compound_nr, folio_mapcount, nth_page, page_zone } from '../../include/linux/mm.h.js';
import { pfn_to_online_page } from '../../include/linux/memory_hotplug.h.js';
import { managed_zone, zone_end_pfn } from '../../include/linux/mmzone.h.js';
import {
  clear_compound_head,
  ClearPageCompound,
  compound_head,
  page_folio,
  PageAnon,
  PageHead,
  PageLRU,
} from '../../include/linux/page-flags.h.js';
import {
  get_page_unless_zero,
  page_ref_count,
  page_ref_inc,
  set_page_count,
} from '../../include/linux/page_ref.h.js';
import { trylock_page } from '../../include/linux/pagemap.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { unlock_page } from '../filemap/folio_wait.js';
import { remove_migration_ptes, try_to_migrate } from '../migrate/entries.js';
import { folio_anon_vma } from '../migrate/rmap_walk.js';
import { get_anon_vma, put_anon_vma } from '../rmap/anon_vma.js';
import { put_page } from '../swap/swap.js';
import { leaveDeferredList, page_deferred_list, splitQueue, splitQueueLen } from './huge_memory.js';

// --- one page ------------------------------------------------------------------------------------------------------------

function unmap_folio(k: Kernel, folio: Page): void {
  try_to_migrate(k, folio, true);
}

/** Who waits for one of `nr` pages from `folio` on maps it again: a whole folio, or what it was split into. */
function remap_page(k: Kernel, folio: Page, nr: Int): void {
  for (let i = 0; i < nr; i += compound_nr(k, folio)) {
    folio = nth_page(k, folio, i === 0 ? 0 : 1);
    remove_migration_ptes(k, folio, folio);
  }
}

/** @param list where tails go; NULL: next to the head, on its LRU list */
function lru_add_page_tail(k: Kernel, head: Page, tail: Page, list: ListHead): void {
  if (list !== NULL) {
    page_ref_inc(k, tail);
    list_add_tail(k, tail + k.page.lru, list);
    return;
  }
  // The head is on its list, and stays there: a tail goes in front of it, and the next one behind that.
  if (test_bit(k, k.PG_unevictable, tail + k.page.flags)) k.write(tail + k.page.mlock_count, 0);
  else list_add_tail(k, tail + k.page.lru, head + k.page.lru);
  set_bit(k, k.PG_lru, tail + k.page.flags);
}

/** Flags that a small page has from the whole. */
const inheritedFlags = (k: Kernel): Int =>
  (1 << k.PG_referenced) |
  (1 << k.PG_swapbacked) |
  (1 << k.PG_mlocked) |
  (1 << k.PG_uptodate) |
  (1 << k.PG_active) |
  (1 << k.PG_workingset) |
  (1 << k.PG_locked) |
  (1 << k.PG_unevictable) |
  (1 << k.PG_dirty);

function __split_huge_page_tail(k: Kernel, head: Page, tail: Int, list: ListHead): void {
  const page_tail: Page = nth_page(k, head, tail);
  const flags = page_tail + k.page.flags;
  k.write(flags, k.words[flags]! & ~k.PAGE_FLAGS_CHECK_AT_PREP);
  k.write(flags, k.words[flags]! | (k.words[head + k.page.flags]! & inheritedFlags(k)));
  // In the first tails these words were the whole's: counts, and the link in the queue of pages to be split.
  k.write_va(page_tail + k.page.mapping, k.read_va(head + k.page.mapping));
  k.write_long(page_tail + k.page.index, k.read_ulong(head + k.page.index) + tail);
  k.write_long(page_tail + k.page.private, 0);
  // Before the reference count: whoever finds the page in use must not take it for a tail.
  clear_compound_head(k, page_tail);
  // page_ref_unfreeze():
  set_page_count(k, page_tail, 1);
  lru_add_page_tail(k, head, page_tail, list);
}

/** @param page the caller's, which keeps the reference and the lock; the others may be freed */
function __split_huge_page(k: Kernel, page: Page, list: ListHead): void {
  const head: Page = page_folio(k, page);
  const nr: Int = thp_nr_pages(k, head);
  for (let i = nr - 1; i >= 1; i--) __split_huge_page_tail(k, head, i, list);
  ClearPageCompound(k, head);
  page_ref_inc(k, head);
  remap_page(k, head, nr);
  for (let i = 0; i < nr; i++) {
    const subpage: Page = nth_page(k, head, i);
    if (subpage === page) continue;
    unlock_page(k, subpage);
    // free_page_and_swap_cache(): the reference that it got above.
    put_page(k, subpage);
  }
}

/** Whether all references are known: the mappings', and the caller's. */
export function can_split_folio(k: Kernel, folio: Page): boolean {
  return folio_mapcount(k, folio) === page_ref_count(k, folio) - 1;
}

/** Splits the huge page that `page` is a part of, which is locked: 0, or an error. @param list where tails go; NULL: to the LRU list */
export function split_huge_page_to_list(k: Kernel, page: Page, list: ListHead): Int {
  const folio: Page = page_folio(k, page);
  if (is_huge_zero_page(k, folio)) return -EBUSY;
  let ret: Int = -EBUSY;
  out: {
    if (!PageAnon(k, folio)) break out;
    // folio_get_anon_vma(): unmapped, the page would not keep it.
    const anon_vma: AnonVma = folio_anon_vma(k, folio);
    get_anon_vma(k, anon_vma);
    ret = -EAGAIN;
    if (can_split_folio(k, folio)) {
      unmap_folio(k, folio);
      // folio_ref_freeze():
      if (page_ref_count(k, folio) === 1) {
        set_page_count(k, folio, 0);
        leaveDeferredList(k, folio);
        __split_huge_page(k, page, list);
        k.emit({ kind: 'huge-page', change: 'split', pfn: k.page_to_pfn(folio) });
        ret = 0;
      } else {
        // fail:
        remap_page(k, folio, compound_nr(k, folio));
      }
    }
    // out_unlock:
    put_anon_vma(k, anon_vma);
  }
  // out:
  __count_vm_events(k, ret === 0 ? k.THP_SPLIT_PAGE : k.THP_SPLIT_PAGE_FAILED, 1);
  return ret;
}

export const split_huge_page = (k: Kernel, page: Page): Int =>
  split_huge_page_to_list(k, page, NULL);

// --- many ----------------------------------------------------------------------------------------------------------------

/** Splits pages that wait for it, because a part of them is not mapped any more: how many. What reclaim does. */
export function deferred_split_scan(k: Kernel, nr_to_scan: Int): Int {
  const list: ListHead = k.machine.register('list');
  INIT_LIST_HEAD(k, list);
  let split: Int = 0;
  const queue: ListHead = splitQueue(k);
  const deferred_list = k.page.deferred_list;
  // With a reference of each, so that none is freed meanwhile.
  for (
    let page: Page = list_first_entry(k, queue, deferred_list),
      next: Page = list_next_entry(k, page, deferred_list);
    !list_entry_is_head(k, page, queue, deferred_list);
    page = next, next = list_next_entry(k, next, deferred_list)
  ) {
    const head: Page = compound_head(k, page);
    if (get_page_unless_zero(k, head)) {
      list_move(k, page_deferred_list(k, head), list);
    } else {
      list_del(k, page_deferred_list(k, head));
      INIT_LIST_HEAD(k, page_deferred_list(k, head));
      k.add_long(splitQueueLen(k), -1);
    }
    if (--nr_to_scan === 0) break;
  }
  for (
    let page: Page = list_first_entry(k, list, deferred_list),
      next: Page = list_next_entry(k, page, deferred_list);
    !list_entry_is_head(k, page, list, deferred_list);
    page = next, next = list_next_entry(k, next, deferred_list)
  ) {
    const head: Page = compound_head(k, page);
    if (trylock_page(k, head)) {
      // It leaves the list then.
      if (split_huge_page(k, head) === 0) split++;
      unlock_page(k, head);
    }
    // next:
    put_page(k, head);
  }
  if (!list_empty(k, list)) list_splice_tail(k, list, queue);
  return split;
}

/** Writing 1 to split_huge_pages of debugfs: all that there are; how many were split. */
export function split_huge_pages_all(k: Kernel): Int {
  let split: Int = 0;
  for (const zone of k.zones) {
    if (!managed_zone(k, zone)) continue;
    const max_zone_pfn = zone_end_pfn(k, zone);
    for (let pfn = k.read_ulong(zone + k.zone.zone_start_pfn); pfn < max_zone_pfn; pfn++) {
      const page: Page = pfn_to_online_page(k, asPfn(pfn));
      if (page === NULL || !get_page_unless_zero(k, page)) continue;
      if (
        page_zone(k, page) === zone &&
        PageHead(k, page) &&
        !PageHuge(k, page) &&
        PageLRU(k, page)
      ) {
        const nr_pages: Int = thp_nr_pages(k, page);
        if (trylock_page(k, page)) {
          if (split_huge_page(k, page) === 0) split++;
          unlock_page(k, page);
        }
        pfn += nr_pages - 1;
      }
      // next:
      put_page(k, page);
    }
  }
  return split;
}
