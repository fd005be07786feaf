/**
 * Faulting in pages that are wanted beforehand: those that are locked in memory, MAP_POPULATE, MADV_POPULATE_READ and _WRITE.
 *
 * Source: Linux 6.1 mm/gup.c: populate_vma_page_range(), faultin_vma_page_range(), __mm_populate().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { EINVAL } from '../../include/linux/errno.h.js';
import {
  VM_ACCESS_FLAGS,
  VM_IO,
  VM_LOCKONFAULT,
  VM_PFNMAP,
  VM_SHARED,
  VM_WRITE,
} from '../../include/linux/mm_types.h.js';
import { find_vma_intersection } from '../mmap/find_vma.js';
import { lru_add_drain } from '../swap/lru_add_drain.js';
import { __get_user_pages, check_vma_flags } from './gup.js';

/** One area's part: how many pages, or an error. */
export function populate_vma_page_range(
  k: Kernel,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  const nr_pages: ULong = (end - start) / PAGE_SIZE;
  if ((vm_flags & VM_LOCKONFAULT) !== 0) return nr_pages;
  let gup_flags: Int = k.FOLL_TOUCH;
  // Written to, so that the copy is made now. A shared page is left clean.
  if ((vm_flags & (VM_WRITE | VM_SHARED)) === VM_WRITE) gup_flags |= k.FOLL_WRITE;
  // What cannot be read is not faulted in; what can only be written, or run, is.
  if ((vm_flags & VM_ACCESS_FLAGS) !== 0) gup_flags |= k.FOLL_FORCE;
  const ret: Int = __get_user_pages(k, mm, start, nr_pages, gup_flags, undefined);
  lru_add_drain(k);
  return ret;
}

/** For an access that the area must allow: how many pages, or an error. Left out: FOLL_HWPOISON, mmap_lock that is let go. */
export function faultin_vma_page_range(
  k: Kernel,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
  write: boolean,
): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const nr_pages: ULong = (end - start) / PAGE_SIZE;
  // No FOLL_FORCE: what the process itself could not do is an error.
  let gup_flags: Int = k.FOLL_TOUCH;
  if (write) gup_flags |= k.FOLL_WRITE;
  // That the area does not allow it is told from a fault that failed.
  if (check_vma_flags(k, vma, gup_flags) !== 0) return -EINVAL;
  return __get_user_pages(k, mm, start, nr_pages, gup_flags, undefined);
}

/** Everything that there is of [start, start + len). Of an address space: the current task's in Linux. */
export function __mm_populate(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  len: ULong,
  ignore_errors: boolean,
): Int {
  const end: VirtAddr = asVirt(start + len);
  for (let nstart: VirtAddr = start; nstart < end;) {
    const vma: VmAreaStruct = find_vma_intersection(k, mm, nstart, end);
    if (vma === NULL) break;
    const nend: ULong = Math.min(end, k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end)));
    const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
    if ((vm_flags & (VM_IO | VM_PFNMAP)) === 0) {
      const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
      const from: VirtAddr = asVirt(Math.max(nstart, vm_start));
      const ret: Int = populate_vma_page_range(k, vma, from, asVirt(nend));
      if (ret < 0 && !ignore_errors) return ret;
    }
    nstart = asVirt(nend);
  }
  return 0;
}
