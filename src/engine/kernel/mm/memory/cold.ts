/**
 * MADV_COLD: pages that nobody will need soon: their entries become old, and the pages go to the inactive list.
 *
 * Left out: huge pages, which would be split where a part of them is concerned; MADV_PAGEOUT (nothing is written anywhere), idle page tracking.
 * Source: Linux 6.1 mm/madvise.c: madvise_cold_or_pageout_pte_range(), madvise_cold().
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
import { clear_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  pte_mkold,
  pte_none,
  pte_present,
  pte_young,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { page_mapcount } from '../../include/linux/mm.h.js';
import { PageCompound, PageLRU } from '../../include/linux/page-flags.h.js';
import { ptep_get_and_clear } from '../../include/linux/pgtable.h.js';
import {
  type MmuGather,
  tlb_finish_mmu,
  tlb_flush_pte_range,
  tlb_gather_mmu,
} from '../mmu_gather.js';
import { deactivate_page } from '../swap/batches.js';
import { lru_add_drain } from '../swap/lru_add_drain.js';
import { follow_pte } from './follow_pte.js';
import { vm_normal_page } from './wp.js';

export function madviseColdRange(
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
    // A page that others map, too, is none of this process's business.
    if (page === NULL || PageCompound(k, page)) continue;
    if (!PageLRU(k, page) || page_mapcount(k, page) !== 1) continue;
    if (pte_young(ptent)) {
      set_pte(k, pte, pte_mkold(ptep_get_and_clear(k, pte)));
      tlb_flush_pte_range(tlb, addr, PAGE_SIZE);
    }
    clear_bit(k, k.PG_referenced, page + k.page.flags);
    deactivate_page(k, page);
  }
  tlb_finish_mmu(k, tlb);
}
