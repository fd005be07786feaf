/**
 * Pages for page tables: taken from the page allocator, and marked PG_table where Linux marks them.
 *
 *     user      pud     pmd, PG_table     pte, PG_table
 *     kernel    pud     pmd, PG_table     pte
 *
 * What is here beside pte_alloc_one() are inlines of headers: they call the page allocator, so they are not in include/.
 * Left out: the address space that a table is for, which pays for it only where there are memory control groups; ptlock_init.
 *
 * Source: Linux 6.1 arch/x86/mm/pgtable.c: pte_alloc_one(); include/asm-generic/pgalloc.h: pte_alloc_one_kernel() to pud_alloc_one();
 * include/linux/mm.h: pgtable_pte_page_ctor(), pgtable_pmd_page_ctor().
 */
import {
  type Gfp,
  type MmStruct,
  NULL,
  type Page,
  type Pmd,
  type Pte,
  type Pud,
} from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import {
  __free_page,
  __get_free_pages,
  alloc_page,
  free_pages,
  get_zeroed_page,
} from '../../../../mm/page_alloc/api.js';
import { page_address } from '../../../../mm/highmem/page_address.js';
import { __mod_node_page_state } from '../../../../mm/vmstat/node_stat.js';
import { virt_to_page } from '../../include/asm/page.h.js';

/** Zeroed: a new table maps nothing. A process is charged for its tables (__GFP_ACCOUNT), the kernel is not. */
export const GFP_PGTABLE_KERNEL = (k: Kernel): Gfp => k.GFP_KERNEL | k.__GFP_ZERO;
export const GFP_PGTABLE_USER = (k: Kernel): Gfp => GFP_PGTABLE_KERNEL(k) | k.__GFP_ACCOUNT;

// --- PG_table ----------------------------------------------------------------------------------------------------------

export function pgtable_pte_page_ctor(k: Kernel, page: Page): void {
  // __SetPageTable(): a page has a type when the type's bit is clear.
  k.write(page + k.page._mapcount, k.words[page + k.page._mapcount]! & ~k.PG_table);
  __mod_node_page_state(k, k.NR_PAGETABLE, 1);
}

export function pgtable_pte_page_dtor(k: Kernel, page: Page): void {
  k.write(page + k.page._mapcount, k.words[page + k.page._mapcount]! | k.PG_table);
  __mod_node_page_state(k, k.NR_PAGETABLE, -1);
}

/** Where each table of pmds has its own lock, it has its own list of tables that huge pages have put by, too. */
export function pgtable_pmd_page_ctor(k: Kernel, page: Page): void {
  // pmd_ptlock_init():
  if (k.mm_struct.pmd_huge_pte < 0) k.write_ptr(page + k.page.pmd_huge_pte, NULL);
  k.write(page + k.page._mapcount, k.words[page + k.page._mapcount]! & ~k.PG_table);
  __mod_node_page_state(k, k.NR_PAGETABLE, 1);
}

export function pgtable_pmd_page_dtor(k: Kernel, page: Page): void {
  k.write(page + k.page._mapcount, k.words[page + k.page._mapcount]! | k.PG_table);
  __mod_node_page_state(k, k.NR_PAGETABLE, -1);
}

// --- pte ---------------------------------------------------------------------------------------------------------------

/** For a process: the page, not its address, since a table may lie in highmem. Here it never does. */
export function pte_alloc_one(k: Kernel): Page {
  const pte: Page = alloc_page(k, GFP_PGTABLE_USER(k));
  if (pte === NULL) return NULL;
  pgtable_pte_page_ctor(k, pte);
  return pte;
}

export function pte_free(k: Kernel, pte_page: Page): void {
  pgtable_pte_page_dtor(k, pte_page);
  __free_page(k, pte_page);
}

/** The kernel's own tables are not counted. */
export function pte_alloc_one_kernel(k: Kernel): Pte {
  return k.cell_of(__get_free_pages(k, GFP_PGTABLE_KERNEL(k), 0));
}

export function pte_free_kernel(k: Kernel, pte: Pte): void {
  free_pages(k, k.va_of(pte), 0);
}

// --- pmd, pud ----------------------------------------------------------------------------------------------------------

/** Unlike its tables of ptes, the kernel's tables of pmds are counted too. */
export function pmd_alloc_one(k: Kernel, mm: MmStruct): Pmd {
  let gfp: Gfp = GFP_PGTABLE_USER(k);
  if (mm === k.globals.init_mm) gfp = GFP_PGTABLE_KERNEL(k);
  const page: Page = alloc_page(k, gfp);
  if (page === NULL) return NULL;
  pgtable_pmd_page_ctor(k, page);
  return k.cell_of(page_address(k, page));
}

export function pmd_free(k: Kernel, pmd: Pmd): void {
  pgtable_pmd_page_dtor(k, virt_to_page(k, k.va_of(pmd)));
  free_pages(k, k.va_of(pmd), 0);
}

export function pud_alloc_one(k: Kernel, mm: MmStruct): Pud {
  let gfp: Gfp = GFP_PGTABLE_USER(k);
  if (mm === k.globals.init_mm) gfp = GFP_PGTABLE_KERNEL(k);
  return k.cell_of(get_zeroed_page(k, gfp));
}
