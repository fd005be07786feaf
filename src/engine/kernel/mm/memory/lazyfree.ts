/**
 * MADV_FREE: pages of an area that may be dropped as long as nobody writes to them again: their entries become clean and old.
 *
 * Left out: huge pages, which would be split where a part of them is concerned; swap entries.
 * Source: Linux 6.1 mm/madvise.c: madvise_free_pte_range(), madvise_free_single_vma().
 */
import {
  type MmStruct,
  NULL,
  type Page,
  type Pte,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { clear_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  pte_dirty,
  pte_mkclean,
  pte_mkold,
  pte_none,
  pte_present,
  pte_young,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { page_folio, PageCompound } from '../../include/linux/page-flags.h.js';
import { trylock_page } from '../../include/linux/pagemap.h.js';
import {
  type MmuGather,
  tlb_finish_mmu,
  tlb_flush_pte_range,
  tlb_gather_mmu,
} from '../mmu_gather.js';
import { mark_page_lazyfree } from '../swap/batches.js';
import { lru_add_drain } from '../swap/lru_add_drain.js';
import { follow_pte } from './follow_pte.js';
import { vm_normal_page } from './wp.js';
import { unlock_page } from '../filemap/folio_wait.js';

export function madviseFreeRange(
  k: Kernel,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
): void {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  lru_add_drain(k);
  const tlb: MmuGather = tlb_gather_mmu(k, mm);
  for (let addr: VirtAddr = start; addr < end; addr = asVirt(addr + PAGE_SIZE)) {
    const pte: Pte = follow_pte(k, mm, addr);
    if (pte === NULL) continue;
    const ptent: PteVal = k.read_pte(pte);
    if (pte_none(k, ptent) || !pte_present(ptent)) continue;
    const page: Page = vm_normal_page(k, vma, ptent);
    if (page === NULL || PageCompound(k, page)) continue;
    if (test_bit(k, k.PG_dirty, page + k.page.flags)) {
      // Dirty by itself: it is made clean, if nobody else maps it.
      if (!trylock_page(k, page)) continue;
      if (k.words[page + k.page._mapcount] !== 0) {
        unlock_page(k, page);
        continue;
      }
      clear_bit(k, k.PG_dirty, page + k.page.flags);
      unlock_page(k, page);
    }
    if (pte_young(ptent) || pte_dirty(ptent)) {
      set_pte(k, pte, pte_mkclean(pte_mkold(ptent)));
      tlb_flush_pte_range(tlb, addr, PAGE_SIZE);
    }
    mark_page_lazyfree(k, page_folio(k, page));
  }
  tlb_finish_mmu(k, tlb);
}
