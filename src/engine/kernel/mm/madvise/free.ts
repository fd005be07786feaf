/**
 * MADV_FREE: pages of an area that may be dropped as long as nobody writes to them again: their entries become clean and old. Of a huge
 * page that is concerned in part, the small pages that it is split into.
 *
 * Left out: swap entries, several references to a page that waits to be split.
 * Source: Linux 6.1 mm/madvise.c: madvise_free_pte_range(), madvise_free_single_vma(); mm/huge_memory.c: madvise_free_huge_pmd().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pmd,
  type Pte,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { clear_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  pmd_dirty,
  pmd_mkclean,
  pmd_mkold,
  pmd_page,
  pmd_present,
  pmd_trans_huge,
  pmd_young,
  pte_dirty,
  pte_mkclean,
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
import { folio_mapcount, page_mapcount, vma_is_anonymous } from '../../include/linux/mm.h.js';
import { page_folio, PageHead } from '../../include/linux/page-flags.h.js';
import { trylock_page } from '../../include/linux/pagemap.h.js';
import { pte_offset_map, ptep_get_and_clear } from '../../include/linux/pgtable.h.js';
import { unlock_page } from '../filemap/folio_wait.js';
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
import { mark_page_lazyfree } from '../swap/batches.js';
import { lru_add_drain } from '../swap/lru_add_drain.js';
import { get_page, put_page } from '../swap/swap.js';

/** True: the whole of it may be dropped. False: the walk goes on, with small pages if it could be split. Of mm/huge_memory.c. */
function madvise_free_huge_pmd(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  pmd: Pmd,
  addr: VirtAddr,
  next: VirtAddr,
): boolean {
  let orig_pmd: PteVal = k.read_pte(pmd);
  if (is_huge_zero_pmd(k, orig_pmd) || !pmd_present(orig_pmd)) return false;
  const page: Page = pmd_page(k, orig_pmd);
  // Others must agree before it is dropped. total_mapcount():
  if (folio_mapcount(k, page) !== 1) return false;
  if (!trylock_page(k, page)) return false;
  if (next - addr !== HPAGE_PMD_SIZE(k)) {
    get_page(k, page);
    split_huge_page(k, page);
    unlock_page(k, page);
    put_page(k, page);
    return false;
  }
  clear_bit(k, k.PG_dirty, page + k.page.flags);
  unlock_page(k, page);
  if (pmd_young(orig_pmd) || pmd_dirty(orig_pmd)) {
    pmdp_invalidate(k, vma, addr, pmd);
    orig_pmd = pmd_mkclean(pmd_mkold(orig_pmd));
    set_pmd(k, pmd, orig_pmd);
    tlb_flush_pte_range(tlb, addr, HPAGE_PMD_SIZE(k));
  }
  mark_page_lazyfree(k, page);
  return true;
}

/** Whether a part of a huge page became small pages: the entry is looked at again. */
function splitForRange(k: Kernel, folio: Page): boolean {
  // folio_estimated_sharers():
  if (page_mapcount(k, folio) !== 1) return false;
  get_page(k, folio);
  if (!trylock_page(k, folio)) {
    put_page(k, folio);
    return false;
  }
  const isSplit = split_huge_page(k, folio) === 0;
  unlock_page(k, folio);
  put_page(k, folio);
  return isSplit;
}

function madvise_free_pte_range(
  k: Kernel,
  pmd: Pmd,
  start: VirtAddr,
  end: VirtAddr,
  walk: MmWalk,
): Int {
  const tlb = walk.private as MmuGather;
  const vma: VmAreaStruct = walk.vma;
  if (pmd_trans_huge(k.read_pte(pmd)) && madvise_free_huge_pmd(k, tlb, vma, pmd, start, end))
    return 0;
  // pmd_trans_unstable():
  if (!pmd_present(k.read_pte(pmd)) || pmd_trans_huge(k.read_pte(pmd))) return 0;
  let pte: Pte = pte_offset_map(k, pmd, start);
  for (
    let addr: VirtAddr = start;
    addr < end;
    pte = asCell(pte + k.pte_words), addr = asVirt(addr + PAGE_SIZE)
  ) {
    let ptent: PteVal = k.read_pte(pte);
    if (pte_none(k, ptent) || !pte_present(ptent)) continue;
    let page: Page = vm_normal_page(k, vma, ptent);
    if (page === NULL) continue;
    const folio: Page = page_folio(k, page);
    if (PageHead(k, folio)) {
      if (!splitForRange(k, folio)) break;
      ptent = k.read_pte(pte);
      page = vm_normal_page(k, vma, ptent);
    }
    if (test_bit(k, k.PG_dirty, page + k.page.flags)) {
      // Dirty by itself: it is made clean, if nobody else maps it.
      if (!trylock_page(k, page)) continue;
      if (folio_mapcount(k, page) !== 1) {
        unlock_page(k, page);
        continue;
      }
      clear_bit(k, k.PG_dirty, page + k.page.flags);
      unlock_page(k, page);
    }
    if (pte_young(ptent) || pte_dirty(ptent)) {
      ptent = ptep_get_and_clear(k, pte);
      set_pte(k, pte, pte_mkclean(pte_mkold(ptent)));
      tlb_flush_pte_range(tlb, addr, PAGE_SIZE);
    }
    mark_page_lazyfree(k, page);
  }
  return 0;
}

/** 0, or -EINVAL: others could see what is lost. */
export function madvise_free_single_vma(
  k: Kernel,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
): Int {
  if (!vma_is_anonymous(k, vma)) return -EINVAL;
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  lru_add_drain(k);
  const tlb: MmuGather = tlb_gather_mmu(k, mm);
  const madvise_free_walk_ops: MmWalkOps = { pmd_entry: madvise_free_pte_range };
  walk_page_range(k, mm, start, end, madvise_free_walk_ops, tlb);
  tlb_finish_mmu(k, tlb);
  return 0;
}
