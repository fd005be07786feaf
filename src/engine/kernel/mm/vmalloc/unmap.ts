/**
 * Clearing what is mapped in the kernel's tables. The tables stay.
 *
 * Left out: entries that are bad (pmd_none_or_clear_bad and its like); cond_resched: a purge would run in the middle.
 *
 * Source: Linux 6.1 mm/vmalloc.c: vunmap_pte_range() to vunmap_range_noflush().
 */
import type { Int, P4d, Pgd, Pmd, Pte, Pud, Out } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { p4d_none, pgd_none, pmd_none, pud_none } from '../../arch/x86/include/asm/pgtable.h.js';
import {
  ARCH_PAGE_TABLE_SYNC_MASK,
  arch_sync_kernel_mappings,
} from '../../arch/x86/mm/fault/fault.js';
import { pmd_clear_huge, pud_clear_huge } from '../../arch/x86/mm/pgtable/huge_vmap.js';
import {
  p4d_addr_end,
  p4d_offset,
  pgd_addr_end,
  pgd_offset_k,
  PGTBL_PMD_MODIFIED,
  PGTBL_PTE_MODIFIED,
  PGTBL_PUD_MODIFIED,
  pmd_addr_end,
  pmd_offset,
  pte_offset_kernel,
  ptep_get_and_clear,
  pud_addr_end,
  pud_offset,
} from '../../include/linux/pgtable.h.js';

/** Entries may be empty: an area whose mapping failed halfway is unmapped like any other. */
function vunmap_pte_range(
  k: Kernel,
  pmd: Pmd,
  addr: VirtAddr,
  end: VirtAddr,
  mask: Out<Int>,
): void {
  let pte: Pte = pte_offset_kernel(k, pmd, addr);
  for (; addr !== end; pte = asCell(pte + k.pte_words), addr = asVirt(addr + PAGE_SIZE))
    ptep_get_and_clear(k, pte);
  mask.value |= PGTBL_PTE_MODIFIED;
}

function vunmap_pmd_range(
  k: Kernel,
  pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
  mask: Out<Int>,
): void {
  let next: VirtAddr;
  let pmd: Pmd = pmd_offset(k, pud, addr);
  for (; addr !== end; pmd = asCell(pmd + k.pte_words), addr = next) {
    next = pmd_addr_end(k, addr, end);
    // A leaf goes whole: an area is never unmapped in part, and no two share an entry.
    if (pmd_clear_huge(k, pmd) !== 0) {
      mask.value |= PGTBL_PMD_MODIFIED;
      continue;
    }
    // No table: the mapping failed before it got here.
    if (pmd_none(k, k.read_pte(pmd))) continue;
    vunmap_pte_range(k, pmd, addr, next, mask);
  }
}

/** As vunmap_pmd_range(), with leaves of 1 GiB. */
function vunmap_pud_range(
  k: Kernel,
  p4d: P4d,
  addr: VirtAddr,
  end: VirtAddr,
  mask: Out<Int>,
): void {
  let next: VirtAddr;
  let pud: Pud = pud_offset(k, p4d, addr);
  for (; addr !== end; pud = asCell(pud + k.pte_words), addr = next) {
    next = pud_addr_end(k, addr, end);
    if (pud_clear_huge(k, pud) !== 0) {
      mask.value |= PGTBL_PUD_MODIFIED;
      continue;
    }
    if (pud_none(k, k.read_pte(pud))) continue;
    vunmap_pmd_range(k, pud, addr, next, mask);
  }
}

function vunmap_p4d_range(
  k: Kernel,
  pgd: Pgd,
  addr: VirtAddr,
  end: VirtAddr,
  mask: Out<Int>,
): void {
  let next: VirtAddr;
  let p4d: P4d = p4d_offset(k, pgd, addr);
  for (; addr !== end; p4d = asCell(p4d + k.pte_words), addr = next) {
    next = p4d_addr_end(k, addr, end);
    if (p4d_none(k, k.read_pte(p4d))) continue;
    vunmap_pud_range(k, p4d, addr, next, mask);
  }
}

/** Unmaps `[start, end)`. The TLB is to be flushed before the addresses are used again. */
export function vunmap_range_noflush(k: Kernel, start: VirtAddr, end: VirtAddr): void {
  let next: VirtAddr;
  let addr: VirtAddr = start;
  const mask: Out<Int> = { value: 0 };
  let pgd: Pgd = pgd_offset_k(k, addr);
  for (; addr !== end; pgd = asCell(pgd + k.pte_words), addr = next) {
    next = pgd_addr_end(k, addr, end);
    if (pgd_none(k, k.read_pte(pgd))) continue;
    vunmap_p4d_range(k, pgd, addr, next, mask);
  }
  // A huge leaf that was cleared lies on an upper level, of which other address spaces may have a copy.
  if ((mask.value & ARCH_PAGE_TABLE_SYNC_MASK(k)) !== 0) arch_sync_kernel_mappings(k, start);
}
