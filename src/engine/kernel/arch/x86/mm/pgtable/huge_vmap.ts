/**
 * Huge leaves in the kernel's tables: set where the table's entry may become one, cleared, and tables given back for them.
 *
 * Left out: mtrr_type_lookup (no MTRR says otherwise of any address).
 *
 * Source: Linux 6.1 arch/x86/mm/pgtable.c: pud_set_huge() to pmd_free_pte_page().
 */
import type { Int, Pmd, Pte, Pud } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import {
  asCell,
  asVirt,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../../../../memory/address.js';
import { __get_free_pages, free_pages } from '../../../../mm/page_alloc/api.js';
import { virt_to_page } from '../../include/asm/page.h.js';
import {
  pfn_pte,
  pmd_clear,
  pmd_large,
  pmd_none,
  pmd_page_vaddr,
  pmd_present,
  pte_set_flags,
  pud_clear,
  pud_large,
  pud_pgtable,
  pud_present,
  set_pmd,
  set_pte,
} from '../../include/asm/pgtable.h.js';
import { _PAGE_PSE, protval_4k_2_large, type PteVal } from '../../include/asm/pgtable_types.h.js';
import { flush_tlb_kernel_range } from '../tlb.js';
import { pgtable_pmd_page_dtor } from './pgalloc.js';

/** 1: the entry maps 1 GiB now. */
export function pud_set_huge(k: Kernel, pud: Pud, addr: PhysAddr, prot: PteVal): Int {
  // An entry that leads to a table stays: what the table maps would be lost.
  if (pud_present(k, k.read_pte(pud)) && !pud_large(k, k.read_pte(pud))) return 0;
  set_pte(
    k,
    asCell(pud),
    pfn_pte(k, addr / PAGE_SIZE, pte_set_flags(protval_4k_2_large(prot), _PAGE_PSE)),
  );
  return 1;
}

/** 1: the entry maps what a table of ptes would. 0: it leads to a table, as in pud_set_huge(). */
export function pmd_set_huge(k: Kernel, pmd: Pmd, addr: PhysAddr, prot: PteVal): Int {
  if (pmd_present(k.read_pte(pmd)) && !pmd_large(k.read_pte(pmd))) return 0;
  set_pte(
    k,
    asCell(pmd),
    pfn_pte(k, addr / PAGE_SIZE, pte_set_flags(protval_4k_2_large(prot), _PAGE_PSE)),
  );
  return 1;
}

/** 1: there was one. */
export function pud_clear_huge(k: Kernel, pud: Pud): Int {
  if (pud_large(k, k.read_pte(pud))) {
    pud_clear(k, pud);
    return 1;
  }
  return 0;
}

/** As pud_clear_huge(). An entry that leads to a table is left alone. */
export function pmd_clear_huge(k: Kernel, pmd: Pmd): Int {
  if (pmd_large(k.read_pte(pmd))) {
    pmd_clear(k, pmd);
    return 1;
  }
  return 0;
}

/** Frees the table of pmds that an entry leads to, and those of ptes behind it: everything there is unmapped. 0: not done. */
export function pud_free_pmd_page(k: Kernel, pud: Pud, addr: VirtAddr): Int {
  const pmd: Pmd = pud_pgtable(k, k.read_pte(pud));
  const pmd_sv: Pmd = k.cell_of(__get_free_pages(k, k.GFP_KERNEL, 0));
  if (pmd_sv === 0) return 0;
  // The entries are kept meanwhile: what they lead to may be freed only behind the flush.
  for (let i = 0; i < k.PTRS_PER_PMD; i++) {
    const entry: PteVal = k.read_pte(pmd + i * k.pte_words);
    set_pmd(k, asCell(pmd_sv + i * k.pte_words), entry);
    if (!pmd_none(k, entry)) pmd_clear(k, asCell(pmd + i * k.pte_words));
  }
  pud_clear(k, pud);

  // Invalidating one page drops all that the processor has cached of tables.
  flush_tlb_kernel_range(k, addr, asVirt(addr + PAGE_SIZE - 1));

  for (let i = 0; i < k.PTRS_PER_PMD; i++) {
    const entry: PteVal = k.read_pte(pmd_sv + i * k.pte_words);
    if (!pmd_none(k, entry)) {
      const pte: Pte = pmd_page_vaddr(k, entry);
      free_pages(k, k.va_of(pte), 0);
    }
  }
  free_pages(k, k.va_of(pmd_sv), 0);
  pgtable_pmd_page_dtor(k, virt_to_page(k, k.va_of(pmd)));
  free_pages(k, k.va_of(pmd), 0);
  return 1;
}

/** Frees the table of ptes. Never with PAE, where other address spaces may have a copy of the entry. */
export function pmd_free_pte_page(k: Kernel, pmd: Pmd, addr: VirtAddr): Int {
  if (!k.wide) return pmd_none(k, k.read_pte(pmd)) ? 1 : 0;
  // Entry, flush, table: while the processor can still find the table, its page must not be another's.
  const pte: Pte = pmd_page_vaddr(k, k.read_pte(pmd));
  pmd_clear(k, pmd);
  flush_tlb_kernel_range(k, addr, asVirt(addr + PAGE_SIZE - 1));
  free_pages(k, k.va_of(pte), 0);
  return 1;
}
