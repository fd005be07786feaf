/**
 * A page fault in an area: down the tables, which are made where they are missing, to the entry; and what is to be done with it.
 *
 *     nothing there    of the area's own: do_anonymous_page()    of a file: do_fault()
 *     a page           written, but not writable: do_wp_page()   else the entry is marked young, or dirty
 *
 *     something else   do_swap_page()
 *     a huge page      mm/huge_memory.c, where the area may have them
 *
 * Left out: do_numa_page, userfaultfd, the entry's lock and the second look
 * under it (nobody else runs meanwhile), memcg.
 * Source: Linux 6.1 mm/memory.c: do_anonymous_page(), handle_pte_fault(), __handle_mm_fault(), handle_mm_fault(), mm_account_fault().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pgd,
  type Pud,
  type VmAreaStruct,
  type VmFault_t,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { NO_PTE } from '../../../machine/pteWords.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import {
  mk_pte,
  pfn_pte,
  pmd_none,
  pmd_trans_huge,
  pmd_write,
  pte_mkdirty,
  pte_mkspecial,
  pte_mkwrite,
  pte_mkyoung,
  pte_none,
  pte_present,
  pte_write,
  ptep_set_access_flags,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { __set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { flush_tlb_page } from '../../arch/x86/mm/tlb.js';
import { is_vm_hugetlb_page } from '../../include/linux/hugetlb.h.js';
import { is_pmd_migration_entry, is_swap_pmd } from '../../include/linux/huge_mm.h.js';
import { linear_page_index, my_zero_pfn, vma_is_anonymous } from '../../include/linux/mm.h.js';
import {
  VM_FAULT_ERROR,
  VM_SHARED,
  VM_WRITE,
  type VmFault,
} from '../../include/linux/mm_types.h.js';
import { pgd_offset, pte_offset_map } from '../../include/linux/pgtable.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import {
  do_huge_pmd_anonymous_page,
  do_huge_pmd_wp_page,
  huge_pmd_set_accessed,
} from '../huge_memory/fault.js';
import { hugepage_vma_check } from '../huge_memory/huge_memory.js';
import { hugetlb_fault } from '../hugetlb/fault.js';
import { alloc_zeroed_user_highpage_movable } from '../page_alloc/api.js';
import { anon_vma_prepare } from '../rmap/anon_vma.js';
import { page_add_new_anon_rmap } from '../rmap/rmap.js';
import { folio_add_lru_vma } from '../swap/lru_add_drain.js';
import { do_fault } from './file_fault.js';
import { __pte_alloc, p4d_alloc, pmd_alloc, pud_alloc } from './memory.js';
import { add_mm_counter_fast, check_sync_rss_stat } from './rss.js';
import { do_swap_page } from './swap.js';
import { do_wp_page } from './wp.js';

/** The area's first page at an address: the page of zeros that all share as long as it is only read, or one of its own. */
function do_anonymous_page(k: Kernel, vmf: VmFault): VmFault_t {
  const { vma } = vmf;
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  const vm_page_prot: PteVal = k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot));
  let entry: PteVal;
  // A shared area without operations: whoever mapped it forgot them.
  if ((vm_flags & VM_SHARED) !== 0) return k.VM_FAULT_SIGBUS;
  if (pmd_none(k, k.read_pte(vmf.pmd)) && __pte_alloc(k, mm, vmf.pmd) !== 0) return k.VM_FAULT_OOM;

  if ((vmf.flags & k.FAULT_FLAG_WRITE) === 0) {
    entry = pte_mkspecial(pfn_pte(k, my_zero_pfn(k), vm_page_prot));
    vmf.pte = pte_offset_map(k, vmf.pmd, vmf.address);
  } else {
    if (anon_vma_prepare(k, vma) !== 0) return k.VM_FAULT_OOM;
    const page: Page = alloc_zeroed_user_highpage_movable(k);
    if (page === NULL) return k.VM_FAULT_OOM;
    // Before others can see it: what was written to the page is there.
    __set_bit(k, k.PG_uptodate, page + k.page.flags);
    entry = mk_pte(k, page, vm_page_prot);
    if ((vm_flags & VM_WRITE) !== 0) entry = pte_mkwrite(pte_mkdirty(entry));
    vmf.pte = pte_offset_map(k, vmf.pmd, vmf.address);
    add_mm_counter_fast(k, mm, k.MM_ANONPAGES, 1);
    page_add_new_anon_rmap(k, page, vma, vmf.address);
    folio_add_lru_vma(k, page, vma);
  }
  // setpte:
  set_pte(k, vmf.pte, entry);
  return 0;
}

function handle_pte_fault(k: Kernel, vmf: VmFault): VmFault_t {
  if (pmd_none(k, k.read_pte(vmf.pmd))) {
    // The table is made later: a huge page may do without.
    vmf.pte = NULL;
    vmf.flags &= ~k.FAULT_FLAG_ORIG_PTE_VALID;
  } else {
    vmf.pte = pte_offset_map(k, vmf.pmd, vmf.address);
    vmf.orig_pte = k.read_pte(vmf.pte);
    vmf.flags |= k.FAULT_FLAG_ORIG_PTE_VALID;
    if (pte_none(k, vmf.orig_pte)) vmf.pte = NULL;
  }
  if (vmf.pte === NULL)
    return vma_is_anonymous(k, vmf.vma) ? do_anonymous_page(k, vmf) : do_fault(k, vmf);
  if (!pte_present(vmf.orig_pte)) return do_swap_page(k, vmf);

  let entry: PteVal = vmf.orig_pte;
  if ((vmf.flags & (k.FAULT_FLAG_WRITE | k.FAULT_FLAG_UNSHARE)) !== 0) {
    if (!pte_write(entry)) return do_wp_page(k, vmf);
    if ((vmf.flags & k.FAULT_FLAG_WRITE) !== 0) entry = pte_mkdirty(entry);
  }
  entry = pte_mkyoung(entry);
  const isWrite = (vmf.flags & k.FAULT_FLAG_WRITE) !== 0;
  // The entry allows it: the processor had an older one in its TLB.
  if (!ptep_set_access_flags(k, vmf.pte, entry, isWrite) && isWrite)
    flush_tlb_page(k, vmf.vma, vmf.address);
  // unlock:
  return 0;
}

/** Left out: huge pages of files (vm_ops->huge_fault): shmem's are off. */
function create_huge_pmd(k: Kernel, vmf: VmFault): VmFault_t {
  return vma_is_anonymous(k, vmf.vma) ? do_huge_pmd_anonymous_page(k, vmf) : k.VM_FAULT_FALLBACK;
}

/** Left out: as create_huge_pmd(); userfaultfd. */
function wp_huge_pmd(k: Kernel, vmf: VmFault): VmFault_t {
  return do_huge_pmd_wp_page(k, vmf);
}

/** Left out: entries of a pud (create_huge_pud), waiting for a page that is being migrated. */
function __handle_mm_fault(k: Kernel, vma: VmAreaStruct, address: VirtAddr, flags: Int): VmFault_t {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const pgd: Pgd = pgd_offset(k, mm, address);
  const pud: Pud = pud_alloc(k, mm, p4d_alloc(k, mm, pgd, address), address);
  if (pud === NULL) return k.VM_FAULT_OOM;
  const pmd = pmd_alloc(k, mm, pud, address);
  if (pmd === NULL) return k.VM_FAULT_OOM;
  const vmf: VmFault = {
    vma,
    address: asVirt(address - (address % PAGE_SIZE)),
    real_address: address,
    flags,
    pgoff: linear_page_index(k, vma, address),
    gfp_mask: k.GFP_KERNEL,
    pud,
    pmd,
    pte: NULL,
    orig_pte: NO_PTE,
    orig_pmd: k.read_pte(pmd),
    page: NULL,
    cow_page: NULL,
    prealloc_pte: NULL,
  };
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  if (pmd_none(k, vmf.orig_pmd) && hugepage_vma_check(k, vma, vm_flags, true, true)) {
    const ret: VmFault_t = create_huge_pmd(k, vmf);
    if ((ret & k.VM_FAULT_FALLBACK) === 0) return ret;
  } else if (is_swap_pmd(k, vmf.orig_pmd)) {
    // pmd_migration_entry_wait(): nobody migrates it meanwhile.
    if (is_pmd_migration_entry(k, vmf.orig_pmd)) return 0;
  } else if (pmd_trans_huge(vmf.orig_pmd)) {
    const written = (flags & (k.FAULT_FLAG_WRITE | k.FAULT_FLAG_UNSHARE)) !== 0;
    if (!written || pmd_write(vmf.orig_pmd)) {
      huge_pmd_set_accessed(k, vmf);
      return 0;
    }
    const ret: VmFault_t = wp_huge_pmd(k, vmf);
    if ((ret & k.VM_FAULT_FALLBACK) === 0) return ret;
  }
  return handle_pte_fault(k, vmf);
}

/** The task's account. Left out: perf events. */
function mm_account_fault(k: Kernel, flags: Int, ret: VmFault_t): void {
  if ((ret & (VM_FAULT_ERROR(k) | k.VM_FAULT_RETRY)) !== 0) return;
  const major = (ret & k.VM_FAULT_MAJOR) !== 0 || (flags & k.FAULT_FLAG_TRIED) !== 0;
  const member = major ? k.task_struct.maj_flt : k.task_struct.min_flt;
  k.add_long(k.plus(current(k), member), 1);
}

/** Handles a fault in an area that allows the access. Left out: regs. */
export function handle_mm_fault(
  k: Kernel,
  vma: VmAreaStruct,
  address: VirtAddr,
  flags: Int,
): VmFault_t {
  __count_vm_events(k, k.PGFAULT, 1);
  check_sync_rss_stat(k);
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const ret: VmFault_t = is_vm_hugetlb_page(k, vma)
    ? hugetlb_fault(k, mm, vma, address, flags)
    : __handle_mm_fault(k, vma, address, flags);
  mm_account_fault(k, flags, ret);
  return ret;
}
