/**
 * Entries of page tables: what a value says, values made, and values stored.
 *
 * A level that this build folds into the one above is always populated and never a leaf: its functions ask nothing.
 *
 *     4 levels       pgd = p4d, pud, pmd, pte
 *     PAE            pgd = p4d = pud, pmd, pte
 *     2 levels       pgd = p4d = pud = pmd, pte
 *
 * Source: Linux 6.1 arch/x86/include/asm/pgtable.h; arch/x86/include/asm/pgtable_64.h, pgtable-3level.h, pgtable-2level.h;
 * include/asm-generic/pgtable-nop4d.h, pgtable-nopud.h, pgtable-nopmd.h; arch/x86/mm/pgtable.c: ptep_set_access_flags().
 */
import type { Int, Page, Pfn, Pgd, Pmd, Pte, Pud, ULong } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import {
  NO_PTE,
  pteAnd,
  pteAndNot,
  pteAt,
  pteClear,
  pteEqual,
  pteIsZero,
  pteOf,
  pteOr,
  pteSet,
  pteXor,
} from '../../../../../machine/pteWords.js';
import { type Cell, PAGE_SHIFT } from '../../../../../memory/address.js';
import { ALIGN_DOWN } from '../../../../include/linux/align.h.js';
import {
  _PAGE_ACCESSED,
  _PAGE_DIRTY,
  _PAGE_GLOBAL,
  _PAGE_KNL_ERRATUM_MASK,
  _KERNPG_TABLE,
  _PAGE_NX,
  _PAGE_PCD,
  _PAGE_PRESENT,
  _PAGE_PROTNONE,
  _PAGE_PSE,
  _PAGE_PWT,
  _PAGE_RW,
  _PAGE_SPECIAL,
  _PAGE_USER,
  frameIn,
  pgtable_l5_enabled,
  PTE_PFN_ALL,
  protnone_mask,
  pte_flags,
  type PteVal,
} from './pgtable_types.h.js';

// --- what a value says -------------------------------------------------------------------------------------------------

/** Stray A and D do not count: some processors set them in entries that are not present. */
export function pte_none(k: Kernel, pte: PteVal): boolean {
  return pteIsZero(pteClear(pte, _PAGE_KNL_ERRATUM_MASK(k)));
}

/** Of PAE's the low word alone: it may be out of step with the other. */
export function pmd_none(k: Kernel, pmd: PteVal): boolean {
  const val: PteVal = k.wide ? pmd : pteOf(pmd.low);
  return pteIsZero(pteClear(val, _PAGE_KNL_ERRATUM_MASK(k)));
}

export function pud_none(k: Kernel, pud: PteVal): boolean {
  return k.pte_words === 2 && pteIsZero(pteClear(pud, _PAGE_KNL_ERRATUM_MASK(k)));
}

export function p4d_none(k: Kernel, p4d: PteVal): boolean {
  return k.wide && pteIsZero(pteClear(p4d, _PAGE_KNL_ERRATUM_MASK(k)));
}

/** With five levels only: no build here has them. */
export function pgd_none(k: Kernel, pgd: PteVal): boolean {
  return pgtable_l5_enabled(k) && pteIsZero(pgd);
}

/** A page that may not be accessed is there for the kernel, though not for the processor. */
export function pte_present(pte: PteVal): boolean {
  return (pte.low & (_PAGE_PRESENT | _PAGE_PROTNONE)) !== 0;
}

/** A leaf that is being split is not present for a moment, but still a leaf. */
export function pmd_present(pmd: PteVal): boolean {
  return (pmd.low & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_PSE)) !== 0;
}

/** With five levels only. */
export function pgd_present(k: Kernel, pgd: PteVal): boolean {
  return !pgtable_l5_enabled(k) || (pgd.low & _PAGE_PRESENT) !== 0;
}

export function pud_present(k: Kernel, pud: PteVal): boolean {
  return k.pte_words === 1 || (pud.low & _PAGE_PRESENT) !== 0;
}

export function p4d_present(k: Kernel, p4d: PteVal): boolean {
  return !k.wide || (p4d.low & _PAGE_PRESENT) !== 0;
}

/** A leaf above the ptes. */
export function pmd_large(pmd: PteVal): boolean {
  return (pmd.low & (_PAGE_PSE | _PAGE_PRESENT)) === (_PAGE_PSE | _PAGE_PRESENT);
}

export function pud_large(k: Kernel, pud: PteVal): boolean {
  return k.wide && (pud.low & (_PAGE_PSE | _PAGE_PRESENT)) === (_PAGE_PSE | _PAGE_PRESENT);
}

export function pte_write(pte: PteVal): boolean {
  return (pte.low & _PAGE_RW) !== 0;
}

export function pte_dirty(pte: PteVal): boolean {
  return (pte.low & _PAGE_DIRTY) !== 0;
}

export function pte_young(pte: PteVal): boolean {
  return (pte.low & _PAGE_ACCESSED) !== 0;
}

export function pte_global(pte: PteVal): boolean {
  return (pte.low & _PAGE_GLOBAL) !== 0;
}

export function pte_exec(pte: PteVal): boolean {
  return pteIsZero(pteAnd(pte, _PAGE_NX));
}

export function pmd_write(pmd: PteVal): boolean {
  return (pmd.low & _PAGE_RW) !== 0;
}

export function pmd_dirty(pmd: PteVal): boolean {
  return (pmd.low & _PAGE_DIRTY) !== 0;
}

export function pmd_young(pmd: PteVal): boolean {
  return (pmd.low & _PAGE_ACCESSED) !== 0;
}

/** A page of its own kind, that nobody accounts: the page of zeros. */
export function pte_special(pte: PteVal): boolean {
  return (pte.low & _PAGE_SPECIAL) !== 0;
}

export function pte_same(a: PteVal, b: PteVal): boolean {
  return pteEqual(a, b);
}

/** Not a table: an entry above the ptes has the bits of one, and no others. */
export function pmd_bad(pmd: PteVal): boolean {
  const flags: PteVal = pteClear(pteAndNot(pmd, PTE_PFN_ALL), _PAGE_USER | _PAGE_ACCESSED);
  return !pteEqual(flags, pteOf(_KERNPG_TABLE & ~_PAGE_ACCESSED));
}

export function pmd_trans_huge(pmd: PteVal): boolean {
  return (pmd.low & _PAGE_PSE) !== 0;
}

// --- where it leads ----------------------------------------------------------------------------------------------------

export function pte_pfn(k: Kernel, pte: PteVal): Pfn {
  return frameIn(k, pteXor(pte, protnone_mask(k, pte)));
}

/** Of a leaf the first: the bits below it mean other things, as PAT. */
export function pmd_pfn(k: Kernel, pmd: PteVal): Pfn {
  const pfn: Pfn = frameIn(k, pteXor(pmd, protnone_mask(k, pmd)));
  return (pmd.low & _PAGE_PSE) !== 0 ? ALIGN_DOWN(pfn, 2 ** (k.PMD_SHIFT - PAGE_SHIFT)) : pfn;
}

export function pud_pfn(k: Kernel, pud: PteVal): Pfn {
  const pfn: Pfn = frameIn(k, pteXor(pud, protnone_mask(k, pud)));
  return (pud.low & _PAGE_PSE) !== 0 ? ALIGN_DOWN(pfn, 2 ** (k.PUD_SHIFT - PAGE_SHIFT)) : pfn;
}

export const pte_page = (k: Kernel, pte: PteVal): Page => k.pfn_to_page(pte_pfn(k, pte));
export const pmd_page = (k: Kernel, pmd: PteVal): Page => k.pfn_to_page(pmd_pfn(k, pmd));
export const pud_page = (k: Kernel, pud: PteVal): Page => k.pfn_to_page(pud_pfn(k, pud));

/** The table that an entry leads to, which the caller looks into: an entry that leads past memory faults there. */
export function pmd_page_vaddr(k: Kernel, pmd: PteVal): Pte {
  return k.pfn_to_kaddr(frameIn(k, pmd));
}

export function pud_pgtable(k: Kernel, pud: PteVal): Pmd {
  return k.pfn_to_kaddr(frameIn(k, pud));
}

export function p4d_pgtable(k: Kernel, p4d: PteVal): Pud {
  return k.pfn_to_kaddr(frameIn(k, p4d));
}

export function pgd_page_vaddr(k: Kernel, pgd: PteVal): Cell {
  return k.pfn_to_kaddr(frameIn(k, pgd));
}

// --- making values -----------------------------------------------------------------------------------------------------

export function pte_set_flags(pte: PteVal, set: Int): PteVal {
  return pteSet(pte, set);
}

export function pte_clear_flags(pte: PteVal, clear: Int): PteVal {
  return pteClear(pte, clear);
}

/** Bits that the build has no entry bits for fall away: NX without PAE. */
export function pfn_pte(k: Kernel, page_nr: ULong, pgprot: PteVal): PteVal {
  const pfn: PteVal = pteXor(pteAt(page_nr), protnone_mask(k, pgprot));
  return pteAnd(pteOr(pteAnd(pfn, k.PTE_PFN_MASK), pgprot), k.pte_mask);
}

export const mk_pte = (k: Kernel, page: Page, pgprot: PteVal): PteVal =>
  pfn_pte(k, k.page_to_pfn(page), pgprot);

const preserved: Int = _PAGE_PCD | _PAGE_PWT | _PAGE_SPECIAL | _PAGE_ACCESSED | _PAGE_DIRTY;
const _PAGE_CHG_MASK = (k: Kernel): PteVal => pteOr(k.PTE_PFN_MASK, pteOf(preserved));

export const pte_mkdirty = (pte: PteVal): PteVal => pte_set_flags(pte, _PAGE_DIRTY);
export const pte_mkclean = (pte: PteVal): PteVal => pte_clear_flags(pte, _PAGE_DIRTY);
export const pte_mkyoung = (pte: PteVal): PteVal => pte_set_flags(pte, _PAGE_ACCESSED);
export const pte_mkold = (pte: PteVal): PteVal => pte_clear_flags(pte, _PAGE_ACCESSED);
export const pte_mkwrite = (pte: PteVal): PteVal => pte_set_flags(pte, _PAGE_RW);
export const pte_wrprotect = (pte: PteVal): PteVal => pte_clear_flags(pte, _PAGE_RW);
export const pte_mkhuge = (pte: PteVal): PteVal => pte_set_flags(pte, _PAGE_PSE);
export const pte_mkspecial = (pte: PteVal): PteVal => pte_set_flags(pte, _PAGE_SPECIAL);

/** The bits of a huge entry are those of a small page's. */
export const mk_pmd = (k: Kernel, page: Page, pgprot: PteVal): PteVal =>
  pfn_pte(k, k.page_to_pfn(page), pgprot);
export const pmd_mkdirty = (pmd: PteVal): PteVal => pte_set_flags(pmd, _PAGE_DIRTY);
export const pmd_mkyoung = (pmd: PteVal): PteVal => pte_set_flags(pmd, _PAGE_ACCESSED);
export const pmd_mkold = (pmd: PteVal): PteVal => pte_clear_flags(pmd, _PAGE_ACCESSED);
export const pmd_mkclean = (pmd: PteVal): PteVal => pte_clear_flags(pmd, _PAGE_DIRTY);
export const pmd_mkwrite = (pmd: PteVal): PteVal => pte_set_flags(pmd, _PAGE_RW);
export const pmd_wrprotect = (pmd: PteVal): PteVal => pte_clear_flags(pmd, _PAGE_RW);
export const pmd_mkhuge = (pmd: PteVal): PteVal => pte_set_flags(pmd, _PAGE_PSE);

/** The same page with another protection. The frame is inverted in an entry that is not present (PROT_NONE). */
export function pte_modify(k: Kernel, pte: PteVal, newprot: PteVal): PteVal {
  const mask: PteVal = _PAGE_CHG_MASK(k);
  const val: PteVal = pteOr(pteAnd(pte, mask), pteAnd(pteAndNot(newprot, mask), k.pte_mask));
  // flip_protnone_guard(): turned over where one of the two is inverted, and the other is not.
  const flip = protnone_mask(k, pte) !== protnone_mask(k, val);
  return flip ? pteOr(pteAndNot(val, k.PTE_PFN_MASK), pteAndNot(k.PTE_PFN_MASK, val)) : val;
}

/** Of a huge entry, which stays one: PSE is where PAT is in the entry of a small page. */
export function pmd_modify(k: Kernel, pmd: PteVal, newprot: PteVal): PteVal {
  const val: PteVal = pte_modify(k, pmd, pte_clear_flags(newprot, _PAGE_PSE));
  return pte_set_flags(val, pmd.low & _PAGE_PSE);
}

/** No processor can use it, and yet it is there: PSE says so. */
export function pmd_mkinvalid(k: Kernel, pmd: PteVal): PteVal {
  const prot: PteVal = pte_clear_flags(pte_flags(k, pmd), _PAGE_PRESENT | _PAGE_PROTNONE);
  return pfn_pte(k, pmd_pfn(k, pmd), prot);
}

export function pgprot_modify(oldprot: PteVal, newprot: PteVal): PteVal {
  return pte_set_flags(newprot, oldprot.low & preserved);
}

// --- entries in memory -------------------------------------------------------------------------------------------------

/** The half with the present bit is stored last: until then the processor sees no entry. */
export function native_set_pte(k: Kernel, ptep: Cell, pte: PteVal): void {
  k.write_pte(ptep, pte);
}

export const set_pte = (k: Kernel, ptep: Pte, pte: PteVal): void => native_set_pte(k, ptep, pte);
export const set_pmd = (k: Kernel, pmdp: Pmd, pmd: PteVal): void => native_set_pte(k, pmdp, pmd);
export const set_pud = (k: Kernel, pudp: Pud, pud: PteVal): void => native_set_pte(k, pudp, pud);
export const set_p4d = (k: Kernel, p4dp: Cell, p4d: PteVal): void => native_set_pte(k, p4dp, p4d);
export const set_pgd = (k: Kernel, pgdp: Pgd, pgd: PteVal): void => native_set_pte(k, pgdp, pgd);

export const pte_clear = (k: Kernel, ptep: Pte): void => native_set_pte(k, ptep, NO_PTE);
export const pmd_clear = (k: Kernel, pmdp: Pmd): void => native_set_pte(k, pmdp, NO_PTE);
export const pud_clear = (k: Kernel, pudp: Pud): void => native_set_pte(k, pudp, NO_PTE);
export const pgd_clear = (k: Kernel, pgdp: Pgd): void => native_set_pte(k, pgdp, NO_PTE);

/** Clears the RW bit, as fork() does of both copies. */
export function ptep_set_wrprotect(k: Kernel, ptep: Pte): void {
  native_set_pte(k, ptep, pte_wrprotect(k.read_pte(ptep)));
}

/** Allows more, where `entry` is not what is there; whether it was not. The caller flushes nothing: x86 looks at the table again. */
export function ptep_set_access_flags(
  k: Kernel,
  ptep: Pte,
  entry: PteVal,
  dirty: boolean,
): boolean {
  const changed = !pte_same(k.read_pte(ptep), entry);
  if (changed && dirty) set_pte(k, ptep, entry);
  return changed;
}
