/**
 * A write to a page whose entry does not allow it: the page is reused where nobody else has it, else copied (copy on write).
 *
 *     PG_anon_exclusive, or the only reference      reuse
 *     the page of zeros                             a page of zeros of its own
 *     else                                          a copy; the old page keeps its other mappings
 *
 * FAULT_FLAG_UNSHARE asks for a page of its own that stays read-only: before a page is pinned that others have, too.
 * Left out: swap, KSM, userfaultfd, pfn_mkwrite, page_mkwrite, the entry's lock, MMU notifiers, memcg.
 * Source: Linux 6.1 mm/memory.c: wp_page_reuse() to do_wp_page(), maybe_mkwrite() of include/linux/mm.h; mm/folio-compat.c: set_page_dirty().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pfn,
  type VmAreaStruct,
  type VmFault_t,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asPfn } from '../../../memory/address.js';
import { __set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  mk_pte,
  pte_clear,
  pte_mkdirty,
  pte_mkwrite,
  pte_mkyoung,
  pte_page,
  pte_pfn,
  pte_special,
  ptep_set_access_flags,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { flush_tlb_page } from '../../arch/x86/mm/tlb.js';
import { clear_highpage, copy_user_highpage } from '../../include/linux/highmem.h.js';
import { is_zero_pfn } from '../../include/linux/mm.h.js';
import {
  VM_MIXEDMAP,
  VM_PFNMAP,
  VM_SHARED,
  VM_WRITE,
  type VmFault,
} from '../../include/linux/mm_types.h.js';
import { page_folio, PageAnon } from '../../include/linux/page-flags.h.js';
import { page_ref_count } from '../../include/linux/page_ref.h.js';
import { trylock_page } from '../../include/linux/pagemap.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { alloc_page_vma, alloc_zeroed_user_highpage_movable } from '../page_alloc/api.js';
import { anon_vma_prepare } from '../rmap/anon_vma.js';
import {
  page_add_new_anon_rmap,
  page_move_anon_rmap,
  page_remove_rmap,
  PageAnonExclusive,
} from '../rmap/rmap.js';
import { folio_add_lru_vma, lru_add_drain } from '../swap/lru_add_drain.js';
import { get_page, put_page } from '../swap/swap.js';
import { add_mm_counter_fast, mm_counter_file } from './rss.js';
import { lock_page, unlock_page } from '../filemap/folio_wait.js';

/** The page that an entry maps; NULL where it is not one that is accounted: the page of zeros. Left out: VM_MIXEDMAP. */
export function vm_normal_page(k: Kernel, vma: VmAreaStruct, pte: PteVal): Page {
  if (pte_special(pte)) return NULL;
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  if ((vm_flags & (VM_PFNMAP | VM_MIXEDMAP)) !== 0 && is_zero_pfn(k, pte_pfn(k, pte))) return NULL;
  return pte_page(k, pte);
}

/** Writable where the area is: FOLL_FORCE may have come here for one that is not. */
export function maybe_mkwrite(k: Kernel, pte: PteVal, vma: VmAreaStruct): PteVal {
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  return (vm_flags & VM_WRITE) !== 0 ? pte_mkwrite(pte) : pte;
}

function wp_page_reuse(k: Kernel, vmf: VmFault): void {
  const entry: PteVal = maybe_mkwrite(k, pte_mkdirty(pte_mkyoung(vmf.orig_pte)), vmf.vma);
  ptep_set_access_flags(k, vmf.pte, entry, true);
  __count_vm_events(k, k.PGREUSE, 1);
}

/** What a frame holds that has no page, or whose page nobody counts. What is no memory reads as zeros. */
function copyFrame(k: Kernel, page: Page, pfn: Pfn): void {
  const from = k.memmap.pfn_valid(asPfn(pfn)) ? k.pfn_to_page(pfn) : NULL;
  if (from !== NULL) copy_user_highpage(k, page, from);
  else clear_highpage(k, page);
}

/** A copy of the page, for this mapping alone. */
function wp_page_copy(k: Kernel, vmf: VmFault): VmFault_t {
  const unshare = (vmf.flags & k.FAULT_FLAG_UNSHARE) !== 0;
  const { vma } = vmf;
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const old_page: Page = vmf.page;
  let new_page: Page;

  oom: {
    if (anon_vma_prepare(k, vma) !== 0) break oom;
    if (is_zero_pfn(k, pte_pfn(k, vmf.orig_pte))) {
      new_page = alloc_zeroed_user_highpage_movable(k);
      if (new_page === NULL) break oom;
    } else {
      new_page = alloc_page_vma(k, k.GFP_HIGHUSER_MOVABLE);
      if (new_page === NULL) break oom;
      // __wp_page_copy_user(): a frame without a page is copied through its mapping.
      if (old_page !== NULL) copy_user_highpage(k, new_page, old_page);
      else copyFrame(k, new_page, pte_pfn(k, vmf.orig_pte));
    }
    __set_bit(k, k.PG_uptodate, new_page + k.page.flags);

    if (old_page === NULL) {
      add_mm_counter_fast(k, mm, k.MM_ANONPAGES, 1);
    } else if (!PageAnon(k, old_page)) {
      add_mm_counter_fast(k, mm, mm_counter_file(k, old_page), -1);
      add_mm_counter_fast(k, mm, k.MM_ANONPAGES, 1);
    }
    let entry: PteVal = mk_pte(k, new_page, k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot)));
    if (!unshare) entry = maybe_mkwrite(k, pte_mkdirty(entry), vma);
    // Cleared and flushed first: another CPU must not see old and new page at once.
    pte_clear(k, vmf.pte);
    flush_tlb_page(k, vma, vmf.address);
    page_add_new_anon_rmap(k, new_page, vma, vmf.address);
    folio_add_lru_vma(k, new_page, vma);
    set_pte(k, vmf.pte, entry);
    if (old_page !== NULL) {
      // After the new entry: whoever finds the page unmapped may reuse it, and this mapping must not still lead to it.
      page_remove_rmap(k, old_page, vma, false);
      // Twice: this mapping's reference, and do_wp_page()'s.
      put_page(k, old_page);
      put_page(k, old_page);
    }
    return unshare ? 0 : k.VM_FAULT_WRITE;
  }
  // oom:
  if (old_page !== NULL) put_page(k, old_page);
  return k.VM_FAULT_OOM;
}

/** Of a shared mapping: what is written reaches the file. */
function wp_page_shared(k: Kernel, vmf: VmFault): VmFault_t {
  get_page(k, vmf.page);
  wp_page_reuse(k, vmf);
  lock_page(k, vmf.page);
  const ret: VmFault_t = k.VM_FAULT_WRITE | fault_dirty_shared_page(k, vmf);
  put_page(k, vmf.page);
  return ret;
}

/** Of a page that is written through a shared mapping. Left out: file_update_time, balance_dirty_pages_ratelimited (tmpfs has neither). */
export function fault_dirty_shared_page(k: Kernel, vmf: VmFault): VmFault_t {
  set_page_dirty(k, vmf.page);
  unlock_page(k, vmf.page);
  return 0;
}

/** Whether it was clean. Left out: a_ops->dirty_folio (tmpfs and ramfs have noop_dirty_folio, which does this). */
export function set_page_dirty(k: Kernel, page: Page): boolean {
  const folio: Page = page_folio(k, page);
  if (test_bit(k, k.PG_dirty, folio + k.page.flags)) return false;
  __set_bit(k, k.PG_dirty, folio + k.page.flags);
  return true;
}

/** Whether nobody but this mapping has an anonymous page: then it is locked, and becomes this area's. */
function isOnlyOurs(k: Kernel, folio: Page, vma: VmAreaStruct, page: Page): boolean {
  // This mapping, perhaps a batch on its way to an LRU list, and the swap cache: with more it is of no use to look closer.
  if (page_ref_count(k, folio) > 3) return false;
  if (!test_bit(k, k.PG_lru, folio + k.page.flags)) lru_add_drain(k);
  const refs: Int = page_ref_count(k, folio);
  if (refs > 1) return false;
  if (!trylock_page(k, folio)) return false;
  page_move_anon_rmap(k, page, vma);
  unlock_page(k, folio);
  return true;
}

export function do_wp_page(k: Kernel, vmf: VmFault): VmFault_t {
  const unshare = (vmf.flags & k.FAULT_FLAG_UNSHARE) !== 0;
  const { vma } = vmf;
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  const isShared = (vm_flags & (VM_WRITE | VM_SHARED)) === (VM_WRITE | VM_SHARED);
  vmf.page = vm_normal_page(k, vma, vmf.orig_pte);
  if (vmf.page === NULL) {
    // The page of zeros is nobody's: there is nothing to unshare.
    if (unshare) return 0;
    if (isShared) {
      wp_page_reuse(k, vmf);
      return k.VM_FAULT_WRITE;
    }
    return wp_page_copy(k, vmf);
  }

  const folio: Page = page_folio(k, vmf.page);
  if (PageAnon(k, folio)) {
    if (PageAnonExclusive(k, vmf.page) || isOnlyOurs(k, folio, vma, vmf.page)) {
      // reuse:
      if (unshare) return 0;
      wp_page_reuse(k, vmf);
      return k.VM_FAULT_WRITE;
    }
  } else if (unshare) {
    // A page of a file is pinned as it is.
    return 0;
  } else if (isShared) {
    return wp_page_shared(k, vmf);
  }
  // copy:
  get_page(k, vmf.page);
  return wp_page_copy(k, vmf);
}
