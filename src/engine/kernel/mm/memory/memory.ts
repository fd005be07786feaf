/**
 * Tables that are missing are made, from the top down, and their bytes counted in the address space.
 *
 * pud_alloc() to pte_alloc_kernel() are inlines and macros of include/linux/mm.h, here because they call what follows them.
 * Left out: mm->page_table_lock and the look again under it: nobody else makes the same table meanwhile.
 *
 * Source: Linux 6.1 mm/memory.c: __pud_alloc(), __pmd_alloc(), __pte_alloc(), __pte_alloc_kernel(), pmd_install();
 * include/linux/mm.h.
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type P4d,
  type Page,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import {
  p4d_populate,
  pmd_populate,
  pmd_populate_kernel,
  pud_populate,
} from '../../arch/x86/include/asm/pgalloc.h.js';
import { p4d_none, pmd_none, pud_none } from '../../arch/x86/include/asm/pgtable.h.js';
import {
  pmd_alloc_one,
  pte_alloc_one,
  pte_alloc_one_kernel,
  pud_alloc_one,
} from '../../arch/x86/mm/pgtable/pgalloc.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { mm_inc_nr_pmds, mm_inc_nr_ptes, mm_inc_nr_puds } from '../../include/linux/mm.h.js';
import {
  p4d_offset,
  pmd_offset,
  pte_offset_kernel,
  pte_offset_map,
  pud_offset,
} from '../../include/linux/pgtable.h.js';

export function __pud_alloc(k: Kernel, mm: MmStruct, p4d: P4d): Int {
  const new_: Pud = pud_alloc_one(k, mm);
  if (new_ === NULL) return -ENOMEM;
  mm_inc_nr_puds(k, mm);
  p4d_populate(k, p4d, new_);
  return 0;
}

export function __pmd_alloc(k: Kernel, mm: MmStruct, pud: Pud): Int {
  const new_: Pmd = pmd_alloc_one(k, mm);
  if (new_ === NULL) return -ENOMEM;
  mm_inc_nr_pmds(k, mm);
  pud_populate(k, pud, new_);
  return 0;
}

/** Gives an empty pmd a table that was made before. */
export function pmd_install(k: Kernel, mm: MmStruct, pmd: Pmd, pte: Page): void {
  mm_inc_nr_ptes(k, mm);
  pmd_populate(k, pmd, pte);
}

/** Gives an empty pmd a table for user pages. */
export function __pte_alloc(k: Kernel, mm: MmStruct, pmd: Pmd): Int {
  const new_: Page = pte_alloc_one(k);
  if (new_ === NULL) return -ENOMEM;
  pmd_install(k, mm, pmd, new_);
  return 0;
}

/** One for pages of the kernel: it belongs to no process, so nobody counts it. */
export function __pte_alloc_kernel(k: Kernel, pmd: Pmd): Int {
  const new_: Pte = pte_alloc_one_kernel(k);
  if (new_ === NULL) return -ENOMEM;
  pmd_populate_kernel(k, pmd, new_);
  return 0;
}

// --- an entry, its table made when it is missing; NULL: no memory ------------------------------------------------------

/** No build here has five levels. */
export function p4d_alloc(k: Kernel, _mm: MmStruct, pgd: Pgd, address: VirtAddr): P4d {
  return p4d_offset(k, pgd, address);
}

export function pud_alloc(k: Kernel, mm: MmStruct, p4d: P4d, address: VirtAddr): Pud {
  if (p4d_none(k, k.read_pte(p4d)) && __pud_alloc(k, mm, p4d) !== 0) return NULL;
  return pud_offset(k, p4d, address);
}

export function pmd_alloc(k: Kernel, mm: MmStruct, pud: Pud, address: VirtAddr): Pmd {
  if (pud_none(k, k.read_pte(pud)) && __pmd_alloc(k, mm, pud) !== 0) return NULL;
  return pmd_offset(k, pud, address);
}

export const pte_alloc_kernel = (k: Kernel, pmd: Pmd, address: VirtAddr): Pte =>
  pmd_none(k, k.read_pte(pmd)) && __pte_alloc_kernel(k, pmd) !== 0
    ? NULL
    : pte_offset_kernel(k, pmd, address);

export const pte_alloc_map = (k: Kernel, mm: MmStruct, pmd: Pmd, address: VirtAddr): Pte =>
  pmd_none(k, k.read_pte(pmd)) && __pte_alloc(k, mm, pmd) !== 0
    ? NULL
    : pte_offset_map(k, pmd, address);
