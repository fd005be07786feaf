/**
 * Of pages that are about to be migrated, those need not be that can be read again, or may be lost: they are freed.
 *
 * Left out: everything that only real reclaim does (shrink_folio_list() of swap-backed or dirty pages, references, writeback, demotion).
 * Source: Linux 6.1 mm/vmscan.c: reclaim_clean_pages_from_list(), shrink_folio_list().
 */
import type { Int, ListHead, Page, UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { clear_bit, set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_del,
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_last_entry,
  list_move,
  list_next_entry,
  list_splice,
} from '../../include/linux/list.h.js';
import { page_mapcount } from '../../include/linux/mm.h.js';
import { PageAnon } from '../../include/linux/page-flags.h.js';
import { page_ref_count, set_page_count } from '../../include/linux/page_ref.h.js';
import { trylock_page } from '../../include/linux/pagemap.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { try_to_unmap } from '../migrate/entries.js';
import { free_unref_page_list } from '../page_alloc/free.js';
import { folio_is_file_lru } from '../swap/lruvec.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { unlock_page } from '../filemap/folio_wait.js';

interface ReclaimStat {
  nr_lazyfree_fail: Int;
}

/** Whether nobody has the page any more but the caller: then it has no reference left, and can be freed. */
function isReclaimed(k: Kernel, folio: Page, stat: ReclaimStat): boolean {
  if (page_mapcount(k, folio) > 0) {
    try_to_unmap(k, folio);
    if (page_mapcount(k, folio) > 0) {
      if (test_bit(k, k.PG_swapbacked, folio + k.page.flags)) stat.nr_lazyfree_fail++;
      // activate_locked:
      set_bit(k, k.PG_active, folio + k.page.flags);
      return false;
    }
  }
  // Left out: __remove_mapping() (clean pages of files here have no disk to be read from again).
  if (!PageAnon(k, folio) || page_ref_count(k, folio) !== 1) return false;
  set_page_count(k, folio, 0);
  __count_vm_events(k, k.PGLAZYFREED, 1);
  return true;
}

/** How many of the list were freed; the others stay on it. */
function shrink_folio_list(k: Kernel, folio_list: ListHead, stat: ReclaimStat): UInt {
  const ret_folios: ListHead = k.machine.register('ret_folios');
  const free_folios: ListHead = k.machine.register('free_folios');
  INIT_LIST_HEAD(k, ret_folios);
  INIT_LIST_HEAD(k, free_folios);
  let nr_reclaimed: UInt = 0;
  while (!list_empty(k, folio_list)) {
    // lru_to_folio():
    const folio: Page = list_last_entry(k, folio_list, k.page.lru);
    list_del(k, folio + k.page.lru);
    let isFree = false;
    if (trylock_page(k, folio)) {
      isFree = isReclaimed(k, folio, stat);
      unlock_page(k, folio);
    }
    if (isFree) nr_reclaimed++;
    list_add(k, folio + k.page.lru, isFree ? free_folios : ret_folios);
  }
  if (!list_empty(k, free_folios)) free_unref_page_list(k, free_folios);
  if (!list_empty(k, ret_folios)) list_splice(k, ret_folios, folio_list);
  return nr_reclaimed;
}

/** How many of the list were freed. Left out: PF_MEMALLOC (nothing here asks for memory meanwhile). */
export function reclaim_clean_pages_from_list(k: Kernel, folio_list: ListHead): UInt {
  const clean_folios: ListHead = k.machine.register('clean_folios');
  INIT_LIST_HEAD(k, clean_folios);
  for (
    let folio: Page = list_first_entry(k, folio_list, k.page.lru),
      next: Page = list_next_entry(k, folio, k.page.lru);
    !list_entry_is_head(k, folio, folio_list, k.page.lru);
    folio = next, next = list_next_entry(k, next, k.page.lru)
  ) {
    if (!folio_is_file_lru(k, folio)) continue;
    if (test_bit(k, k.PG_dirty, folio + k.page.flags)) continue;
    if (test_bit(k, k.PG_unevictable, folio + k.page.flags)) continue;
    clear_bit(k, k.PG_active, folio + k.page.flags);
    list_move(k, folio + k.page.lru, clean_folios);
  }
  const stat: ReclaimStat = { nr_lazyfree_fail: 0 };
  const nr_reclaimed: UInt = shrink_folio_list(k, clean_folios, stat);
  if (!list_empty(k, clean_folios)) list_splice(k, clean_folios, folio_list);
  __mod_node_page_state(k, k.NR_ISOLATED_FILE, -nr_reclaimed);
  // They were isolated as a file's, and are anonymous again.
  __mod_node_page_state(k, k.NR_ISOLATED_ANON, stat.nr_lazyfree_fail);
  __mod_node_page_state(k, k.NR_ISOLATED_FILE, -stat.nr_lazyfree_fail);
  return nr_reclaimed;
}
