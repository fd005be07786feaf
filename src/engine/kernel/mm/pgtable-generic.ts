/**
 * Entries that map a huge page, and the table of ptes that each has put by: so that it can be split without memory being needed.
 *
 *     mm->pmd_huge_pte      the table that was put by last ─> lru ─> the others        SMP: of each table of pmds its own list,
 *                                                                                      page->pmd_huge_pte
 *
 * Left out: the tables' locks, mmu_notifier, arch_needs_pgtable_deposit (of powerpc).
 * Source: Linux 6.1 mm/pgtable-generic.c: pmdp_huge_clear_flush() to pmdp_collapse_flush(); arch/x86/mm/pgtable.c: pmdp_set_access_flags();
 * arch/x86/include/asm/pgtable.h: pmdp_huge_get_and_clear(), pmdp_set_wrprotect(); include/linux/mm.h: pmd_huge_pte();
 * include/linux/pgtable.h: flush_pmd_tlb_range(); mm/huge_memory.c: pmd_move_must_withdraw().
 */
import {
  type MmStruct,
  NULL,
  type Page,
  type Pmd,
  type VmAreaStruct,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../memory/address.js';
import { virt_to_page } from '../arch/x86/include/asm/page.h.js';
import {
  pmd_clear,
  pmd_mkinvalid,
  pte_same,
  pmd_wrprotect,
  set_pmd,
} from '../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../arch/x86/include/asm/pgtable_types.h.js';
import { flush_tlb_mm_range } from '../arch/x86/mm/tlb.js';
import { HPAGE_PMD_SIZE } from '../include/linux/huge_mm.h.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_del,
  list_first_entry_or_null,
} from '../include/linux/list.h.js';

// --- tables that are put by ----------------------------------------------------------------------------------------------

/** Where locks of tables are split, each table of pmds has its own list: USE_SPLIT_PMD_PTLOCKS. */
const pmd_huge_pte = (k: Kernel, mm: MmStruct, pmd: Pmd): Cell =>
  k.mm_struct.pmd_huge_pte >= 0
    ? k.plus(mm, k.mm_struct.pmd_huge_pte)
    : asCell(virt_to_page(k, k.va_of(pmd)) + k.page.pmd_huge_pte);

/** Whether an entry that moves from one table of pmds to another takes its table along: both lists are the same one where they are the mm's. */
export function pmd_move_must_withdraw(k: Kernel, new_pmd: Pmd, old_pmd: Pmd): boolean {
  if (k.mm_struct.pmd_huge_pte >= 0) return false;
  return virt_to_page(k, k.va_of(new_pmd)) !== virt_to_page(k, k.va_of(old_pmd));
}

export function pgtable_trans_huge_deposit(
  k: Kernel,
  mm: MmStruct,
  pmdp: Pmd,
  pgtable: Page,
): void {
  const at: Cell = pmd_huge_pte(k, mm, pmdp);
  const first: Page = k.read_ptr(at);
  if (first === NULL) INIT_LIST_HEAD(k, pgtable + k.page.lru);
  else list_add(k, pgtable + k.page.lru, first + k.page.lru);
  k.write_ptr(at, pgtable);
}

/** Any of them will do: they are all empty. */
export function pgtable_trans_huge_withdraw(k: Kernel, mm: MmStruct, pmdp: Pmd): Page {
  const at: Cell = pmd_huge_pte(k, mm, pmdp);
  const pgtable: Page = k.read_ptr(at);
  const next: Page = list_first_entry_or_null(k, pgtable + k.page.lru, k.page.lru);
  k.write_ptr(at, next);
  if (next !== NULL) list_del(k, pgtable + k.page.lru);
  return pgtable;
}

// --- entries -------------------------------------------------------------------------------------------------------------

export function flush_pmd_tlb_range(k: Kernel, vma: VmAreaStruct, address: VirtAddr): void {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  flush_tlb_mm_range(k, mm, address, asVirt(address + HPAGE_PMD_SIZE(k)));
}

/** Clears an entry. What it held. */
export function pmdp_huge_get_and_clear(k: Kernel, pmdp: Pmd): PteVal {
  const pmd: PteVal = k.read_pte(pmdp);
  pmd_clear(k, pmdp);
  return pmd;
}

export function pmdp_huge_clear_flush(
  k: Kernel,
  vma: VmAreaStruct,
  address: VirtAddr,
  pmdp: Pmd,
): PteVal {
  const pmd: PteVal = pmdp_huge_get_and_clear(k, pmdp);
  flush_pmd_tlb_range(k, vma, address);
  return pmd;
}

/** The entry of a table that is about to become a huge page's: what goes are the small pages' entries in the TLB. */
export function pmdp_collapse_flush(
  k: Kernel,
  vma: VmAreaStruct,
  address: VirtAddr,
  pmdp: Pmd,
): PteVal {
  return pmdp_huge_clear_flush(k, vma, address, pmdp);
}

/** The processor cannot use the entry any more, nor mark it, but it still is a huge page's. What it was. */
export function pmdp_invalidate(
  k: Kernel,
  vma: VmAreaStruct,
  address: VirtAddr,
  pmdp: Pmd,
): PteVal {
  const old: PteVal = pmdp_invalidate_ad(k, pmdp);
  flush_pmd_tlb_range(k, vma, address);
  return old;
}

/** As pmdp_invalidate(), where whoever calls drops what the TLB has. */
export function pmdp_invalidate_ad(k: Kernel, pmdp: Pmd): PteVal {
  const old: PteVal = k.read_pte(pmdp);
  set_pmd(k, pmdp, pmd_mkinvalid(k, old));
  return old;
}

/** Clears the RW bit, as fork() does of both copies. */
export function pmdp_set_wrprotect(k: Kernel, pmdp: Pmd): void {
  set_pmd(k, pmdp, pmd_wrprotect(k.read_pte(pmdp)));
}

/** Allows more, where `entry` is not what is there; whether it was not. */
export function pmdp_set_access_flags(
  k: Kernel,
  pmdp: Pmd,
  entry: PteVal,
  dirty: boolean,
): boolean {
  const changed = !pte_same(k.read_pte(pmdp), entry);
  if (changed && dirty) set_pmd(k, pmdp, entry);
  return changed;
}
