/**
 * Walking the tables as the kernel does: from a pgd down to a pte, by pointers to entries.
 *
 *     pgd_offset ─> p4d_offset ─> pud_offset ─> pmd_offset ─> pte_offset_kernel
 *
 * A level that this build does not have is folded: its pointer is the one of the level above.
 *
 * Source: Linux 6.1 include/linux/pgtable.h; include/asm-generic/pgtable-nop4d.h, pgtable-nopud.h, pgtable-nopmd.h;
 * arch/x86/include/asm/pgtable.h: p4d_index(), p4d_offset().
 */
import {
  type MmStruct,
  NULL,
  type P4d,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { umin } from '../../../machine/ulong.js';
import {
  asCell,
  asVirt,
  type Cell,
  lowWord,
  PAGE_SHIFT,
  type VirtAddr,
} from '../../../memory/address.js';
import {
  p4d_pgtable,
  pgd_page_vaddr,
  pmd_none,
  pmd_page_vaddr,
  pte_clear,
  pud_pgtable,
} from '../../arch/x86/include/asm/pgtable.h.js';
import { pgtable_l5_enabled, type PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { ALIGN_DOWN } from './align.h.js';

/** pgtbl_mod_mask: on which levels entries changed. */
export const PGTBL_PGD_MODIFIED = 1 << 0;
export const PGTBL_P4D_MODIFIED = 1 << 1;
export const PGTBL_PUD_MODIFIED = 1 << 2;
export const PGTBL_PMD_MODIFIED = 1 << 3;
export const PGTBL_PTE_MODIFIED = 1 << 4;

const P4D_SHIFT = 39;

/** Whether this build has a level. Its constants are the build's, so that V8 knows the answer. */
const hasPud = (k: Kernel): boolean => k.wide;
const hasPmd = (k: Kernel): boolean => k.pte_words === 2;

export const PMD_SIZE = (k: Kernel): ULong => k.PMD_SIZE;
export const PUD_SIZE = (k: Kernel): ULong => k.PUD_SIZE;
export const PGDIR_SIZE = (k: Kernel): ULong => k.PGDIR_SIZE;

// --- the way down ------------------------------------------------------------------------------------------------------

export const pgd_index = (k: Kernel, address: VirtAddr): ULong =>
  Math.floor(address / k.PGDIR_SIZE) & (k.PTRS_PER_PGD - 1);

export function pud_index(k: Kernel, address: VirtAddr): ULong {
  return hasPud(k) ? Math.floor(address / k.PUD_SIZE) & (k.PTRS_PER_PTE - 1) : 0;
}

export function pmd_index(k: Kernel, address: VirtAddr): ULong {
  return hasPmd(k) ? (lowWord(address) >>> k.PMD_SHIFT) & (k.PTRS_PER_PTE - 1) : 0;
}

export function pte_index(k: Kernel, address: VirtAddr): ULong {
  return (lowWord(address) >>> PAGE_SHIFT) & (k.PTRS_PER_PTE - 1);
}

export function pgd_offset_pgd(k: Kernel, pgd: Pgd, address: VirtAddr): Pgd {
  return asCell(pgd + pgd_index(k, address) * k.pte_words);
}

export const pgd_offset = (k: Kernel, mm: MmStruct, address: VirtAddr): Pgd =>
  pgd_offset_pgd(k, k.read_ptr(mm + k.mm_struct.pgd), address);

export const pgd_offset_k = (k: Kernel, address: VirtAddr): Pgd =>
  pgd_offset(k, k.globals.init_mm, address);

/** A level of five: no build here has them. */
const p4d_index = (k: Kernel, address: VirtAddr): ULong =>
  Math.floor(address / 2 ** P4D_SHIFT) & (k.PTRS_PER_PTE - 1);

export function p4d_offset(k: Kernel, pgd: Pgd, address: VirtAddr): P4d {
  if (!pgtable_l5_enabled(k)) return asCell(pgd);
  const table: Cell = pgd_page_vaddr(k, k.read_pte(pgd));
  return table === NULL ? NULL : asCell(table + p4d_index(k, address) * k.pte_words);
}

export function pud_offset(k: Kernel, p4d: P4d, address: VirtAddr): Pud {
  if (!hasPud(k)) return asCell(p4d);
  const table: Pud = p4d_pgtable(k, k.read_pte(p4d));
  return table === NULL ? NULL : asCell(table + pud_index(k, address) * k.pte_words);
}

export function pmd_offset(k: Kernel, pud: Pud, address: VirtAddr): Pmd {
  if (!hasPmd(k)) return asCell(pud);
  const table: Pmd = pud_pgtable(k, k.read_pte(pud));
  return table === NULL ? NULL : asCell(table + pmd_index(k, address) * k.pte_words);
}

export function pte_offset_kernel(k: Kernel, pmd: Pmd, address: VirtAddr): Pte {
  const table: Pte = pmd_page_vaddr(k, k.read_pte(pmd));
  return table === NULL ? NULL : asCell(table + pte_index(k, address) * k.pte_words);
}

/** Page tables are never in highmem here: mapping them takes nothing. */
export const pte_offset_map = (k: Kernel, dir: Pmd, address: VirtAddr): Pte =>
  pte_offset_kernel(k, dir, address);

/** NULL where the tables above are missing. */
export function virt_to_kpte(k: Kernel, vaddr: VirtAddr): Pte {
  const pmd: Pmd = pmd_off_k(k, vaddr);
  return pmd === NULL || pmd_none(k, k.read_pte(pmd)) ? NULL : pte_offset_kernel(k, pmd, vaddr);
}

export function pmd_off_k(k: Kernel, va: VirtAddr): Pmd {
  return pmd_offset(k, pud_offset(k, p4d_offset(k, pgd_offset_k(k, va), va), va), va);
}

// --- ranges ------------------------------------------------------------------------------------------------------------

/** Where the entry of an address ends, or the range. Compared less one, for the space may end at 0. */
const entryEnd = (addr: VirtAddr, end: VirtAddr, size: ULong): VirtAddr => {
  const __boundary: ULong = ALIGN_DOWN(addr, size) + size;
  return asVirt(umin(__boundary - 1, end - 1) + 1);
};

export const pgd_addr_end = (k: Kernel, addr: VirtAddr, end: VirtAddr): VirtAddr =>
  entryEnd(addr, end, PGDIR_SIZE(k));

/** A folded level has one entry for all. */
export const p4d_addr_end = (_k: Kernel, _addr: VirtAddr, end: VirtAddr): VirtAddr => end;

export const pud_addr_end = (k: Kernel, addr: VirtAddr, end: VirtAddr): VirtAddr =>
  hasPud(k) ? entryEnd(addr, end, PUD_SIZE(k)) : end;

export const pmd_addr_end = (k: Kernel, addr: VirtAddr, end: VirtAddr): VirtAddr =>
  hasPmd(k) ? entryEnd(addr, end, PMD_SIZE(k)) : end;

/** `*ptep`, as one load. */
export function ptep_get(k: Kernel, ptep: Cell): PteVal {
  return k.read_pte(ptep);
}

/** Clears an entry. What it held. */
export function ptep_get_and_clear(k: Kernel, ptep: Pte): PteVal {
  const pte: PteVal = k.read_pte(ptep);
  pte_clear(k, ptep);
  return pte;
}
