/**
 * Huge leaves in the kernel's tables: set where the table's entry may become one, cleared, and tables given back for them.
 *
 * Differs: no MTRR says otherwise of any address.
 *
 * Source: Linux 6.1 arch/x86/mm/pgtable.c: pud_set_huge() to pmd_free_pte_page(); arch/x86/include/asm/pgtable_types.h:
 * protval_4k_2_large(); mm/vmalloc.c: vmap_try_huge_pmd(), vmap_try_huge_pud(); include/linux/mmap_lock.h.
 */
import type { Int, Pmd, Pte, Pud } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import {
  asCell,
  asVirt,
  type Cell,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../../../../memory/address.js';
import { entry_page_vaddr } from '../../../../include/linux/pgtable.h.js';
import { __get_free_pages, free_pages } from '../../../../mm/page_alloc/api.js';
import { virt_to_page } from '../../include/asm/page.h.js';
import {
  _PAGE_PSE,
  pfn_pte,
  pmd_large,
  pte_none,
  pte_present,
  ptep_get,
  type PteVal,
  set_pte,
} from '../../include/asm/pgtable.h.js';
import { flush_tlb_kernel_range } from '../tlb.js';
import { pgtable_page_dtor, pte_free_kernel } from './pgtable.js';

/** The PAT bit lies elsewhere in a large entry, but nothing here sets it. */
const protval_4k_2_large = (prot: PteVal): PteVal => prot;

/** pmd_set_huge(), pud_set_huge() */
export function pmd_set_huge(k: Kernel, pmd: Cell, addr: PhysAddr, prot: PteVal): boolean {
  const old = ptep_get(k, pmd);
  if (pte_present(old) && !pmd_large(old)) return false;
  set_pte(k, pmd, pfn_pte(k, addr / PAGE_SIZE, protval_4k_2_large(prot) | _PAGE_PSE));
  return true;
}

/** pmd_clear_huge(), pud_clear_huge(): whether there was one. */
export function pmd_clear_huge(k: Kernel, pmd: Cell): boolean {
  if (!pmd_large(ptep_get(k, pmd))) return false;
  set_pte(k, pmd, 0n);
  return true;
}

/** Frees the table that an entry leads to, all of whose entries are clear. With PAE, whose tables are synchronised, never. */
export function pmd_free_pte_page(k: Kernel, pmd: Pmd, addr: VirtAddr): boolean {
  if (!k.wide) return pte_none(ptep_get(k, pmd));
  const pte: Pte = entry_page_vaddr(k, pmd);
  set_pte(k, pmd, 0n);
  // One page, for what the processor keeps of the tables above.
  flush_tlb_kernel_range(k, addr, asVirt(addr + PAGE_SIZE - 1));
  pte_free_kernel(k, pte);
  return true;
}

/** The same a level up. The entries are kept meanwhile: what they lead to is freed behind the flush. */
export function pud_free_pmd_page(k: Kernel, pud: Pud, addr: VirtAddr): boolean {
  const pmd: Pmd = entry_page_vaddr(k, pud);
  const pmd_sv: VirtAddr = __get_free_pages(k, k.GFP_KERNEL, 0);
  if (pmd_sv === 0) return false;
  const saved: Cell = k.cell_of(pmd_sv);
  const nr: Int = k.PTRS_PER_PMD;
  for (let i = 0; i < nr; i++) {
    set_pte(k, entry(k, saved, i), ptep_get(k, entry(k, pmd, i)));
    if (!pte_none(ptep_get(k, entry(k, pmd, i)))) set_pte(k, entry(k, pmd, i), 0n);
  }
  set_pte(k, pud, 0n);
  flush_tlb_kernel_range(k, addr, asVirt(addr + PAGE_SIZE - 1));
  for (let i = 0; i < nr; i++)
    if (!pte_none(ptep_get(k, entry(k, saved, i))))
      pte_free_kernel(k, entry_page_vaddr(k, entry(k, saved, i)));
  free_pages(k, pmd_sv, 0);
  pgtable_page_dtor(k, virt_to_page(k, k.va_of(pmd)));
  pte_free_kernel(k, asCell(pmd));
  return true;
}

const entry = (k: Kernel, table: Cell, i: Int): Cell => asCell(table + i * k.pte_words);
