/** Why a page fault ends in SIGBUS, for people. Source: Linux 6.1 mm/hugetlb.c: hugetlb_no_page(), hugetlb_wp(). */
import {
  find_vma,
  hstate_vma,
  huge_page_size,
  i_size_read,
  is_vm_hugetlb_page,
  vma_hugecache_offset,
} from '../../engine/entry/functions.js';
import { HPAGE_RESV_UNMAPPED, is_vma_resv_set } from '../../engine/kernel/mm/hugetlb/reserve.js';
import { VM_MAYSHARE } from '../../engine/kernel/include/linux/mm_types.h.js';
import type { MmStruct } from '../../engine/machine/ctypes.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import type { VirtAddr } from '../../engine/memory/address.js';

const AT_END = 'the file ends before this page';

/** One sentence without a full stop. */
export function busErrorReason(k: Kernel, mm: MmStruct, va: VirtAddr): string {
  const vma = find_vma(k, mm, va);
  if (vma === 0) return AT_END;
  if (k.isOwnObject(k.read_va(k.plus(vma, k.vm_area_struct.vm_ops))))
    return 'the driver has no page for this address';
  if (!is_vm_hugetlb_page(k, vma)) return AT_END;
  const h = hstate_vma(k, vma);
  const isShared = (k.read_int(k.plus(vma, k.vm_area_struct.vm_flags)) & VM_MAYSHARE) !== 0;
  if (!isShared && is_vma_resv_set(k, vma, HPAGE_RESV_UNMAPPED))
    return 'its huge page was taken for the process that made the map: the pool had none for both';
  const file = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_file));
  const size = i_size_read(k, k.read_ptr(k.plus(file, k.file.f_inode)));
  if (vma_hugecache_offset(k, h, vma, va) * huge_page_size(k, h) >= size) return AT_END;
  return 'the pool has no huge page that is not promised to others, and may not grow';
}
