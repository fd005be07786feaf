/**
 * Huge leaves in the kernel's tables: set where the table's entry may become one, cleared, and tables given back for them.
 *
 * Differs: no MTRR says otherwise of any address.
 *
 * Source: Linux 6.1 arch/x86/mm/pgtable.c: pud_set_huge() to pmd_free_pte_page(); arch/x86/include/asm/pgtable_types.h:
 * protval_4k_2_large(); mm/vmalloc.c: vmap_try_huge_pmd(), vmap_try_huge_pud(); include/linux/mmap_lock.h.
 */
import {
  asCell,
  asVirt,
  PAGE_SIZE,
  type Cell,
  type PhysAddr,
  type VirtAddr,
} from '../memory/address.js';
import { __get_free_pages, free_pages, virt_to_page } from './api.js';
import type { Mm } from './mm.js';
import { current } from './percpu_defs.js';
import { pgtable_page_dtor, pte_free_kernel } from './pgalloc.js';
import { entry_page_vaddr, init_mm } from './pgtable.js';
import {
  _PAGE_PSE,
  pfn_pte,
  pmd_large,
  pte_none,
  pte_present,
  ptep_get,
  set_pte,
  type PteVal,
} from './pgtable_types.js';
import { flush_tlb_kernel_range } from './tlbflush.js';
import { type Int, type Pmd, type Pte, type Pud, type ULong } from './types.js';
import { IS_ALIGNED } from './unsigned_long.js';

/** The PAT bit lies elsewhere in a large entry, but nothing here sets it. */
const protval_4k_2_large = (prot: PteVal): PteVal => prot;

/** pmd_set_huge(), pud_set_huge() */
export function pmd_set_huge(k: Mm, pmd: Cell, addr: PhysAddr, prot: PteVal): boolean {
  const old = ptep_get(k, pmd);
  if (pte_present(old) && !pmd_large(old)) return false;
  set_pte(k, pmd, pfn_pte(k, addr / PAGE_SIZE, protval_4k_2_large(prot) | _PAGE_PSE));
  return true;
}

/** pmd_clear_huge(), pud_clear_huge(): whether there was one. */
export function pmd_clear_huge(k: Mm, pmd: Cell): boolean {
  if (!pmd_large(ptep_get(k, pmd))) return false;
  set_pte(k, pmd, 0n);
  return true;
}

/** Frees the table that an entry leads to, all of whose entries are clear. With PAE, whose tables are synchronised, never. */
function pmd_free_pte_page(k: Mm, pmd: Pmd, addr: VirtAddr): boolean {
  if (!k.wide) return pte_none(ptep_get(k, pmd));
  const pte: Pte = entry_page_vaddr(k, pmd);
  set_pte(k, pmd, 0n);
  // One page, for what the processor keeps of the tables above.
  flush_tlb_kernel_range(k, addr, asVirt(addr + PAGE_SIZE - 1));
  pte_free_kernel(k, pte);
  return true;
}

/** The same a level up. The entries are kept meanwhile: what they lead to is freed behind the flush. */
function pud_free_pmd_page(k: Mm, pud: Pud, addr: VirtAddr): boolean {
  const pmd: Pmd = entry_page_vaddr(k, pud);
  const pmd_sv: VirtAddr = __get_free_pages(k, k.constant('GFP_KERNEL'), 0);
  if (pmd_sv === 0) return false;
  const saved: Cell = k.cell_of(pmd_sv);
  const nr: Int = k.constant('PTRS_PER_PMD');
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

const entry = (k: Mm, table: Cell, i: Int): Cell => asCell(table + i * k.pte_words);

// --- for vmalloc space -------------------------------------------------------------------------------------------------------

/**
 * vmap_try_huge_pmd(), vmap_try_huge_pud(): maps a piece of a level's whole size by one entry. False: it must be mapped by
 * smaller pages.
 */
export function vmap_try_huge(
  k: Mm,
  level: 'PMD' | 'PUD',
  pmd: Cell,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  shift: Int,
): boolean {
  const size: ULong = 2 ** shift;
  if (end - addr !== size || !IS_ALIGNED(addr, size) || !IS_ALIGNED(phys_addr, size)) return false;
  if (level === 'PUD' && !k.processor(k.cpu).features.pdpe1gb) return false;
  if (!pte_present(ptep_get(k, pmd))) return pmd_set_huge(k, pmd, phys_addr, prot);
  mmap_read_lock(k);
  const freed =
    level === 'PMD'
      ? pmd_free_pte_page(k, asCell(pmd), addr)
      : pud_free_pmd_page(k, asCell(pmd), addr);
  return freed && pmd_set_huge(k, pmd, phys_addr, prot);
}

const RWSEM_READER_OWNED = 1;

/** Taken and released. What is left of it is the reader's name: readers do not take theirs away. */
function mmap_read_lock(k: Mm): void {
  const owner = k.offset('mm_struct', 'mmap_lock.owner');
  k.write_long(init_mm(k) + owner, current(k) + RWSEM_READER_OWNED);
}
