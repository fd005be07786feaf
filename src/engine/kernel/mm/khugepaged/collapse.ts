/**
 * Collapse: what small pages a huge page's addresses have is copied to one huge page, which an entry of a pmd maps from then on. The table
 * is put by. Addresses that had no page get zeros.
 *
 *     scan      is every entry empty, or a page that only entries hold: no pin, no batch? is one of them writable?
 *     isolate   the pmd is empty meanwhile; pages are locked, and taken off their LRU lists
 *     copy      page by page; the old pages lose this mapping, and are freed
 *
 * madvise(MADV_COLLAPSE) asks for it; khugepaged, which looks by itself from time to time, is left out.
 * Left out: swapped-out pages, huge pages of files, userfaultfd, mmap_lock, which is given up meanwhile; memcg, nodes, max_ptes_* (of
 * khugepaged alone).
 * Source: Linux 6.1 mm/khugepaged.c: release_pte_page() to hpage_collapse_scan_pmd(), madvise_collapse_errno(), madvise_collapse().
 */
import {
  type Int,
  type ListHead,
  type MmStruct,
  NULL,
  type Page,
  type Pmd,
  type Pte,
  type VmAreaStruct,
  type VmFlags,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { __set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { pmd_populate } from '../../arch/x86/include/asm/pgalloc.h.js';
import {
  mk_pmd,
  pmd_bad,
  pmd_mkdirty,
  pmd_mkhuge,
  pmd_none,
  pmd_page,
  pmd_present,
  pmd_trans_huge,
  pte_clear,
  pte_none,
  pte_page,
  pte_pfn,
  pte_present,
  pte_write,
  set_pmd,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { mmdrop } from '../../kernel/fork/mmdrop.js';
import { EAGAIN, EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import { clear_highpage, copy_user_highpage } from '../../include/linux/highmem.h.js';
import {
  HPAGE_PMD_NR,
  HPAGE_PMD_ORDER,
  HPAGE_PMD_SIZE,
  hugeAddress,
  transhuge_vma_suitable,
} from '../../include/linux/huge_mm.h.js';
import {
  INIT_LIST_HEAD,
  list_add_tail,
  list_del,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { compound_nr, is_zero_pfn, nth_page, total_mapcount } from '../../include/linux/mm.h.js';
import {
  compound_head,
  page_folio,
  PageAnon,
  PageCompound,
  PageLocked,
  PageLRU,
} from '../../include/linux/page-flags.h.js';
import { page_ref_count } from '../../include/linux/page_ref.h.js';
import { trylock_page } from '../../include/linux/pagemap.h.js';
import { pte_offset_map } from '../../include/linux/pgtable.h.js';
import { mmgrab } from '../../include/linux/sched/mm.h.js';
import { is_swap_pte } from '../../include/linux/swapops.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import {
  hugepage_vma_check,
  maybe_pmd_mkwrite,
  prep_transhuge_page,
} from '../huge_memory/huge_memory.js';
import { mm_find_pmd } from '../huge_memory/split_pmd.js';
import { add_mm_counter } from '../memory/rss.js';
import { vm_normal_page } from '../memory/wp.js';
import { find_vma } from '../mmap/find_vma.js';
import { alloc_pages } from '../page_alloc/api.js';
import { pgtable_trans_huge_deposit, pmdp_collapse_flush } from '../pgtable-generic.js';
import { page_add_new_anon_rmap, page_remove_rmap } from '../rmap/rmap.js';
import { kfree, kmalloc } from '../slab_common/kmalloc.js';
import { folio_add_lru_vma } from '../swap/lru_add_drain.js';
import { folio_is_file_lru } from '../swap/lruvec.js';
import { lru_add_drain_all, put_page } from '../swap/swap.js';
import { folio_isolate_lru, folio_putback_lru } from '../vmscan/isolate.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { unlock_page } from '../filemap/folio_wait.js';

/** enum scan_result: what came of looking at the addresses of one huge page, as far as it can come here. */
export type ScanResult =
  | 'SCAN_SUCCEED'
  | 'SCAN_PMD_NULL'
  | 'SCAN_PMD_NONE'
  | 'SCAN_PMD_MAPPED'
  | 'SCAN_PTE_NON_PRESENT'
  | 'SCAN_PAGE_NULL'
  | 'SCAN_PAGE_LRU'
  | 'SCAN_PAGE_LOCK'
  | 'SCAN_PAGE_ANON'
  | 'SCAN_PAGE_COUNT'
  | 'SCAN_PAGE_RO'
  | 'SCAN_DEL_PAGE_LRU'
  | 'SCAN_VMA_NULL'
  | 'SCAN_ADDRESS_RANGE'
  | 'SCAN_VMA_CHECK'
  | 'SCAN_ALLOC_HUGE_PAGE_FAIL'
  | 'SCAN_FAIL';

const isolatedItem = (k: Kernel, page: Page): Int =>
  k.NR_ISOLATED_ANON + (folio_is_file_lru(k, page) ? 1 : 0);
const isEmpty = (k: Kernel, pte: PteVal): boolean =>
  pte_none(k, pte) || (pte_present(pte) && is_zero_pfn(k, pte_pfn(k, pte)));

function release_pte_page(k: Kernel, page: Page): void {
  __mod_node_page_state(k, isolatedItem(k, page), -compound_nr(k, page));
  unlock_page(k, page);
  // putback_lru_page():
  folio_putback_lru(k, page);
}

/** What was isolated, from the last one back. @param _pte behind it */
function release_pte_pages(k: Kernel, pte: Pte, _pte: Pte, compound_pagelist: ListHead): void {
  for (_pte = asCell(_pte - k.pte_words); _pte >= pte; _pte = asCell(_pte - k.pte_words)) {
    const pteval: PteVal = k.read_pte(_pte);
    if (isEmpty(k, pteval)) continue;
    const page: Page = pte_page(k, pteval);
    if (!PageCompound(k, page)) release_pte_page(k, page);
  }
  for (
    let page: Page = list_first_entry(k, compound_pagelist, k.page.lru),
      tmp: Page = list_next_entry(k, page, k.page.lru);
    !list_entry_is_head(k, page, compound_pagelist, k.page.lru);
    page = tmp, tmp = list_next_entry(k, tmp, k.page.lru)
  ) {
    list_del(k, page + k.page.lru);
    release_pte_page(k, page);
  }
}

/** Whether only entries have references of it. */
function is_refcount_suitable(k: Kernel, page: Page): boolean {
  return page_ref_count(k, page) === total_mapcount(k, page);
}

const isOnList = (k: Kernel, page: Page, list: ListHead): boolean => {
  for (
    let p: Page = list_first_entry(k, list, k.page.lru);
    !list_entry_is_head(k, p, list, k.page.lru);
    p = list_next_entry(k, p, k.page.lru)
  )
    if (p === page) return true;
  return false;
};

function __collapse_huge_page_isolate(
  k: Kernel,
  vma: VmAreaStruct,
  pte: Pte,
  compound_pagelist: ListHead,
): ScanResult {
  let result: ScanResult;
  let writable = false;
  let _pte: Pte = pte;
  out: {
    for (let i = 0; i < HPAGE_PMD_NR(k); i++, _pte = asCell(_pte + k.pte_words)) {
      const pteval: PteVal = k.read_pte(_pte);
      if (isEmpty(k, pteval)) continue;
      if (!pte_present(pteval)) {
        result = 'SCAN_PTE_NON_PRESENT';
        break out;
      }
      let page: Page = vm_normal_page(k, vma, pteval);
      if (page === NULL) {
        result = 'SCAN_PAGE_NULL';
        break out;
      }
      if (PageCompound(k, page)) page = compound_head(k, page);
      // Of a huge page whose pmd was split there are many entries.
      if (!PageCompound(k, page) || !isOnList(k, page, compound_pagelist)) {
        if (!trylock_page(k, page)) {
          result = 'SCAN_PAGE_LOCK';
          break out;
        }
        // No new one can come by this table: no pmd leads to it.
        if (!is_refcount_suitable(k, page)) {
          unlock_page(k, page);
          result = 'SCAN_PAGE_COUNT';
          break out;
        }
        if (folio_isolate_lru(k, page) !== 0) {
          unlock_page(k, page);
          result = 'SCAN_DEL_PAGE_LRU';
          break out;
        }
        __mod_node_page_state(k, isolatedItem(k, page), compound_nr(k, page));
        if (PageCompound(k, page)) list_add_tail(k, page + k.page.lru, compound_pagelist);
      }
      // next:
      if (pte_write(pteval)) writable = true;
    }
    if (writable) return 'SCAN_SUCCEED';
    result = 'SCAN_PAGE_RO';
  }
  // out:
  release_pte_pages(k, pte, _pte, compound_pagelist);
  return result;
}

function __collapse_huge_page_copy(
  k: Kernel,
  pte: Pte,
  hpage: Page,
  vma: VmAreaStruct,
  compound_pagelist: ListHead,
): void {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  let _pte: Pte = pte;
  for (let i = 0; i < HPAGE_PMD_NR(k); i++, _pte = asCell(_pte + k.pte_words)) {
    const page: Page = nth_page(k, hpage, i);
    const pteval: PteVal = k.read_pte(_pte);
    if (isEmpty(k, pteval)) {
      clear_highpage(k, page);
      add_mm_counter(k, mm, k.MM_ANONPAGES, 1);
      if (!pte_none(k, pteval)) pte_clear(k, _pte);
      continue;
    }
    const src_page: Page = pte_page(k, pteval);
    copy_user_highpage(k, page, src_page);
    if (!PageCompound(k, src_page)) release_pte_page(k, src_page);
    pte_clear(k, _pte);
    page_remove_rmap(k, src_page, vma, false);
    // free_page_and_swap_cache():
    put_page(k, src_page);
  }
  for (
    let src_page: Page = list_first_entry(k, compound_pagelist, k.page.lru),
      tmp: Page = list_next_entry(k, src_page, k.page.lru);
    !list_entry_is_head(k, src_page, compound_pagelist, k.page.lru);
    src_page = tmp, tmp = list_next_entry(k, tmp, k.page.lru)
  ) {
    list_del(k, src_page + k.page.lru);
    release_pte_page(k, src_page);
  }
}

/** alloc_charge_hpage() */
function hpage_collapse_alloc_page(k: Kernel): Page {
  const hpage: Page = alloc_pages(k, k.GFP_TRANSHUGE, HPAGE_PMD_ORDER(k));
  if (hpage === NULL) {
    __count_vm_events(k, k.THP_COLLAPSE_ALLOC_FAILED, 1);
    return NULL;
  }
  prep_transhuge_page(k, hpage);
  __count_vm_events(k, k.THP_COLLAPSE_ALLOC, 1);
  return hpage;
}

/** The area may have changed while the lock was given up. */
function hugepage_vma_revalidate(k: Kernel, mm: MmStruct, address: VirtAddr): ScanResult {
  const vma: VmAreaStruct = find_vma(k, mm, address);
  if (vma === NULL) return 'SCAN_VMA_NULL';
  if (!transhuge_vma_suitable(k, vma, address)) return 'SCAN_ADDRESS_RANGE';
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  return hugepage_vma_check(k, vma, vm_flags, false, false) ? 'SCAN_SUCCEED' : 'SCAN_VMA_CHECK';
}

function find_pmd_or_thp_or_none(k: Kernel, mm: MmStruct, address: VirtAddr): ScanResult {
  const pmd: Pmd = mm_find_pmd(k, mm, address);
  if (pmd === NULL) return 'SCAN_PMD_NULL';
  const pmde: PteVal = k.read_pte(pmd);
  if (pmd_none(k, pmde)) return 'SCAN_PMD_NONE';
  if (!pmd_present(pmde)) return 'SCAN_PMD_NULL';
  if (pmd_trans_huge(pmde)) return 'SCAN_PMD_MAPPED';
  return pmd_bad(pmde) ? 'SCAN_PMD_NULL' : 'SCAN_SUCCEED';
}

function collapse_huge_page(k: Kernel, vma: VmAreaStruct, address: VirtAddr): ScanResult {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const compound_pagelist: ListHead = k.machine.register('compound_pagelist');
  INIT_LIST_HEAD(k, compound_pagelist);
  const hpage: Page = hpage_collapse_alloc_page(k);
  if (hpage === NULL) return 'SCAN_ALLOC_HUGE_PAGE_FAIL';

  const pmd: Pmd = mm_find_pmd(k, mm, address);
  const pte: Pte = pte_offset_map(k, pmd, address);
  // Nobody walks the table from here on: neither the processor nor get_user_pages_fast().
  const table: PteVal = pmdp_collapse_flush(k, vma, address, pmd);
  const pgtable: Page = pmd_page(k, table);
  const result: ScanResult = __collapse_huge_page_isolate(k, vma, pte, compound_pagelist);
  if (result !== 'SCAN_SUCCEED') {
    pmd_populate(k, pmd, pgtable);
    // out_up_write:
    put_page(k, hpage);
    return result;
  }
  __collapse_huge_page_copy(k, pte, hpage, vma, compound_pagelist);
  __set_bit(k, k.PG_uptodate, hpage + k.page.flags);
  const prot: PteVal = k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot));
  const _pmd: PteVal = maybe_pmd_mkwrite(k, pmd_mkdirty(pmd_mkhuge(mk_pmd(k, hpage, prot))), vma);
  page_add_new_anon_rmap(k, hpage, vma, address);
  folio_add_lru_vma(k, hpage, vma);
  pgtable_trans_huge_deposit(k, mm, pmd, pgtable);
  set_pmd(k, pmd, _pmd);
  k.emit({ kind: 'huge-page', change: 'collapsed', pfn: k.page_to_pfn(hpage), va: address });
  return 'SCAN_SUCCEED';
}

/** Why the addresses of one huge page could not be collapsed, or that they have been. */
function hpage_collapse_scan_pmd(k: Kernel, vma: VmAreaStruct, address: VirtAddr): ScanResult {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const found: ScanResult = find_pmd_or_thp_or_none(k, mm, address);
  if (found !== 'SCAN_SUCCEED') return found;
  let writable = false;
  let _pte: Pte = pte_offset_map(k, mm_find_pmd(k, mm, address), address);
  for (let i = 0; i < HPAGE_PMD_NR(k); i++, _pte = asCell(_pte + k.pte_words)) {
    const pteval: PteVal = k.read_pte(_pte);
    // Isolating finds out: only what is swapped out could be brought back.
    if (is_swap_pte(k, pteval) || isEmpty(k, pteval)) continue;
    if (pte_write(pteval)) writable = true;
    const page: Page = vm_normal_page(k, vma, pteval);
    if (page === NULL) return 'SCAN_PAGE_NULL';
    const folio: Page = page_folio(k, page);
    if (!PageLRU(k, folio)) return 'SCAN_PAGE_LRU';
    if (PageLocked(k, folio)) return 'SCAN_PAGE_LOCK';
    if (!PageAnon(k, folio)) return 'SCAN_PAGE_ANON';
    if (!is_refcount_suitable(k, folio)) return 'SCAN_PAGE_COUNT';
  }
  return writable ? collapse_huge_page(k, vma, address) : 'SCAN_PAGE_RO';
}

// --- madvise(MADV_COLLAPSE) ------------------------------------------------------------------------------------------------

/** Whether trying again may help: -EAGAIN. */
function madvise_collapse_errno(r: ScanResult): Int {
  switch (r) {
    case 'SCAN_ALLOC_HUGE_PAGE_FAIL':
      return -ENOMEM;
    case 'SCAN_PAGE_COUNT':
    case 'SCAN_PAGE_LOCK':
    case 'SCAN_PAGE_LRU':
    case 'SCAN_DEL_PAGE_LRU':
      return -EAGAIN;
    default:
      return -EINVAL;
  }
}

/** After these the next huge page is tried. */
const GOES_ON: ReadonlySet<ScanResult> = new Set<ScanResult>([
  'SCAN_PMD_NULL',
  'SCAN_PTE_NON_PRESENT',
  'SCAN_PAGE_RO',
  'SCAN_PAGE_NULL',
  'SCAN_PAGE_COUNT',
  'SCAN_PAGE_LOCK',
  'SCAN_PAGE_LRU',
  'SCAN_DEL_PAGE_LRU',
]);

/** 0: all whole huge pages of the range are huge pages now. */
export function madvise_collapse(
  k: Kernel,
  vma: VmAreaStruct,
  prev: Out<VmAreaStruct>,
  start: VirtAddr,
  end: VirtAddr,
): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  prev.value = vma;
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  if (!hugepage_vma_check(k, vma, vm_flags, false, false)) return -EINVAL;
  // struct collapse_control: a flag, a node's load and its mask.
  const cc: VirtAddr = kmalloc(k, k.wide ? 16 : 12, k.GFP_KERNEL);
  if (cc === 0) return -ENOMEM;
  mmgrab(k, mm);
  // A batch has a reference of each page in it.
  lru_add_drain_all(k);

  const size = HPAGE_PMD_SIZE(k);
  const hstart: VirtAddr = hugeAddress(k, asVirt(start + size - PAGE_SIZE));
  const hend: VirtAddr = hugeAddress(k, end);
  let thps: Int = 0;
  let last_fail: ScanResult = 'SCAN_FAIL';
  for (let addr: VirtAddr = hstart; addr < hend; addr = asVirt(addr + size)) {
    let result: ScanResult = hugepage_vma_revalidate(k, mm, addr);
    if (result === 'SCAN_SUCCEED') result = hpage_collapse_scan_pmd(k, vma, addr);
    if (result === 'SCAN_SUCCEED' || result === 'SCAN_PMD_MAPPED') {
      thps++;
      continue;
    }
    last_fail = result;
    if (!GOES_ON.has(result)) break;
  }
  // out_nolock:
  mmdrop(k, mm);
  kfree(k, cc);
  return thps === (hend - hstart) / size ? 0 : madvise_collapse_errno(last_fail);
}
