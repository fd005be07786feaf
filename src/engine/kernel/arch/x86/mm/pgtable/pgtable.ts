/**
 * Pages for page tables: taken from the page allocator, marked PG_table where Linux marks them, and put in their place.
 *
 *     user      pgd (a copy of the kernel's half)  pud     pmd, PG_table     pte, PG_table
 *     kernel                                       pud     pmd, PG_table     pte
 *
 * Differs: with PAE a pgd is 32 bytes of the slab cache pgd_cache; here it is a page of its own.
 *
 * Source: Linux 6.1 arch/x86/mm/pgtable.c: pgd_alloc(), pgd_ctor(), preallocate_pmds(), pgd_free();
 * include/asm-generic/pgalloc.h; mm/memory.c: __pud_alloc(), __pmd_alloc(), __pte_alloc(), __pte_alloc_kernel();
 * include/linux/mm.h: pgtable_pte_page_ctor().
 */
import {
  type Gfp,
  type ListHead,
  type Long,
  type MmStruct,
  NULL,
  type P4d,
  type Page,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
} from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import {
  asCell,
  asPhys,
  type Cell,
  PAGE_SIZE,
  type VirtAddr,
} from '../../../../../memory/address.js';
import { list_add, list_del } from '../../../../include/linux/list.h.js';
import {
  entry_page_vaddr,
  level_is_folded,
  mm_pgd,
  p4d_offset,
  pmd_offset,
  pte_offset_kernel,
  pud_offset,
} from '../../../../include/linux/pgtable.h.js';
import { init_mm } from '../../../../mm/init-mm.js';
import { __free_pages, alloc_pages } from '../../../../mm/page_alloc/api.js';
import { __mod_node_page_state } from '../../../../mm/vmstat/node_stat.js';
import {
  _PAGE_PRESENT,
  _PAGE_TABLE,
  pgtable_levels,
  pte_none,
  ptep_get,
  type PteVal,
  set_pte,
} from '../../include/asm/pgtable.h.js';

const GFP_PGTABLE_KERNEL = (k: Kernel): Gfp => k.GFP_KERNEL | k.__GFP_ZERO;
const GFP_PGTABLE_USER = (k: Kernel): Gfp => GFP_PGTABLE_KERNEL(k) | k.__GFP_ACCOUNT;

const gfp_of = (k: Kernel, mm: MmStruct): Gfp =>
  mm === init_mm(k) ? GFP_PGTABLE_KERNEL(k) : GFP_PGTABLE_USER(k);

// --- PG_table ----------------------------------------------------------------------------------------------------------

/** pgtable_pte_page_ctor(), pgtable_pmd_page_ctor() */
export function pgtable_page_ctor(k: Kernel, page: Page): void {
  // __SetPageTable(): a type's bit is cleared when the page has it.
  k.write(page + k.page._mapcount, k.words[page + k.page._mapcount]! & ~k.PG_table);
  __mod_node_page_state(k, k.NR_PAGETABLE, 1);
}

export function pgtable_page_dtor(k: Kernel, page: Page): void {
  k.write(page + k.page._mapcount, k.words[page + k.page._mapcount]! | k.PG_table);
  __mod_node_page_state(k, k.NR_PAGETABLE, -1);
}

/** The first word of a page's frame: page tables are never in highmem. */
const table_of = (k: Kernel, page: Page): Cell =>
  k.memory.cell(asPhys(k.page_to_pfn(page) * PAGE_SIZE));

const page_of_table = (k: Kernel, table: Cell): Page =>
  k.pfn_to_page(Math.floor(k.memory.physOf(table) / PAGE_SIZE));

/** mm_inc_nr_ptes() and the like: bytes of page tables. */
function mm_add_pgtables(k: Kernel, mm: MmStruct, bytes: Long): void {
  k.add_long(mm + k.mm_struct.pgtables_bytes, bytes);
}

/** pgd_populate() and the like: makes an entry lead to a table. */
function populate(k: Kernel, entry: Cell, table: Cell, flags: PteVal): void {
  set_pte(k, entry, BigInt(k.memory.physOf(table)) | flags);
}

// --- pte ---------------------------------------------------------------------------------------------------------------

/** The address space says which memory control group pays, and there is none. */
export function pte_alloc_one(k: Kernel): Page {
  const page = alloc_pages(k, GFP_PGTABLE_USER(k), 0);
  if (page !== NULL) pgtable_page_ctor(k, page);
  return page;
}

export function pte_alloc_one_kernel(k: Kernel): Pte {
  const page = alloc_pages(k, GFP_PGTABLE_KERNEL(k), 0);
  return page === NULL ? NULL : table_of(k, page);
}

export function pte_free(k: Kernel, pte_page: Page): void {
  pgtable_page_dtor(k, pte_page);
  __free_pages(k, pte_page, 0);
}

export function pte_free_kernel(k: Kernel, pte: Pte): void {
  __free_pages(k, page_of_table(k, pte), 0);
}

/** Gives an empty pmd a table for user pages. False: no memory. */
export function __pte_alloc(k: Kernel, mm: MmStruct, pmd: Pmd): boolean {
  const page = pte_alloc_one(k);
  if (page === NULL) return false;
  mm_add_pgtables(k, mm, PAGE_SIZE);
  populate(k, pmd, table_of(k, page), _PAGE_TABLE);
  return true;
}

export function __pte_alloc_kernel(k: Kernel, pmd: Pmd): boolean {
  const table = pte_alloc_one_kernel(k);
  if (table === NULL) return false;
  populate(k, pmd, table, _PAGE_TABLE);
  return true;
}

/** The pte of a kernel address; its table is made when it is missing. NULL: no memory. */
export function pte_alloc_kernel(k: Kernel, pmd: Pmd, address: VirtAddr): Pte {
  if (pte_none(ptep_get(k, pmd)) && !__pte_alloc_kernel(k, pmd)) return NULL;
  return pte_offset_kernel(k, pmd, address);
}

/** The same for a user address. */
export function pte_alloc_map(k: Kernel, mm: MmStruct, pmd: Pmd, address: VirtAddr): Pte {
  if (pte_none(ptep_get(k, pmd)) && !__pte_alloc(k, mm, pmd)) return NULL;
  return pte_offset_kernel(k, pmd, address);
}

// --- pmd, pud, p4d -----------------------------------------------------------------------------------------------------

export function pmd_alloc_one(k: Kernel, mm: MmStruct): Pmd {
  const page = alloc_pages(k, gfp_of(k, mm), 0);
  if (page === NULL) return NULL;
  pgtable_page_ctor(k, page);
  return table_of(k, page);
}

export function pmd_free(k: Kernel, pmd: Pmd): void {
  const page = page_of_table(k, pmd);
  pgtable_page_dtor(k, page);
  __free_pages(k, page, 0);
}

export function pmd_alloc(k: Kernel, mm: MmStruct, pud: Pud, address: VirtAddr): Pmd {
  if (!level_is_folded(k, 'PMD') && pte_none(ptep_get(k, pud))) {
    const table = pmd_alloc_one(k, mm);
    if (table === NULL) return NULL;
    mm_add_pgtables(k, mm, PAGE_SIZE);
    populate(k, pud, table, k.wide ? _PAGE_TABLE : _PAGE_PRESENT);
  }
  return pmd_offset(k, pud, address);
}

export function pud_alloc(k: Kernel, mm: MmStruct, p4d: P4d, address: VirtAddr): Pud {
  if (!level_is_folded(k, 'PUD') && pte_none(ptep_get(k, p4d))) {
    const page = alloc_pages(k, gfp_of(k, mm), 0);
    if (page === NULL) return NULL;
    mm_add_pgtables(k, mm, PAGE_SIZE);
    populate(k, p4d, table_of(k, page), _PAGE_TABLE);
  }
  return pud_offset(k, p4d, address);
}

/** No build here has five levels. */
export function p4d_alloc(k: Kernel, _mm: MmStruct, pgd: Pgd, address: VirtAddr): P4d {
  return p4d_offset(k, pgd, address);
}

// --- pgd ---------------------------------------------------------------------------------------------------------------

/** Entries of the top-level table below the kernel's. */
function KERNEL_PGD_BOUNDARY(k: Kernel): number {
  const top = pgtable_levels(k)[0]!;
  const span = 2 ** top.shift;
  return k.wide ? 2 ** (top.indexBits - 1) : Math.floor(k.linear.pageOffset / span);
}

/** PAE's kernel PMDs are one table that everybody shares; elsewhere top-level tables are kept on a list. */
const SHARED_KERNEL_PMD = (k: Kernel): boolean => !level_is_folded(k, 'PMD') && !k.wide;

const lru_of = (k: Kernel, page: Page): ListHead => asCell(page + k.page.lru);

/** A top-level table for an address space; NULL: no memory. */
export function pgd_alloc(k: Kernel, mm: MmStruct): Pgd {
  const page = alloc_pages(k, GFP_PGTABLE_USER(k), 0);
  if (page === NULL) return NULL;
  const pgd = table_of(k, page);
  k.write_long(mm + k.mm_struct.pgd, k.linear.pageOffset + k.memory.physOf(pgd));
  const pmds: Pmd[] = [];
  if (SHARED_KERNEL_PMD(k) && !preallocate_pmds(k, mm, pmds)) {
    for (const pmd of pmds) pmd_free(k, pmd);
    __free_pages(k, page, 0);
    return NULL;
  }
  pgd_ctor(k, mm, pgd);
  pmds.forEach((pmd, i) => populate(k, asCell(pgd + i * k.pte_words), pmd, _PAGE_PRESENT));
  return pgd;
}

function preallocate_pmds(k: Kernel, mm: MmStruct, pmds: Pmd[]): boolean {
  for (let i = 0; i < KERNEL_PGD_BOUNDARY(k); i++) {
    const pmd = pmd_alloc_one(k, mm);
    if (pmd === NULL) return false;
    mm_add_pgtables(k, mm, PAGE_SIZE);
    pmds.push(pmd);
  }
  return true;
}

/** Copies the kernel's half, so that it is the same in every address space. */
function pgd_ctor(k: Kernel, mm: MmStruct, pgd: Pgd): void {
  const kernel = mm_pgd(k, init_mm(k));
  const first = KERNEL_PGD_BOUNDARY(k) * k.pte_words;
  const end = 2 ** pgtable_levels(k)[0]!.indexBits * k.pte_words;
  for (let i = first; i < end; i++) k.write(pgd + i, k.words[kernel + i]!);
  if (SHARED_KERNEL_PMD(k)) return;
  const page = page_of_table(k, pgd);
  k.write_ptr(page + k.page.pt_mm, mm);
  const pgd_list = k.findSymbol('pgd_list');
  if (pgd_list !== undefined) list_add(k, lru_of(k, page), pgd_list);
}

export function pgd_free(k: Kernel, mm: MmStruct, pgd: Pgd): void {
  const page = page_of_table(k, pgd);
  if (SHARED_KERNEL_PMD(k)) pgd_mop_up_pmds(k, mm, pgd);
  else list_del(k, lru_of(k, page));
  __free_pages(k, page, 0);
}

function pgd_mop_up_pmds(k: Kernel, mm: MmStruct, pgd: Pgd): void {
  for (let i = 0; i < KERNEL_PGD_BOUNDARY(k); i++) {
    const entry: Cell = asCell(pgd + i * k.pte_words);
    if (pte_none(ptep_get(k, entry))) continue;
    const pmd = entry_page_vaddr(k, entry);
    set_pte(k, entry, 0n);
    pmd_free(k, pmd);
    mm_add_pgtables(k, mm, -PAGE_SIZE);
  }
}
