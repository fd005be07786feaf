/**
 * Who maps a page: `page->_mapcount` counts its mappings, and `page->mapping` leads to the areas that may have them.
 *
 *     anonymous   page->mapping = anon_vma | 1 ─> anon_vma->rb_root ─> anon_vma_chain ─> vma
 *     of a file   page->mapping = address_space ─> i_mmap ─> vma
 *
 * Left out: KSM; huge pages of files; memcg.
 * Source: Linux 6.1 mm/rmap.c; include/linux/rmap.h; include/linux/page-flags.h; include/linux/mm.h;
 * include/linux/mm_types.h: compound_mapcount_ptr().
 */
import {
  type AnonVma,
  type Int,
  type MmStruct,
  type Page,
  type ULong,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell, type VirtAddr } from '../../../memory/address.js';
import { __set_bit, clear_bit, set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { EBUSY } from '../../include/linux/errno.h.js';
import {
  is_vm_hugetlb_page,
  linear_hugepage_index,
  PageHuge,
} from '../../include/linux/hugetlb.h.js';
import {
  compound_nr,
  linear_page_index,
  nth_page,
  page_maybe_dma_pinned,
} from '../../include/linux/mm.h.js';
import { MMF_HAS_PINNED } from '../../include/linux/mm_types.h.js';
import {
  PAGE_MAPPING_ANON,
  page_folio,
  PageAnon,
  PageCompound,
  TestClearPageDoubleMap,
} from '../../include/linux/page-flags.h.js';
import { deferred_split_huge_page } from '../huge_memory/huge_memory.js';
import { mlock_vma_page, munlock_vma_page } from '../mlock/mlock.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';

/** Of a page of hugetlbfs its head says so, for all of it; of a transparent huge page each page for itself. */
const exclusiveFlags = (k: Kernel, page: Page): Cell =>
  asCell((PageHuge(k, page) ? page_folio(k, page) : page) + k.page.flags);
export const PageAnonExclusive = (k: Kernel, page: Page): boolean =>
  test_bit(k, k.PG_anon_exclusive, exclusiveFlags(k, page));
export const SetPageAnonExclusive = (k: Kernel, page: Page): void =>
  set_bit(k, k.PG_anon_exclusive, exclusiveFlags(k, page));
export const ClearPageAnonExclusive = (k: Kernel, page: Page): void =>
  clear_bit(k, k.PG_anon_exclusive, exclusiveFlags(k, page));

/** Where the mappings of a compound page as a whole are counted. */
export const compound_mapcount_ptr = (k: Kernel, head: Page): Cell =>
  asCell(nth_page(k, head, 1) + k.page.compound_mapcount);

/** The page belongs to the area's own anon_vma from now on: nobody else has it any more. */
export function page_move_anon_rmap(k: Kernel, page: Page, vma: VmAreaStruct): void {
  const anon_vma: AnonVma = k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));
  k.write_ptr_tagged(page_folio(k, page) + k.page.mapping, anon_vma, PAGE_MAPPING_ANON);
  SetPageAnonExclusive(k, page);
}

function __page_set_anon_rmap(
  k: Kernel,
  page: Page,
  vma: VmAreaStruct,
  address: VirtAddr,
  exclusive: boolean,
): void {
  if (!PageAnon(k, page)) {
    let anon_vma: AnonVma = k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));
    // A page that others may have belongs to the anon_vma that all of them are linked with.
    if (!exclusive) anon_vma = k.read_ptr(k.plus(anon_vma, k.anon_vma.root));
    k.write_ptr_tagged(page + k.page.mapping, anon_vma, PAGE_MAPPING_ANON);
    const index: ULong = is_vm_hugetlb_page(k, vma)
      ? linear_hugepage_index(k, vma, address)
      : linear_page_index(k, vma, address);
    k.write_long(page + k.page.index, index);
  }
  // out:
  if (exclusive) SetPageAnonExclusive(k, page);
}

/** The first mapping of a page that nobody else has; of a huge page, as a whole. */
export function page_add_new_anon_rmap(
  k: Kernel,
  page: Page,
  vma: VmAreaStruct,
  address: VirtAddr,
): void {
  const compound = PageCompound(k, page);
  const nr: Int = compound ? compound_nr(k, page) : 1;
  __set_bit(k, k.PG_swapbacked, page + k.page.flags);
  if (compound) {
    k.write(compound_mapcount_ptr(k, page), 0);
    k.write(nth_page(k, page, 1) + k.page.compound_pincount, 0);
    __mod_node_page_state(k, k.NR_ANON_THPS, nr);
  } else {
    k.write(page + k.page._mapcount, 0);
  }
  __mod_node_page_state(k, k.NR_ANON_MAPPED, nr);
  __page_set_anon_rmap(k, page, vma, address, true);
}

/** As page_add_new_anon_rmap(), of a page of hugetlbfs, which no counter counts. */
export function hugepage_add_new_anon_rmap(
  k: Kernel,
  page: Page,
  vma: VmAreaStruct,
  address: VirtAddr,
): void {
  k.write(compound_mapcount_ptr(k, page), 0);
  k.write(nth_page(k, page, 1) + k.page.compound_pincount, 0);
  __page_set_anon_rmap(k, page, vma, address, true);
}

/** A mapping of an anonymous page that is no new one. `exclusive`: nobody else has it. `compound`: of a huge page as a whole. */
export function page_add_anon_rmap(
  k: Kernel,
  page: Page,
  vma: VmAreaStruct,
  address: VirtAddr,
  exclusive: boolean,
  compound = false,
): void {
  const at = compound ? compound_mapcount_ptr(k, page) : asCell(page + k.page._mapcount);
  const mapcount: Int = k.words[at]! + 1;
  k.write(at, mapcount);
  if (mapcount === 0) {
    const nr: Int = compound ? compound_nr(k, page) : 1;
    if (compound) __mod_node_page_state(k, k.NR_ANON_THPS, nr);
    __mod_node_page_state(k, k.NR_ANON_MAPPED, nr);
    __page_set_anon_rmap(k, page, vma, address, exclusive);
  }
  mlock_vma_page(k, page, vma, compound);
}

/** The page is no longer this mapping's alone, so that it can be unmapped. -EBUSY: it may be pinned, and stays. */
export function page_try_share_anon_rmap(k: Kernel, page: Page): Int {
  if (page_maybe_dma_pinned(k, page)) return -EBUSY;
  ClearPageAnonExclusive(k, page);
  return 0;
}

export function page_add_file_rmap(k: Kernel, page: Page, vma: VmAreaStruct): void {
  const mapcount: Int = k.words[page + k.page._mapcount]! + 1;
  k.write(page + k.page._mapcount, mapcount);
  if (mapcount === 0) __mod_node_page_state(k, k.NR_FILE_MAPPED, 1);
  mlock_vma_page(k, page, vma, false);
}

/** One less; whether nobody is left. */
const countDown = (k: Kernel, at: Cell): boolean => {
  const mapcount: Int = k.words[at]! - 1;
  k.write(at, mapcount);
  return mapcount < 0;
};

/** Left out: huge pages of files (PMD-mapped tmpfs). */
function page_remove_file_rmap(k: Kernel, page: Page): void {
  if (PageHuge(k, page)) {
    countDown(k, compound_mapcount_ptr(k, page));
    return;
  }
  if (countDown(k, asCell(page + k.page._mapcount))) __mod_node_page_state(k, k.NR_FILE_MAPPED, -1);
}

/** A huge page is not mapped as a whole any more. Where some of its pages still are, one by one, it is to be split. */
function page_remove_anon_compound_rmap(k: Kernel, page: Page): void {
  if (!countDown(k, compound_mapcount_ptr(k, page))) return;
  if (PageHuge(k, page)) return;
  const nr_pages: Int = compound_nr(k, page);
  __mod_node_page_state(k, k.NR_ANON_THPS, -nr_pages);
  let nr: Int = nr_pages;
  if (TestClearPageDoubleMap(k, page)) {
    nr = 0;
    for (let i = 0; i < nr_pages; i++)
      if (countDown(k, asCell(nth_page(k, page, i) + k.page._mapcount))) nr++;
    if (nr !== 0 && nr < nr_pages) deferred_split_huge_page(k, page);
  }
  if (nr !== 0) __mod_node_page_state(k, k.NR_ANON_MAPPED, -nr);
}

/** One mapping less. A page that nobody maps any more is still anonymous: it is freed, or found again in swap. */
export function page_remove_rmap(
  k: Kernel,
  page: Page,
  vma: VmAreaStruct,
  compound: boolean,
): void {
  out: {
    if (!PageAnon(k, page)) {
      page_remove_file_rmap(k, page);
      break out;
    }
    if (compound) {
      page_remove_anon_compound_rmap(k, page);
      break out;
    }
    if (!countDown(k, asCell(page + k.page._mapcount))) break out;
    __mod_node_page_state(k, k.NR_ANON_MAPPED, -1);
    if (PageCompound(k, page)) deferred_split_huge_page(k, page_folio(k, page));
  }
  // out:
  munlock_vma_page(k, page, vma, compound);
}

/** One mapping more, in a child. */
export function page_dup_file_rmap(k: Kernel, page: Page, compound: boolean): void {
  const at = compound ? compound_mapcount_ptr(k, page) : asCell(page + k.page._mapcount);
  k.write(at, k.words[at]! + 1);
}

function page_needs_cow_for_dma(k: Kernel, vma: VmAreaStruct, page: Page): boolean {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const flags = k.plus(mm, k.mm_struct.flags);
  return test_bit(k, MMF_HAS_PINNED, flags) && page_maybe_dma_pinned(k, page);
}

/** One mapping more, of a page that has been this area's alone, perhaps. -EBUSY: it may be pinned, and must be copied. */
export function page_try_dup_anon_rmap(
  k: Kernel,
  page: Page,
  compound: boolean,
  vma: VmAreaStruct,
): Int {
  if (PageAnonExclusive(k, page)) {
    if (page_needs_cow_for_dma(k, vma, page)) return -EBUSY;
    ClearPageAnonExclusive(k, page);
  }
  // dup:
  page_dup_file_rmap(k, page, compound);
  return 0;
}
