/**
 * Locking addresses in memory: areas are marked, merged or split, pages that are there are locked, and the others are faulted in.
 *
 * Left out: RLIMIT_MEMLOCK, mlockall.
 * Source: Linux 6.1 mm/mlock.c: mlock_pte_range() to munlockRange().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pmd,
  type Pte,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import {
  pmd_page,
  pmd_present,
  pmd_trans_huge,
  pte_present,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { EFAULT, EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import { is_huge_zero_pmd, is_swap_pmd } from '../../include/linux/huge_mm.h.js';
import { MA_STATE, type MaState } from '../../include/linux/maple_tree.h.js';
import {
  VM_HUGETLB,
  VM_IO,
  VM_LOCKED,
  VM_LOCKED_CLEAR_MASK,
  VM_SPECIAL,
} from '../../include/linux/mm_types.h.js';
import { page_folio, PageCompound } from '../../include/linux/page-flags.h.js';
import { pte_offset_map } from '../../include/linux/pgtable.h.js';
import { mas_prev } from '../../lib/maple_tree/find.js';
import { mas_walk } from '../../lib/maple_tree/walk.js';
import { __mm_populate } from '../gup/populate.js';
import { vm_normal_page } from '../memory/wp.js';
import { type MmWalk, type MmWalkOps, walk_page_range } from '../pagewalk/pagewalk.js';
import { find_vma, mmTree } from '../mmap/find_vma.js';
import { vmaFile } from '../mmap/link.js';
import { split_vma, vma_merge } from '../mmap/merge.js';
import { lru_add_drain } from '../swap/lru_add_drain.js';
import { mlock_folio, munlock_page } from './mlock.js';

function mlock_pte_range(k: Kernel, pmd: Pmd, start: VirtAddr, end: VirtAddr, walk: MmWalk): Int {
  const vma: VmAreaStruct = walk.vma;
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  const locks = (vm_flags & VM_LOCKED) !== 0;
  const pmdval: PteVal = k.read_pte(pmd);
  // pmd_trans_huge_lock():
  if (is_swap_pmd(k, pmdval) || pmd_trans_huge(pmdval)) {
    if (!pmd_present(pmdval) || is_huge_zero_pmd(k, pmdval)) return 0;
    const huge: Page = pmd_page(k, pmdval);
    if (locks) mlock_folio(k, huge);
    else munlock_page(k, huge);
    return 0;
  }
  let pte: Pte = pte_offset_map(k, pmd, start);
  for (
    let addr: VirtAddr = start;
    addr < end;
    pte = asCell(pte + k.pte_words), addr = asVirt(addr + PAGE_SIZE)
  ) {
    const ptent: PteVal = k.read_pte(pte);
    if (!pte_present(ptent)) continue;
    const page: Page = vm_normal_page(k, vma, ptent);
    if (page === NULL || PageCompound(k, page)) continue;
    if (locks) mlock_folio(k, page_folio(k, page));
    else munlock_page(k, page);
  }
  return 0;
}

/** Pages that are there already. A fault meanwhile must not lock its page a second time: VM_IO says so. */
function mlock_vma_pages_range(
  k: Kernel,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
  newflags: VmFlags,
): void {
  const vm_flags = k.plus(vma, k.vm_area_struct.vm_flags);
  const locks = (newflags & VM_LOCKED) !== 0;
  k.write(vm_flags, locks ? newflags | VM_IO : newflags);
  lru_add_drain(k);
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const mlock_walk_ops: MmWalkOps = { pmd_entry: mlock_pte_range };
  walk_page_range(k, mm, start, end, mlock_walk_ops, NULL);
  lru_add_drain(k);
  if (locks) k.write(vm_flags, newflags);
}

function mlock_fixup(
  k: Kernel,
  vma: VmAreaStruct,
  prev: Out<VmAreaStruct>,
  start: VirtAddr,
  end: VirtAddr,
  newflags: VmFlags,
): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const oldflags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  if (newflags === oldflags || (oldflags & (VM_SPECIAL | VM_HUGETLB)) !== 0) {
    prev.value = vma;
    return 0;
  }
  const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  const pgoff: ULong = vm_pgoff + (start - vm_start) / PAGE_SIZE;
  const anon_vma = k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));
  const file = vmaFile(k, vma);
  const merged = vma_merge(k, mm, prev.value, start, end, newflags, anon_vma, file, pgoff);
  let ret: Int = 0;
  if (merged !== NULL) {
    vma = merged;
  } else {
    if (start !== vm_start) ret = split_vma(k, vma, start, true);
    if (ret === 0 && end !== vm_end) ret = split_vma(k, vma, end, false);
  }
  if (ret === 0) {
    // success:
    let nr_pages: number = (end - start) / PAGE_SIZE;
    if ((newflags & VM_LOCKED) === 0) nr_pages = -nr_pages;
    else if ((oldflags & VM_LOCKED) !== 0) nr_pages = 0;
    k.add_long(k.plus(mm, k.mm_struct.locked_vm), nr_pages);
    if ((newflags & VM_LOCKED) !== 0 && (oldflags & VM_LOCKED) !== 0)
      k.write(k.plus(vma, k.vm_area_struct.vm_flags), newflags);
    else mlock_vma_pages_range(k, vma, start, end, newflags);
  }
  // out:
  prev.value = vma;
  return ret;
}

function apply_vma_lock_flags(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  len: ULong,
  flags: VmFlags,
): Int {
  const end: VirtAddr = asVirt(start + len);
  if (end < start) return -EINVAL;
  if (end === start) return 0;
  const mas: MaState = MA_STATE(k, mmTree(k, mm), start, start);
  let vma: VmAreaStruct = mas_walk(k, mas);
  if (vma === NULL) return -ENOMEM;
  const inside = start > k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const prev: Out<VmAreaStruct> = { value: inside ? vma : mas_prev(k, mas, 0) };
  for (let nstart: VirtAddr = start; ;) {
    const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
    const newflags: VmFlags = (vm_flags & VM_LOCKED_CLEAR_MASK) | flags;
    const vm_end: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
    const tmp: VirtAddr = asVirt(Math.min(vm_end, end));
    const error: Int = mlock_fixup(k, vma, prev, nstart, tmp, newflags);
    if (error !== 0) return error;
    const prev_end: VirtAddr = k.read_va(k.plus(prev.value, k.vm_area_struct.vm_end));
    nstart = asVirt(Math.max(tmp, prev_end));
    if (nstart >= end) return 0;
    vma = find_vma(k, mm, prev_end);
    if (vma === NULL || k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start)) !== nstart)
      return -ENOMEM;
  }
}

const alignedRange = (start: VirtAddr, len: ULong): { start: VirtAddr; len: ULong } => {
  const offset: ULong = start % PAGE_SIZE;
  return {
    start: asVirt(start - offset),
    len: Math.ceil((len + offset) / PAGE_SIZE) * PAGE_SIZE,
  };
};

/** mlock() */
export function do_mlock(k: Kernel, mm: MmStruct, start: VirtAddr, len: ULong): Int {
  const range = alignedRange(start, len);
  const error: Int = apply_vma_lock_flags(k, mm, range.start, range.len, VM_LOCKED);
  if (error !== 0) return error;
  const ret: Int = __mm_populate(k, mm, range.start, range.len, false);
  // __mlock_posix_error_return(): an address that cannot be had is a lack of memory to POSIX.
  return ret === -EFAULT ? -ENOMEM : ret;
}

/** munlockRange() */
export function munlockRange(k: Kernel, mm: MmStruct, start: VirtAddr, len: ULong): Int {
  const range = alignedRange(start, len);
  return apply_vma_lock_flags(k, mm, range.start, range.len, 0);
}
