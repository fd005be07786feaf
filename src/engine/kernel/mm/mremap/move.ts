/**
 * Moving the entries of a range of addresses to another one, a whole table at once where both lie at its boundaries. Frames stay where
 * they are.
 *
 * Left out: userfaultfd, soft-dirty bits (no build has them), the locks of rmap and of tables, mmu_notifier.
 * Source: Linux 6.1 mm/mremap.c: get_old_pud() to move_page_tables().
 */
import {
  NULL,
  type MmStruct,
  type P4d,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type ULong,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { pmd_populate, pud_populate } from '../../arch/x86/include/asm/pgalloc.h.js';
import {
  p4d_none,
  pgd_none,
  pmd_clear,
  pmd_none,
  pmd_page,
  pmd_trans_huge,
  pte_none,
  pte_present,
  pud_clear,
  pud_none,
  pud_pgtable,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { flush_tlb_mm_range } from '../../arch/x86/mm/tlb.js';
import {
  p4d_offset,
  pgd_offset,
  pmd_offset,
  PMD_SIZE,
  pte_offset_map,
  ptep_get_and_clear,
  pud_offset,
  PUD_SIZE,
} from '../../include/linux/pgtable.h.js';
import { is_swap_pmd } from '../../include/linux/huge_mm.h.js';
import { is_vm_hugetlb_page } from '../../include/linux/hugetlb.h.js';
import { move_hugetlb_page_tables } from '../hugetlb/move.js';
import { move_huge_pmd } from '../huge_memory/pmd.js';
import { split_huge_pmd } from '../huge_memory/split_pmd.js';
import { __pte_alloc, p4d_alloc, pmd_alloc, pud_alloc } from '../memory/memory.js';

const mmOf = (k: Kernel, vma: VmAreaStruct): MmStruct =>
  k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));

/** NULL: there is no table. */
function get_old_pud(k: Kernel, mm: MmStruct, addr: VirtAddr): Pud {
  const pgd: Pgd = pgd_offset(k, mm, addr);
  if (pgd_none(k, k.read_pte(pgd))) return NULL;
  const p4d: P4d = p4d_offset(k, pgd, addr);
  if (p4d_none(k, k.read_pte(p4d))) return NULL;
  const pud: Pud = pud_offset(k, p4d, addr);
  return pud_none(k, k.read_pte(pud)) ? NULL : pud;
}

function get_old_pmd(k: Kernel, mm: MmStruct, addr: VirtAddr): Pmd {
  const pud: Pud = get_old_pud(k, mm, addr);
  if (pud === NULL) return NULL;
  const pmd: Pmd = pmd_offset(k, pud, addr);
  return pmd_none(k, k.read_pte(pmd)) ? NULL : pmd;
}

/** Made where it is missing; NULL without memory. */
function alloc_new_pud(k: Kernel, mm: MmStruct, addr: VirtAddr): Pud {
  const pgd: Pgd = pgd_offset(k, mm, addr);
  return pud_alloc(k, mm, p4d_alloc(k, mm, pgd, addr), addr);
}

function alloc_new_pmd(k: Kernel, mm: MmStruct, addr: VirtAddr): Pmd {
  const pud: Pud = alloc_new_pud(k, mm, addr);
  return pud === NULL ? NULL : pmd_alloc(k, mm, pud, addr);
}

/** The entries of one table, one by one. */
function move_ptes(
  k: Kernel,
  vma: VmAreaStruct,
  old_pmd: Pmd,
  old_addr: VirtAddr,
  old_end: VirtAddr,
  new_pmd: Pmd,
  new_addr: VirtAddr,
): void {
  let force_flush = false;
  const start: VirtAddr = old_addr;
  let old_pte: Pte = pte_offset_map(k, old_pmd, old_addr);
  let new_pte: Pte = pte_offset_map(k, new_pmd, new_addr);
  for (
    ;
    old_addr < old_end;
    old_pte = asCell(old_pte + k.pte_words),
      new_pte = asCell(new_pte + k.pte_words),
      old_addr = asVirt(old_addr + PAGE_SIZE)
  ) {
    if (pte_none(k, k.read_pte(old_pte))) continue;
    const pte: PteVal = ptep_get_and_clear(k, old_pte);
    // The processor may still know the old place.
    if (pte_present(pte)) force_flush = true;
    set_pte(k, new_pte, pte);
  }
  if (force_flush) flush_tlb_mm_range(k, mmOf(k, vma), start, old_end);
}

/** A whole table of ptes. False: the new place has one. */
function move_normal_pmd(
  k: Kernel,
  vma: VmAreaStruct,
  old_addr: VirtAddr,
  old_pmd: Pmd,
  new_pmd: Pmd,
): boolean {
  if (!pmd_none(k, k.read_pte(new_pmd))) return false;
  const pmd: PteVal = k.read_pte(old_pmd);
  pmd_clear(k, old_pmd);
  pmd_populate(k, new_pmd, pmd_page(k, pmd));
  flush_tlb_mm_range(k, mmOf(k, vma), old_addr, asVirt(old_addr + PMD_SIZE(k)));
  return true;
}

/** A whole table of pmds: not where the level is folded. */
function move_normal_pud(
  k: Kernel,
  vma: VmAreaStruct,
  old_addr: VirtAddr,
  old_pud: Pud,
  new_pud: Pud,
): boolean {
  // CONFIG_PGTABLE_LEVELS > 2
  if (k.pte_words !== 2) return false;
  if (!pud_none(k, k.read_pte(new_pud))) return false;
  const pud: PteVal = k.read_pte(old_pud);
  pud_clear(k, old_pud);
  pud_populate(k, new_pud, pud_pgtable(k, pud));
  flush_tlb_mm_range(k, mmOf(k, vma), old_addr, asVirt(old_addr + PUD_SIZE(k)));
  return true;
}

/** How far one entry of a level reaches, of the old range and of the new one, at most up to the end. */
function get_extent(size: ULong, old_addr: VirtAddr, old_end: VirtAddr, new_addr: VirtAddr): ULong {
  const rest = (addr: VirtAddr): ULong => size - (addr % size);
  return Math.min(rest(old_addr), old_end - old_addr, rest(new_addr));
}

/** How many bytes it has moved: all, or as far as there was memory for tables. A huge entry of which a part moves is split first. */
export function move_page_tables(
  k: Kernel,
  vma: VmAreaStruct,
  old_addr: VirtAddr,
  new_vma: VmAreaStruct,
  new_addr: VirtAddr,
  len: ULong,
): ULong {
  if (len === 0) return 0;
  if (is_vm_hugetlb_page(k, vma)) return move_hugetlb_page_tables(k, vma, old_addr, new_addr, len);
  const old_end: VirtAddr = asVirt(old_addr + len);
  const mm: MmStruct = mmOf(k, vma);
  let extent!: ULong;
  for (
    ;
    old_addr < old_end;
    old_addr = asVirt(old_addr + extent), new_addr = asVirt(new_addr + extent)
  ) {
    extent = get_extent(PUD_SIZE(k), old_addr, old_end, new_addr);
    const old_pud: Pud = get_old_pud(k, mm, old_addr);
    if (old_pud === NULL) continue;
    const new_pud: Pud = alloc_new_pud(k, mm, new_addr);
    if (new_pud === NULL) break;
    if (extent === PUD_SIZE(k) && move_normal_pud(k, vma, old_addr, old_pud, new_pud)) continue;

    extent = get_extent(PMD_SIZE(k), old_addr, old_end, new_addr);
    const old_pmd: Pmd = get_old_pmd(k, mm, old_addr);
    if (old_pmd === NULL) continue;
    const new_pmd: Pmd = alloc_new_pmd(k, mm, new_addr);
    if (new_pmd === NULL) break;
    const pmd: PteVal = k.read_pte(old_pmd);
    if (is_swap_pmd(k, pmd) || pmd_trans_huge(pmd)) {
      if (extent === PMD_SIZE(k) && move_huge_pmd(k, vma, old_addr, old_pmd, new_pmd)) continue;
      split_huge_pmd(k, vma, old_pmd, old_addr);
    } else if (extent === PMD_SIZE(k) && move_normal_pmd(k, vma, old_addr, old_pmd, new_pmd)) {
      continue;
    }

    if (pmd_none(k, k.read_pte(new_pmd)) && __pte_alloc(k, mmOf(k, new_vma), new_pmd) !== 0) break;
    move_ptes(k, vma, old_pmd, old_addr, asVirt(old_addr + extent), new_pmd, new_addr);
  }
  return len + old_addr - old_end;
}
