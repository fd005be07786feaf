/**
 * Changing what an area allows: its flags, merged or split as they ask for, and the entries of its pages.
 *
 * Left out: pkeys, swap entries, NUMA hinting, userfaultfd, security modules, arch_validate_flags.
 * Source: Linux 6.1 mm/mprotect.c: can_change_pte_writable(), change_pte_range() to change_protection(), mprotect_fixup(),
 * do_mprotect_pkey().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type P4d,
  type Page,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
  type Out,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { NO_PTE } from '../../machine/pteWords.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import {
  p4d_none,
  pgd_none,
  pmd_none,
  pmd_trans_huge,
  pte_dirty,
  pte_mkwrite,
  pte_modify,
  pte_present,
  pte_write,
  pud_none,
  set_pte,
} from '../arch/x86/include/asm/pgtable.h.js';
import { _PAGE_PRESENT, type PteVal } from '../arch/x86/include/asm/pgtable_types.h.js';
import { EACCES, EINVAL, ENOMEM } from '../include/linux/errno.h.js';

import {
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  VM_ACCESS_FLAGS,
  VM_ACCOUNT,
  VM_HUGETLB,
  VM_LOCKED,
  VM_NORESERVE,
  VM_SHARED,
  VM_WRITE,
} from '../include/linux/mm_types.h.js';
import { PageAnon } from '../include/linux/page-flags.h.js';
import {
  p4d_offset,
  pgd_addr_end,
  pgd_offset,
  pmd_addr_end,
  pmd_offset,
  pte_offset_map,
  pud_addr_end,
  pud_offset,
} from '../include/linux/pgtable.h.js';
import { HPAGE_PMD_NR, HPAGE_PMD_SIZE, is_swap_pmd } from '../include/linux/huge_mm.h.js';
import { is_vm_hugetlb_page } from '../include/linux/hugetlb.h.js';
import { change_huge_pmd } from './huge_memory/pmd.js';
import { __split_huge_pmd } from './huge_memory/split_pmd.js';
import { hugetlb_change_protection } from './hugetlb/hugetlb.js';
import { populate_vma_page_range } from './gup/populate.js';
import { vm_normal_page } from './memory/wp.js';
import { find_vma, find_vma_prev } from './mmap/find_vma.js';
import { vmaFile } from './mmap/link.js';
import { split_vma, vma_merge } from './mmap/merge.js';
import { vma_set_page_prot, withImpliedExec } from './mmap/mmap.js';
import { vm_stat_account } from './mmap/munmap.js';
import {
  type MmuGather,
  tlb_finish_mmu,
  tlb_flush_pte_range,
  tlb_gather_mmu,
} from './mmu_gather.js';
import { PageAnonExclusive } from './rmap/rmap.js';
import { __vm_enough_memory } from './util.js';

/** An entry may be made writable at once where no fault would have anything to do. */
export const MM_CP_TRY_CHANGE_WRITABLE = 1;

function can_change_pte_writable(k: Kernel, vma: VmAreaStruct, pte: PteVal): boolean {
  // pte_protnone(): not even for reading.
  if ((pte.low & _PAGE_PRESENT) === 0 || !pte_dirty(pte)) return false;
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  if ((vm_flags & VM_SHARED) !== 0) return true;
  // A page that others may have is copied by the fault.
  const page: Page = vm_normal_page(k, vma, pte);
  return page !== NULL && PageAnon(k, page) && PageAnonExclusive(k, page);
}

function change_pte_range(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  pmd: Pmd,
  addr: VirtAddr,
  end: VirtAddr,
  newprot: PteVal,
  cp_flags: Int,
): ULong {
  let pages: ULong = 0;
  let pte: Pte = pte_offset_map(k, pmd, addr);
  for (; addr !== end; pte = asCell(pte + k.pte_words), addr = asVirt(addr + PAGE_SIZE)) {
    const oldpte: PteVal = k.read_pte(pte);
    if (!pte_present(oldpte)) continue;
    // Cleared meanwhile: the processor could set A or D in it.
    set_pte(k, pte, NO_PTE);
    let ptent: PteVal = pte_modify(k, oldpte, newprot);
    if (
      (cp_flags & MM_CP_TRY_CHANGE_WRITABLE) !== 0 &&
      !pte_write(ptent) &&
      can_change_pte_writable(k, vma, ptent)
    )
      ptent = pte_mkwrite(ptent);
    set_pte(k, pte, ptent);
    tlb_flush_pte_range(tlb, addr, PAGE_SIZE);
    pages++;
  }
  return pages;
}

function change_pmd_range(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
  newprot: PteVal,
  cp_flags: Int,
): ULong {
  let pages: ULong = 0;
  let pmd: Pmd = pmd_offset(k, pud, addr);
  for (let next: VirtAddr; addr !== end; pmd = asCell(pmd + k.pte_words), addr = next) {
    next = pmd_addr_end(k, addr, end);
    const pmdval: PteVal = k.read_pte(pmd);
    if (is_swap_pmd(k, pmdval) || pmd_trans_huge(pmdval)) {
      if (next - addr === HPAGE_PMD_SIZE(k)) {
        const nr_ptes: Int = change_huge_pmd(k, tlb, pmd, addr, newprot);
        if (nr_ptes === HPAGE_PMD_NR(k)) pages += nr_ptes;
        continue;
      }
      __split_huge_pmd(k, vma, pmd, addr, false, NULL);
    }
    if (!pmd_none(k, k.read_pte(pmd)))
      pages += change_pte_range(k, tlb, vma, pmd, addr, next, newprot, cp_flags);
  }
  return pages;
}

function change_pud_range(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  p4d: P4d,
  addr: VirtAddr,
  end: VirtAddr,
  newprot: PteVal,
  cp_flags: Int,
): ULong {
  let pages: ULong = 0;
  let pud: Pud = pud_offset(k, p4d, addr);
  for (let next: VirtAddr; addr !== end; pud = asCell(pud + k.pte_words), addr = next) {
    next = pud_addr_end(k, addr, end);
    if (!pud_none(k, k.read_pte(pud)))
      pages += change_pmd_range(k, tlb, vma, pud, addr, next, newprot, cp_flags);
  }
  return pages;
}

/** The entries of [start, end): how many there are. */
export function change_protection(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
  newprot: PteVal,
  cp_flags: Int,
): ULong {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  if (is_vm_hugetlb_page(k, vma)) return hugetlb_change_protection(k, vma, start, end, newprot);
  let pages: ULong = 0;
  let addr: VirtAddr = start;
  let pgd: Pgd = pgd_offset(k, mm, addr);
  for (let next: VirtAddr; addr !== end; pgd = asCell(pgd + k.pte_words), addr = next) {
    next = pgd_addr_end(k, addr, end);
    if (pgd_none(k, k.read_pte(pgd))) continue;
    const p4d: P4d = p4d_offset(k, pgd, addr);
    if (!p4d_none(k, k.read_pte(p4d)))
      pages += change_pud_range(k, tlb, vma, p4d, addr, next, newprot, cp_flags);
  }
  return pages;
}

/** One area's part of the range. `*pprev` is the area that has it then. */
function mprotect_fixup(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  pprev: Out<VmAreaStruct>,
  start: VirtAddr,
  end: VirtAddr,
  newflags: VmFlags,
): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const oldflags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  const nrpages: ULong = (end - start) / PAGE_SIZE;
  if (newflags === oldflags) {
    pprev.value = vma;
    return 0;
  }
  // A private area that becomes writable will need memory of its own.
  if (
    (newflags & VM_WRITE) !== 0 &&
    (oldflags & (VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED | VM_NORESERVE)) === 0
  ) {
    if (__vm_enough_memory(k, nrpages) !== 0) return -ENOMEM;
    newflags |= VM_ACCOUNT;
  }
  const vm_start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  const pgoff: ULong = vm_pgoff + (start - vm_start) / PAGE_SIZE;
  const anon_vma = k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));
  const merged: VmAreaStruct = vma_merge(
    k,
    mm,
    pprev.value,
    start,
    end,
    newflags,
    anon_vma,
    vmaFile(k, vma),
    pgoff,
  );
  pprev.value = merged;
  if (merged !== NULL) {
    vma = merged;
  } else {
    pprev.value = vma;
    if (start !== vm_start) {
      const error: Int = split_vma(k, vma, start, true);
      if (error !== 0) return error;
    }
    if (end !== vm_end) {
      const error: Int = split_vma(k, vma, end, false);
      if (error !== 0) return error;
    }
  }
  // success:
  k.write(k.plus(vma, k.vm_area_struct.vm_flags), newflags);
  vma_set_page_prot(k, vma);
  // vma_wants_manual_pte_write_upgrade():
  const isShared = (newflags & VM_SHARED) !== 0;
  const mayUpgrade = (newflags & VM_WRITE) !== 0 && !isShared;
  const vm_page_prot: PteVal = k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot));
  const cp_flags: Int = mayUpgrade ? MM_CP_TRY_CHANGE_WRITABLE : 0;
  change_protection(k, tlb, vma, start, end, vm_page_prot, cp_flags);
  // A private area that is locked is written to beforehand: its pages must not have to be copied later.
  if ((oldflags & (VM_WRITE | VM_SHARED | VM_LOCKED)) === VM_LOCKED && (newflags & VM_WRITE) !== 0)
    populate_vma_page_range(k, vma, start, end);
  vm_stat_account(k, mm, oldflags, -nrpages);
  vm_stat_account(k, mm, newflags, nrpages);
  return 0;
}

/** mprotect(): the whole range must have areas, each of which may become what is asked for. */
export function mprotectRange(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  len: ULong,
  prot: Int,
): Int {
  if (start % PAGE_SIZE !== 0) return -EINVAL;
  if (len === 0) return 0;
  const end: VirtAddr = asVirt(start + Math.ceil(len / PAGE_SIZE) * PAGE_SIZE);
  if (end <= start) return -ENOMEM;
  prot = withImpliedExec(k, prot);
  const prev: Out<VmAreaStruct> = { value: NULL };
  let vma: VmAreaStruct = find_vma_prev(k, mm, start, prev);
  if (vma === NULL || k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start)) > start) return -ENOMEM;
  if (start > k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start))) prev.value = vma;

  const tlb: MmuGather = tlb_gather_mmu(k, mm);
  let error: Int;
  for (let nstart: VirtAddr = start; ;) {
    const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
    const newflags: VmFlags =
      (vm_flags & ~VM_ACCESS_FLAGS) | (prot & (PROT_READ | PROT_WRITE | PROT_EXEC));
    // VM_MAY* shifted down: what it must not become.
    if ((newflags & ~(newflags >> 4) & VM_ACCESS_FLAGS) !== 0) {
      error = -EACCES;
      break;
    }
    const vm_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
    const tmp: VirtAddr = asVirt(Math.min(vm_end, end));
    error = mprotect_fixup(k, tlb, vma, prev, nstart, tmp, newflags);
    if (error !== 0) break;
    nstart = asVirt(Math.max(tmp, k.read_ulong(k.plus(prev.value, k.vm_area_struct.vm_end))));
    if (nstart >= end) break;
    vma = find_vma(k, mm, k.read_va(k.plus(prev.value, k.vm_area_struct.vm_end)));
    if (vma === NULL || k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start)) !== nstart) {
      error = -ENOMEM;
      break;
    }
  }
  tlb_finish_mmu(k, tlb);
  return error;
}
