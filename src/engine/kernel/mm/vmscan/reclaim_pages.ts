/**
 * MADV_PAGEOUT: pages that were taken off their lists are reclaimed as far as that goes, and the others go back.
 *
 * Left out: more than one node, PF_MEMALLOC (nothing here asks for memory meanwhile).
 * Source: Linux 6.1 mm/vmscan.c: reclaim_pages(), reclaim_folio_list().
 */
import type { ListHead, Page, UInt, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { clear_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  INIT_LIST_HEAD,
  list_del,
  list_empty,
  list_last_entry,
  list_move,
} from '../../include/linux/list.h.js';
import { folio_putback_lru } from './isolate.js';
import { type ReclaimStat, shrink_folio_list } from './shrink_folio_list.js';

function reclaim_folio_list(k: Kernel, folio_list: ListHead): UInt {
  const dummy_stat: ReclaimStat = { nr_lazyfree_fail: 0, nr_activate: 0 };
  const nr_reclaimed: UInt = shrink_folio_list(k, folio_list, dummy_stat);
  while (!list_empty(k, folio_list)) {
    const folio: Page = list_last_entry(k, folio_list, k.page.lru);
    list_del(k, folio + k.page.lru);
    folio_putback_lru(k, folio);
  }
  return nr_reclaimed;
}

/** How many were freed. */
export function reclaim_pages(k: Kernel, folio_list: ListHead): ULong {
  if (list_empty(k, folio_list)) return 0;
  const node_folio_list: ListHead = k.machine.register('node_folio_list');
  INIT_LIST_HEAD(k, node_folio_list);
  do {
    const folio: Page = list_last_entry(k, folio_list, k.page.lru);
    clear_bit(k, k.PG_active, folio + k.page.flags);
    list_move(k, folio + k.page.lru, node_folio_list);
  } while (!list_empty(k, folio_list));
  return reclaim_folio_list(k, node_folio_list);
}
