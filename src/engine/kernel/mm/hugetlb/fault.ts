/**
 * Faults in areas of hugetlbfs: a page of the pool, at an entry of pmds or puds.
 *
 *     nothing there    hugetlb_no_page(): of the file, or a new one, which a private area keeps for itself
 *     written          hugetlb_wp(): reused where nobody else maps it, else copied
 *
 * Left out: userfaultfd, migration entries, hwpoison, tables of pmds that areas share, the fault mutexes and the lock of
 * an area (nobody else runs meanwhile).
 * Source: Linux 6.1 mm/hugetlb.c: dequeue_huge_page_vma(), alloc_huge_page(), make_huge_pte() to set_huge_ptep_writable(),
 * unmap_ref_private() to hugetlb_fault();
 * mm/memory.c: clear_huge_page(), copy_user_huge_page(); include/linux/pagemap.h: find_lock_page().
 */
import {
  type AddressSpace,
  type Hstate,
  type Int,
  type Long,
  type MmStruct,
  NULL,
  type Page,
  type Pte,
  type ULong,
  type VmAreaStruct,
  type VmFault_t,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { __set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { current, currentFlags } from '../../arch/x86/include/asm/current.h.js';
import {
  mk_pte,
  pmd_page,
  pte_clear,
  pte_mkdirty,
  pte_mkhuge,
  pte_mkwrite,
  pte_mkyoung,
  pte_none,
  pte_present,
  pte_write,
  pte_wrprotect,
  ptep_set_access_flags,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { flush_tlb_page } from '../../arch/x86/mm/tlb.js';
import { ERR_PTR, IS_ERR, PTR_ERR } from '../../include/linux/err.h.js';
import { ENOMEM, ENOSPC } from '../../include/linux/errno.h.js';
import { clear_highpage, copy_user_highpage } from '../../include/linux/highmem.h.js';
import {
  addCount,
  blocks_per_huge_page,
  clearHPageFlag,
  hstate_inode,
  hstate_vma,
  hstateCount,
  htlb_alloc_mask,
  huge_page_shift,
  huge_page_size,
  hugetlb_count_add,
  hugetlb_set_page_subpool,
  pages_per_huge_page,
  setHPageFlag,
  vma_hugecache_offset,
} from '../../include/linux/hugetlb.h.js';
import {
  list_add,
  list_entry_is_head,
  list_first_entry,
  list_move,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { nth_page, page_mapcount } from '../../include/linux/mm.h.js';
import { VM_MAYSHARE, VM_SHARED, VM_WRITE } from '../../include/linux/mm_types.h.js';
import { PageAnon } from '../../include/linux/page-flags.h.js';
import { page_ref_add, page_ref_inc } from '../../include/linux/page_ref.h.js';
import { trylock_page } from '../../include/linux/pagemap.h.js';
import { pr_warn } from '../../include/linux/printk.h.js';
import { PF_MEMALLOC_PIN } from '../../include/linux/sched.h.js';
import { xa_store } from '../../lib/xarray/xarray.js';
import { filemapPage, i_size_read, mappingPages } from '../filemap/filemap.js';
import { is_longterm_pinnable_page } from '../gup/pins.js';
import { set_page_refcounted } from '../internal.h.js';
import { set_page_dirty } from '../memory/wp.js';
import { anon_vma_prepare } from '../rmap/anon_vma.js';
import {
  hugepage_add_new_anon_rmap,
  page_dup_file_rmap,
  page_move_anon_rmap,
  page_remove_rmap,
  PageAnonExclusive,
} from '../rmap/rmap.js';
import { addBlocks } from '../filemap/filemap.js';
import { get_page, put_page } from '../swap/swap.js';
import { huge_pte_alloc } from './huge_pte.js';
import { alloc_surplus_huge_page } from './pool.js';
import {
  hugeStart,
  HPAGE_RESV_UNMAPPED,
  hugeMapping,
  is_vma_resv_set,
  isResvOwner,
  restore_reserve_on_error,
  vma_commit_reservation,
  vma_end_reservation,
  vma_has_reserves,
  vma_needs_reservation,
} from './reserve.js';
import { lock_page, unlock_page } from '../filemap/folio_wait.js';

const flagsOf = (k: Kernel, vma: VmAreaStruct): VmFlags =>
  k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));

// --- entries -------------------------------------------------------------------------------------------------------------

/** Young at once: whoever faults will use it. */
export function make_huge_pte(k: Kernel, vma: VmAreaStruct, page: Page, writable: boolean): PteVal {
  const entry: PteVal = mk_pte(k, page, k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot)));
  return pte_mkhuge(pte_mkyoung(writable ? pte_mkwrite(pte_mkdirty(entry)) : pte_wrprotect(entry)));
}

function set_huge_ptep_writable(k: Kernel, ptep: Pte): void {
  ptep_set_access_flags(k, ptep, pte_mkwrite(pte_mkdirty(k.read_pte(ptep))), true);
}

// --- a page --------------------------------------------------------------------------------------------------------------

/** One of the pool, which the area's reservation is for, or that nobody has reserved. */
function dequeue_huge_page_vma(k: Kernel, h: Hstate, vma: VmAreaStruct, chg: Long): Page {
  // What others have reserved is not for this one.
  const available: Long =
    hstateCount(k, h, k.hstate.free_huge_pages) - hstateCount(k, h, k.hstate.resv_huge_pages);
  if (!vma_has_reserves(k, vma, chg) && available === 0) return NULL;
  const pin = (currentFlags(k) & PF_MEMALLOC_PIN) !== 0;
  const head = h + k.hstate.hugepage_freelists;
  for (
    let page: Page = list_first_entry(k, head, k.page.lru);
    !list_entry_is_head(k, page, head, k.page.lru);
    page = list_next_entry(k, page, k.page.lru)
  ) {
    if (pin && !is_longterm_pinnable_page(k, page)) continue;
    list_move(k, page + k.page.lru, h + k.hstate.hugepage_activelist);
    set_page_refcounted(k, page);
    clearHPageFlag(k, page, k.HPG_freed);
    addCount(k, h, k.hstate.free_huge_pages, -1);
    k.write(h + k.hstate.free_huge_pages_node, k.words[h + k.hstate.free_huge_pages_node]! - 1);
    if (vma_has_reserves(k, vma, chg)) {
      setHPageFlag(k, page, k.HPG_restore_reserve);
      addCount(k, h, k.hstate.resv_huge_pages, -1);
    }
    return page;
  }
  return NULL;
}

/** A page for an address, out of the area's reservation or not (`avoid_reserve`); an error where the pool has none. */
export function alloc_huge_page(
  k: Kernel,
  vma: VmAreaStruct,
  addr: VirtAddr,
  avoid_reserve: boolean,
): Page {
  const h: Hstate = hstate_vma(k, vma);
  const map_chg: Long = vma_needs_reservation(k, h, vma, addr);
  if (map_chg < 0) return ERR_PTR(-ENOMEM);
  // Without a subpool one page more of the pool is needed wherever no reservation is used.
  const gbl_chg: Long = map_chg !== 0 || avoid_reserve ? 1 : 0;
  let page: Page = dequeue_huge_page_vma(k, h, vma, gbl_chg);
  if (page === NULL) {
    // alloc_buddy_huge_page_with_mpol():
    page = alloc_surplus_huge_page(k, h, htlb_alloc_mask(k));
    if (page === NULL) {
      // out_uncharge_cgroup:
      vma_end_reservation(k, h, vma, addr);
      return ERR_PTR(-ENOSPC);
    }
    if (!avoid_reserve && vma_has_reserves(k, vma, gbl_chg)) {
      setHPageFlag(k, page, k.HPG_restore_reserve);
      addCount(k, h, k.hstate.resv_huge_pages, -1);
    }
    list_add(k, page + k.page.lru, h + k.hstate.hugepage_activelist);
    set_page_refcounted(k, page);
  }
  hugetlb_set_page_subpool(k, page);
  vma_commit_reservation(k, h, vma, addr);
  return page;
}

/** clear_huge_page(), copy_user_huge_page(): page by page. Left out: the order, which begins far from the faulting address. */
function clear_huge_page(k: Kernel, page: Page, nr: Int): void {
  for (let i = 0; i < nr; i++) clear_highpage(k, nth_page(k, page, i));
}

export function copy_user_huge_page(k: Kernel, dst: Page, src: Page, nr: Int): void {
  for (let i = 0; i < nr; i++) copy_user_highpage(k, nth_page(k, dst, i), nth_page(k, src, i));
}

/** The file's page at an index, locked and with a reference. */
function find_lock_page(k: Kernel, mapping: AddressSpace, index: ULong): Page {
  const page: Page = filemapPage(k, mapping, index);
  if (page === NULL) return NULL;
  page_ref_inc(k, page);
  lock_page(k, page);
  return page;
}

/** The page becomes the file's: it is locked, and always dirty, so that nobody drops it. */
function hugetlb_add_to_page_cache(k: Kernel, page: Page, mapping: AddressSpace, idx: ULong): Int {
  const inode = k.read_ptr(k.plus(mapping, k.address_space.host));
  __set_bit(k, k.PG_locked, page + k.page.flags);
  // __filemap_add_folio(): of hugetlb no counter counts it.
  page_ref_add(k, page, 1);
  k.write_ptr(page + k.page.mapping, mapping);
  k.write_long(page + k.page.index, idx);
  const err: Int = xa_store(k, mappingPages(k, mapping), idx, page);
  if (err !== 0) {
    k.write_long(page + k.page.mapping, 0);
    page_ref_add(k, page, -1);
    unlock_page(k, page);
    return err;
  }
  k.add_long(k.plus(mapping, k.address_space.nrpages), 1);
  clearHPageFlag(k, page, k.HPG_restore_reserve);
  set_page_dirty(k, page);
  addBlocks(k, inode, blocks_per_huge_page(k, hstate_inode(k, inode)));
  return 0;
}

const vmfError = (k: Kernel, err: Int): VmFault_t =>
  err === -ENOMEM ? k.VM_FAULT_OOM : k.VM_FAULT_SIGBUS;

/** What hugetlb_wp() needs of mm/hugetlb/unmap.ts, which unmaps a page where others have it. */
type UnmapRefPrivate = (k: Kernel, vma: VmAreaStruct, page: Page, address: VirtAddr) => void;
let unmap_ref_private: UnmapRefPrivate = () => undefined;
export const linkUnmapRefPrivate = (func: UnmapRefPrivate): void => void (unmap_ref_private = func);

/** A write to a page of the area that others may have, or (FAULT_FLAG_UNSHARE) a pin of it. */
function hugetlb_wp(
  k: Kernel,
  vma: VmAreaStruct,
  address: VirtAddr,
  ptep: Pte,
  flags: Int,
  pagecache_page: Page,
): VmFault_t {
  const unshare = (flags & k.FAULT_FLAG_UNSHARE) !== 0;
  const h: Hstate = hstate_vma(k, vma);
  const haddr: VirtAddr = hugeStart(k, h, address);
  if (!unshare && (flagsOf(k, vma) & VM_WRITE) === 0) return k.VM_FAULT_SIGSEGV;
  if ((flagsOf(k, vma) & VM_MAYSHARE) !== 0) {
    if (!unshare) set_huge_ptep_writable(k, ptep);
    return 0;
  }
  const old_page: Page = pmd_page(k, k.read_pte(ptep));
  retry_avoidcopy: for (;;) {
    if (page_mapcount(k, old_page) === 1 && PageAnon(k, old_page)) {
      if (!PageAnonExclusive(k, old_page)) page_move_anon_rmap(k, old_page, vma);
      if (!unshare) set_huge_ptep_writable(k, ptep);
      return 0;
    }
    // Whose reservation the page has used up already is not to use another one.
    const outside_reserve = isResvOwner(k, vma) && old_page !== pagecache_page;
    get_page(k, old_page);
    const new_page: Page = alloc_huge_page(k, vma, haddr, outside_reserve);
    if (IS_ERR(new_page)) {
      put_page(k, old_page);
      if (!outside_reserve) return vmfError(k, PTR_ERR(new_page));
      // Whoever made the map must not fail: its children lose the page.
      unmap_ref_private(k, vma, old_page, haddr);
      continue retry_avoidcopy;
    }
    let release: Page = new_page;
    let ret: VmFault_t = 0;
    if (anon_vma_prepare(k, vma) !== 0) {
      ret = k.VM_FAULT_OOM;
      restore_reserve_on_error(k, h, vma, haddr, new_page);
    } else {
      copy_user_huge_page(k, new_page, old_page, pages_per_huge_page(k, h));
      __set_bit(k, k.PG_uptodate, new_page + k.page.flags);
      clearHPageFlag(k, new_page, k.HPG_restore_reserve);
      // huge_ptep_clear_flush():
      pte_clear(k, ptep);
      flush_tlb_page(k, vma, haddr);
      page_remove_rmap(k, old_page, vma, true);
      hugepage_add_new_anon_rmap(k, new_page, vma, haddr);
      set_pte(k, ptep, make_huge_pte(k, vma, new_page, !unshare));
      setHPageFlag(k, new_page, k.HPG_migratable);
      release = old_page;
    }
    // out_release_all:
    put_page(k, release);
    put_page(k, old_page);
    return ret;
  }
}

function hugetlb_no_page(
  k: Kernel,
  mm: MmStruct,
  vma: VmAreaStruct,
  mapping: AddressSpace,
  idx: ULong,
  address: VirtAddr,
  ptep: Pte,
  flags: Int,
): VmFault_t {
  const h: Hstate = hstate_vma(k, vma);
  const haddr: VirtAddr = hugeStart(k, h, address);
  const vm_flags: VmFlags = flagsOf(k, vma);
  let anon_rmap = false;
  let new_page = false;
  let new_pagecache_page = false;
  // A page was taken from a child: what it would find now is not what it had.
  if ((vm_flags & VM_MAYSHARE) === 0 && is_vma_resv_set(k, vma, HPAGE_RESV_UNMAPPED)) {
    const pid: Int = k.read_int(k.plus(current(k), k.task_struct.pid));
    pr_warn(k, `PID ${pid} killed due to inadequate hugepage pool`);
    return k.VM_FAULT_SIGBUS;
  }

  const backout = (page: Page, ret: VmFault_t): VmFault_t => {
    // backout_unlocked:
    if (new_page && !new_pagecache_page) restore_reserve_on_error(k, h, vma, haddr, page);
    unlock_page(k, page);
    put_page(k, page);
    return ret;
  };
  let page: Page = find_lock_page(k, mapping, idx);
  if (page === NULL) {
    const host = k.read_ptr(k.plus(mapping, k.address_space.host));
    const size: ULong = Math.floor(i_size_read(k, host) / 2 ** huge_page_shift(k, h));
    if (idx >= size) return k.VM_FAULT_SIGBUS;
    page = alloc_huge_page(k, vma, haddr, false);
    if (IS_ERR(page)) return vmfError(k, PTR_ERR(page));
    clear_huge_page(k, page, pages_per_huge_page(k, h));
    __set_bit(k, k.PG_uptodate, page + k.page.flags);
    new_page = true;
    if ((vm_flags & VM_MAYSHARE) !== 0) {
      if (hugetlb_add_to_page_cache(k, page, mapping, idx) !== 0) {
        restore_reserve_on_error(k, h, vma, haddr, page);
        put_page(k, page);
        return k.VM_FAULT_SIGBUS;
      }
      new_pagecache_page = true;
    } else {
      trylock_page(k, page);
      if (anon_vma_prepare(k, vma) !== 0) return backout(page, k.VM_FAULT_OOM);
      anon_rmap = true;
    }
  }
  const write = (flags & k.FAULT_FLAG_WRITE) !== 0 && (vm_flags & VM_SHARED) === 0;
  if (write) {
    // What hugetlb_wp() will need to know is in the map then.
    if (vma_needs_reservation(k, h, vma, haddr) < 0) return backout(page, k.VM_FAULT_OOM);
    vma_end_reservation(k, h, vma, haddr);
  }
  if (anon_rmap) {
    clearHPageFlag(k, page, k.HPG_restore_reserve);
    hugepage_add_new_anon_rmap(k, page, vma, haddr);
  } else {
    page_dup_file_rmap(k, page, true);
  }
  const writable = (vm_flags & VM_WRITE) !== 0 && (vm_flags & VM_SHARED) !== 0;
  set_pte(k, ptep, make_huge_pte(k, vma, page, writable));
  hugetlb_count_add(k, pages_per_huge_page(k, h), mm);
  // The copy at once, without a second fault.
  const ret: VmFault_t = write ? hugetlb_wp(k, vma, address, ptep, flags, page) : 0;
  if (new_page) setHPageFlag(k, page, k.HPG_migratable);
  unlock_page(k, page);
  return ret;
}

/** handle_mm_fault() of an area of hugetlbfs. */
export function hugetlb_fault(
  k: Kernel,
  mm: MmStruct,
  vma: VmAreaStruct,
  address: VirtAddr,
  flags: Int,
): VmFault_t {
  const h: Hstate = hstate_vma(k, vma);
  const haddr: VirtAddr = hugeStart(k, h, address);
  const mapping: AddressSpace = hugeMapping(k, vma);
  const idx: ULong = vma_hugecache_offset(k, h, vma, haddr);
  const ptep: Pte = huge_pte_alloc(k, mm, haddr, huge_page_size(k, h));
  if (ptep === NULL) return k.VM_FAULT_OOM;
  let entry: PteVal = k.read_pte(ptep);
  if (pte_none(k, entry)) return hugetlb_no_page(k, mm, vma, mapping, idx, address, ptep, flags);
  if (!pte_present(entry)) return 0;

  const write = (flags & k.FAULT_FLAG_WRITE) !== 0;
  const mayCopy = (flags & (k.FAULT_FLAG_WRITE | k.FAULT_FLAG_UNSHARE)) !== 0;
  let pagecache_page: Page = NULL;
  if (mayCopy && (flagsOf(k, vma) & VM_MAYSHARE) === 0 && !pte_write(entry)) {
    if (vma_needs_reservation(k, h, vma, haddr) < 0) return k.VM_FAULT_OOM;
    vma_end_reservation(k, h, vma, haddr);
    pagecache_page = find_lock_page(k, mapping, idx);
  }
  const page: Page = pmd_page(k, entry);
  if (page !== pagecache_page) trylock_page(k, page);
  get_page(k, page);
  let ret: VmFault_t = 0;
  if (mayCopy && !pte_write(entry)) {
    ret = hugetlb_wp(k, vma, address, ptep, flags, pagecache_page);
  } else {
    if (write) entry = pte_mkdirty(entry);
    ptep_set_access_flags(k, ptep, pte_mkyoung(entry), write);
  }
  // out_put_page:
  if (page !== pagecache_page) unlock_page(k, page);
  put_page(k, page);
  if (pagecache_page !== NULL) {
    unlock_page(k, pagecache_page);
    put_page(k, pagecache_page);
  }
  return ret;
}
