/**
 * mremap() of areas of hugetlbfs: entries move to other addresses, and with them what the area has reserved.
 *
 * Left out: userfaultfd, tables of pmds that areas share, MMU notifiers, the locks of the area and of its file.
 * Source: Linux 6.1 mm/hugetlb.c: move_huge_pte(), move_hugetlb_page_tables(), clear_vma_resv_huge_pages().
 */
import {
  type Hstate,
  type MmStruct,
  NULL,
  type Pte,
  type ResvMap,
  type ULong,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { pte_none, set_pte } from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { hstate_vma, huge_page_size } from '../../include/linux/hugetlb.h.js';
import { VM_MAYSHARE } from '../../include/linux/mm_types.h.js';
import { ptep_get_and_clear } from '../../include/linux/pgtable.h.js';
import {
  type MmuGather,
  tlb_finish_mmu,
  tlb_flush_pte_range,
  tlb_gather_mmu,
} from '../mmu_gather.js';
import { huge_pte_alloc, huge_pte_offset } from './huge_pte.js';
import { hugetlb_dup_vma_private, isResvOwner, vma_resv_map } from './reserve.js';
import { putResvMap } from './resv_map.js';

function move_huge_pte(k: Kernel, src_pte: Pte, dst_pte: Pte): void {
  const pte: PteVal = ptep_get_and_clear(k, src_pte);
  set_pte(k, dst_pte, pte);
}

/** How many bytes it has moved: all, or as far as there was memory for tables. */
export function move_hugetlb_page_tables(
  k: Kernel,
  vma: VmAreaStruct,
  old_addr: VirtAddr,
  new_addr: VirtAddr,
  len: ULong,
): ULong {
  const h: Hstate = hstate_vma(k, vma);
  const sz: ULong = huge_page_size(k, h);
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const old_end: VirtAddr = asVirt(old_addr + len);
  const tlb: MmuGather = tlb_gather_mmu(k, mm);
  for (; old_addr < old_end; old_addr = asVirt(old_addr + sz), new_addr = asVirt(new_addr + sz)) {
    const src_pte: Pte = huge_pte_offset(k, mm, old_addr, sz);
    if (src_pte === NULL || pte_none(k, k.read_pte(src_pte))) continue;
    const dst_pte: Pte = huge_pte_alloc(k, mm, new_addr, sz);
    if (dst_pte === NULL) break;
    move_huge_pte(k, src_pte, dst_pte);
    tlb_flush_pte_range(tlb, old_addr, sz);
  }
  tlb_finish_mmu(k, tlb);
  return len + old_addr - old_end;
}

/** What an area has reserved is another one's now, which was copied from it: it gives nothing back when it goes. */
export function clear_vma_resv_huge_pages(k: Kernel, vma: VmAreaStruct): void {
  const isShared = (k.read_int(k.plus(vma, k.vm_area_struct.vm_flags)) & VM_MAYSHARE) !== 0;
  const reservations: ResvMap = vma_resv_map(k, vma);
  if (!isShared && reservations !== NULL && isResvOwner(k, vma)) putResvMap(k, reservations);
  hugetlb_dup_vma_private(k, vma);
}
