/**
 * FOLL_LONGTERM: a page that is pinned for long must not lie where pages have to be able to move. What lies there is migrated first,
 * which it cannot be while it is pinned: so all pins are dropped, and taken anew.
 *
 * Left out: device memory; folio_isolate_hugetlb(): a page of the pool stays where it is, and then cannot be pinned for long.
 * Source: Linux 6.1 mm/gup.c: collect_longterm_unpinnable_pages(), migrate_longterm_unpinnable_pages(),
 * check_and_migrate_movable_pages(); include/linux/mm.h: folio_expected_ref_count().
 */
import { type Int, type ListHead, NULL, type Page, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { EAGAIN, ENOMEM } from '../../include/linux/errno.h.js';
import { INIT_LIST_HEAD, list_add_tail, list_empty } from '../../include/linux/list.h.js';
import { PageHuge } from '../../include/linux/hugetlb.h.js';
import { compound_nr, folio_mapcount } from '../../include/linux/mm.h.js';
import { page_folio, PageAnon } from '../../include/linux/page-flags.h.js';
import { page_ref_count } from '../../include/linux/page_ref.h.js';
import { MIGRATE_SYNC, MR_LONGTERM_PIN, putback_movable_pages } from '../migrate/migrate.js';
import { migrate_pages } from '../migrate/migrate_pages.js';
import { folio_may_be_lru_cached } from '../swap/batches.js';
import { lru_add_drain } from '../swap/lru_add_drain.js';
import { folio_is_file_lru } from '../swap/lruvec.js';
import { lru_add_drain_all } from '../swap/swap.js';
import { folio_isolate_lru } from '../vmscan/isolate.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { is_longterm_pinnable_page, unpin_user_page } from './pins.js';

/** References that are no surprise: the page cache's and the mappings'. */
function folio_expected_ref_count(k: Kernel, folio: Page): Int {
  const inCache = !PageAnon(k, folio) && k.read_va(folio + k.page.mapping) !== 0;
  return (inCache ? 1 : 0) + folio_mapcount(k, folio);
}

/** The pages that must go, off their LRU lists; how many there are. */
function collect_longterm_unpinnable_pages(
  k: Kernel,
  movable_page_list: ListHead,
  nr_pages: ULong,
  pages: readonly Page[],
): ULong {
  let collected: ULong = 0;
  let prev_folio: Page = NULL;
  let drained: Int = 0;
  // A batch may hold a reference of its own: the pin is the only one that is more than expected. (A pin counts 1024.)
  const isExpected = (of: Page): boolean =>
    page_ref_count(k, of) === folio_expected_ref_count(k, of) + 1;
  for (let i = 0; i < nr_pages; i++) {
    const folio: Page = page_folio(k, pages[i]!);
    if (folio === prev_folio) continue;
    prev_folio = folio;
    if (is_longterm_pinnable_page(k, folio)) continue;
    collected++;

    if (drained === 0 && folio_may_be_lru_cached(k, folio) && !isExpected(folio)) {
      lru_add_drain(k);
      drained = 1;
    }
    if (drained === 1 && folio_may_be_lru_cached(k, folio) && !isExpected(folio)) {
      lru_add_drain_all(k);
      drained = 2;
    }
    if (folio_isolate_lru(k, folio) !== 0) continue;
    list_add_tail(k, folio + k.page.lru, movable_page_list);
    const item = k.NR_ISOLATED_ANON + (folio_is_file_lru(k, folio) ? 1 : 0);
    __mod_node_page_state(k, item, compound_nr(k, folio));
  }
  return collected;
}

/** -EAGAIN: all have moved, and are to be pinned anew; or why they have not. No page is pinned then. */
function migrate_longterm_unpinnable_pages(
  k: Kernel,
  movable_page_list: ListHead,
  nr_pages: ULong,
  pages: readonly Page[],
): Int {
  let ret: Int = -EAGAIN;
  for (let i = 0; i < nr_pages; i++) {
    const folio: Page = page_folio(k, pages[i]!);
    if (PageHuge(k, folio) && !is_longterm_pinnable_page(k, folio)) ret = -ENOMEM;
    unpin_user_page(k, pages[i]!);
  }
  if (!list_empty(k, movable_page_list)) {
    const mtc = { gfp_mask: k.GFP_USER | k.__GFP_NOWARN };
    if (migrate_pages(k, movable_page_list, mtc, MIGRATE_SYNC, MR_LONGTERM_PIN) !== 0)
      ret = -ENOMEM;
  }
  // err:
  putback_movable_pages(k, movable_page_list);
  return ret;
}

/** 0: all of these pages, which are pinned, may stay so. -EAGAIN: pin them anew. Or an error, and none is pinned. */
export function check_and_migrate_movable_pages(
  k: Kernel,
  nr_pages: ULong,
  pages: readonly Page[],
): Int {
  const movable_page_list: ListHead = k.machine.register('movable_page_list');
  INIT_LIST_HEAD(k, movable_page_list);
  if (collect_longterm_unpinnable_pages(k, movable_page_list, nr_pages, pages) === 0) return 0;
  return migrate_longterm_unpinnable_pages(k, movable_page_list, nr_pages, pages);
}
