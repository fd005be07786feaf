/** What the processor marks in the entries of page tables by itself. */
import {
  find_vma,
  follow_pte,
  huge_pte_offset,
  pmd_large,
  pte_mkdirty,
  pte_mkyoung,
  pte_present,
  set_pte,
} from '../../../engine/entry/functions.js';
import type { MmStruct, Pte } from '../../../engine/machine/ctypes.js';
import { NULL } from '../../../engine/machine/ctypes.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { asCell, asVirt, type VirtAddr } from '../../../engine/memory/address.js';
import {
  hstate_vma,
  huge_page_size,
  is_vm_hugetlb_page,
} from '../../../engine/kernel/include/linux/hugetlb.h.js';
import { mm_find_pmd } from '../../../engine/kernel/mm/huge_memory/split_pmd.js';

/** The entry that maps an address, on whatever level; NULL: a table is missing. */
export function entryOf(k: Kernel, mm: MmStruct, va: VirtAddr): Pte {
  const vma = find_vma(k, mm, va);
  if (vma !== NULL && is_vm_hugetlb_page(k, vma))
    return huge_pte_offset(k, mm, va, huge_page_size(k, hstate_vma(k, vma)));
  const pmd = mm_find_pmd(k, mm, va);
  const isLeaf = pmd !== NULL && pmd_large(k.read_pte(pmd));
  return isLeaf ? asCell(pmd) : follow_pte(k, mm, va);
}

/** What the processor has marked in entries without a fault: accessed, and written to (`!`). */
export function markAccessed(k: Kernel, mm: MmStruct, args: readonly string[]): void {
  for (const arg of args) {
    const va = asVirt(parseInt(arg, 16));
    const pte = entryOf(k, mm, va);
    if (pte === NULL) continue;
    const entry = k.read_pte(pte);
    if (!pte_present(entry)) continue;
    set_pte(k, pte, arg.endsWith('!') ? pte_mkdirty(pte_mkyoung(entry)) : pte_mkyoung(entry));
  }
}
