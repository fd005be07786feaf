/**
 * MADV_POPULATE_READ and MADV_POPULATE_WRITE: the pages of a range are faulted in at once, as an access of that kind would; what cannot be
 * had is an error, where MAP_POPULATE keeps silent.
 *
 * Left out: mmap_lock that a fault may have let go, signals (-EINTR), -EHWPOISON.
 * Source: Linux 6.1 mm/madvise.c: madvise_populate().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type VmAreaStruct,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { EFAULT, EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import { faultin_vma_page_range } from '../gup/populate.js';
import { vma_lookup } from '../mmap/find_vma.js';

export const MADV_POPULATE_READ = 22;
export const MADV_POPULATE_WRITE = 23;

/** 0; -EINVAL: the area does not allow it; -EFAULT: a fault ended in a signal; -ENOMEM. */
export function madvise_populate(
  k: Kernel,
  vma: VmAreaStruct,
  prev: Out<VmAreaStruct>,
  start: VirtAddr,
  end: VirtAddr,
  behavior: Int,
): Int {
  const write: boolean = behavior === MADV_POPULATE_WRITE;
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  prev.value = vma;
  while (start < end) {
    if (start >= k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end))) {
      vma = vma_lookup(k, mm, start);
      if (vma === NULL) return -ENOMEM;
    }
    const vm_end: number = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
    const tmp_end: VirtAddr = asVirt(Math.min(end, vm_end));
    const pages: Int = faultin_vma_page_range(k, vma, start, tmp_end, write);
    if (pages < 0) return pages === -EINVAL || pages === -EFAULT ? pages : -ENOMEM;
    start = asVirt(start + pages * PAGE_SIZE);
  }
  return 0;
}
