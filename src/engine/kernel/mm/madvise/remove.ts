/**
 * MADV_REMOVE: the pages of a shared file leave it, as if a hole were punched there: whoever maps them finds zeros.
 *
 * Left out: userfaultfd, mmap_lock that is let go meanwhile, files that are not of tmpfs (vfs_fallocate() refuses those of huge pages here).
 * Source: Linux 6.1 mm/madvise.c: madvise_remove(); include/linux/mm.h: vma_is_shared_maywrite().
 */
import {
  type File,
  type Int,
  NULL,
  type ULong,
  type VmAreaStruct,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { EACCES, EINVAL, EOPNOTSUPP } from '../../include/linux/errno.h.js';
import { is_vm_hugetlb_page } from '../../include/linux/hugetlb.h.js';
import { VM_LOCKED, VM_MAYWRITE, VM_SHARED } from '../../include/linux/mm_types.h.js';
import { vmaFile } from '../mmap/link.js';
import { shmemPunchHole } from '../shmem/truncate.js';

export const MADV_REMOVE = 9;

export function madvise_remove(
  k: Kernel,
  vma: VmAreaStruct,
  prev: Out<VmAreaStruct>,
  start: VirtAddr,
  end: VirtAddr,
): Int {
  prev.value = NULL;
  const vm_flags: Int = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  if ((vm_flags & VM_LOCKED) !== 0) return -EINVAL;
  const f: File = vmaFile(k, vma);
  if (f === NULL) return -EINVAL;
  // vma_is_shared_maywrite():
  if ((vm_flags & (VM_SHARED | VM_MAYWRITE)) !== (VM_SHARED | VM_MAYWRITE)) return -EACCES;
  if (is_vm_hugetlb_page(k, vma)) return -EOPNOTSUPP;
  const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  const offset: ULong = start - vm_start + vm_pgoff * PAGE_SIZE;
  // vfs_fallocate(): FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
  shmemPunchHole(k, k.read_ptr(k.plus(f, k.file.f_inode)), offset, end - start);
  return 0;
}
