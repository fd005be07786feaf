/**
 * mincore(): which pages of a range are in memory, a byte each: mapped, or in the page cache though nobody maps them.
 *
 * Differs: the answer is an array, not memory of the process, so that no page is taken to gather it. Left out:
 * what is swapped out (nothing is); whether the caller may know it of a file (every file here is its own).
 * Source: Linux 6.1 mm/mincore.c.
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
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { test_bit } from '../arch/x86/include/asm/bitops.h.js';
import { current } from '../arch/x86/include/asm/current.h.js';
import { pmd_trans_huge, pte_none } from '../arch/x86/include/asm/pgtable.h.js';
import { EINVAL, ENOMEM } from '../include/linux/errno.h.js';
import { hstate_vma, huge_page_size, is_vm_hugetlb_page } from '../include/linux/hugetlb.h.js';
import { linear_page_index } from '../include/linux/mm.h.js';
import { filemapPage } from './filemap/filemap.js';
import { mm_find_pmd } from './huge_memory/split_pmd.js';
import { follow_pte } from './memory/follow_pte.js';
import { huge_pte_offset } from './hugetlb/huge_pte.js';
import { find_vma } from './mmap/find_vma.js';
import { mappingOf, vmaFile } from './mmap/link.js';

/** Whether the page cache has the page of an address that nobody has mapped. */
function mincore_page(k: Kernel, vma: VmAreaStruct, addr: VirtAddr): Int {
  const file = vmaFile(k, vma);
  if (file === NULL) return 0;
  const index: ULong = linear_page_index(k, vma, addr);
  const page: Page = filemapPage(k, mappingOf(k, file), index);
  return page !== NULL && test_bit(k, k.PG_uptodate, page + k.page.flags) ? 1 : 0;
}

/** Where there is a table for it, only the entry of a huge page of the pool counts. */
const mincore_hugetlb = (k: Kernel, pte: Pte): Int => (pte_none(k, k.read_pte(pte)) ? 0 : 1);

/** The part of a range that lies in its first area: how many pages, or an error. */
function do_mincore(k: Kernel, addr: VirtAddr, pages: ULong, vec: Int[]): Int {
  const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  const vma: VmAreaStruct = find_vma(k, mm, addr);
  if (vma === NULL || addr < k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start))) return -ENOMEM;
  const vm_end: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
  const end: ULong = Math.min(vm_end, addr + pages * PAGE_SIZE);
  for (let at: VirtAddr = addr; at < end; at = asVirt(at + PAGE_SIZE)) {
    if (is_vm_hugetlb_page(k, vma)) {
      const huge: Pte = huge_pte_offset(k, mm, at, huge_page_size(k, hstate_vma(k, vma)));
      vec.push(huge !== NULL ? mincore_hugetlb(k, huge) : mincore_page(k, vma, at));
      continue;
    }
    // mincore_pte_range(): an entry of a page that is being migrated counts as one that is there.
    const pte: Pte = follow_pte(k, mm, at);
    const pmd: Pmd = mm_find_pmd(k, mm, at);
    const isHuge = pmd !== NULL && pmd_trans_huge(k.read_pte(pmd));
    const isMapped = isHuge || (pte !== NULL && !pte_none(k, k.read_pte(pte)));
    vec.push(isMapped ? 1 : mincore_page(k, vma, at));
  }
  return (end - addr) / PAGE_SIZE;
}

/** Of the current task: 0, and `vec` has a 1 or 0 for each page; or an error. */
export function sys_mincore(k: Kernel, start: VirtAddr, len: ULong, vec: Int[]): Int {
  if (start % PAGE_SIZE !== 0) return -EINVAL;
  if (len > k.TASK_SIZE || start > k.TASK_SIZE - len) return -ENOMEM;
  let pages: ULong = Math.ceil(len / PAGE_SIZE);
  while (pages > 0) {
    const retval: Int = do_mincore(k, start, pages, vec);
    if (retval <= 0) return retval;
    pages -= retval;
    start = asVirt(start + retval * PAGE_SIZE);
  }
  return 0;
}
