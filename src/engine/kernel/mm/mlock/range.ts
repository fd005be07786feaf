/**
 * Locking addresses in memory: areas are marked, merged or split, pages that are there are locked, and the others are faulted in.
 *
 * Left out: RLIMIT_MEMLOCK.
 * Source: Linux 6.1 mm/mlock.c: mlock_pte_range() to sys_munlockall(); mm/msync.c.
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
import { EBUSY, EFAULT, EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import { is_huge_zero_pmd, is_swap_pmd } from '../../include/linux/huge_mm.h.js';
import { MA_STATE, ULONG_MAX, type MaState } from '../../include/linux/maple_tree.h.js';
import {
  VM_HUGETLB,
  VM_IO,
  VM_LOCKED,
  VM_LOCKED_CLEAR_MASK,
  VM_LOCKONFAULT,
  VM_SPECIAL,
} from '../../include/linux/mm_types.h.js';
import { page_folio, PageCompound } from '../../include/linux/page-flags.h.js';
import { pte_offset_map } from '../../include/linux/pgtable.h.js';
import { mas_find, mas_pause, mas_prev } from '../../lib/maple_tree/find.js';
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

/** mlock(), mlock2(). @param flags VM_LOCKED, and VM_LOCKONFAULT where pages are locked when they come, and are not faulted in */
export function do_mlock(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  len: ULong,
  flags: VmFlags,
): Int {
  const range = alignedRange(start, len);
  const error: Int = apply_vma_lock_flags(k, mm, range.start, range.len, flags);
  if (error !== 0) return error;
  const ret: Int = __mm_populate(k, mm, range.start, range.len, false);
  // __mlock_posix_error_return(): an address that cannot be had is a lack of memory to POSIX.
  return ret === -EFAULT ? -ENOMEM : ret;
}

/** munlock() */
export function munlockRange(k: Kernel, mm: MmStruct, start: VirtAddr, len: ULong): Int {
  const range = alignedRange(start, len);
  return apply_vma_lock_flags(k, mm, range.start, range.len, 0);
}

const MCL_CURRENT = 1;
const MCL_FUTURE = 2;
const MCL_ONFAULT = 4;

/** All areas there are, and what areas that come begin with. */
function apply_mlockall_flags(k: Kernel, mm: MmStruct, flags: Int): Int {
  const lock: VmFlags = VM_LOCKED | ((flags & MCL_ONFAULT) !== 0 ? VM_LOCKONFAULT : 0);
  const def_flags = k.plus(mm, k.mm_struct.def_flags);
  const kept: VmFlags = k.read_int(def_flags) & VM_LOCKED_CLEAR_MASK;
  k.write_long(def_flags, (flags & MCL_FUTURE) !== 0 ? kept | lock : kept);
  if ((flags & MCL_FUTURE) !== 0 && (flags & MCL_CURRENT) === 0) return 0;
  const to_add: VmFlags = (flags & MCL_CURRENT) !== 0 ? lock : 0;
  const mas: MaState = MA_STATE(k, mmTree(k, mm), 0, 0);
  const prev: Out<VmAreaStruct> = { value: NULL };
  for (
    let vma: VmAreaStruct = mas_find(k, mas, ULONG_MAX(k));
    vma !== NULL;
    vma = mas_find(k, mas, ULONG_MAX(k))
  ) {
    const start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
    const end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
    const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
    mlock_fixup(k, vma, prev, start, end, (vm_flags & VM_LOCKED_CLEAR_MASK) | to_add);
    mas_pause(mas);
  }
  return 0;
}

export function sys_mlockall(k: Kernel, mm: MmStruct, flags: Int): Int {
  const all: Int = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT;
  if (flags === 0 || (flags & ~all) !== 0 || flags === MCL_ONFAULT) return -EINVAL;
  const ret: Int = apply_mlockall_flags(k, mm, flags);
  if (ret === 0 && (flags & MCL_CURRENT) !== 0) __mm_populate(k, mm, asVirt(0), k.TASK_SIZE, true);
  return ret;
}

export function sys_munlockall(k: Kernel, mm: MmStruct): Int {
  return apply_mlockall_flags(k, mm, 0);
}

const MS_ASYNC = 1;
const MS_INVALIDATE = 2;
const MS_SYNC = 4;

/** Files are in memory alone: nothing is written anywhere, so only what is not mapped, or is locked, is told. */
export function sys_msync(k: Kernel, mm: MmStruct, start: VirtAddr, len: ULong, flags: Int): Int {
  if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0) return -EINVAL;
  if (start % PAGE_SIZE !== 0) return -EINVAL;
  if ((flags & MS_ASYNC) !== 0 && (flags & MS_SYNC) !== 0) return -EINVAL;
  const end: VirtAddr = asVirt(start + Math.ceil(len / PAGE_SIZE) * PAGE_SIZE);
  let unmapped_error: Int = 0;
  for (let at: VirtAddr = start; at < end;) {
    const vma: VmAreaStruct = find_vma(k, mm, at);
    if (vma === NULL) return -ENOMEM;
    const vm_start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
    if (at < vm_start) {
      if (flags === MS_ASYNC || vm_start >= end) return -ENOMEM;
      unmapped_error = -ENOMEM;
    }
    const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
    if ((flags & MS_INVALIDATE) !== 0 && (vm_flags & VM_LOCKED) !== 0) return -EBUSY;
    at = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
  }
  return unmapped_error;
}
