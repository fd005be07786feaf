/**
 * Faults that an entry of a pmd answers: a huge page where nothing is mapped yet, and writes to one.
 *
 *     nothing there, read      the huge page of zeros
 *     nothing there, write     a huge page of its own, or VM_FAULT_FALLBACK: small ones
 *     read-only, written       reused where nobody else has it, else split: the small page is copied
 *
 * Left out: userfaultfd, NUMA hinting, memcg, the entry's lock and the second look under it, swap cache, check_stable_address_space.
 * Source: Linux 6.1 mm/huge_memory.c: __do_huge_pmd_anonymous_page() to do_huge_pmd_anonymous_page(), touch_pmd(), huge_pmd_set_accessed()
 * to follow_trans_huge_pmd(); mm/mempolicy.c: vma_alloc_folio(); mm/memory.c: clear_huge_page();
 * include/linux/huge_mm.h: mk_huge_pmd().
 */
import {
  type Gfp,
  type MmStruct,
  NULL,
  type Page,
  type Pmd,
  type VmAreaStruct,
  type VmFault_t,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { __set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  mk_pmd,
  pmd_mkdirty,
  pmd_mkhuge,
  pmd_mkyoung,
  pmd_page,
  pmd_write,
  set_pmd,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { pte_alloc_one, pte_free } from '../../arch/x86/mm/pgtable/pgalloc.js';
import { ERR_PTR } from '../../include/linux/err.h.js';
import { EFAULT, EMLINK, ENOMEM } from '../../include/linux/errno.h.js';
import { clear_highpage } from '../../include/linux/highmem.h.js';
import {
  HPAGE_PMD_NR,
  HPAGE_PMD_ORDER,
  HPAGE_PMD_SIZE,
  hugeAddress,
  hugepageFlag,
  is_huge_zero_pmd,
  transhuge_vma_suitable,
  transparent_hugepage_use_zero_page,
} from '../../include/linux/huge_mm.h.js';
import { mm_inc_nr_ptes, nth_page } from '../../include/linux/mm.h.js';
import {
  VM_HUGEPAGE,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_SHARED,
  VM_WRITE,
  type VmFault,
} from '../../include/linux/mm_types.h.js';
import { PageAnon } from '../../include/linux/page-flags.h.js';
import { page_ref_count } from '../../include/linux/page_ref.h.js';
import { trylock_page } from '../../include/linux/pagemap.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { unlock_page } from '../filemap/folio_wait.js';
import { gup_must_unshare, try_grab_page } from '../gup/pins.js';
import { khugepaged_enter_vma } from '../khugepaged/khugepaged.js';
import { add_mm_counter } from '../memory/rss.js';
import { folio_alloc } from '../page_alloc/api.js';
import { pgtable_trans_huge_deposit, pmdp_set_access_flags } from '../pgtable-generic.js';
import { anon_vma_prepare } from '../rmap/anon_vma.js';
import { page_add_new_anon_rmap, page_move_anon_rmap, PageAnonExclusive } from '../rmap/rmap.js';
import { folio_add_lru_vma } from '../swap/lru_add_drain.js';
import { put_page } from '../swap/swap.js';
import { maybe_pmd_mkwrite } from './huge_memory.js';
import { __split_huge_pmd } from './split_pmd.js';
import { mm_get_huge_zero_page, set_huge_zero_page } from './zero_page.js';

const mmOf = (k: Kernel, vma: VmAreaStruct): MmStruct =>
  k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
const flagsOf = (k: Kernel, vma: VmAreaStruct): VmFlags =>
  k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));

/** The entry of a huge page, with what the area allows but for writing. */
const mk_huge_pmd = (k: Kernel, page: Page, vma: VmAreaStruct): PteVal =>
  pmd_mkhuge(mk_pmd(k, page, k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot))));

// --- nothing there -------------------------------------------------------------------------------------------------------

/** Left out: the order, which begins far from the faulting address. */
function clear_huge_page(k: Kernel, page: Page): void {
  for (let i = 0; i < HPAGE_PMD_NR(k); i++) clear_highpage(k, nth_page(k, page, i));
}

function __do_huge_pmd_anonymous_page(k: Kernel, vmf: VmFault, page: Page): VmFault_t {
  const { vma } = vmf;
  const mm: MmStruct = mmOf(k, vma);
  const haddr: VirtAddr = hugeAddress(k, vmf.address);
  // Put by, so that the entry can be split without memory being needed then.
  const pgtable: Page = pte_alloc_one(k);
  if (pgtable === NULL) {
    // release:
    put_page(k, page);
    return k.VM_FAULT_OOM;
  }
  clear_huge_page(k, page);
  __set_bit(k, k.PG_uptodate, page + k.page.flags);
  const entry: PteVal = maybe_pmd_mkwrite(k, pmd_mkdirty(mk_huge_pmd(k, page, vma)), vma);
  page_add_new_anon_rmap(k, page, vma, haddr);
  folio_add_lru_vma(k, page, vma);
  pgtable_trans_huge_deposit(k, mm, vmf.pmd, pgtable);
  set_pmd(k, vmf.pmd, entry);
  add_mm_counter(k, mm, k.MM_ANONPAGES, HPAGE_PMD_NR(k));
  mm_inc_nr_ptes(k, mm);
  __count_vm_events(k, k.THP_FAULT_ALLOC, 1);
  return 0;
}

/** How hard to try for a huge page: by `defrag` of sysfs, and whether the program asked for huge pages here. */
function vma_thp_gfp_mask(k: Kernel, vma: VmAreaStruct): Gfp {
  const vma_madvised = (flagsOf(k, vma) & VM_HUGEPAGE) !== 0;
  if (hugepageFlag(k, k.TRANSPARENT_HUGEPAGE_DEFRAG_DIRECT_FLAG))
    return k.GFP_TRANSHUGE | (vma_madvised ? 0 : k.__GFP_NORETRY);
  if (hugepageFlag(k, k.TRANSPARENT_HUGEPAGE_DEFRAG_KSWAPD_FLAG))
    return k.GFP_TRANSHUGE_LIGHT | k.__GFP_KSWAPD_RECLAIM;
  if (hugepageFlag(k, k.TRANSPARENT_HUGEPAGE_DEFRAG_KSWAPD_OR_MADV_FLAG))
    return k.GFP_TRANSHUGE_LIGHT | (vma_madvised ? k.__GFP_DIRECT_RECLAIM : k.__GFP_KSWAPD_RECLAIM);
  if (hugepageFlag(k, k.TRANSPARENT_HUGEPAGE_DEFRAG_REQ_MADV_FLAG))
    return k.GFP_TRANSHUGE_LIGHT | (vma_madvised ? k.__GFP_DIRECT_RECLAIM : 0);
  return k.GFP_TRANSHUGE_LIGHT;
}

export function do_huge_pmd_anonymous_page(k: Kernel, vmf: VmFault): VmFault_t {
  const { vma } = vmf;
  const mm: MmStruct = mmOf(k, vma);
  if (!transhuge_vma_suitable(k, vma, hugeAddress(k, vmf.address))) return k.VM_FAULT_FALLBACK;
  if (anon_vma_prepare(k, vma) !== 0) return k.VM_FAULT_OOM;
  khugepaged_enter_vma(k, vma, flagsOf(k, vma));

  if ((vmf.flags & k.FAULT_FLAG_WRITE) === 0 && transparent_hugepage_use_zero_page(k)) {
    const pgtable: Page = pte_alloc_one(k);
    if (pgtable === NULL) return k.VM_FAULT_OOM;
    const zero_page: Page = mm_get_huge_zero_page(k, mm);
    if (zero_page === NULL) {
      pte_free(k, pgtable);
      __count_vm_events(k, k.THP_FAULT_FALLBACK, 1);
      return k.VM_FAULT_FALLBACK;
    }
    set_huge_zero_page(k, pgtable, mm, vma, vmf.pmd, zero_page);
    return 0;
  }
  // vma_alloc_folio():
  const folio: Page = folio_alloc(k, vma_thp_gfp_mask(k, vma), HPAGE_PMD_ORDER(k));
  if (folio === NULL) {
    __count_vm_events(k, k.THP_FAULT_FALLBACK, 1);
    return k.VM_FAULT_FALLBACK;
  }
  return __do_huge_pmd_anonymous_page(k, vmf, folio);
}

// --- there already -------------------------------------------------------------------------------------------------------

function touch_pmd(k: Kernel, pmd: Pmd, write: boolean): void {
  let _pmd: PteVal = pmd_mkyoung(k.read_pte(pmd));
  if (write) _pmd = pmd_mkdirty(_pmd);
  pmdp_set_access_flags(k, pmd, _pmd, write);
}

export function huge_pmd_set_accessed(k: Kernel, vmf: VmFault): void {
  touch_pmd(k, vmf.pmd, (vmf.flags & k.FAULT_FLAG_WRITE) !== 0);
}

/** VM_FAULT_FALLBACK: the entry is a table now, whose entry of the address is to be written to. */
export function do_huge_pmd_wp_page(k: Kernel, vmf: VmFault): VmFault_t {
  const unshare = (vmf.flags & k.FAULT_FLAG_UNSHARE) !== 0;
  const { vma } = vmf;
  fallback: {
    if (is_huge_zero_pmd(k, vmf.orig_pmd)) break fallback;
    const page: Page = pmd_page(k, vmf.orig_pmd);
    if (!PageAnonExclusive(k, page)) {
      // Left out: waiting for the lock.
      if (!trylock_page(k, page)) break fallback;
      // Nobody else has it: a new huge page never waits in a batch, which would have a reference.
      const isOnlyOurs = page_ref_count(k, page) === 1;
      if (isOnlyOurs) page_move_anon_rmap(k, page, vma);
      unlock_page(k, page);
      // unlock_fallback:
      if (!isOnlyOurs) break fallback;
    }
    // reuse:
    if (unshare) return 0;
    const entry: PteVal = maybe_pmd_mkwrite(k, pmd_mkdirty(pmd_mkyoung(vmf.orig_pmd)), vma);
    pmdp_set_access_flags(k, vmf.pmd, entry, true);
    return k.VM_FAULT_WRITE;
  }
  // fallback:
  __split_huge_pmd(k, vma, vmf.pmd, vmf.address, false, NULL);
  return k.VM_FAULT_FALLBACK;
}

// --- get_user_pages() ----------------------------------------------------------------------------------------------------

/** As can_follow_write_pte() of mm/gup.c. */
function can_follow_write_pmd(
  k: Kernel,
  pmd: PteVal,
  page: Page,
  vma: VmAreaStruct,
  flags: number,
): boolean {
  if (pmd_write(pmd)) return true;
  if ((flags & k.FOLL_FORCE) === 0) return false;
  const vm_flags: VmFlags = flagsOf(k, vma);
  if ((vm_flags & (VM_MAYSHARE | VM_SHARED)) !== 0) return false;
  if ((vm_flags & VM_MAYWRITE) === 0) return false;
  if ((vm_flags & VM_WRITE) !== 0) return false;
  return page !== NULL && PageAnon(k, page) && PageAnonExclusive(k, page);
}

/** The small page of a huge one that an address is in, with the reference that `flags` ask for, which the head counts. */
export function follow_trans_huge_pmd(
  k: Kernel,
  vma: VmAreaStruct,
  addr: VirtAddr,
  pmd: Pmd,
  flags: number,
): Page {
  const pmdval: PteVal = k.read_pte(pmd);
  const page: Page = pmd_page(k, pmdval);
  if ((flags & k.FOLL_WRITE) !== 0 && !can_follow_write_pmd(k, pmdval, page, vma, flags))
    return NULL;
  if ((flags & k.FOLL_DUMP) !== 0 && is_huge_zero_pmd(k, pmdval)) return ERR_PTR(-EFAULT);
  if (!pmd_write(pmdval) && gup_must_unshare(k, flags, page)) return ERR_PTR(-EMLINK);
  if (!try_grab_page(k, page, flags)) return ERR_PTR(-ENOMEM);
  if ((flags & k.FOLL_TOUCH) !== 0) touch_pmd(k, pmd, (flags & k.FOLL_WRITE) !== 0);
  return nth_page(k, page, Math.floor((addr % HPAGE_PMD_SIZE(k)) / PAGE_SIZE));
}
