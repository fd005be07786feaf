/**
 * Transparent huge pages: what makes a compound page one, and the queue of those that are to be split because a part of them is not
 * mapped any more.
 *
 *     second tail->deferred_list   in pglist_data.deferred_split_queue while the page waits there
 *
 * Left out: queues of control groups, PageSwapCache, the shrinker that splits what waits (nothing reclaims here).
 * Source: Linux 6.1 mm/huge_memory.c: prep_transhuge_page(), free_transhuge_page(), deferred_split_huge_page();
 * include/linux/huge_mm.h: page_deferred_list().
 */
import type { Int, ListHead, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { INIT_LIST_HEAD, list_add_tail, list_del, list_empty } from '../../include/linux/list.h.js';
import { nth_page, set_compound_page_dtor } from '../../include/linux/mm.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';

/** Pages that an entry of a pmd maps: log2, and how many. */
export const HPAGE_PMD_ORDER = (k: Kernel): Int => k.PMD_SHIFT - 12;
export const HPAGE_PMD_NR = (k: Kernel): Int => 1 << HPAGE_PMD_ORDER(k);

/** In the second tail: the words of mapping and index there are used by no one. */
export const page_deferred_list = (k: Kernel, page: Page): ListHead =>
  nth_page(k, page, 2) + k.page.deferred_list;

export const splitQueueLen = (k: Kernel): number =>
  k.globals.contig_page_data +
  k.pglist_data.deferred_split_queue +
  k.deferred_split.split_queue_len;

export const splitQueue = (k: Kernel): ListHead =>
  k.globals.contig_page_data + k.pglist_data.deferred_split_queue + k.deferred_split.split_queue;

/** What a folio of order > 1 carries besides: the list of huge pages to be split. Its kind of destructor says so. */
export function prep_transhuge_page(k: Kernel, page: Page): void {
  INIT_LIST_HEAD(k, page_deferred_list(k, page));
  set_compound_page_dtor(k, page, k.TRANSHUGE_PAGE_DTOR);
}

/** Of a huge page that is freed: it waits no longer. free_compound_page() is the caller's. */
export const leaveDeferredList = (k: Kernel, page: Page): void => {
  if (list_empty(k, page_deferred_list(k, page))) return;
  k.add_long(splitQueueLen(k), -1);
  list_del(k, page_deferred_list(k, page));
};

/** A part of the page is not mapped any more, and could be freed, were it not for the rest: it waits to be split. */
export function deferred_split_huge_page(k: Kernel, page: Page): void {
  if (!list_empty(k, page_deferred_list(k, page))) return;
  __count_vm_events(k, k.THP_DEFERRED_SPLIT_PAGE, 1);
  list_add_tail(k, page_deferred_list(k, page), splitQueue(k));
  k.add_long(splitQueueLen(k), 1);
}
