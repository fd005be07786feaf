/**
 * Transparent huge pages: whether they are asked for, which areas can have them, and the page of zeros that reads of untouched ones share.
 *
 *     transparent_hugepage_flags   bits of enum transparent_hugepage_flag: always, madvise, how hard to try for one, the page of zeros
 *     an area can                  if an aligned range as large as an entry of the pmds lies within it
 *
 * Source: Linux 6.1 include/linux/huge_mm.h; include/linux/swapops.h: is_swap_pmd(), is_pmd_migration_entry(); include/linux/mm.h: thp_nr_pages().
 */
import {
  type Int,
  NULL,
  type Page,
  type Pfn,
  type ULong,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { pmd_pfn, pmd_present } from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { ALIGN_DOWN } from './align.h.js';
import { compound_nr, vma_is_anonymous } from './mm.h.js';
import { is_migration_entry, is_swap_pte, pte_to_swp_entry } from './swapops.h.js';

/** Pages that an entry of a pmd maps: log2, and how many. */
export const HPAGE_PMD_ORDER = (k: Kernel): Int => k.PMD_SHIFT - 12;
export const HPAGE_PMD_NR = (k: Kernel): Int => 1 << HPAGE_PMD_ORDER(k);
export const HPAGE_PMD_SIZE = (k: Kernel): ULong => 2 ** k.PMD_SHIFT;

/** The huge page that an address lies in: `address & HPAGE_PMD_MASK`. */
export const hugeAddress = (k: Kernel, address: VirtAddr): VirtAddr =>
  asVirt(ALIGN_DOWN(address, HPAGE_PMD_SIZE(k)));

// --- what is switched on -------------------------------------------------------------------------------------------------

/** NULL: the machine was rebuilt from a state that does not tell, or its image has no such variable. */
export const hugepageFlag = (k: Kernel, flag: Int): boolean =>
  k.globals.transparent_hugepage_flags !== NULL &&
  (k.words[k.globals.transparent_hugepage_flags]! & (1 << flag)) !== 0;

export const hugepage_flags_always = (k: Kernel): boolean =>
  hugepageFlag(k, k.TRANSPARENT_HUGEPAGE_FLAG);

export const hugepage_flags_enabled = (k: Kernel): boolean =>
  hugepage_flags_always(k) || hugepageFlag(k, k.TRANSPARENT_HUGEPAGE_REQ_MADV_FLAG);

export const transparent_hugepage_use_zero_page = (k: Kernel): boolean =>
  hugepageFlag(k, k.TRANSPARENT_HUGEPAGE_USE_ZERO_PAGE_FLAG);

/** CONFIG_ARCH_ENABLE_THP_MIGRATION: 64 bit moves a huge page as a whole, where 32 bit has no room for such an entry. */
export const thp_migration_supported = (k: Kernel): boolean => k.wide;

// --- areas ---------------------------------------------------------------------------------------------------------------

/** Whether the huge page around an address lies within the area. */
export function transhuge_vma_suitable(k: Kernel, vma: VmAreaStruct, addr: VirtAddr): boolean {
  const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  if (!vma_is_anonymous(k, vma)) {
    // A huge page of a file begins where its part of the file does.
    const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
    if ((vm_start / PAGE_SIZE - vm_pgoff) % HPAGE_PMD_NR(k) !== 0) return false;
  }
  const haddr: VirtAddr = hugeAddress(k, addr);
  const vm_end: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
  return haddr >= vm_start && haddr + HPAGE_PMD_SIZE(k) <= vm_end;
}

// --- pages and entries ---------------------------------------------------------------------------------------------------

/** Pages of a folio. */
export const thp_nr_pages = (k: Kernel, page: Page): Int => compound_nr(k, page);

export function is_huge_zero_page(k: Kernel, page: Page): boolean {
  return (
    page !== NULL &&
    k.globals.huge_zero_page !== NULL &&
    k.read_va(k.globals.huge_zero_page) !== 0 &&
    k.read_ptr(k.globals.huge_zero_page) === page
  );
}

export function is_huge_zero_pmd(k: Kernel, pmd: PteVal): boolean {
  if (!pmd_present(pmd) || k.globals.huge_zero_page === NULL) return false;
  if (k.read_va(k.globals.huge_zero_page) === 0) return false;
  const huge_zero_pfn: Pfn = k.page_to_pfn(k.read_ptr(k.globals.huge_zero_page));
  return pmd_pfn(k, pmd) === huge_zero_pfn;
}

/** Neither empty nor present: of a huge page that is being migrated. */
export const is_swap_pmd = (k: Kernel, pmd: PteVal): boolean =>
  is_swap_pte(k, pmd) && !pmd_present(pmd);

export function is_pmd_migration_entry(k: Kernel, pmd: PteVal): boolean {
  return is_swap_pmd(k, pmd) && is_migration_entry(pte_to_swp_entry(k, pmd));
}
