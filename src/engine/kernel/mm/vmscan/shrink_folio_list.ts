/**
 * What reclaim does with pages that were taken off their lists: those that nobody needs, or that can be had again, are freed; the others
 * stay on the list.
 *
 *     anonymous, given up (MADV_FREE)    unmapped and freed, unless somebody has written to it
 *     anonymous                          there is no swap: back to the active list
 *     of tmpfs, clean                    a hole: unmapped and freed, as it can be made again
 *     of tmpfs, dirty                    unmapped; without swap it cannot be written: back to the active list, in the page cache
 *
 * Left out: swap, file systems with a disk, buffers, demotion, waiting for writeback, memcg, the entries' young bits (the caller has just
 * made the only one old).
 * Source: Linux 6.1 mm/vmscan.c: shrink_folio_list(), pageout(), __remove_mapping(), is_page_cache_freeable(); mm/shmem.c:
 * shmem_writepage(); mm/internal.h: folio_evictable(); include/linux/pagemap.h: mapping_unevictable().
 */
import {
  type AddressSpace,
  type Int,
  type ListHead,
  NULL,
  type Page,
  type UInt,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { clear_bit, set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_del,
  list_empty,
  list_last_entry,
  list_splice,
} from '../../include/linux/list.h.js';
import {
  compound_nr,
  folio_entire_mapcount,
  folio_mapped,
  page_maybe_dma_pinned,
} from '../../include/linux/mm.h.js';
import {
  folio_set_active,
  folio_test_mlocked,
  PageAnon,
  PageHead,
} from '../../include/linux/page-flags.h.js';
import { page_ref_count, set_page_count } from '../../include/linux/page_ref.h.js';
import { trylock_page } from '../../include/linux/pagemap.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { xa_erase } from '../../lib/xarray/xarray.js';
import { mappingPages } from '../filemap/filemap.js';
import { unlock_page } from '../filemap/folio_wait.js';
import { can_split_folio, split_huge_page_to_list } from '../huge_memory/split_page.js';
import { set_page_dirty } from '../memory/wp.js';
import { try_to_unmap } from '../migrate/entries.js';
import { destroy_large_folio, free_unref_page_list } from '../page_alloc/free.js';
import { folio_is_file_lru } from '../swap/lruvec.js';
import { folio_mapping } from '../util.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';

/** struct reclaim_stat */
export interface ReclaimStat {
  nr_lazyfree_fail: Int;
  nr_activate: Int;
}

/** Where a page goes on: the labels of shrink_folio_list(). */
type Fate = 'free_it' | 'activate_locked' | 'keep_locked';

/** enum mapping_flags */
const AS_UNEVICTABLE = 3;

const mapping_unevictable = (k: Kernel, mapping: AddressSpace): boolean =>
  mapping !== NULL &&
  (k.read_int(k.plus(mapping, k.address_space.flags)) & (1 << AS_UNEVICTABLE)) !== 0;

function folio_evictable(k: Kernel, folio: Page): boolean {
  return !mapping_unevictable(k, folio_mapping(k, folio)) && !folio_test_mlocked(k, folio);
}

const isDirty = (k: Kernel, folio: Page): boolean => test_bit(k, k.PG_dirty, folio + k.page.flags);

/** A page of tmpfs would go to the swap: without one it is dirty as before. */
function shmem_writepage(k: Kernel, folio: Page): Fate {
  // redirty: folio_mark_dirty():
  clear_bit(k, k.PG_reclaim, folio + k.page.flags);
  set_page_dirty(k, folio);
  return 'activate_locked';
}

function pageout(k: Kernel, folio: Page, mapping: AddressSpace): Fate {
  // is_page_cache_freeable(): the caller's reference, and the page cache's.
  if (page_ref_count(k, folio) !== 1 + compound_nr(k, folio)) return 'keep_locked';
  if (mapping === NULL) return 'keep_locked';
  // folio_clear_dirty_for_io():
  clear_bit(k, k.PG_dirty, folio + k.page.flags);
  set_bit(k, k.PG_reclaim, folio + k.page.flags);
  return shmem_writepage(k, folio);
}

/** The page leaves its file, unless somebody looks at it. Left out: shadows of pages of files with a disk. */
function __remove_mapping(k: Kernel, mapping: AddressSpace, folio: Page): boolean {
  // folio_ref_freeze():
  if (page_ref_count(k, folio) !== 1 + compound_nr(k, folio)) return false;
  set_page_count(k, folio, 0);
  // __filemap_remove_folio():
  __mod_node_page_state(k, k.NR_FILE_PAGES, -1);
  if (test_bit(k, k.PG_swapbacked, folio + k.page.flags)) __mod_node_page_state(k, k.NR_SHMEM, -1);
  xa_erase(k, mappingPages(k, mapping), k.read_ulong(folio + k.page.index));
  k.write_long(folio + k.page.mapping, 0);
  k.add_long(k.plus(mapping, k.address_space.nrpages), -1);
  return true;
}

/** An anonymous page goes to the swap, of which there is none: a huge one is split in vain. */
function addToSwap(k: Kernel, folio: Page, folio_list: ListHead): Fate {
  if (page_maybe_dma_pinned(k, folio)) return 'keep_locked';
  if (!PageHead(k, folio)) return 'activate_locked';
  // Somebody has a reference that nobody knows of.
  if (!can_split_folio(k, folio)) return 'activate_locked';
  const isWhole = folio_entire_mapcount(k, folio) > 0;
  // Its small pages come by here, too, and may be put into the swap one by one.
  const isSplit = split_huge_page_to_list(k, folio, folio_list) === 0;
  if (isWhole && isSplit) __count_vm_events(k, k.THP_SWPOUT_FALLBACK, 1);
  return 'activate_locked';
}

/** What becomes of a page, which is locked. */
function fateOf(k: Kernel, folio: Page, folio_list: ListHead, stat: ReclaimStat): Fate {
  const flags = folio + k.page.flags;
  if (!folio_evictable(k, folio)) return 'activate_locked';
  if (test_bit(k, k.PG_writeback, flags)) {
    // It is freed when it has been written.
    set_bit(k, k.PG_reclaim, flags);
    return 'activate_locked';
  }
  if (PageAnon(k, folio) && test_bit(k, k.PG_swapbacked, flags))
    return addToSwap(k, folio, folio_list);

  if (folio_mapped(k, folio)) {
    const was_swapbacked = test_bit(k, k.PG_swapbacked, flags);
    try_to_unmap(k, folio);
    if (folio_mapped(k, folio)) {
      if (!was_swapbacked && test_bit(k, k.PG_swapbacked, flags))
        stat.nr_lazyfree_fail += compound_nr(k, folio);
      return 'activate_locked';
    }
  }
  // Nobody maps it any more, so nobody can pin it from here on.
  if (page_maybe_dma_pinned(k, folio)) return 'activate_locked';
  const mapping: AddressSpace = folio_mapping(k, folio);
  if (isDirty(k, folio) && !PageAnon(k, folio)) {
    if (folio_is_file_lru(k, folio)) {
      __mod_node_page_state(k, k.NR_VMSCAN_IMMEDIATE, compound_nr(k, folio));
      set_bit(k, k.PG_reclaim, flags);
      return 'activate_locked';
    }
    return pageout(k, folio, mapping);
  }
  if (PageAnon(k, folio)) {
    // folio_ref_freeze(): only the caller has it.
    if (page_ref_count(k, folio) !== 1) return 'keep_locked';
    set_page_count(k, folio, 0);
    __count_vm_events(k, k.PGLAZYFREED, compound_nr(k, folio));
    return 'free_it';
  }
  if (mapping === NULL || !__remove_mapping(k, mapping, folio)) return 'keep_locked';
  return 'free_it';
}

/** How many pages of the list were freed; the others stay on it. */
export function shrink_folio_list(k: Kernel, folio_list: ListHead, stat: ReclaimStat): UInt {
  const ret_folios: ListHead = k.machine.register('ret_folios');
  const free_folios: ListHead = k.machine.register('free_folios');
  INIT_LIST_HEAD(k, ret_folios);
  INIT_LIST_HEAD(k, free_folios);
  let nr_reclaimed: UInt = 0;
  while (!list_empty(k, folio_list)) {
    // lru_to_folio():
    const folio: Page = list_last_entry(k, folio_list, k.page.lru);
    list_del(k, folio + k.page.lru);
    if (!trylock_page(k, folio)) {
      // keep:
      list_add(k, folio + k.page.lru, ret_folios);
      continue;
    }
    const fate: Fate = fateOf(k, folio, folio_list, stat);
    if (fate === 'activate_locked' && !folio_test_mlocked(k, folio)) {
      folio_set_active(k, folio);
      stat.nr_activate += compound_nr(k, folio);
    }
    // keep_locked:
    unlock_page(k, folio);
    if (fate !== 'free_it') {
      list_add(k, folio + k.page.lru, ret_folios);
      continue;
    }
    nr_reclaimed += compound_nr(k, folio);
    if (PageHead(k, folio)) destroy_large_folio(k, folio);
    else list_add(k, folio + k.page.lru, free_folios);
  }
  if (!list_empty(k, free_folios)) free_unref_page_list(k, free_folios);
  if (!list_empty(k, ret_folios)) list_splice(k, ret_folios, folio_list);
  if (stat.nr_activate > 0) __count_vm_events(k, k.PGACTIVATE, stat.nr_activate);
  return nr_reclaimed;
}
