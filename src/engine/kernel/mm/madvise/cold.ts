/**
 * MADV_COLD: pages that nobody will need soon: their entries become old, and the pages go to the inactive list. Of a huge page that is
 * concerned in part, the small pages that it is split into. MADV_PAGEOUT: they are reclaimed at once, as far as that goes without swap.
 *
 * Left out: idle page tracking, who may write to a file (everybody is its owner).
 * Source: Linux 6.1 mm/madvise.c: madvise_cold_or_pageout_pte_range(), can_madv_lru_vma(), madvise_cold(), madvise_pageout().
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
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { clear_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  pmd_mkold,
  pmd_page,
  pmd_present,
  pmd_trans_huge,
  pmd_young,
  pte_mkold,
  pte_none,
  pte_present,
  pte_young,
  set_pmd,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { EINVAL } from '../../include/linux/errno.h.js';
import { HPAGE_PMD_SIZE, is_huge_zero_pmd } from '../../include/linux/huge_mm.h.js';
import { INIT_LIST_HEAD, list_add } from '../../include/linux/list.h.js';
import { page_mapcount } from '../../include/linux/mm.h.js';
import { VM_HUGETLB, VM_LOCKED, VM_PFNMAP } from '../../include/linux/mm_types.h.js';
import { page_folio, PageCompound, PageLRU } from '../../include/linux/page-flags.h.js';
import { trylock_page } from '../../include/linux/pagemap.h.js';
import { pte_offset_map, ptep_get_and_clear } from '../../include/linux/pgtable.h.js';
import { folio_lock, unlock_page } from '../filemap/folio_wait.js';
import { split_huge_page } from '../huge_memory/split_page.js';
import { vm_normal_page } from '../memory/wp.js';
import {
  type MmuGather,
  tlb_finish_mmu,
  tlb_flush_pte_range,
  tlb_gather_mmu,
} from '../mmu_gather.js';
import { type MmWalk, type MmWalkOps, walk_page_range } from '../pagewalk/pagewalk.js';
import { pmdp_invalidate } from '../pgtable-generic.js';
import { deactivate_page } from '../swap/batches.js';
import { lru_add_drain } from '../swap/lru_add_drain.js';
import { get_page, put_page } from '../swap/swap.js';
import { folio_isolate_lru, folio_putback_lru } from '../vmscan/isolate.js';
import { reclaim_pages } from '../vmscan/reclaim_pages.js';

/** struct madvise_walk_private */
export interface MadviseWalkPrivate {
  readonly tlb: MmuGather;
  /** Where pages wait to be reclaimed; NULL: they only become old. */
  readonly page_list: ListHead;
}

/** A page whose entry is old now goes to the inactive list, or off its list. */
function takePage(k: Kernel, page: Page, page_list: ListHead): void {
  clear_bit(k, k.PG_referenced, page + k.page.flags);
  if (page_list === NULL) {
    deactivate_page(k, page);
    return;
  }
  if (folio_isolate_lru(k, page) !== 0) return;
  if (test_bit(k, k.PG_unevictable, page + k.page.flags)) folio_putback_lru(k, page);
  else list_add(k, page + k.page.lru, page_list);
}

/** True: all is done. False: the entry is a table of small pages now. */
function coldHugePmd(
  k: Kernel,
  { tlb, page_list }: MadviseWalkPrivate,
  vma: VmAreaStruct,
  pmd: Pmd,
  addr: VirtAddr,
  next: VirtAddr,
): boolean {
  const orig_pmd: PteVal = k.read_pte(pmd);
  if (is_huge_zero_pmd(k, orig_pmd) || !pmd_present(orig_pmd)) return true;
  const page: Page = pmd_page(k, orig_pmd);
  // What others map, too, is none of this process's business.
  if (page_mapcount(k, page) !== 1) return true;
  if (next - addr !== HPAGE_PMD_SIZE(k)) {
    get_page(k, page);
    folio_lock(k, page);
    const err: Int = split_huge_page(k, page);
    unlock_page(k, page);
    put_page(k, page);
    return err !== 0;
  }
  if (pmd_young(orig_pmd)) {
    pmdp_invalidate(k, vma, addr, pmd);
    set_pmd(k, pmd, pmd_mkold(orig_pmd));
    tlb_flush_pte_range(tlb, addr, HPAGE_PMD_SIZE(k));
  }
  takePage(k, page, page_list);
  return true;
}

/** Whether it could be split. */
function splitTail(k: Kernel, page: Page): boolean {
  if (page_mapcount(k, page) !== 1) return false;
  get_page(k, page);
  const folio: Page = page_folio(k, page);
  if (!trylock_page(k, folio)) {
    put_page(k, page);
    return false;
  }
  const isSplit = split_huge_page(k, page) === 0;
  // The page itself keeps the lock, the others have been let go.
  unlock_page(k, isSplit ? page : folio);
  put_page(k, page);
  return isSplit;
}

/** The pages of one entry of the middle level. */
function coldRange(k: Kernel, pmd: Pmd, start: VirtAddr, end: VirtAddr, walk: MmWalk): Int {
  const { tlb, page_list } = walk.private as MadviseWalkPrivate;
  const vma: VmAreaStruct = walk.vma;
  if (pmd_trans_huge(k.read_pte(pmd)) && coldHugePmd(k, { tlb, page_list }, vma, pmd, start, end))
    return 0;
  // regular_page: pmd_trans_unstable():
  if (!pmd_present(k.read_pte(pmd)) || pmd_trans_huge(k.read_pte(pmd))) return 0;
  let pte: Pte = pte_offset_map(k, pmd, start);
  for (
    let addr: VirtAddr = start;
    addr < end;
    pte = asCell(pte + k.pte_words), addr = asVirt(addr + PAGE_SIZE)
  ) {
    let ptent: PteVal = k.read_pte(pte);
    if (pte_none(k, ptent) || !pte_present(ptent)) continue;
    const page: Page = vm_normal_page(k, vma, ptent);
    if (page === NULL) continue;
    if (PageCompound(k, page)) {
      // A huge page is dear: it is split only for its one owner.
      if (!splitTail(k, page)) break;
      ptent = k.read_pte(pte);
    }
    if (!PageLRU(k, page) || page_mapcount(k, page) !== 1) continue;
    if (pte_young(ptent)) {
      set_pte(k, pte, pte_mkold(ptep_get_and_clear(k, pte)));
      tlb_flush_pte_range(tlb, addr, PAGE_SIZE);
    }
    takePage(k, page, page_list);
  }
  return 0;
}

/** One entry of the middle level: what was gathered is reclaimed before the next one. */
function madvise_cold_or_pageout_pte_range(
  k: Kernel,
  pmd: Pmd,
  start: VirtAddr,
  end: VirtAddr,
  walk: MmWalk,
): Int {
  const { page_list } = walk.private as MadviseWalkPrivate;
  if (page_list !== NULL) INIT_LIST_HEAD(k, page_list);
  const err: Int = coldRange(k, pmd, start, end, walk);
  if (page_list !== NULL) reclaim_pages(k, page_list);
  return err;
}

/** 0, or -EINVAL: such an area's pages are on no list. @param pageout whether they are reclaimed */
export function madvise_cold(
  k: Kernel,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
  pageout: boolean,
): Int {
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  // can_madv_lru_vma():
  if ((vm_flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB)) !== 0) return -EINVAL;
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  lru_add_drain(k);
  const tlb: MmuGather = tlb_gather_mmu(k, mm);
  const cold_walk_ops: MmWalkOps = {
    pmd_entry: madvise_cold_or_pageout_pte_range,
  };
  const page_list: ListHead = pageout ? k.machine.register('page_list') : NULL;
  walk_page_range(k, mm, start, end, cold_walk_ops, { tlb, page_list });
  tlb_finish_mmu(k, tlb);
  return 0;
}
