/**
 * Everybody who maps a page, one after the other: the areas that its anon_vma or its file leads to, and of each the entry that maps it.
 *
 *     anonymous   page->mapping ─> anon_vma->rb_root: areas that may have it    of a file   page->mapping ─> i_mmap
 *
 * Left out: the locks of anon_vma, file and entry; KSM.
 * Source: Linux 6.1 mm/rmap.c: rmap_walk(), rmap_walk_anon(), rmap_walk_file(); mm/page_vma_mapped.c: check_pte() to page_vma_mapped_walk();
 * mm/internal.h: vma_address(), vma_address_end(); mm/util.c: folio_anon_vma().
 */
import {
  type AddressSpace,
  type AnonVma,
  type AnonVmaChain,
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pfn,
  type Pmd,
  type Pte,
  type ULong,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { NO_PTE } from '../../../machine/pteWords.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import {
  pmd_pfn,
  pmd_present,
  pmd_trans_huge,
  pte_none,
  pte_pfn,
  pte_present,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { EFAULT } from '../../include/linux/errno.h.js';
import { HPAGE_PMD_NR, is_pmd_migration_entry } from '../../include/linux/huge_mm.h.js';
import { compound_nr } from '../../include/linux/mm.h.js';
import { PAGE_MAPPING_ANON, PageAnon } from '../../include/linux/page-flags.h.js';
import { PMD_SIZE, pte_offset_map } from '../../include/linux/pgtable.h.js';
import {
  is_migration_entry,
  pfn_swap_entry_to_page,
  pte_to_swp_entry,
} from '../../include/linux/swapops.h.js';
import {
  anon_vma_interval_tree_iter_first,
  anon_vma_interval_tree_iter_next,
  vma_interval_tree_iter_first,
  vma_interval_tree_iter_next,
} from '../interval_tree.js';
import { mm_find_pmd } from '../huge_memory/split_pmd.js';
import { areasOfFile } from '../mmap/link.js';
import { rootOf } from '../rmap/anon_vma.js';

/** No address: the area does not have it. */
const NOWHERE = asVirt(-EFAULT);

/** Where an area has the folio's first page, or the first of those that it has. */
function vma_address(k: Kernel, folio: Page, vma: VmAreaStruct): VirtAddr {
  const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  const pgoff: ULong = k.read_ulong(folio + k.page.index);
  if (pgoff < vm_pgoff)
    return pgoff + compound_nr(k, folio) - 1 >= vm_pgoff ? asVirt(vm_start) : NOWHERE;
  const address: ULong = vm_start + (pgoff - vm_pgoff) * PAGE_SIZE;
  return address < vm_start || address >= vm_end ? NOWHERE : asVirt(address);
}

/** NULL: the page is not anonymous. */
export const folio_anon_vma = (k: Kernel, folio: Page): AnonVma =>
  PageAnon(k, folio)
    ? k.cell_at(asVirt(k.read_va(folio + k.page.mapping) - PAGE_MAPPING_ANON))
    : NULL;

/** A walk through the entries by which one area maps a folio: those of its pages, one by one, or the one that maps it as a whole. */
export interface PageVmaMappedWalk {
  readonly folio: Page;
  readonly vma: VmAreaStruct;
  /** PVMW_MIGRATION: entries that wait for it, not those that map it. */
  readonly migration: boolean;
  /** Of the entry. */
  address: VirtAddr;
  /** Set, while `pte` is not: the entry of a whole huge page. */
  pmd: Pmd;
  pte: Pte;
}

/** DEFINE_FOLIO_VMA_WALK() */
export const folioVmaWalk = (
  folio: Page,
  vma: VmAreaStruct,
  address: VirtAddr,
  migration: boolean,
): PageVmaMappedWalk => ({ folio, vma, migration, address, pmd: NULL, pte: NULL });

/** Whether frames from `pfn` on are the folio's, at least some of them. */
const isOfFolio = (k: Kernel, { folio }: PageVmaMappedWalk, pfn: Pfn, nr: Int): boolean => {
  const first: Pfn = k.page_to_pfn(folio);
  return pfn + nr > first && pfn < first + compound_nr(k, folio);
};

/** Whether the entry maps a page of the folio, or waits for one. */
function check_pte(k: Kernel, pvmw: PageVmaMappedWalk): boolean {
  const entry: PteVal = k.read_pte(pvmw.pte);
  if (pte_none(k, entry)) return false;
  if (!pvmw.migration) return pte_present(entry) && isOfFolio(k, pvmw, pte_pfn(k, entry), 1);
  if (pte_present(entry)) return false;
  const swp = pte_to_swp_entry(k, entry);
  if (!is_migration_entry(swp)) return false;
  return isOfFolio(k, pvmw, k.page_to_pfn(pfn_swap_entry_to_page(k, swp)), 1);
}

function check_pmd(k: Kernel, pvmw: PageVmaMappedWalk, pfn: Pfn): boolean {
  return isOfFolio(k, pvmw, pfn, HPAGE_PMD_NR(k));
}

/** A huge entry is the only one that there can be. */
function checkHuge(k: Kernel, pvmw: PageVmaMappedWalk, pmde: PteVal): boolean {
  if (pmd_present(pmde)) return !pvmw.migration && check_pmd(k, pvmw, pmd_pfn(k, pmde));
  if (!pvmw.migration) return false;
  return check_pmd(k, pvmw, k.page_to_pfn(pfn_swap_entry_to_page(k, pte_to_swp_entry(k, pmde))));
}

/** Where the folio ends in the area, or the area. */
function vma_address_end(k: Kernel, { folio, vma }: PageVmaMappedWalk): VirtAddr {
  const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  const pgoff: ULong = k.read_ulong(folio + k.page.index) + compound_nr(k, folio);
  return asVirt(Math.min(vm_end, vm_start + (pgoff - vm_pgoff) * PAGE_SIZE));
}

/** Goes to the next entry of the folio: false, there is none. Left out: the entries' lock, hugetlb. */
export function page_vma_mapped_walk(k: Kernel, pvmw: PageVmaMappedWalk): boolean {
  // It was mapped as a whole, and that has been seen.
  if (pvmw.pmd !== NULL && pvmw.pte === NULL) return false;
  const mm: MmStruct = k.read_ptr(k.plus(pvmw.vma, k.vm_area_struct.vm_mm));
  const end: VirtAddr = vma_address_end(k, pvmw);
  const next = (address: VirtAddr): VirtAddr => asVirt(address + PAGE_SIZE);
  if (pvmw.pte !== NULL) pvmw.address = next(pvmw.address);
  for (; pvmw.address < end; pvmw.address = next(pvmw.address)) {
    // Once for each table: next_pte stays in it.
    if (pvmw.pte === NULL || pvmw.address % PMD_SIZE(k) === 0) {
      pvmw.pmd = mm_find_pmd(k, mm, pvmw.address);
      const pmde: PteVal = pvmw.pmd === NULL ? NO_PTE : k.read_pte(pvmw.pmd);
      if (pmd_trans_huge(pmde) || is_pmd_migration_entry(k, pmde)) {
        pvmw.pte = NULL;
        return checkHuge(k, pvmw, pmde);
      }
      if (!pmd_present(pmde)) {
        // step_forward():
        const start: ULong = pvmw.address - (pvmw.address % PMD_SIZE(k));
        pvmw.address = asVirt(start + PMD_SIZE(k) - PAGE_SIZE);
        pvmw.pte = NULL;
        continue;
      }
      pvmw.pte = pte_offset_map(k, pvmw.pmd, pvmw.address);
    } else {
      pvmw.pte = asCell(pvmw.pte + k.pte_words);
    }
    if (check_pte(k, pvmw)) return true;
  }
  return false;
}

/** What is done in each area that may map the page, at its address there: false, and it goes no further. */
export interface RmapWalkControl {
  readonly rmap_one: (
    k: Kernel,
    folio: Page,
    vma: VmAreaStruct,
    address: VirtAddr,
    arg: Page,
  ) => boolean;
  readonly arg: Page;
  /** Whether there is nothing left to do. */
  readonly done?: (k: Kernel, folio: Page) => boolean;
}

function walkOne(k: Kernel, folio: Page, rwc: RmapWalkControl, vma: VmAreaStruct): boolean {
  const address: VirtAddr = vma_address(k, folio, vma);
  if (address === NOWHERE) return true;
  if (!rwc.rmap_one(k, folio, vma, address, rwc.arg)) return false;
  return rwc.done?.(k, folio) !== true;
}

function rmap_walk_anon(k: Kernel, folio: Page, rwc: RmapWalkControl): void {
  const anon_vma: AnonVma = folio_anon_vma(k, folio);
  if (anon_vma === NULL) return;
  const pgoff_start: ULong = k.read_ulong(folio + k.page.index);
  const pgoff_end: ULong = pgoff_start + compound_nr(k, folio) - 1;
  const root = rootOf(k, anon_vma);
  for (
    let avc: AnonVmaChain = anon_vma_interval_tree_iter_first(k, root, pgoff_start, pgoff_end);
    avc !== NULL;
    avc = anon_vma_interval_tree_iter_next(k, avc, pgoff_start, pgoff_end)
  ) {
    const vma: VmAreaStruct = k.read_ptr(avc + k.anon_vma_chain.vma);
    if (!walkOne(k, folio, rwc, vma)) break;
  }
}

function rmap_walk_file(k: Kernel, folio: Page, rwc: RmapWalkControl): void {
  const mapping: AddressSpace = k.read_ptr(folio + k.page.mapping);
  if (mapping === NULL) return;
  const pgoff_start: ULong = k.read_ulong(folio + k.page.index);
  const pgoff_end: ULong = pgoff_start + compound_nr(k, folio) - 1;
  const root = areasOfFile(k, mapping);
  for (
    let vma: VmAreaStruct = vma_interval_tree_iter_first(k, root, pgoff_start, pgoff_end);
    vma !== NULL;
    vma = vma_interval_tree_iter_next(k, vma, pgoff_start, pgoff_end)
  )
    if (!walkOne(k, folio, rwc, vma)) break;
}

export function rmap_walk(k: Kernel, folio: Page, rwc: RmapWalkControl): void {
  if (PageAnon(k, folio)) rmap_walk_anon(k, folio, rwc);
  else rmap_walk_file(k, folio, rwc);
}
