/**
 * Areas of hugetlbfs as a whole: copied for a child, unmapped, and looked into by get_user_pages().
 *
 * Left out: userfaultfd, migration entries, hwpoison, tables of pmds that areas share, MMU notifiers.
 * Source: Linux 6.1 mm/hugetlb.c: hugetlb_install_page(), copy_hugetlb_page_range(), __unmap_hugepage_range() to unmap_ref_private(),
 * follow_hugetlb_page(), hugetlb_change_protection(), follow_huge_pmd_pte(), follow_huge_pud(); its tables: hugetlb_vm_ops, the destructor.
 */
import {
  type AddressSpace,
  type Hstate,
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pte,
  type Pud,
  type ULong,
  type VmAreaStruct,
  type VmFault_t,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { NO_PTE } from '../../../machine/pteWords.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { __set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  pmd_page,
  pte_clear,
  pte_dirty,
  pte_mkhuge,
  pte_modify,
  pte_none,
  pte_present,
  pte_write,
  pte_wrprotect,
  ptep_set_wrprotect,
  pud_page,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { flush_tlb_mm_range } from '../../arch/x86/mm/tlb.js';
import { pud_huge } from '../../arch/x86/mm/hugetlbpage/pud_huge.js';
import { IS_ERR, PTR_ERR } from '../../include/linux/err.h.js';
import { EFAULT, ENOMEM } from '../../include/linux/errno.h.js';
import {
  clearHPageFlag,
  hstate_vma,
  huge_page_size,
  hugetlb_count_add,
  hugetlb_count_sub,
  pages_per_huge_page,
  setHPageFlag,
} from '../../include/linux/hugetlb.h.js';
import { is_cow_mapping, nth_page } from '../../include/linux/mm.h.js';
import { VM_FAULT_ERROR, VM_MAYSHARE } from '../../include/linux/mm_types.h.js';
import { PageAnon } from '../../include/linux/page-flags.h.js';
import { gup_must_unshare, try_grab_page } from '../gup/pins.js';
import { vma_interval_tree_iter_first, vma_interval_tree_iter_next } from '../interval_tree.js';
import { linkVmOperations } from '../memory/vm_ops.js';
import { set_page_dirty } from '../memory/wp.js';
import { areasOfFile } from '../mmap/link.js';
import {
  __tlb_remove_page,
  type MmuGather,
  tlb_finish_mmu,
  tlb_flush_mmu,
  tlb_flush_pte_range,
  tlb_gather_mmu,
} from '../mmu_gather.js';
import { linkHugetlbDestructor } from '../page_alloc/free.js';
import {
  hugepage_add_new_anon_rmap,
  page_dup_file_rmap,
  page_remove_rmap,
  page_try_dup_anon_rmap,
} from '../rmap/rmap.js';
import { get_page, put_page } from '../swap/swap.js';
import {
  alloc_huge_page,
  copy_user_huge_page,
  hugetlb_fault,
  linkUnmapRefPrivate,
  make_huge_pte,
} from './fault.js';
import { huge_pte_alloc, huge_pte_offset } from './huge_pte.js';
import { free_huge_page } from './pool.js';
import {
  HPAGE_RESV_UNMAPPED,
  hugeStart,
  hugeMapping,
  hugetlb_vm_op_close,
  hugetlb_vm_op_open,
  hugetlb_vma_lock_free,
  isResvOwner,
  set_vma_resv_flags,
} from './reserve.js';

const flagsOf = (k: Kernel, vma: VmAreaStruct): VmFlags =>
  k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
const nextHuge = (k: Kernel, h: Hstate, addr: VirtAddr): VirtAddr =>
  asVirt(addr + huge_page_size(k, h));

linkHugetlbDestructor(free_huge_page);
linkVmOperations('hugetlb_vm_ops', {
  // handle_mm_fault() never comes here: it asks hugetlb_fault().
  fault: (k) => k.VM_FAULT_SIGBUS,
  open: hugetlb_vm_op_open,
  close: hugetlb_vm_op_close,
  may_split: (k, vma, addr) => addr % huge_page_size(k, hstate_vma(k, vma)) === 0,
});

// --- fork() --------------------------------------------------------------------------------------------------------------

function hugetlb_install_page(
  k: Kernel,
  vma: VmAreaStruct,
  ptep: Pte,
  addr: VirtAddr,
  new_page: Page,
): void {
  __set_bit(k, k.PG_uptodate, new_page + k.page.flags);
  hugepage_add_new_anon_rmap(k, new_page, vma, addr);
  set_pte(k, ptep, make_huge_pte(k, vma, new_page, true));
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  hugetlb_count_add(k, pages_per_huge_page(k, hstate_vma(k, vma)), mm);
  clearHPageFlag(k, new_page, k.HPG_restore_reserve);
  setHPageFlag(k, new_page, k.HPG_migratable);
}

/** The child has the same pages, read-only in both where a write is to be private. One that may be pinned is copied at once. */
export function copy_hugetlb_page_range(
  k: Kernel,
  dst: MmStruct,
  src: MmStruct,
  dst_vma: VmAreaStruct,
  src_vma: VmAreaStruct,
): Int {
  const cow = is_cow_mapping(flagsOf(k, src_vma));
  const h: Hstate = hstate_vma(k, src_vma);
  const sz: ULong = huge_page_size(k, h);
  const npages: Int = pages_per_huge_page(k, h);
  const end: VirtAddr = k.read_va(k.plus(src_vma, k.vm_area_struct.vm_end));
  const seq = k.plus(src, k.mm_struct.write_protect_seq);
  let ret: Int = 0;
  if (cow) k.write(seq, k.read_int(seq) + 1);
  let addr: VirtAddr = k.read_va(k.plus(src_vma, k.vm_area_struct.vm_start));
  for (; addr < end; addr = nextHuge(k, h, addr)) {
    const src_pte: Pte = huge_pte_offset(k, src, addr, sz);
    if (src_pte === NULL) continue;
    const dst_pte: Pte = huge_pte_alloc(k, dst, addr, sz);
    if (dst_pte === NULL) {
      ret = -ENOMEM;
      break;
    }
    let entry: PteVal = k.read_pte(src_pte);
    if (pte_none(k, entry)) continue;
    const ptepage: Page = pmd_page(k, entry);
    get_page(k, ptepage);
    if (!PageAnon(k, ptepage)) {
      page_dup_file_rmap(k, ptepage, true);
    } else if (page_try_dup_anon_rmap(k, ptepage, true, src_vma) !== 0) {
      // Not out of the reservations: those are the parent's.
      const new_: Page = alloc_huge_page(k, dst_vma, addr, true);
      if (IS_ERR(new_)) {
        put_page(k, ptepage);
        ret = PTR_ERR(new_);
        break;
      }
      copy_user_huge_page(k, new_, ptepage, npages);
      put_page(k, ptepage);
      hugetlb_install_page(k, dst_vma, dst_pte, addr, new_);
      continue;
    }
    if (cow) {
      ptep_set_wrprotect(k, src_pte);
      entry = pte_wrprotect(entry);
    }
    set_pte(k, dst_pte, entry);
    hugetlb_count_add(k, npages, dst);
  }
  if (cow) k.write(seq, k.read_int(seq) + 1);
  return ret;
}

// --- unmapping -----------------------------------------------------------------------------------------------------------

/** @param ref_page unmap nothing but this page, and say so in the area; NULL: what is there */
function __unmap_hugepage_range(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
  ref_page: Page,
): void {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const h: Hstate = hstate_vma(k, vma);
  for (let address: VirtAddr = start; address < end; address = nextHuge(k, h, address)) {
    const ptep: Pte = huge_pte_offset(k, mm, address, huge_page_size(k, h));
    if (ptep === NULL) continue;
    const pte: PteVal = k.read_pte(ptep);
    if (pte_none(k, pte)) continue;
    const page: Page = pmd_page(k, pte);
    if (ref_page !== NULL) {
      if (page !== ref_page) continue;
      set_vma_resv_flags(k, vma, HPAGE_RESV_UNMAPPED);
    }
    pte_clear(k, ptep);
    tlb_flush_pte_range(tlb, address, huge_page_size(k, h));
    if (pte_dirty(pte)) set_page_dirty(k, page);
    hugetlb_count_sub(k, pages_per_huge_page(k, h), mm);
    page_remove_rmap(k, page, vma, true);
    // tlb_remove_page_size():
    if (__tlb_remove_page(k, tlb, page)) tlb_flush_mmu(k, tlb);
    if (ref_page !== NULL) break;
  }
}

/** @param unmap the area goes: its lock, too */
export function __unmap_hugepage_range_final(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
  unmap: boolean,
): void {
  __unmap_hugepage_range(k, tlb, vma, start, end, NULL);
  if (unmap) hugetlb_vma_lock_free(k, vma);
}

export function unmap_hugepage_range(
  k: Kernel,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
  ref_page: Page,
): void {
  const tlb: MmuGather = tlb_gather_mmu(k, k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm)));
  __unmap_hugepage_range(k, tlb, vma, start, end, ref_page);
  tlb_finish_mmu(k, tlb);
}

/** The page is taken from areas that own no reservation, so that the one that does gets a page. */
function unmap_ref_private(k: Kernel, vma: VmAreaStruct, page: Page, address: VirtAddr): void {
  const h: Hstate = hstate_vma(k, vma);
  const haddr: VirtAddr = hugeStart(k, h, address);
  const start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  const pgoff: ULong = (haddr - start) / PAGE_SIZE + vm_pgoff;
  const mapping: AddressSpace = hugeMapping(k, vma);
  for (
    let iter_vma: VmAreaStruct = vma_interval_tree_iter_first(
      k,
      areasOfFile(k, mapping),
      pgoff,
      pgoff,
    );
    iter_vma !== NULL;
    iter_vma = vma_interval_tree_iter_next(k, iter_vma, pgoff, pgoff)
  ) {
    if (iter_vma === vma || (flagsOf(k, iter_vma) & VM_MAYSHARE) !== 0) continue;
    if (!isResvOwner(k, iter_vma))
      unmap_hugepage_range(k, iter_vma, haddr, nextHuge(k, h, haddr), page);
  }
}
linkUnmapRefPrivate(unmap_ref_private);

// --- mprotect() ----------------------------------------------------------------------------------------------------------

/** How many small pages have another protection. */
export function hugetlb_change_protection(
  k: Kernel,
  vma: VmAreaStruct,
  address: VirtAddr,
  end: VirtAddr,
  newprot: PteVal,
): ULong {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const h: Hstate = hstate_vma(k, vma);
  const start: VirtAddr = address;
  let pages: ULong = 0;
  for (; address < end; address = nextHuge(k, h, address)) {
    const ptep: Pte = huge_pte_offset(k, mm, address, huge_page_size(k, h));
    if (ptep === NULL) continue;
    const old_pte: PteVal = k.read_pte(ptep);
    if (pte_none(k, old_pte)) continue;
    set_pte(k, ptep, NO_PTE);
    set_pte(k, ptep, pte_mkhuge(pte_modify(k, old_pte, newprot)));
    pages += pages_per_huge_page(k, h);
  }
  // flush_hugetlb_tlb_range(): entries may say less now.
  flush_tlb_mm_range(k, mm, start, end);
  return pages;
}

// --- get_user_pages() ----------------------------------------------------------------------------------------------------

const subpageAt = (k: Kernel, h: Hstate, head: Page, address: VirtAddr): Page =>
  nth_page(k, head, Math.floor((address % huge_page_size(k, h)) / PAGE_SIZE));

/** follow_page() of an area of hugetlbfs. NULL: nothing is mapped. */
export function follow_huge_pmd_pte(
  k: Kernel,
  vma: VmAreaStruct,
  address: VirtAddr,
  flags: Int,
): Page {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const h: Hstate = hstate_vma(k, vma);
  const ptep: Pte = huge_pte_offset(k, mm, address, huge_page_size(k, h));
  if (ptep === NULL) return NULL;
  const pte: PteVal = k.read_pte(ptep);
  if (!pte_present(pte)) return NULL;
  const page: Page = subpageAt(k, h, pmd_page(k, pte), address);
  return try_grab_page(k, page, flags) ? page : NULL;
}

/** follow_page() of a gigantic page, at its entry of puds. NULL: nothing is mapped. */
export function follow_huge_pud(k: Kernel, address: VirtAddr, pud: Pud, flags: Int): Page {
  const pudval: PteVal = k.read_pte(pud);
  if (!pud_huge(k, pudval) || !pte_present(pudval)) return NULL;
  const offset: ULong = Math.floor((address % 2 ** k.PUD_SHIFT) / PAGE_SIZE);
  const page: Page = nth_page(k, pud_page(k, pudval), offset);
  return try_grab_page(k, page, flags) ? page : NULL;
}

/** The page of one address, faulted in where that is needed, with the reference that `flags` ask for; or an error. */
export function follow_hugetlb_page(
  k: Kernel,
  mm: MmStruct,
  vma: VmAreaStruct,
  vaddr: VirtAddr,
  flags: Int,
): Page {
  const h: Hstate = hstate_vma(k, vma);
  for (;;) {
    const pte: Pte = huge_pte_offset(k, mm, hugeStart(k, h, vaddr), huge_page_size(k, h));
    const pteval: PteVal = pte === NULL ? NO_PTE : k.read_pte(pte);
    const absent = pte_none(k, pteval);
    if (absent && (flags & k.FOLL_DUMP) !== 0) return asCell(-EFAULT);
    let unshare = false;
    let must = absent;
    // __follow_hugetlb_must_fault():
    if (!absent && !pte_write(pteval)) {
      unshare = (flags & k.FOLL_WRITE) === 0 && gup_must_unshare(k, flags, pmd_page(k, pteval));
      must = unshare || (flags & k.FOLL_WRITE) !== 0;
    }
    if (!must) {
      const page: Page = subpageAt(k, h, pmd_page(k, pteval), vaddr);
      return try_grab_page(k, page, flags) ? page : asCell(-ENOMEM);
    }
    let fault_flags: Int = 0;
    if ((flags & k.FOLL_WRITE) !== 0) fault_flags |= k.FAULT_FLAG_WRITE;
    else if (unshare) fault_flags |= k.FAULT_FLAG_UNSHARE;
    const ret: VmFault_t = hugetlb_fault(k, mm, vma, vaddr, fault_flags);
    if ((ret & VM_FAULT_ERROR(k)) !== 0)
      return asCell((ret & k.VM_FAULT_OOM) !== 0 ? -ENOMEM : -EFAULT);
  }
}
