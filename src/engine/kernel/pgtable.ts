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
  asCell,
  asPhys,
  PAGE_SIZE,
  type Cell,
  type PhysAddr,
  type VirtAddr,
} from '../memory/address.js';
import { indexAt } from '../x86/paging.js';
import type { LevelFormat, LevelName } from '../x86/formats.js';
import type { Mm } from './mm.js';
import {
  pgtable_levels,
  pmd_large,
  pte_none,
  pte_pfn,
  pte_present,
  ptep_get,
} from './pgtable_types.js';
import {
  NULL,
  type MmStruct,
  type P4d,
  type Page,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
} from './types.js';

export const init_mm = (k: Mm): MmStruct => k.symbol('init_mm');

const levelNamed = (k: Mm, name: LevelName): LevelFormat | undefined =>
  pgtable_levels(k).find((level) => level.name === name);

/** The cell of the entry that `address` selects in the table at `table`. */
const entry_in = (k: Mm, level: LevelFormat, table: Cell, address: VirtAddr): Cell =>
  asCell(table + indexAt(level, address) * k.pte_words);

/** mm->pgd */
export const mm_pgd = (k: Mm, mm: MmStruct): Pgd => k.read_ptr(mm + k.mm_struct_pgd);

export function pgd_offset_pgd(k: Mm, pgd: Pgd, address: VirtAddr): Pgd {
  return entry_in(k, pgtable_levels(k)[0]!, pgd, address);
}

export function pgd_offset(k: Mm, mm: MmStruct, address: VirtAddr): Pgd {
  return pgd_offset_pgd(k, mm_pgd(k, mm), address);
}

export function pgd_offset_k(k: Mm, address: VirtAddr): Pgd {
  return pgd_offset(k, init_mm(k), address);
}

/** The table that an entry leads to; NULL where there is no memory. */
export function entry_page_vaddr(k: Mm, entry: Cell): Cell {
  return k.memory.cell(asPhys(pte_pfn(k, ptep_get(k, entry)) * PAGE_SIZE));
}

/** The entry of the next level, or the same where that level is folded. */
function next_offset(k: Mm, name: LevelName, above: Cell, address: VirtAddr): Cell {
  const level = levelNamed(k, name);
  if (level === undefined) return above;
  const table = entry_page_vaddr(k, above);
  return table === NULL ? NULL : entry_in(k, level, table, address);
}

export function p4d_offset(k: Mm, pgd: Pgd, address: VirtAddr): P4d {
  return next_offset(k, 'P4D', pgd, address);
}

export function pud_offset(k: Mm, p4d: P4d, address: VirtAddr): Pud {
  return next_offset(k, 'PUD', p4d, address);
}

export function pmd_offset(k: Mm, pud: Pud, address: VirtAddr): Pmd {
  return next_offset(k, 'PMD', pud, address);
}

export function pte_offset_kernel(k: Mm, pmd: Pmd, address: VirtAddr): Pte {
  return next_offset(k, 'PTE', pmd, address);
}

/** The pte of a kernel address; NULL where it has no table. */
export function virt_to_kpte(k: Mm, vaddr: VirtAddr): Pte {
  const found = lookup_address(k, vaddr);
  return found?.level.name === 'PTE' ? found.pte : NULL;
}

/** Whether a level exists in this build; a folded one is always populated. */
export const level_is_folded = (k: Mm, name: LevelName): boolean =>
  levelNamed(k, name) === undefined;

/** The entry that maps an address, on whatever level; NULL where a level above is empty. */
export interface Lookup {
  readonly pte: Pte;
  readonly level: LevelFormat;
}

export function lookup_address_in_pgd(k: Mm, pgd: Pgd, address: VirtAddr): Lookup | undefined {
  let table: Cell = pgd;
  for (const level of pgtable_levels(k)) {
    const entry = entry_in(k, level, table, address);
    const value = ptep_get(k, entry);
    if (level.name === 'PTE') return { pte: entry, level };
    if (pte_none(value)) return undefined;
    if (level.mapsPage === 'with PSE' && (pmd_large(value) || !pte_present(value)))
      return { pte: entry, level };
    table = entry_page_vaddr(k, entry);
    if (table === NULL) return undefined;
  }
  return undefined;
}

export function lookup_address(k: Mm, address: VirtAddr): Lookup | undefined {
  return lookup_address_in_pgd(k, mm_pgd(k, init_mm(k)), address);
}

/** Where the kernel's tables lead, whatever kind of address; undefined where the kernel would BUG: nothing is mapped. */
export function slow_virt_to_phys(k: Mm, address: VirtAddr): PhysAddr | undefined {
  const found = lookup_address(k, address);
  if (found === undefined || !pte_present(ptep_get(k, found.pte))) return undefined;
  const size = 2 ** found.level.shift;
  const page = pte_pfn(k, ptep_get(k, found.pte)) * PAGE_SIZE;
  const start = Math.floor(page / size) * size;
  return asPhys(start + (address - Math.floor(address / size) * size));
}

/** The page behind an address of vmalloc space, or of any other place that page tables back; NULL where none is. */
export function vmalloc_to_page(k: Mm, vmalloc_addr: VirtAddr): Page {
  const phys = slow_virt_to_phys(k, vmalloc_addr);
  return phys === undefined ? NULL : k.pfn_to_page(Math.floor(phys / PAGE_SIZE));
}
