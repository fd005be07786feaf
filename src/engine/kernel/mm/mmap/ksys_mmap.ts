/**
 * mmap() as a program calls it: a map of huge pages without a file gets one, and what is to be there at once is faulted in.
 *
 * Differs: the file is open already; a program names it by its descriptor.
 * Source: Linux 6.1 mm/mmap.c: ksys_mmap_pgoff(); mm/util.c: vm_mmap_pgoff().
 */
import {
  type File,
  type Hstate,
  type Int,
  type MmStruct,
  NULL,
  type ULong,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { fput } from '../../fs/file_table/file_table.js';
import { hugetlb_file_setup } from '../../fs/hugetlbfs/inode/inode.js';
import { EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import {
  hstate_file,
  hstate_sizelog,
  huge_page_size,
  is_file_hugepages,
} from '../../include/linux/hugetlb.h.js';
import { MAP_ANONYMOUS, MAP_HUGETLB, VM_NORESERVE } from '../../include/linux/mm_types.h.js';
import { __mm_populate } from '../gup/populate.js';
import { do_mmap } from './mmap.js';

const HUGETLB_ANON_FILE = 'anon_hugepage';
const MAP_HUGE_SHIFT = 26;
const MAP_HUGE_MASK = 0x3f;

/** The new area's address, or an error. */
export function ksys_mmap_pgoff(
  k: Kernel,
  mm: MmStruct,
  addr: VirtAddr,
  len: ULong,
  prot: Int,
  flags: Int,
  file: File,
  pgoff: ULong,
): VirtAddr {
  let made: File = NULL;
  if ((flags & MAP_ANONYMOUS) === 0) {
    if (file !== NULL && is_file_hugepages(k, file)) {
      const size: ULong = huge_page_size(k, hstate_file(k, file));
      len = Math.ceil(len / size) * size;
    } else if ((flags & MAP_HUGETLB) !== 0) {
      return asVirt(-EINVAL);
    }
  } else if ((flags & MAP_HUGETLB) !== 0) {
    const page_size_log: Int = (flags >>> MAP_HUGE_SHIFT) & MAP_HUGE_MASK;
    const hs: Hstate = hstate_sizelog(k, page_size_log);
    if (hs === NULL) return asVirt(-EINVAL);
    const size: ULong = huge_page_size(k, hs);
    len = Math.ceil(len / size) * size;
    // Reserved by the area, not by the file.
    made = hugetlb_file_setup(k, HUGETLB_ANON_FILE, len, VM_NORESERVE, page_size_log);
    if (made === NULL) return asVirt(-ENOMEM);
    file = made;
  }
  const populate: Out<ULong> = { value: 0 };
  const at: VirtAddr = do_mmap(k, mm, file, addr, len, prot, flags, pgoff, populate);
  if (populate.value !== 0) __mm_populate(k, mm, at, populate.value, true);
  if (made !== NULL) fput(k, made);
  return at;
}
