/**
 * Moving a list of pages: each is tried up to ten times, in one batch of as many pages as a huge page has.
 *
 *     migrate_pages(list) ─> migrate_pages_batch()   each page: migrate_folio_unmap() ─> migrate_folio_move()
 *       ──> moved: the old page is freed         ──> stays on the list: the caller puts it back on its LRU list
 *       ──> a huge page that cannot move as a whole (no memory for it, or 32 bit): it is split, and its small pages are moved then
 *
 * Left out: hugetlb, NUMA.
 * Source: Linux 6.1 mm/migrate.c: try_split_folio() to migrate_pages().
 */
import type { Int, ListHead, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { EAGAIN, ENOMEM, ENOSYS } from '../../include/linux/errno.h.js';
import { HPAGE_PMD_NR } from '../../include/linux/huge_mm.h.js';
import {
  INIT_LIST_HEAD,
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_move_tail,
  list_next_entry,
  list_splice,
  list_splice_tail,
} from '../../include/linux/list.h.js';
import { compound_nr } from '../../include/linux/mm.h.js';
import { PageHead } from '../../include/linux/page-flags.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { trace_mm_migrate_pages } from '../../include/trace/events/migrate.h.js';
import { folio_lock, unlock_page } from '../filemap/folio_wait.js';
import { split_huge_page_to_list } from '../huge_memory/split_page.js';
import {
  MIGRATEPAGE_SUCCESS,
  type MigrationTargetControl,
  MR_LONGTERM_PIN,
  unmapAndMove,
} from './migrate.js';

const NR_MAX_MIGRATE_PAGES_RETRY = 10;
const NR_MAX_BATCHED_MIGRATION = HPAGE_PMD_NR;

/** What became of a list of pages: numbers of small pages, and of huge ones. */
interface MigratePagesStats {
  nr_succeeded: Int;
  nr_failed_pages: Int;
  nr_thp_succeeded: Int;
  nr_thp_failed: Int;
  nr_thp_split: Int;
}

/** All of a list, which is empty then. */
const moveAll = (k: Kernel, list: ListHead, head: ListHead, splice: typeof list_splice): void => {
  if (list_empty(k, list)) return;
  splice(k, list, head);
  INIT_LIST_HEAD(k, list);
};

/** 0: the small pages are on the list, the first one behind the others. */
function try_split_folio(k: Kernel, folio: Page, split_folios: ListHead): Int {
  folio_lock(k, folio);
  // split_folio_to_list():
  const rc: Int = split_huge_page_to_list(k, folio, split_folios);
  unlock_page(k, folio);
  if (rc === 0) list_move_tail(k, folio + k.page.lru, split_folios);
  return rc;
}

/** How many stay (a huge page counts as one, also if all small pages of it have moved), or -ENOMEM. */
function migrate_pages_batch(
  k: Kernel,
  from: ListHead,
  mtc: MigrationTargetControl,
  mode: Int,
  reason: Int,
  ret_folios: ListHead,
  stats: MigratePagesStats,
): Int {
  const split_folios: ListHead = k.machine.register('split_folios');
  INIT_LIST_HEAD(k, split_folios);
  let nr_failed: Int = 0;
  let nr_large_failed: Int = 0;
  let no_split_folio_counting = false;

  split_folio_migration: for (;;) {
    let retry: Int = 1;
    let large_retry: Int = no_split_folio_counting ? 0 : 1;
    let nr_retry_pages: Int = 0;
    for (let pass = 0; pass < NR_MAX_MIGRATE_PAGES_RETRY && retry + large_retry > 0; pass++) {
      retry = 0;
      large_retry = 0;
      nr_retry_pages = 0;
      for (
        let folio: Page = list_first_entry(k, from, k.page.lru),
          folio2: Page = list_next_entry(k, folio, k.page.lru);
        !list_entry_is_head(k, folio, from, k.page.lru);
        folio = folio2, folio2 = list_next_entry(k, folio2, k.page.lru)
      ) {
        // Of the page as it is now: it may be split, or gone.
        const is_large = PageHead(k, folio);
        const nr_pages: Int = compound_nr(k, folio);
        const rc: Int = unmapAndMove(k, folio, mtc, pass > 2, mode);
        if (rc === MIGRATEPAGE_SUCCESS) {
          stats.nr_succeeded += nr_pages;
          if (is_large) stats.nr_thp_succeeded++;
          continue;
        }
        if (rc === -EAGAIN) {
          if (is_large) large_retry++;
          else if (!no_split_folio_counting) retry++;
          nr_retry_pages += nr_pages;
          continue;
        }
        // -ENOSYS, -ENOMEM:
        if (is_large) {
          nr_large_failed++;
          stats.nr_thp_failed++;
          const ret: Int = try_split_folio(k, folio, split_folios);
          if (ret === 0) {
            stats.nr_thp_split++;
            continue;
          }
          // Once more: a pin for long is worth it.
          if (rc === -ENOMEM && reason === MR_LONGTERM_PIN && ret === -EAGAIN) {
            large_retry++;
            nr_retry_pages += nr_pages;
            nr_large_failed--;
            stats.nr_thp_failed--;
            continue;
          }
        } else if (!no_split_folio_counting) {
          nr_failed++;
        }
        if (rc === -ENOSYS) {
          stats.nr_failed_pages += nr_pages;
          list_move_tail(k, folio + k.page.lru, ret_folios);
          continue;
        }
        // The next one would not get a page, either.
        stats.nr_failed_pages += nr_pages + nr_retry_pages;
        moveAll(k, split_folios, ret_folios, list_splice);
        stats.nr_thp_failed += large_retry;
        return -ENOMEM;
      }
    }
    nr_failed += retry;
    nr_large_failed += large_retry;
    stats.nr_thp_failed += large_retry;
    stats.nr_failed_pages += nr_retry_pages;
    if (list_empty(k, split_folios)) break split_folio_migration;
    // What could not be moved is not tried again with the small pages.
    moveAll(k, from, ret_folios, list_splice);
    moveAll(k, split_folios, from, list_splice);
    no_split_folio_counting = true;
  }
  return nr_failed + nr_large_failed;
}

/** Takes the first pages of a list, as many as one batch may have. */
function takeBatch(k: Kernel, from: ListHead, folios: ListHead): void {
  let nr_pages: Int = 0;
  while (!list_empty(k, from)) {
    const folio: Page = list_first_entry(k, from, k.page.lru);
    nr_pages += compound_nr(k, folio);
    if (nr_pages > NR_MAX_BATCHED_MIGRATION(k)) break;
    list_move_tail(k, folio + k.page.lru, folios);
  }
}

/** Migrates the pages of a list: how many were not, which stay on it, or an error. */
export function migrate_pages(
  k: Kernel,
  from: ListHead,
  mtc: MigrationTargetControl,
  mode: Int,
  reason: Int,
): Int {
  const stats: MigratePagesStats = {
    nr_succeeded: 0,
    nr_failed_pages: 0,
    nr_thp_succeeded: 0,
    nr_thp_failed: 0,
    nr_thp_split: 0,
  };
  const folios: ListHead = k.machine.register('folios');
  const ret_folios: ListHead = k.machine.register('ret_folios');
  INIT_LIST_HEAD(k, folios);
  INIT_LIST_HEAD(k, ret_folios);
  let rc_gather: Int = 0;
  // again:
  while (!list_empty(k, from)) {
    takeBatch(k, from, folios);
    const rc: Int = migrate_pages_batch(k, folios, mtc, mode, reason, ret_folios, stats);
    moveAll(k, folios, ret_folios, list_splice_tail);
    if (rc < 0) {
      rc_gather = rc;
      break;
    }
    rc_gather += rc;
  }
  // out: those that could not be migrated are the caller's again.
  list_splice(k, ret_folios, from);
  for (
    let folio: Page = list_first_entry(k, from, k.page.lru);
    !list_entry_is_head(k, folio, from, k.page.lru);
    folio = list_next_entry(k, folio, k.page.lru)
  )
    k.emit({ kind: 'migrate', pfn: k.page_to_pfn(folio), outcome: 'failed' });
  // All small pages of those that were split have moved.
  if (list_empty(k, from)) rc_gather = 0;

  __count_vm_events(k, k.PGMIGRATE_SUCCESS, stats.nr_succeeded);
  __count_vm_events(k, k.PGMIGRATE_FAIL, stats.nr_failed_pages);
  __count_vm_events(k, k.THP_MIGRATION_SUCCESS, stats.nr_thp_succeeded);
  __count_vm_events(k, k.THP_MIGRATION_FAIL, stats.nr_thp_failed);
  __count_vm_events(k, k.THP_MIGRATION_SPLIT, stats.nr_thp_split);
  trace_mm_migrate_pages(
    k,
    stats.nr_succeeded,
    stats.nr_failed_pages,
    stats.nr_thp_succeeded,
    stats.nr_thp_failed,
    stats.nr_thp_split,
    mode,
    reason,
  );
  return rc_gather;
}
