/**
 * Advice about addresses: that their contents are not needed any more, or may be dropped when memory is short; and flags of areas.
 *
 * Left out: KSM, hwpoison, process_madvise.
 * Source: Linux 6.1 mm/madvise.c: madvise_update_vma(), madvise_dontneed_single_vma(), madvise_walk_vmas(),
 * do_madvise(); mm/khugepaged.c: hugepage_madvise(); mm/memory.c: zap_page_range_single().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import { hstate_vma, huge_page_size, is_file_hugepages } from '../../include/linux/hugetlb.h.js';
import {
  VM_DONTCOPY,
  VM_DONTDUMP,
  VM_HUGEPAGE,
  VM_HUGETLB,
  VM_IO,
  VM_LOCKED,
  VM_NOHUGEPAGE,
  VM_PFNMAP,
  VM_RAND_READ,
  VM_SEQ_READ,
  VM_SHARED,
  VM_SPECIAL,
  VM_WIPEONFORK,
} from '../../include/linux/mm_types.h.js';
import { madvise_collapse } from '../khugepaged/collapse.js';
import { khugepaged_enter_vma } from '../khugepaged/khugepaged.js';
import { zap_page_range_single } from '../memory/zap.js';
import { find_vma, find_vma_prev } from '../mmap/find_vma.js';
import { vmaFile } from '../mmap/link.js';
import { lru_add_drain } from '../swap/lru_add_drain.js';
import { split_vma, vma_merge } from '../mmap/merge.js';
import { madvise_cold } from './cold.js';
import { madvise_free_single_vma } from './free.js';
import { MADV_POPULATE_READ, MADV_POPULATE_WRITE, madvise_populate } from './populate.js';
import { MADV_REMOVE, madvise_remove } from './remove.js';

export const MADV_NORMAL = 0;
const MADV_RANDOM = 1;
const MADV_SEQUENTIAL = 2;
const MADV_WILLNEED = 3;
export const MADV_DONTNEED = 4;
export const MADV_FREE = 8;
export const MADV_DONTFORK = 10;
export const MADV_DOFORK = 11;
export const MADV_HUGEPAGE = 14;
export const MADV_NOHUGEPAGE = 15;
const MADV_DONTDUMP = 16;
const MADV_DODUMP = 17;
export const MADV_WIPEONFORK = 18;
export const MADV_KEEPONFORK = 19;
export const MADV_COLD = 20;
const MADV_PAGEOUT = 21;
const MADV_DONTNEED_LOCKED = 24;
export const MADV_COLLAPSE = 25;

/** What advice makes of an area's flags; undefined where it is not about flags. */
const flagsAfter = (behavior: Int, flags: VmFlags): VmFlags | undefined => {
  switch (behavior) {
    case MADV_NORMAL:
      return flags & ~(VM_RAND_READ | VM_SEQ_READ);
    case MADV_RANDOM:
      return (flags & ~VM_SEQ_READ) | VM_RAND_READ;
    case MADV_SEQUENTIAL:
      return (flags & ~VM_RAND_READ) | VM_SEQ_READ;
    case MADV_DONTFORK:
      return flags | VM_DONTCOPY;
    case MADV_DOFORK:
      return flags & ~VM_DONTCOPY;
    case MADV_DONTDUMP:
      return flags | VM_DONTDUMP;
    case MADV_DODUMP:
      return flags & ~VM_DONTDUMP;
    case MADV_WIPEONFORK:
      return flags | VM_WIPEONFORK;
    case MADV_KEEPONFORK:
      return flags & ~VM_WIPEONFORK;
    case MADV_HUGEPAGE:
      return (flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE;
    case MADV_NOHUGEPAGE:
      return (flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE;
    default:
      return undefined;
  }
};

const OTHERS: readonly Int[] = [
  ...[MADV_WILLNEED, MADV_DONTNEED, MADV_DONTNEED_LOCKED],
  ...[MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_COLLAPSE],
  ...[MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_REMOVE],
];

/** Gives a part of an area other flags. */
function madvise_update_vma(
  k: Kernel,
  vma: VmAreaStruct,
  prev: Out<VmAreaStruct>,
  start: VirtAddr,
  end: VirtAddr,
  new_flags: VmFlags,
): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  if (new_flags === k.read_int(k.plus(vma, k.vm_area_struct.vm_flags))) {
    prev.value = vma;
    return 0;
  }
  const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  const pgoff: ULong = vm_pgoff + (start - vm_start) / PAGE_SIZE;
  const anon_vma = k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));
  const file = vmaFile(k, vma);
  const merged = vma_merge(k, mm, prev.value, start, end, new_flags, anon_vma, file, pgoff);
  if (merged !== NULL) {
    vma = merged;
    prev.value = merged;
  } else {
    prev.value = vma;
    if (start !== vm_start) {
      const error: Int = split_vma(k, vma, start, true);
      if (error !== 0) return error;
    }
    if (end !== vm_end) {
      const error: Int = split_vma(k, vma, end, false);
      if (error !== 0) return error;
    }
  }
  // success:
  k.write(k.plus(vma, k.vm_area_struct.vm_flags), new_flags);
  return 0;
}

/**
 * Pages that will be needed soon: what is in the swap would be read, of which there is none; new pages go to their lists.
 * Left out: files with a disk to be read from (vfs_fadvise).
 */
function madvise_willneed(k: Kernel, vma: VmAreaStruct): Int {
  const file = vmaFile(k, vma);
  if (file === NULL || !is_file_hugepages(k, file)) lru_add_drain(k);
  return 0;
}

/** One area's part. */
function madvise_vma_behavior(
  k: Kernel,
  vma: VmAreaStruct,
  prev: Out<VmAreaStruct>,
  start: VirtAddr,
  end: VirtAddr,
  behavior: Int,
): Int {
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  if (behavior === MADV_DONTNEED || behavior === MADV_DONTNEED_LOCKED) {
    prev.value = vma;
    const forbidden: VmFlags = VM_PFNMAP | (behavior === MADV_DONTNEED ? VM_LOCKED : 0);
    if ((vm_flags & forbidden) !== 0) return -EINVAL;
    if ((vm_flags & VM_HUGETLB) !== 0) {
      // Whole huge pages, of which one that is cut off at the end stays.
      const size: ULong = huge_page_size(k, hstate_vma(k, vma));
      if (start % size !== 0) return -EINVAL;
      end = asVirt(end - (end % size));
      if (start === end) return 0;
    }
    zap_page_range_single(k, vma, start, end - start);
    return 0;
  }
  if (behavior === MADV_FREE) {
    prev.value = vma;
    if ((vm_flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB)) !== 0) return -EINVAL;
    return madvise_free_single_vma(k, vma, start, end);
  }
  if (behavior === MADV_COLD || behavior === MADV_PAGEOUT) {
    prev.value = vma;
    return madvise_cold(k, vma, start, end, behavior === MADV_PAGEOUT);
  }
  if (behavior === MADV_WILLNEED) {
    prev.value = vma;
    return madvise_willneed(k, vma);
  }
  if (behavior === MADV_REMOVE) return madvise_remove(k, vma, prev, start, end);
  if (behavior === MADV_POPULATE_READ || behavior === MADV_POPULATE_WRITE)
    return madvise_populate(k, vma, prev, start, end, behavior);
  const isPrivateAnon = vmaFile(k, vma) === NULL && (vm_flags & VM_SHARED) === 0;
  if (behavior === MADV_WIPEONFORK && !isPrivateAnon) return -EINVAL;
  if (behavior === MADV_DOFORK && (vm_flags & VM_IO) !== 0) return -EINVAL;
  const isSpecial = (vm_flags & VM_HUGETLB) === 0 && (vm_flags & VM_SPECIAL) !== 0;
  if (behavior === MADV_DODUMP && isSpecial) return -EINVAL;
  if (behavior === MADV_COLLAPSE) return madvise_collapse(k, vma, prev, start, end);
  const new_flags: VmFlags | undefined = flagsAfter(behavior, vm_flags);
  if (new_flags === undefined) return -EINVAL;
  // hugepage_madvise():
  if (behavior === MADV_HUGEPAGE) khugepaged_enter_vma(k, vma, new_flags);
  return madvise_update_vma(k, vma, prev, start, end, new_flags);
}

/** madvise(): all areas of the range are done, even where there are holes between them, which are an error at the end. */
export function do_madvise(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  len_in: ULong,
  behavior: Int,
): Int {
  // madvise_behavior_valid():
  if (flagsAfter(behavior, 0) === undefined && !OTHERS.includes(behavior)) return -EINVAL;
  if (start % PAGE_SIZE !== 0) return -EINVAL;
  const end: VirtAddr = asVirt(start + Math.ceil(len_in / PAGE_SIZE) * PAGE_SIZE);
  if (end < start) return -EINVAL;
  if (end === start) return 0;

  // madvise_walk_vmas():
  let unmapped_error: Int = 0;
  const prev: Out<VmAreaStruct> = { value: NULL };
  let vma: VmAreaStruct = find_vma_prev(k, mm, start, prev);
  if (vma !== NULL && start > k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start)))
    prev.value = vma;
  for (;;) {
    if (vma === NULL) return -ENOMEM;
    const vm_start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
    if (start < vm_start) {
      unmapped_error = -ENOMEM;
      start = vm_start;
      if (start >= end) break;
    }
    const vm_end: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
    const tmp: VirtAddr = asVirt(Math.min(vm_end, end));
    const error: Int = madvise_vma_behavior(k, vma, prev, start, tmp, behavior);
    if (error !== 0) return error;
    start = tmp;
    if (prev.value !== NULL)
      start = asVirt(Math.max(start, k.read_ulong(k.plus(prev.value, k.vm_area_struct.vm_end))));
    if (start >= end) break;
    vma = find_vma(k, mm, start);
  }
  return unmapped_error;
}
