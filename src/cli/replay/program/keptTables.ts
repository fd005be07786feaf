/** Which pages of page tables an address space keeps after it has unmapped everything, until its structure goes. */
import { __pa, pte_pfn, pte_present } from '../../../engine/entry/functions.js';
import { SHARED_KERNEL_PMD } from '../../../engine/kernel/arch/x86/mm/pgtable/pgtable.js';
import type { MmStruct } from '../../../engine/machine/ctypes.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { asCell, PAGE_SIZE } from '../../../engine/memory/address.js';

/** Tables of the second level that an address space has from its beginning with PAE. */
export const PREALLOCATED_PMDS = 3;

/** The top-level table; with PAE, where that is an object, the tables below it that nothing has needed. */
export function keptTables(k: Kernel, mm: MmStruct): number[] {
  const pgd = k.read_ptr(k.plus(mm, k.mm_struct.pgd));
  if (!SHARED_KERNEL_PMD(k)) return [__pa(k, pgd) / PAGE_SIZE];
  return Array.from({ length: PREALLOCATED_PMDS }, (_, i) => {
    const entry = k.read_pte(asCell(pgd + i * k.pte_words));
    return pte_present(entry) ? [pte_pfn(k, entry)] : [];
  }).flat();
}
