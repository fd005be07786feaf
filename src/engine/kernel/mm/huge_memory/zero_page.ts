/**
 * The huge page of zeros: what reads of untouched huge pages map. All address spaces share it; each takes one reference, the first time
 * that it maps it, and gives it back when it ends.
 *
 *     huge_zero_refcount   address spaces that have it (MMF_HUGE_ZERO_PAGE), and one more, which only reclaim takes away
 *
 * Left out: huge_zero_page_shrinker (nothing reclaims here, so that the page stays), huge_zero_lock.
 * Source: Linux 6.1 mm/huge_memory.c: get_huge_zero_page() to mm_put_huge_zero_page(), set_huge_zero_page().
 */
import {
  type Gfp,
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pmd,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { test_and_set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { mk_pmd, pmd_mkhuge, pmd_none, set_pmd } from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { HPAGE_PMD_ORDER } from '../../include/linux/huge_mm.h.js';
import { mm_inc_nr_ptes } from '../../include/linux/mm.h.js';
import { MMF_HUGE_ZERO_PAGE } from '../../include/linux/mm_types.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { alloc_pages } from '../page_alloc/api.js';
import { pgtable_trans_huge_deposit } from '../pgtable-generic.js';

const addRefs = (k: Kernel, delta: Int): Int => {
  const count: Int = k.words[k.globals.huge_zero_refcount]! + delta;
  k.write(k.globals.huge_zero_refcount, count);
  return count;
};

/** Takes a reference; the first one makes the page. False: there is no memory for it. */
function get_huge_zero_page(k: Kernel): boolean {
  // atomic_inc_not_zero():
  if (k.words[k.globals.huge_zero_refcount] !== 0) {
    addRefs(k, 1);
    return true;
  }
  const gfp: Gfp = (k.GFP_TRANSHUGE | k.__GFP_ZERO) & ~k.__GFP_MOVABLE;
  const zero_page: Page = alloc_pages(k, gfp, HPAGE_PMD_ORDER(k));
  if (zero_page === NULL) {
    __count_vm_events(k, k.THP_ZERO_PAGE_ALLOC_FAILED, 1);
    return false;
  }
  k.write_ptr(k.globals.huge_zero_page, zero_page);
  k.write_long(k.globals.huge_zero_pfn, k.page_to_pfn(zero_page));
  // The caller's, and the shrinker's.
  addRefs(k, 2);
  __count_vm_events(k, k.THP_ZERO_PAGE_ALLOC, 1);
  return true;
}

/** Never the last one: that is the shrinker's. */
function put_huge_zero_page(k: Kernel): void {
  addRefs(k, -1);
}

/** The page, which the address space keeps a reference of from here on; NULL without memory. */
export function mm_get_huge_zero_page(k: Kernel, mm: MmStruct): Page {
  const flags = k.plus(mm, k.mm_struct.flags);
  if (!test_bit(k, MMF_HUGE_ZERO_PAGE, flags)) {
    if (!get_huge_zero_page(k)) return NULL;
    if (test_and_set_bit(k, MMF_HUGE_ZERO_PAGE, flags)) put_huge_zero_page(k);
  }
  return k.read_ptr(k.globals.huge_zero_page);
}

export function mm_put_huge_zero_page(k: Kernel, mm: MmStruct): void {
  if (test_bit(k, MMF_HUGE_ZERO_PAGE, k.plus(mm, k.mm_struct.flags))) put_huge_zero_page(k);
}

/** Read-only, whatever the area allows: a write gets pages of its own. */
export function set_huge_zero_page(
  k: Kernel,
  pgtable: Page,
  mm: MmStruct,
  vma: VmAreaStruct,
  pmd: Pmd,
  zero_page: Page,
): void {
  if (!pmd_none(k, k.read_pte(pmd))) return;
  const prot: PteVal = k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot));
  const entry: PteVal = pmd_mkhuge(mk_pmd(k, zero_page, prot));
  pgtable_trans_huge_deposit(k, mm, pmd, pgtable);
  set_pmd(k, pmd, entry);
  mm_inc_nr_ptes(k, mm);
}
