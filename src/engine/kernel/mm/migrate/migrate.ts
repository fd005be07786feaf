/**
 * Moving pages in use to other frames, without their users noticing: allocate, take the mappings away, copy, give the mappings back.
 *
 * A page moves only if all of its references are known: its mappings, its page cache, and the one of whoever isolated it.
 * A huge page moves as a whole (x86_64), or its small pages do: lists of pages are in migrate_pages.ts.
 * Left out: hugetlb, drivers' pages, device memory, waiting for writeback and locks, NUMA, swap cache, page_owner, memcg.
 * Source: Linux 6.1 mm/migrate.c.
 */
import {
  type AddressSpace,
  type AnonVma,
  type Gfp,
  type Int,
  type ListHead,
  NULL,
  type Order,
  type Page,
  type Zone,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  __set_bit,
  clear_bit,
  set_bit,
  test_and_clear_bit,
  test_bit,
} from '../../arch/x86/include/asm/bitops.h.js';
import { EAGAIN, ENOMEM, ENOSYS } from '../../include/linux/errno.h.js';
import { copy_user_highpage } from '../../include/linux/highmem.h.js';
import { thp_migration_supported, thp_nr_pages } from '../../include/linux/huge_mm.h.js';
import {
  list_del,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import {
  compound_nr,
  compound_order,
  folio_mapped,
  nth_page,
  page_zone,
  page_zonenum,
} from '../../include/linux/mm.h.js';
import { is_highmem_idx } from '../../include/linux/mmzone.h.js';
import { PageAnon, PageHead } from '../../include/linux/page-flags.h.js';
import { page_ref_add, page_ref_count, set_page_count } from '../../include/linux/page_ref.h.js';
import { trylock_page } from '../../include/linux/pagemap.h.js';
import { xa_store } from '../../lib/xarray/xarray.js';
import { mappingPages } from '../filemap/filemap.js';
import { prep_transhuge_page } from '../huge_memory/huge_memory.js';
import { alloc_pages } from '../page_alloc/api.js';
import { get_anon_vma, put_anon_vma } from '../rmap/anon_vma.js';
import { folio_add_lru } from '../swap/batches.js';
import { lru_add_drain } from '../swap/lru_add_drain.js';
import { folio_is_file_lru } from '../swap/lruvec.js';
import { put_page } from '../swap/swap.js';
import { folio_putback_lru } from '../vmscan/isolate.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { remove_migration_ptes, try_to_migrate } from './entries.js';
import { folio_anon_vma } from './rmap_walk.js';
import { folio_lock, folio_wait_writeback, unlock_page } from '../filemap/folio_wait.js';

/** enum migrate_mode: how long it may wait. */
export const MIGRATE_ASYNC = 0;
export const MIGRATE_SYNC = 2;
/** enum migrate_reason */
export const MR_CONTIG_RANGE = 6;
export const MR_LONGTERM_PIN = 7;

export const MIGRATEPAGE_SUCCESS = 0;

/** Where pages move to: what they are asked for with. */
export interface MigrationTargetControl {
  readonly gfp_mask: Gfp;
}

// --- isolated pages ------------------------------------------------------------------------------------------------------

const isolatedCounter = (k: Kernel, folio: Page): Int =>
  k.NR_ISOLATED_ANON + (folio_is_file_lru(k, folio) ? 1 : 0);

/** Pages that were not migrated go back to their LRU lists. */
export function putback_movable_pages(k: Kernel, l: ListHead): void {
  for (
    let page: Page = list_first_entry(k, l, k.page.lru),
      next: Page = list_next_entry(k, page, k.page.lru);
    !list_entry_is_head(k, page, l, k.page.lru);
    page = next, next = list_next_entry(k, next, k.page.lru)
  ) {
    list_del(k, page + k.page.lru);
    __mod_node_page_state(k, isolatedCounter(k, page), -thp_nr_pages(k, page));
    // putback_lru_page():
    folio_putback_lru(k, page);
  }
}

/** A page to move to, as large as it is; NULL without memory. */
export function alloc_migration_target(k: Kernel, page: Page, mtc: MigrationTargetControl): Page {
  let gfp_mask: Gfp = mtc.gfp_mask;
  let order: Order = 0;
  if (PageHead(k, page)) {
    // As for every transparent huge page: it is not worth reclaim.
    // __GFP_RECLAIM:
    gfp_mask &= ~(k.__GFP_DIRECT_RECLAIM | k.__GFP_KSWAPD_RECLAIM);
    gfp_mask |= k.GFP_TRANSHUGE;
    order = compound_order(k, page);
  }
  const zidx: Int = page_zonenum(k, page);
  if (is_highmem_idx(k, zidx) || zidx === k.ZONE_MOVABLE) gfp_mask |= k.__GFP_HIGHMEM;
  // __folio_alloc():
  const newpage: Page = alloc_pages(k, gfp_mask | k.__GFP_COMP, order);
  if (newpage !== NULL && order > 1) prep_transhuge_page(k, newpage);
  return newpage;
}

// --- one page to another -------------------------------------------------------------------------------------------------

/** The caller's reference, and the page cache's. */
function folio_expected_refs(mapping: AddressSpace): Int {
  return mapping === NULL ? 1 : 2;
}

/** The new page takes the old one's place in the page cache. -EAGAIN: the old one has references that nobody knows of. */
function folio_migrate_mapping(k: Kernel, mapping: AddressSpace, newfolio: Page, folio: Page): Int {
  const expected_count: Int = folio_expected_refs(mapping);
  if (page_ref_count(k, folio) !== expected_count) return -EAGAIN;
  const isSwapbacked = test_bit(k, k.PG_swapbacked, folio + k.page.flags);
  // folio_ref_freeze(): nobody else looks at it meanwhile.
  if (mapping !== NULL) set_page_count(k, folio, 0);
  // No turning back from here.
  k.write_long(newfolio + k.page.index, k.read_ulong(folio + k.page.index));
  k.write_va(newfolio + k.page.mapping, k.read_va(folio + k.page.mapping));
  if (mapping !== NULL) page_ref_add(k, newfolio, 1);
  if (isSwapbacked) __set_bit(k, k.PG_swapbacked, newfolio + k.page.flags);
  if (mapping === NULL) return MIGRATEPAGE_SUCCESS;

  if (test_and_clear_bit(k, k.PG_dirty, folio + k.page.flags))
    set_bit(k, k.PG_dirty, newfolio + k.page.flags);
  xa_store(k, mappingPages(k, mapping), k.read_ulong(folio + k.page.index), newfolio);
  // folio_ref_unfreeze(): without the page cache's.
  set_page_count(k, folio, expected_count - 1);

  const oldzone: Zone = page_zone(k, folio);
  const newzone: Zone = page_zone(k, newfolio);
  if (newzone !== oldzone) {
    // One node: what the one loses, the other gains.
    __mod_node_page_state(k, k.NR_FILE_PAGES, -1);
    __mod_node_page_state(k, k.NR_FILE_PAGES, 1);
    if (isSwapbacked) {
      __mod_node_page_state(k, k.NR_SHMEM, -1);
      __mod_node_page_state(k, k.NR_SHMEM, 1);
    }
  }
  return MIGRATEPAGE_SUCCESS;
}

/** The flags that say something about the contents or their use. */
function folio_migrate_flags(k: Kernel, newfolio: Page, folio: Page): void {
  const has = (bit: Int): boolean => test_bit(k, bit, folio + k.page.flags);
  const copy = (bit: Int): void => {
    if (has(bit)) set_bit(k, bit, newfolio + k.page.flags);
  };
  copy(k.PG_error);
  copy(k.PG_referenced);
  copy(k.PG_uptodate);
  if (test_and_clear_bit(k, k.PG_active, folio + k.page.flags))
    set_bit(k, k.PG_active, newfolio + k.page.flags);
  else if (test_and_clear_bit(k, k.PG_unevictable, folio + k.page.flags))
    set_bit(k, k.PG_unevictable, newfolio + k.page.flags);
  copy(k.PG_workingset);
  copy(k.PG_checked);
  copy(k.PG_mappedtodisk);
  copy(k.PG_dirty);
  if (has(k.PG_private)) clear_bit(k, k.PG_private, folio + k.page.flags);
  k.write_long(folio + k.page.private, 0);
  copy(k.PG_reclaim);
}

/** The new page holds what the old one does. Left out: mode. */
export function migrate_folio(k: Kernel, mapping: AddressSpace, dst: Page, src: Page): Int {
  const rc: Int = folio_migrate_mapping(k, mapping, dst, src);
  if (rc !== MIGRATEPAGE_SUCCESS) return rc;
  // folio_migrate_copy():
  const nr: Int = compound_nr(k, src);
  for (let i = 0; i < nr; i++) copy_user_highpage(k, nth_page(k, dst, i), nth_page(k, src, i));
  folio_migrate_flags(k, dst, src);
  return MIGRATEPAGE_SUCCESS;
}

/** Both are locked, and nobody maps the old one. Left out: mapping->a_ops->migrate_folio (of tmpfs it is migrate_folio()). */
function move_to_new_folio(k: Kernel, dst: Page, src: Page): Int {
  const isAnon = PageAnon(k, src);
  const mapping: AddressSpace = isAnon ? NULL : k.read_ptr(src + k.page.mapping);
  const rc: Int = migrate_folio(k, mapping, dst, src);
  // That it is anonymous is known until it is freed.
  if (rc === MIGRATEPAGE_SUCCESS && !isAnon) k.write_long(src + k.page.mapping, 0);
  return rc;
}

/** The old page is free, if all went well. */
function migrate_folio_done(k: Kernel, src: Page): void {
  __mod_node_page_state(k, isolatedCounter(k, src), -compound_nr(k, src));
  put_page(k, src);
}

/** What lies between the two halves of a page's migration: __migrate_folio_record() keeps it in the new page's private. */
interface Recorded {
  readonly page_was_mapped: boolean;
  readonly anon_vma: AnonVma;
}

const recordIn = (k: Kernel, dst: Page, { page_was_mapped, anon_vma }: Recorded): void => {
  const tag = page_was_mapped ? 1 : 0;
  if (anon_vma === NULL) k.write_long(dst + k.page.private, tag);
  else k.write_ptr_tagged(dst + k.page.private, anon_vma, tag);
};

/** Nobody maps the old page any more; undefined: it stays as it was, to be tried again. */
function __migrate_folio_unmap(
  k: Kernel,
  src: Page,
  dst: Page,
  force: boolean,
  mode: Int,
): Recorded | undefined {
  let page_was_mapped = false;
  let anon_vma: AnonVma = NULL;
  // Somebody else has the lock: at first others are tried, then it is waited for.
  if (!trylock_page(k, src)) {
    if (!force || mode === MIGRATE_ASYNC) return undefined;
    folio_lock(k, src);
  }
  if (test_bit(k, k.PG_writeback, src + k.page.flags)) {
    if (!force || mode < MIGRATE_SYNC) {
      unlock_page(k, src);
      return undefined;
    }
    folio_wait_writeback(k, src);
  }
  // Unmapped, the page would not keep its anon_vma.
  if (PageAnon(k, src) && folio_mapped(k, src)) {
    anon_vma = folio_anon_vma(k, src);
    get_anon_vma(k, anon_vma);
  }
  trylock_page(k, dst);
  if (k.read_va(src + k.page.mapping) !== 0 && folio_mapped(k, src)) {
    try_to_migrate(k, src);
    page_was_mapped = true;
  }
  if (!folio_mapped(k, src)) {
    const recorded: Recorded = { page_was_mapped, anon_vma };
    recordIn(k, dst, recorded);
    return recorded;
  }
  if (page_was_mapped) remove_migration_ptes(k, src, src);
  // out_unlock_both:
  unlock_page(k, dst);
  if (anon_vma !== NULL) put_anon_vma(k, anon_vma);
  unlock_page(k, src);
  return undefined;
}

function __migrate_folio_move(k: Kernel, src: Page, dst: Page, recorded: Recorded): Int {
  const { page_was_mapped, anon_vma } = recorded;
  // __migrate_folio_extract():
  k.write_long(dst + k.page.private, 0);
  const rc: Int = move_to_new_folio(k, dst, src);
  // At once: whether it is locked in memory is counted when it is mapped again.
  if (rc === MIGRATEPAGE_SUCCESS) {
    folio_add_lru(k, dst);
    if (page_was_mapped) lru_add_drain(k);
  }
  if (page_was_mapped) remove_migration_ptes(k, src, rc === MIGRATEPAGE_SUCCESS ? dst : src);
  // out_unlock_both:
  unlock_page(k, dst);
  if (anon_vma !== NULL) put_anon_vma(k, anon_vma);
  unlock_page(k, src);
  // Its new users have their own references.
  if (rc === MIGRATEPAGE_SUCCESS) put_page(k, dst);
  return rc;
}

/** 0: it has moved. -EAGAIN: not for now. -ENOMEM: there is nowhere to go. -ENOSYS: as a whole it cannot move. */
export function unmapAndMove(
  k: Kernel,
  src: Page,
  mtc: MigrationTargetControl,
  force: boolean,
  mode: Int,
): Int {
  // migrate_folio_unmap():
  if (!thp_migration_supported(k) && PageHead(k, src)) return -ENOSYS;
  if (page_ref_count(k, src) === 1) {
    // Freed meanwhile: the only reference is the isolation's.
    clear_bit(k, k.PG_active, src + k.page.flags);
    clear_bit(k, k.PG_unevictable, src + k.page.flags);
    list_del(k, src + k.page.lru);
    migrate_folio_done(k, src);
    return MIGRATEPAGE_SUCCESS;
  }
  const dst: Page = alloc_migration_target(k, src, mtc);
  if (dst === NULL) return -ENOMEM;
  k.write_long(dst + k.page.private, 0);
  const recorded = __migrate_folio_unmap(k, src, dst, force, mode);
  // migrate_folio_move():
  const rc: Int = recorded === undefined ? -EAGAIN : __migrate_folio_move(k, src, dst, recorded);
  if (rc !== MIGRATEPAGE_SUCCESS) {
    put_page(k, dst);
    return rc;
  }
  k.emit({
    kind: 'migrate',
    pfn: k.page_to_pfn(src),
    outcome: 'moved',
    to: k.page_to_pfn(dst),
  });
  list_del(k, src + k.page.lru);
  migrate_folio_done(k, src);
  return rc;
}
