/**
 * Unmapping: the entries of a range are cleared, their pages counted out and gathered to be freed; then the tables that nobody needs.
 *
 * Left out: swap entries, userfaultfd, VM_PFNMAP.
 * Source: Linux 6.1 mm/memory.c: free_pte_range() to free_pgtables(), zap_pte_range() to zap_page_range_single().
 */
import {
  type Int,
  type MapleTree,
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
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { NO_PTE } from '../../../machine/pteWords.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import {
  p4d_none,
  pgd_none,
  pmd_clear,
  pmd_none,
  pmd_page,
  pmd_trans_huge,
  pte_clear,
  pte_dirty,
  pte_none,
  pte_present,
  pte_young,
  pud_clear,
  pud_none,
  set_p4d,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { ALIGN_DOWN } from '../../include/linux/align.h.js';
import { HPAGE_PMD_SIZE, is_swap_pmd } from '../../include/linux/huge_mm.h.js';
import { is_vm_hugetlb_page } from '../../include/linux/hugetlb.h.js';
import { MA_STATE, type MaState, ULONG_MAX } from '../../include/linux/maple_tree.h.js';
import { mm_dec_nr_pmds, mm_dec_nr_ptes, mm_dec_nr_puds } from '../../include/linux/mm.h.js';
import { VM_SEQ_READ } from '../../include/linux/mm_types.h.js';
import { page_folio, PageAnon } from '../../include/linux/page-flags.h.js';
import {
  p4d_offset,
  pgd_addr_end,
  pgd_offset,
  PGDIR_SIZE,
  pmd_addr_end,
  PMD_SIZE,
  pmd_offset,
  pte_offset_map,
  pud_addr_end,
  PUD_SIZE,
  pud_offset,
} from '../../include/linux/pgtable.h.js';
import {
  is_migration_entry,
  pfn_swap_entry_to_page,
  pte_to_swp_entry,
  type SwpEntry,
} from '../../include/linux/swapops.h.js';
import { mas_find } from '../../lib/maple_tree/find.js';
import { zap_huge_pmd } from '../huge_memory/pmd.js';
import { __split_huge_pmd } from '../huge_memory/split_pmd.js';
import { __unmap_hugepage_range_final } from '../hugetlb/hugetlb.js';
import { unlink_file_vma } from '../mmap/link.js';
import {
  __tlb_remove_page,
  type MmuGather,
  pmd_free_tlb,
  pte_free_tlb,
  pud_free_tlb,
  tlb_finish_mmu,
  tlb_flush_mmu,
  tlb_flush_pte_range,
  tlb_gather_mmu,
} from '../mmu_gather.js';
import { unlink_anon_vmas } from '../rmap/anon_vma.js';
import { page_remove_rmap } from '../rmap/rmap.js';
import { folio_mark_accessed } from '../swap/batches.js';
import { lru_add_drain } from '../swap/lru_add_drain.js';
import { add_mm_rss_vec, mm_counter } from './rss.js';
import { set_page_dirty, vm_normal_page } from './wp.js';

/** The areas of a whole tree, in order. Where Linux walks a tree, what is unmapped is a list here: the areas that go. */
export const areasOf = (k: Kernel, mt: MapleTree): VmAreaStruct[] => {
  const vmas: VmAreaStruct[] = [];
  const mas: MaState = MA_STATE(k, mt, 0, 0);
  for (
    let vma: VmAreaStruct = mas_find(k, mas, ULONG_MAX(k));
    vma !== NULL;
    vma = mas_find(k, mas, ULONG_MAX(k))
  )
    vmas.push(vma);
  return vmas;
};

// --- tables --------------------------------------------------------------------------------------------------------------

/** A level that this build folds has one entry, which is never cleared. */
const hasPmd = (k: Kernel): boolean => k.pte_words === 2;
const hasPud = (k: Kernel): boolean => k.wide;

/** Whether a table that covers [start, start + size) has nothing outside of [floor, ceiling) to keep. 0 is the end of all addresses. */
const isUnused = (start: ULong, end: ULong, floor: ULong, ceiling: ULong, size: ULong): boolean => {
  const from: ULong = ALIGN_DOWN(start, size);
  if (from < floor) return false;
  if (ceiling !== 0) {
    ceiling = ALIGN_DOWN(ceiling, size);
    if (ceiling === 0) return false;
  }
  return ceiling === 0 || end - 1 <= ceiling - 1;
};

function free_pte_range(k: Kernel, tlb: MmuGather, pmd: Pmd): void {
  const token: Page = pmd_page(k, k.read_pte(pmd));
  pmd_clear(k, pmd);
  pte_free_tlb(k, tlb, token);
  mm_dec_nr_ptes(k, tlb.mm);
}

function free_pmd_range(
  k: Kernel,
  tlb: MmuGather,
  pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
  floor: ULong,
  ceiling: ULong,
): void {
  const start: VirtAddr = addr;
  let pmd: Pmd = pmd_offset(k, pud, addr);
  for (let next: VirtAddr; addr !== end; pmd = asCell(pmd + k.pte_words), addr = next) {
    next = pmd_addr_end(k, addr, end);
    if (!pmd_none(k, k.read_pte(pmd))) free_pte_range(k, tlb, pmd);
  }
  if (!hasPmd(k) || !isUnused(start, end, floor, ceiling, PUD_SIZE(k))) return;
  pmd = pmd_offset(k, pud, asVirt(ALIGN_DOWN(start, PUD_SIZE(k))));
  pud_clear(k, pud);
  pmd_free_tlb(k, tlb, pmd);
  mm_dec_nr_pmds(k, tlb.mm);
}

function free_pud_range(
  k: Kernel,
  tlb: MmuGather,
  p4d: P4d,
  addr: VirtAddr,
  end: VirtAddr,
  floor: ULong,
  ceiling: ULong,
): void {
  const start: VirtAddr = addr;
  let pud: Pud = pud_offset(k, p4d, addr);
  for (let next: VirtAddr; addr !== end; pud = asCell(pud + k.pte_words), addr = next) {
    next = pud_addr_end(k, addr, end);
    if (!pud_none(k, k.read_pte(pud))) free_pmd_range(k, tlb, pud, addr, next, floor, ceiling);
  }
  if (!hasPud(k) || !isUnused(start, end, floor, ceiling, PGDIR_SIZE(k))) return;
  pud = pud_offset(k, p4d, asVirt(ALIGN_DOWN(start, PGDIR_SIZE(k))));
  set_p4d(k, p4d, NO_PTE);
  pud_free_tlb(k, tlb, pud);
  mm_dec_nr_puds(k, tlb.mm);
}

/** Frees the tables of [addr, end), and those above that have nothing in [floor, ceiling) any more. Left out: five levels. */
function free_pgd_range(
  k: Kernel,
  tlb: MmuGather,
  addr: VirtAddr,
  end: VirtAddr,
  floor: ULong,
  ceiling: ULong,
): void {
  // Whole tables of ptes: what the neighbours need of the first and the last one stays.
  addr = asVirt(ALIGN_DOWN(addr, PMD_SIZE(k)));
  if (addr < floor) addr = asVirt(addr + PMD_SIZE(k));
  if (ceiling !== 0) {
    ceiling = ALIGN_DOWN(ceiling, PMD_SIZE(k));
    if (ceiling === 0) return;
    if (end - 1 > ceiling - 1) end = asVirt(end - PMD_SIZE(k));
  }
  if (addr > end - 1) return;
  let pgd: Pgd = pgd_offset(k, tlb.mm, addr);
  for (let next: VirtAddr; ; pgd = asCell(pgd + k.pte_words), addr = next) {
    next = pgd_addr_end(k, addr, end);
    if (!pgd_none(k, k.read_pte(pgd))) {
      const p4d: P4d = p4d_offset(k, pgd, addr);
      if (!p4d_none(k, k.read_pte(p4d))) free_pud_range(k, tlb, p4d, addr, next, floor, ceiling);
    }
    if (next === end) break;
  }
}

/** Areas in order leave their anon_vmas and files, and their tables go. */
export function free_pgtables(
  k: Kernel,
  tlb: MmuGather,
  vmas: readonly VmAreaStruct[],
  floor: ULong,
  ceiling: ULong,
): void {
  const endOf = (area: VmAreaStruct): VirtAddr => k.read_va(k.plus(area, k.vm_area_struct.vm_end));
  const startOf = (area: VmAreaStruct): VirtAddr =>
    k.read_va(k.plus(area, k.vm_area_struct.vm_start));
  let i: Int = 0;
  while (i < vmas.length) {
    let vma: VmAreaStruct = vmas[i]!;
    const addr: VirtAddr = startOf(vma);
    unlink_anon_vmas(k, vma);
    unlink_file_vma(k, vma);
    i++;
    // Areas that are near are done in one go: they share tables.
    while (
      !is_vm_hugetlb_page(k, vma) &&
      i < vmas.length &&
      startOf(vmas[i]!) <= endOf(vma) + PMD_SIZE(k) &&
      !is_vm_hugetlb_page(k, vmas[i]!)
    ) {
      vma = vmas[i]!;
      unlink_anon_vmas(k, vma);
      unlink_file_vma(k, vma);
      i++;
    }
    const next: ULong = i < vmas.length ? startOf(vmas[i]!) : ceiling;
    free_pgd_range(k, tlb, addr, endOf(vma), floor, next);
  }
}

// --- entries -------------------------------------------------------------------------------------------------------------

/** What is to be spared. `even_cows`: not even private copies are. */
export interface ZapDetails {
  readonly even_cows: boolean;
}

function should_zap_page(k: Kernel, details: ZapDetails | undefined, page: Page): boolean {
  // Whoever takes everything, takes the page of zeros as well.
  if (details === undefined || details.even_cows || page === NULL) return true;
  return !PageAnon(k, page);
}

/** An entry that is not present: of a page that is being migrated. Its mapping was counted out before. Left out: swap entries. */
function zapNonPresent(
  k: Kernel,
  pte: Pte,
  ptent: PteVal,
  rss: Int[],
  details: ZapDetails | undefined,
): void {
  const entry: SwpEntry = pte_to_swp_entry(k, ptent);
  if (is_migration_entry(entry)) {
    const page: Page = pfn_swap_entry_to_page(k, entry);
    if (!should_zap_page(k, details, page)) return;
    const counter: Int = mm_counter(k, page);
    rss[counter] = rss[counter]! - 1;
  }
  pte_clear(k, pte);
}

function zap_pte_range(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  pmd: Pmd,
  addr: VirtAddr,
  end: VirtAddr,
  details?: ZapDetails,
): void {
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  again: for (;;) {
    let force_flush = false;
    const rss: Int[] = new Array<Int>(k.NR_MM_COUNTERS).fill(0);
    let pte: Pte = pte_offset_map(k, pmd, addr);
    for (; addr !== end; pte = asCell(pte + k.pte_words), addr = asVirt(addr + PAGE_SIZE)) {
      const ptent: PteVal = k.read_pte(pte);
      if (pte_none(k, ptent)) continue;
      if (!pte_present(ptent)) {
        zapNonPresent(k, pte, ptent, rss, details);
        continue;
      }
      const page: Page = vm_normal_page(k, vma, ptent);
      if (!should_zap_page(k, details, page)) continue;
      pte_clear(k, pte);
      tlb_flush_pte_range(tlb, addr, PAGE_SIZE);
      // The page of zeros has no count.
      if (page === NULL) continue;
      if (!PageAnon(k, page)) {
        if (pte_dirty(ptent)) {
          // The file learns it before the page can be found clean.
          force_flush = true;
          set_page_dirty(k, page);
        }
        if (pte_young(ptent) && (vm_flags & VM_SEQ_READ) === 0)
          folio_mark_accessed(k, page_folio(k, page));
      }
      const counter: Int = mm_counter(k, page);
      rss[counter] = rss[counter]! - 1;
      page_remove_rmap(k, page, vma, false);
      if (__tlb_remove_page(k, tlb, page)) {
        force_flush = true;
        addr = asVirt(addr + PAGE_SIZE);
        break;
      }
    }
    add_mm_rss_vec(k, tlb.mm, rss);
    if (force_flush) tlb_flush_mmu(k, tlb);
    if (addr !== end) continue again;
    return;
  }
}

function zap_pmd_range(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
  details?: ZapDetails,
): void {
  let pmd: Pmd = pmd_offset(k, pud, addr);
  for (let next: VirtAddr; addr !== end; pmd = asCell(pmd + k.pte_words), addr = next) {
    next = pmd_addr_end(k, addr, end);
    const pmdval: PteVal = k.read_pte(pmd);
    if (is_swap_pmd(k, pmdval) || pmd_trans_huge(pmdval)) {
      // Only a part of it goes: the rest is mapped bit by bit from here on.
      if (next - addr !== HPAGE_PMD_SIZE(k)) __split_huge_pmd(k, vma, pmd, addr, false, NULL);
      else if (zap_huge_pmd(k, tlb, vma, pmd, addr)) continue;
    }
    if (!pmd_none(k, k.read_pte(pmd))) zap_pte_range(k, tlb, vma, pmd, addr, next, details);
  }
}

function zap_pud_range(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  p4d: P4d,
  addr: VirtAddr,
  end: VirtAddr,
  details?: ZapDetails,
): void {
  let pud: Pud = pud_offset(k, p4d, addr);
  for (let next: VirtAddr; addr !== end; pud = asCell(pud + k.pte_words), addr = next) {
    next = pud_addr_end(k, addr, end);
    if (!pud_none(k, k.read_pte(pud))) zap_pmd_range(k, tlb, vma, pud, addr, next, details);
  }
}

function unmap_page_range(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  addr: VirtAddr,
  end: VirtAddr,
  details?: ZapDetails,
): void {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  let pgd: Pgd = pgd_offset(k, mm, addr);
  for (let next: VirtAddr; addr !== end; pgd = asCell(pgd + k.pte_words), addr = next) {
    next = pgd_addr_end(k, addr, end);
    if (pgd_none(k, k.read_pte(pgd))) continue;
    const p4d: P4d = p4d_offset(k, pgd, addr);
    if (!p4d_none(k, k.read_pte(p4d))) zap_pud_range(k, tlb, vma, p4d, addr, next, details);
  }
}

/** What of an area lies in [start_addr, end_addr). @param unmap ZAP_FLAG_UNMAP: the area itself goes */
function unmap_single_vma(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  start_addr: VirtAddr,
  end_addr: ULong,
  details?: ZapDetails,
  unmap = false,
): void {
  const vm_start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
  const start: ULong = Math.max(vm_start, start_addr);
  const end: ULong = Math.min(vm_end, end_addr);
  if (start >= end) return;
  if (is_vm_hugetlb_page(k, vma))
    __unmap_hugepage_range_final(k, tlb, vma, asVirt(start), asVirt(end), unmap);
  else unmap_page_range(k, tlb, vma, asVirt(start), asVirt(end), details);
}

/** Areas in order. */
export function unmap_vmas(
  k: Kernel,
  tlb: MmuGather,
  vmas: readonly VmAreaStruct[],
  start_addr: VirtAddr,
  end_addr: ULong,
): void {
  for (const vma of vmas) unmap_single_vma(k, tlb, vma, start_addr, end_addr, undefined, true);
}

/** Empties a range of an area, which stays. */
export function zap_page_range_single(
  k: Kernel,
  vma: VmAreaStruct,
  address: VirtAddr,
  size: ULong,
  details?: ZapDetails,
): void {
  lru_add_drain(k);
  const tlb: MmuGather = tlb_gather_mmu(k, k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm)));
  unmap_single_vma(k, tlb, vma, address, address + size, details);
  tlb_finish_mmu(k, tlb);
}
