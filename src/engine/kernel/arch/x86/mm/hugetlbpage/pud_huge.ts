/**
 * Entries of gigantic pages.
 *
 * Source: Linux 6.1 arch/x86/mm/hugetlbpage.c: pud_huge().
 */
import type { Kernel } from '../../../../../machine/kernel.js';
import { pud_none } from '../../include/asm/pgtable.h.js';
import { _PAGE_PRESENT, _PAGE_PSE, type PteVal } from '../../include/asm/pgtable_types.h.js';

/** Of a pool: a huge page, or one that is not there for the processor. */
export function pud_huge(k: Kernel, pud: PteVal): boolean {
  return k.wide && !pud_none(k, pud) && (pud.low & (_PAGE_PRESENT | _PAGE_PSE)) !== _PAGE_PRESENT;
}
