/**
 * Making an entry lead to a table. An entry above a leaf allows everything: the leaf says what is allowed.
 *
 * Left out: the address space, which only paravirt_alloc_pte and its like would want to know.
 *
 * Source: Linux 6.1 arch/x86/include/asm/pgalloc.h; arch/x86/mm/pgtable.c: pud_populate() of PAE.
 */
import type { P4d, Page, Pmd, Pte, Pud } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import { pteAt } from '../../../../../machine/pteWords.js';
import { PAGE_SIZE } from '../../../../../memory/address.js';
import { __pa } from './page.h.js';
import { pte_set_flags, set_p4d, set_pmd, set_pud } from './pgtable.h.js';
import { _PAGE_PRESENT, _PAGE_TABLE } from './pgtable_types.h.js';

export function pmd_populate_kernel(k: Kernel, pmd: Pmd, pte: Pte): void {
  set_pmd(k, pmd, pte_set_flags(pteAt(__pa(k, pte) / PAGE_SIZE), _PAGE_TABLE));
}

/** Tables of user pages are named by their struct page: they might be in highmem. */
export function pmd_populate(k: Kernel, pmd: Pmd, pte: Page): void {
  set_pmd(k, pmd, pte_set_flags(pteAt(k.page_to_pfn(pte)), _PAGE_TABLE));
}

/** Left out: flush_tlb_mm (PAE's processors keep the top level in registers until cr3 is loaded). */
export function pud_populate(k: Kernel, pud: Pud, pmd: Pmd): void {
  // The entries of PAE's top level have no bits for rights: they are reserved.
  set_pud(
    k,
    pud,
    pte_set_flags(pteAt(__pa(k, pmd) / PAGE_SIZE), k.wide ? _PAGE_TABLE : _PAGE_PRESENT),
  );
}

export function p4d_populate(k: Kernel, p4d: P4d, pud: Pud): void {
  set_p4d(k, p4d, pte_set_flags(pteAt(__pa(k, pud) / PAGE_SIZE), _PAGE_TABLE));
}
