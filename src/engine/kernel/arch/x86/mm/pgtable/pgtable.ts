/**
 * Top-level tables: each has its user half for itself, and the same kernel half as all others.
 *
 *     2 levels    the kernel's entries are copied; pgd_list tells whom a new one must be copied to
 *     PAE         four entries: the kernel's one leads to a table that all share, those of the user half get theirs at once
 *     4 levels    the kernel's entries are copied, and never change: their tables are made at boot
 *
 * Source: Linux 6.1 arch/x86/mm/pgtable.c: pgd_list_add() to pgd_free(); arch/x86/include/asm/pgtable.h: clone_pgd_range();
 * arch/x86/include/asm/pgtable_64_types.h, pgtable-3level_types.h: SHARED_KERNEL_PMD.
 */
import {
  type Int,
  type KmemCache,
  type MmStruct,
  NULL,
  type P4d,
  type Page,
  type Pgd,
  type Pmd,
  type Pud,
} from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import { pteIsZero } from '../../../../../machine/pteWords.js';
import { asCell, asVirt, type Cell } from '../../../../../memory/address.js';
import { ENOMEM } from '../../../../include/linux/errno.h.js';
import { list_add, list_del } from '../../../../include/linux/list.h.js';
import { mm_dec_nr_pmds, mm_inc_nr_pmds } from '../../../../include/linux/mm.h.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../../../include/linux/slab.h.js';
import { p4d_offset, pgd_index, pud_offset } from '../../../../include/linux/pgtable.h.js';
import { __get_free_pages, free_pages } from '../../../../mm/page_alloc/api.js';
import { virt_to_page } from '../../include/asm/page.h.js';
import { pud_populate } from '../../include/asm/pgalloc.h.js';
import { pgd_clear, pgd_page_vaddr } from '../../include/asm/pgtable.h.js';
import type { PteVal } from '../../include/asm/pgtable_types.h.js';
import {
  GFP_PGTABLE_USER,
  pgtable_pmd_page_ctor,
  pgtable_pmd_page_dtor,
  pmd_free,
} from './pgalloc.js';

/** Entries of the top-level table below the kernel's. */
const KERNEL_PGD_BOUNDARY = (k: Kernel): Int => pgd_index(k, k.linear.pageOffset);
const KERNEL_PGD_PTRS = (k: Kernel): Int => k.PTRS_PER_PGD - KERNEL_PGD_BOUNDARY(k);

/** PAE's kernel pmds are one table that everybody shares. */
export const SHARED_KERNEL_PMD = (k: Kernel): boolean => !k.wide && k.pte_words === 2;

const PREALLOCATED_PMDS = (k: Kernel): Int => (SHARED_KERNEL_PMD(k) ? KERNEL_PGD_BOUNDARY(k) : 0);

// --- the list of all ---------------------------------------------------------------------------------------------------

/** Linked by page->lru of the table's page, which is on no LRU list. */
function pgd_list_add(k: Kernel, pgd: Pgd): void {
  const page: Page = virt_to_page(k, k.va_of(pgd));
  list_add(k, asCell(page + k.page.lru), k.globals.pgd_list);
}

function pgd_list_del(k: Kernel, pgd: Pgd): void {
  const page: Page = virt_to_page(k, k.va_of(pgd));
  list_del(k, asCell(page + k.page.lru));
}

/** For a walk of pgd_list: the page tells whose table it is. */
function pgd_set_mm(k: Kernel, pgd: Pgd, mm: MmStruct): void {
  k.write_ptr(virt_to_page(k, k.va_of(pgd)) + k.page.pt_mm, mm);
}

function clone_pgd_range(k: Kernel, dst: Pgd, src: Pgd, count: Int): void {
  for (let i = 0; i < count * k.pte_words; i++) k.write(dst + i, k.words[src + i]!);
}

/** Fills the kernel's half, from the table that the kernel itself uses. */
function pgd_ctor(k: Kernel, mm: MmStruct, pgd: Pgd): void {
  const swapper_pg_dir: Pgd = k.read_ptr(k.globals.init_mm + k.mm_struct.pgd);
  const boundary: Int = KERNEL_PGD_BOUNDARY(k) * k.pte_words;
  clone_pgd_range(k, asCell(pgd + boundary), asCell(swapper_pg_dir + boundary), KERNEL_PGD_PTRS(k));
  // Where entries are copied, a new one may have to be copied later: hence the list. A shared table needs none.
  if (!SHARED_KERNEL_PMD(k)) {
    pgd_set_mm(k, pgd, mm);
    // A machine that was rebuilt from dumps may lack the list.
    if (k.globals.pgd_list !== NULL) pgd_list_add(k, pgd);
  }
}

function pgd_dtor(k: Kernel, pgd: Pgd): void {
  if (SHARED_KERNEL_PMD(k)) return;
  pgd_list_del(k, pgd);
}

// --- PAE's pmds --------------------------------------------------------------------------------------------------------

function free_pmds(k: Kernel, mm: MmStruct, pmds: Pmd[], count: Int): void {
  for (let i = 0; i < count; i++)
    if (pmds[i]! !== NULL) {
      pgtable_pmd_page_dtor(k, virt_to_page(k, k.va_of(pmds[i]!)));
      free_pages(k, k.va_of(pmds[i]!), 0);
      mm_dec_nr_pmds(k, mm);
    }
}

/** The processor reads PAE's four top entries when cr3 is loaded, not later: so all are there from the start. */
function preallocate_pmds(k: Kernel, mm: MmStruct, pmds: Pmd[], count: Int): Int {
  let failed = false;
  const gfp = GFP_PGTABLE_USER(k);
  for (let i = 0; i < count; i++) {
    const pmd: Pmd = k.cell_of(__get_free_pages(k, gfp, 0));
    if (pmd === NULL) failed = true;
    if (pmd !== NULL) {
      pgtable_pmd_page_ctor(k, virt_to_page(k, k.va_of(pmd)));
      mm_inc_nr_pmds(k, mm);
    }
    pmds[i] = pmd;
  }
  // All or none. Where no page was to be had the place is NULL, and free_pmds() passes it over.
  if (failed) {
    free_pmds(k, mm, pmds, count);
    return -ENOMEM;
  }
  return 0;
}

function mop_up_one_pmd(k: Kernel, mm: MmStruct, pgdp: Pgd): void {
  const pgd: PteVal = k.read_pte(pgdp);
  if (!pteIsZero(pgd)) {
    // The entry goes first, then the table it led to.
    const pmd: Pmd = pgd_page_vaddr(k, pgd);
    pgd_clear(k, pgdp);
    pmd_free(k, pmd);
    mm_dec_nr_pmds(k, mm);
  }
}

/** The tables that came with the pgd and that no unmapping has freed. */
function pgd_mop_up_pmds(k: Kernel, mm: MmStruct, pgdp: Pgd): void {
  for (let i = 0; i < PREALLOCATED_PMDS(k); i++)
    mop_up_one_pmd(k, mm, asCell(pgdp + i * k.pte_words));
}

function pgd_prepopulate_pmd(k: Kernel, pgd: Pgd, pmds: readonly Pmd[]): void {
  if (PREALLOCATED_PMDS(k) === 0) return;
  const p4d: P4d = p4d_offset(k, pgd, asVirt(0));
  let pud: Pud = pud_offset(k, p4d, asVirt(0));
  for (let i = 0; i < PREALLOCATED_PMDS(k); i++, pud = asCell(pud + k.pte_words))
    pud_populate(k, pud, pmds[i]!);
}

// --- a pgd -------------------------------------------------------------------------------------------------------------

/** PAE's cache of pgds; NULL: whole pages. A machine that was rebuilt from dumps may lack it. */
const pgdCache = (k: Kernel): KmemCache =>
  SHARED_KERNEL_PMD(k) && k.globals.pgd_cache !== NULL ? k.read_ptr(k.globals.pgd_cache) : NULL;

function _pgd_alloc(k: Kernel): Pgd {
  const pgd_cache: KmemCache = pgdCache(k);
  if (pgd_cache !== NULL) return k.cell_of(kmem_cache_alloc(k, pgd_cache, GFP_PGTABLE_USER(k)));
  return k.cell_of(__get_free_pages(k, GFP_PGTABLE_USER(k), 0));
}

function _pgd_free(k: Kernel, pgd: Cell): void {
  const pgd_cache: KmemCache = pgdCache(k);
  if (pgd_cache !== NULL) {
    kmem_cache_free(k, pgd_cache, k.va_of(pgd));
    return;
  }
  free_pages(k, k.va_of(pgd), 0);
}

/**
 * A top-level table for an address space; NULL: no memory.
 *
 * Left out: page-table isolation and its second pgd, paravirt_pgd_alloc, pgd_lock.
 */
export function pgd_alloc(k: Kernel, mm: MmStruct): Pgd {
  const pmds: Pmd[] = [];
  const pgd: Pgd = _pgd_alloc(k);
  if (pgd === NULL) return NULL;
  k.write_ptr(k.plus(mm, k.mm_struct.pgd), pgd);
  if (preallocate_pmds(k, mm, pmds, PREALLOCATED_PMDS(k)) !== 0) {
    // out_free_pgd:
    _pgd_free(k, pgd);
    return NULL;
  }
  // Whoever walks pgd_list must not find it half filled: Linux holds pgd_lock over both.
  pgd_ctor(k, mm, pgd);
  pgd_prepopulate_pmd(k, pgd, pmds);
  return pgd;
}

/** After the last unmapping: of the tables below only the preallocated ones are left. */
export function pgd_free(k: Kernel, mm: MmStruct, pgd: Pgd): void {
  pgd_mop_up_pmds(k, mm, pgd);
  pgd_dtor(k, pgd);
  _pgd_free(k, pgd);
}
