/**
 * Of pages that are about to be migrated, those need not be that can be read again, or may be lost: they are freed.
 *
 * Source: Linux 6.1 mm/vmscan.c: reclaim_clean_pages_from_list().
 */
import type { ListHead, Page, UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { clear_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  INIT_LIST_HEAD,
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_move,
  list_next_entry,
  list_splice,
} from '../../include/linux/list.h.js';
import { folio_is_file_lru } from '../swap/lruvec.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { type ReclaimStat, shrink_folio_list } from './shrink_folio_list.js';

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
  const stat: ReclaimStat = { nr_lazyfree_fail: 0, nr_activate: 0 };
  const nr_reclaimed: UInt = shrink_folio_list(k, clean_folios, stat);
  if (!list_empty(k, clean_folios)) list_splice(k, clean_folios, folio_list);
  __mod_node_page_state(k, k.NR_ISOLATED_FILE, -nr_reclaimed);
  // They were isolated as a file's, and are anonymous again.
  __mod_node_page_state(k, k.NR_ISOLATED_ANON, stat.nr_lazyfree_fail);
  __mod_node_page_state(k, k.NR_ISOLATED_FILE, -stat.nr_lazyfree_fail);
  return nr_reclaimed;
}
