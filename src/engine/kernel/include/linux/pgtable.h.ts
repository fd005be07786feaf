/**
 * Walking the tables as the kernel does: from a pgd down to a pte, by pointers to entries.
 *
 *     pgd_offset ─> p4d_offset ─> pud_offset ─> pmd_offset ─> pte_offset_kernel
 *
 * A level that this build does not have is folded: its pointer is the one of the level above.
 *
 * Source: Linux 6.1 include/linux/pgtable.h, include/asm-generic/pgtable-nop4d.h, -nopud.h, -nopmd.h;
 * arch/x86/mm/pat/set_memory.c: lookup_address_in_pgd(), slow_virt_to_phys(); mm/vmalloc.c: vmalloc_to_page().
 */
import {
  type MmStruct,
  NULL,
  type P4d,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asPhys, type Cell, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import type { LevelFormat, LevelName } from '../../../x86/formats.js';
import { indexAt } from '../../../x86/paging.js';
import { pgtable_levels, pte_pfn, ptep_get } from '../../arch/x86/include/asm/pgtable.h.js';
import { init_mm } from '../../mm/init-mm.js';

const levelNamed = (k: Kernel, name: LevelName): LevelFormat | undefined =>
  pgtable_levels(k).find((level) => level.name === name);

/** The cell of the entry that `address` selects in the table at `table`. */
export const entry_in = (k: Kernel, level: LevelFormat, table: Cell, address: VirtAddr): Cell =>
  asCell(table + indexAt(level, address) * k.pte_words);

/** mm->pgd */
export const mm_pgd = (k: Kernel, mm: MmStruct): Pgd => k.read_ptr(mm + k.mm_struct.pgd);

export function pgd_offset_pgd(k: Kernel, pgd: Pgd, address: VirtAddr): Pgd {
  return entry_in(k, pgtable_levels(k)[0]!, pgd, address);
}

export function pgd_offset(k: Kernel, mm: MmStruct, address: VirtAddr): Pgd {
  return pgd_offset_pgd(k, mm_pgd(k, mm), address);
}

export function pgd_offset_k(k: Kernel, address: VirtAddr): Pgd {
  return pgd_offset(k, init_mm(k), address);
}

/** The table that an entry leads to; NULL where there is no memory. */
export function entry_page_vaddr(k: Kernel, entry: Cell): Cell {
  return k.memory.cell(asPhys(pte_pfn(k, ptep_get(k, entry)) * PAGE_SIZE));
}

/** The entry of the next level, or the same where that level is folded. */
function next_offset(k: Kernel, name: LevelName, above: Cell, address: VirtAddr): Cell {
  const level = levelNamed(k, name);
  if (level === undefined) return above;
  const table = entry_page_vaddr(k, above);
  return table === NULL ? NULL : entry_in(k, level, table, address);
}

export function p4d_offset(k: Kernel, pgd: Pgd, address: VirtAddr): P4d {
  return next_offset(k, 'P4D', pgd, address);
}

export function pud_offset(k: Kernel, p4d: P4d, address: VirtAddr): Pud {
  return next_offset(k, 'PUD', p4d, address);
}

export function pmd_offset(k: Kernel, pud: Pud, address: VirtAddr): Pmd {
  return next_offset(k, 'PMD', pud, address);
}

export function pte_offset_kernel(k: Kernel, pmd: Pmd, address: VirtAddr): Pte {
  return next_offset(k, 'PTE', pmd, address);
}

/** Whether a level exists in this build; a folded one is always populated. */
export const level_is_folded = (k: Kernel, name: LevelName): boolean =>
  levelNamed(k, name) === undefined;

/** PMD_SHIFT and the like; of a folded level what it is folded into. */
export const level_shift = (k: Kernel, name: LevelName): number =>
  (levelNamed(k, name) ?? pgtable_levels(k)[0]!).shift;
