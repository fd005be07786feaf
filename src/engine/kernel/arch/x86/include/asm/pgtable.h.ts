/**
 * Page-table entries as values: what the kernel's pte_t, pmd_t and so on hold, and the functions that read and change one.
 *
 * An entry's value is a bigint of its 32 or 64 bits. All levels have the same bits, so one set of functions serves them; the
 * layout is drawn in x86/formats.ts, whose table the bits come from.
 *
 * Source: Linux 6.1 arch/x86/include/asm/pgtable_types.h, pgtable.h.
 */
import type { Page, ULong, Pfn } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import type { Cell } from '../../../../../memory/address.js';
import { bitsNamed, type LevelFormat, LEVELS } from '../../../../../x86/formats.js';

/** pteval_t, pmdval_t, ...: and pgprotval_t. */
export type PteVal = bigint;

export const _PAGE_PRESENT = bitsNamed('P');
export const _PAGE_RW = bitsNamed('RW');
export const _PAGE_USER = bitsNamed('US');
export const _PAGE_ACCESSED = bitsNamed('A');
export const _PAGE_DIRTY = bitsNamed('D');
export const _PAGE_PSE = bitsNamed('PSE');
export const _PAGE_GLOBAL = bitsNamed('G');
export const _PAGE_NX = bitsNamed('NX');
/** Of an entry that is not present but keeps its frame: PROT_NONE. */
export const _PAGE_PROTNONE = _PAGE_GLOBAL;
export const _PAGE_TABLE = bitsNamed('P', 'RW', 'US', 'A', 'D');

/** pgprotval_t of the kernel's own pages. */
export const PAGE_KERNEL = (k: Kernel): PteVal => k.profile.wideConstant('PAGE_KERNEL');
export const PAGE_KERNEL_RO = (k: Kernel): PteVal => k.profile.wideConstant('PAGE_KERNEL_RO');

/** pgprot_nx(): where the processor knows the bit. */
export const pgprot_nx = (k: Kernel, prot: PteVal): PteVal => prot | (PAGE_KERNEL(k) & _PAGE_NX);

/** The levels that this build has, from the root down; Linux folds the others. */
export function pgtable_levels(k: Kernel): readonly LevelFormat[] {
  if (k.wide) return LEVELS['4-level'];
  return k.pte_words === 2 ? LEVELS.pae : LEVELS['2-level'];
}

// --- parts of a value --------------------------------------------------------------------------------------------------

export const pte_pfn = (k: Kernel, pte: PteVal): Pfn => Number((pte & k.PTE_PFN_MASK) >> 12n);

export const pte_flags = (k: Kernel, pte: PteVal): PteVal => pte & ~k.PTE_PFN_MASK;

export const pte_none = (pte: PteVal): boolean => pte === 0n;

/** A page that may not be accessed is there for the kernel, though not for the processor. */
export const pte_present = (pte: PteVal): boolean =>
  (pte & (_PAGE_PRESENT | _PAGE_PROTNONE)) !== 0n;

export const pte_write = (pte: PteVal): boolean => (pte & _PAGE_RW) !== 0n;
export const pte_dirty = (pte: PteVal): boolean => (pte & _PAGE_DIRTY) !== 0n;
export const pte_young = (pte: PteVal): boolean => (pte & _PAGE_ACCESSED) !== 0n;
export const pte_global = (pte: PteVal): boolean => (pte & _PAGE_GLOBAL) !== 0n;
export const pte_exec = (pte: PteVal): boolean => (pte & _PAGE_NX) === 0n;
export const pte_user = (pte: PteVal): boolean => (pte & _PAGE_USER) !== 0n;
export const pmd_large = (pmd: PteVal): boolean =>
  (pmd & (_PAGE_PSE | _PAGE_PRESENT)) === (_PAGE_PSE | _PAGE_PRESENT);

// --- making values -----------------------------------------------------------------------------------------------------

/** Bits that the build has no entry bits for fall away: NX without PAE. */
export const pfn_pte = (k: Kernel, page_nr: ULong, pgprot: PteVal): PteVal =>
  ((BigInt(page_nr) << 12n) | pgprot) & k.pte_mask;

export const mk_pte = (k: Kernel, page: Page, pgprot: PteVal): PteVal =>
  pfn_pte(k, k.page_to_pfn(page), pgprot);

// --- entries in memory -------------------------------------------------------------------------------------------------

/** READ_ONCE(*ptep) */
export function ptep_get(k: Kernel, ptep: Cell): PteVal {
  const low = BigInt(k.words[ptep]! >>> 0);
  return k.pte_words === 1 ? low : low | (BigInt(k.words[ptep + 1]! >>> 0) << 32n);
}

/** native_set_pte() and its like of each level: the half with the present bit last. */
export function set_pte(k: Kernel, ptep: Cell, pte: PteVal): void {
  if (k.pte_words === 2) k.write(ptep + 1, Number(BigInt.asIntN(32, pte >> 32n)));
  k.write(ptep, Number(BigInt.asIntN(32, pte)));
}
