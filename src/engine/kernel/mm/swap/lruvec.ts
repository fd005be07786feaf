/**
 * The LRU lists of pages that may be reclaimed: which list a folio belongs to, putting it on and taking it off, and the counters that
 * go with that.
 *
 *     lruvec->lists[]   inactive anon, active anon, inactive file, active file; unevictable pages are counted, but on no list
 *
 * Here are inlines of include/linux/mm_inline.h: they count through mm/vmstat.c. Left out: lru_gen (no build has it), memcg.
 * Source: Linux 6.1 include/linux/mm_inline.h; include/linux/memcontrol.h: folio_lruvec(); mm/workingset.c: workingset_activation();
 * mm/swap.c: __page_cache_release(); include/linux/mmzone.h.
 */
import type { Int, ListHead, Lruvec, Page, ZoneType } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell } from '../../../memory/address.js';
import { __clear_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { list_add, list_add_tail, list_del } from '../../include/linux/list.h.js';
import { compound_nr, page_zone, page_zonenum } from '../../include/linux/mm.h.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { __mod_zone_page_state } from '../vmstat/vmstat.js';

/** One node, and no control groups: all pages have the node's. */
export const folio_lruvec = (k: Kernel): Lruvec =>
  asCell(k.globals.contig_page_data + k.pglist_data.__lruvec);

/** Whether a folio is reclaimed as a file's: one that has no place in swap. */
export function folio_is_file_lru(k: Kernel, folio: Page): boolean {
  return !test_bit(k, k.PG_swapbacked, folio + k.page.flags);
}

/** enum lru_list */
export function folio_lru_list(k: Kernel, folio: Page): Int {
  if (test_bit(k, k.PG_unevictable, folio + k.page.flags)) return k.LRU_UNEVICTABLE;
  const active = test_bit(k, k.PG_active, folio + k.page.flags);
  if (folio_is_file_lru(k, folio)) return active ? k.LRU_ACTIVE_FILE : k.LRU_INACTIVE_FILE;
  return active ? k.LRU_ACTIVE_ANON : k.LRU_INACTIVE_ANON;
}

function update_lru_size(k: Kernel, folio: Page, lru: Int, nr_pages: Int): void {
  __mod_node_page_state(k, k.NR_LRU_BASE + lru, nr_pages);
  __mod_zone_page_state(k, page_zone(k, folio), k.NR_ZONE_LRU_BASE + lru, nr_pages);
}

const listOf = (k: Kernel, lruvec: Lruvec, lru: Int): ListHead =>
  lruvec + k.lruvec.lists + lru * k.stride.list_head;

/** At the head, as the newest. */
export function lruvec_add_folio(k: Kernel, lruvec: Lruvec, folio: Page): void {
  const lru: Int = folio_lru_list(k, folio);
  update_lru_size(k, folio, lru, compound_nr(k, folio));
  // What lies in the place of an unevictable page's list entry is how often it is locked.
  if (lru !== k.LRU_UNEVICTABLE) list_add(k, folio + k.page.lru, listOf(k, lruvec, lru));
}

/** At the tail: the next to be reclaimed. */
export function lruvec_add_folio_tail(k: Kernel, lruvec: Lruvec, folio: Page): void {
  const lru: Int = folio_lru_list(k, folio);
  update_lru_size(k, folio, lru, compound_nr(k, folio));
  list_add_tail(k, folio + k.page.lru, listOf(k, lruvec, lru));
}

export function lruvec_del_folio(k: Kernel, folio: Page): void {
  const lru: Int = folio_lru_list(k, folio);
  if (lru !== k.LRU_UNEVICTABLE) list_del(k, folio + k.page.lru);
  update_lru_size(k, folio, lru, -compound_nr(k, folio));
}

/** Of a folio that has left its list, to be freed. */
export function __folio_clear_lru_flags(k: Kernel, folio: Page): void {
  __clear_bit(k, k.PG_lru, folio + k.page.flags);
  // Both at once would be a mistake, which the page allocator is to find.
  if (
    test_bit(k, k.PG_active, folio + k.page.flags) &&
    test_bit(k, k.PG_unevictable, folio + k.page.flags)
  )
    return;
  __clear_bit(k, k.PG_active, folio + k.page.flags);
  __clear_bit(k, k.PG_unevictable, folio + k.page.flags);
}

/** A folio that is freed leaves its list. */
export function __page_cache_release(k: Kernel, folio: Page): void {
  if (!test_bit(k, k.PG_lru, folio + k.page.flags)) return;
  lruvec_del_folio(k, folio);
  __folio_clear_lru_flags(k, folio);
}

/** How often pages moved on to the active list: what reclaim compares the age of evicted pages with. */
export function workingset_activation(k: Kernel, folio: Page): void {
  k.add_long(folio_lruvec(k) + k.lruvec.nonresident_age, compound_nr(k, folio));
}

export const folio_zonenum = (k: Kernel, folio: Page): ZoneType => page_zonenum(k, folio);
