/**
 * A range of frames mapped into a process at once: registers of a device, or memory that a driver keeps. The entries are special, so that
 * nobody counts them, and the area says so (VM_PFNMAP): its pages are never freed, pinned or looked for.
 *
 * Left out: memory types (track_pfn_remap tells the area alone: VM_PAT), pfn_modify_allowed (L1TF).
 * Source: Linux 6.1 mm/memory.c: remap_pte_range() to vm_iomap_memory(), zap_vma_ptes(); arch/x86/mm/pat/memtype.c: track_pfn_remap().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type P4d,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SHIFT, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { pfn_pte, pte_mkspecial, pte_none, set_pte } from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import { is_cow_mapping, vma_pages } from '../../include/linux/mm.h.js';
import {
  VM_DONTDUMP,
  VM_DONTEXPAND,
  VM_IO,
  VM_PAT,
  VM_PFNMAP,
} from '../../include/linux/mm_types.h.js';
import {
  pgd_addr_end,
  pgd_offset,
  pmd_addr_end,
  pud_addr_end,
} from '../../include/linux/pgtable.h.js';
import { p4d_alloc, pmd_alloc, pte_alloc_map, pud_alloc } from './memory.js';
import { zap_page_range_single } from './zap.js';

function remap_pte_range(
  k: Kernel,
  mm: MmStruct,
  pmd: Pmd,
  addr: VirtAddr,
  end: VirtAddr,
  pfn: ULong,
  prot: PteVal,
): Int {
  let pte: Pte = pte_alloc_map(k, mm, pmd, addr);
  if (pte === NULL) return -ENOMEM;
  for (; addr !== end; pte = asCell(pte + k.pte_words), addr = asVirt(addr + PAGE_SIZE), pfn++) {
    // Something is mapped there: the driver has been called twice, or for somebody else's area.
    if (!pte_none(k, k.read_pte(pte))) throw new KernelFault('kernel BUG at mm/memory.c!');
    set_pte(k, pte, pte_mkspecial(pfn_pte(k, pfn, prot)));
  }
  return 0;
}

function remap_pmd_range(
  k: Kernel,
  mm: MmStruct,
  pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
  pfn: ULong,
  prot: PteVal,
): Int {
  pfn -= addr / PAGE_SIZE;
  let pmd: Pmd = pmd_alloc(k, mm, pud, addr);
  if (pmd === NULL) return -ENOMEM;
  for (let next: VirtAddr; addr !== end; pmd = asCell(pmd + k.pte_words), addr = next) {
    next = pmd_addr_end(k, addr, end);
    const err: Int = remap_pte_range(k, mm, pmd, addr, next, pfn + addr / PAGE_SIZE, prot);
    if (err !== 0) return err;
  }
  return 0;
}

function remap_pud_range(
  k: Kernel,
  mm: MmStruct,
  p4d: P4d,
  addr: VirtAddr,
  end: VirtAddr,
  pfn: ULong,
  prot: PteVal,
): Int {
  pfn -= addr / PAGE_SIZE;
  let pud: Pud = pud_alloc(k, mm, p4d, addr);
  if (pud === NULL) return -ENOMEM;
  for (let next: VirtAddr; addr !== end; pud = asCell(pud + k.pte_words), addr = next) {
    next = pud_addr_end(k, addr, end);
    const err: Int = remap_pmd_range(k, mm, pud, addr, next, pfn + addr / PAGE_SIZE, prot);
    if (err !== 0) return err;
  }
  return 0;
}

/** remap_pfn_range() without the account of memory types. Left out: five levels. */
export function remap_pfn_range_notrack(
  k: Kernel,
  vma: VmAreaStruct,
  addr: VirtAddr,
  pfn: ULong,
  size: ULong,
  prot: PteVal,
): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const end: VirtAddr = asVirt(addr + Math.ceil(size / PAGE_SIZE) * PAGE_SIZE);
  if (addr % PAGE_SIZE !== 0) {
    k.emit({ kind: 'warn', text: 'mm/memory.c: remap_pfn_range_notrack: !PAGE_ALIGNED(addr)' });
    return -EINVAL;
  }
  const at = k.plus(vma, k.vm_area_struct.vm_flags);
  const vm_flags: VmFlags = k.read_int(at);
  // A private copy is told from a frame of the range by vm_pgoff: so the range must be the whole area.
  if (is_cow_mapping(vm_flags)) {
    if (
      addr !== k.read_va(k.plus(vma, k.vm_area_struct.vm_start)) ||
      end !== k.read_va(k.plus(vma, k.vm_area_struct.vm_end))
    )
      return -EINVAL;
    k.write_long(k.plus(vma, k.vm_area_struct.vm_pgoff), pfn);
  }
  k.write(at, vm_flags | VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
  if (addr >= end) throw new KernelFault('kernel BUG at mm/memory.c!');
  pfn -= addr / PAGE_SIZE;
  let pgd: Pgd = pgd_offset(k, mm, addr);
  for (let next: VirtAddr; addr !== end; pgd = asCell(pgd + k.pte_words), addr = next) {
    next = pgd_addr_end(k, addr, end);
    const p4d: P4d = p4d_alloc(k, mm, pgd, addr);
    const err: Int = remap_pud_range(k, mm, p4d, addr, next, pfn + addr / PAGE_SIZE, prot);
    if (err !== 0) return err;
  }
  return 0;
}

/** Maps frames side by side into an area: 0 or an error. */
export function remap_pfn_range(
  k: Kernel,
  vma: VmAreaStruct,
  addr: VirtAddr,
  pfn: ULong,
  size: ULong,
  prot: PteVal,
): Int {
  // track_pfn_remap(): the range of a whole area is remembered with it.
  const vm_start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
  const at = k.plus(vma, k.vm_area_struct.vm_flags);
  if (addr === vm_start && Math.ceil(size / PAGE_SIZE) * PAGE_SIZE === vm_end - vm_start)
    k.write(at, k.read_int(at) | VM_PAT);
  const err: Int = remap_pfn_range_notrack(k, vma, addr, pfn, size, prot);
  // untrack_pfn():
  if (err !== 0) k.write(at, k.read_int(at) & ~VM_PAT);
  return err;
}

/** The range of a device that an area of mmap() asks for, by its offset and length. */
export function vm_iomap_memory(k: Kernel, vma: VmAreaStruct, start: ULong, len: ULong): Int {
  // A range that begins inside of a page gets the whole page.
  len += start % PAGE_SIZE;
  let pfn: ULong = Math.floor(start / PAGE_SIZE);
  let pages: ULong = Math.ceil(len / PAGE_SIZE);
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  if (vm_pgoff > pages) return -EINVAL;
  pfn += vm_pgoff;
  pages -= vm_pgoff;
  const vm_len: ULong = vma_pages(k, vma);
  if (vm_len > pages) return -EINVAL;
  return remap_pfn_range(
    k,
    vma,
    k.read_va(k.plus(vma, k.vm_area_struct.vm_start)),
    pfn,
    vm_len * 2 ** PAGE_SHIFT,
    k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot)),
  );
}

/** Takes a driver's frames out of an area again: the next access faults. */
export function zap_vma_ptes(k: Kernel, vma: VmAreaStruct, address: VirtAddr, size: ULong): void {
  const vm_start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
  if (address < vm_start || address + size > vm_end) return;
  if ((k.read_int(k.plus(vma, k.vm_area_struct.vm_flags)) & VM_PFNMAP) === 0) return;
  zap_page_range_single(k, vma, address, size);
}
