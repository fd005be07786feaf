/**
 * Walking the tables of a range of addresses: a function is called for each entry of a pmd that leads somewhere, with the part of the
 * range that it maps.
 *
 * Left out: functions for other levels and for holes, hugetlb, kernel tables.
 * Source: Linux 6.1 mm/pagewalk.c: walk_pmd_range(), walk_page_range().
 */
import { type MmStruct, NULL, type Pmd, type VmAreaStruct } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../memory/address.js';
import { pmd_none } from '../arch/x86/include/asm/pgtable.h.js';
import { PMD_SIZE } from '../include/linux/pgtable.h.js';
import { find_vma } from './mmap/find_vma.js';
import { mm_find_pmd } from './huge_memory/split_pmd.js';

/** struct mm_walk */
export interface MmWalk<T> {
  /** The area that the range lies in. */
  readonly vma: VmAreaStruct;
  /** What the caller gave along. */
  readonly private: T;
}

export interface MmWalkOps<T> {
  readonly pmd_entry: (
    k: Kernel,
    pmd: Pmd,
    addr: VirtAddr,
    next: VirtAddr,
    walk: MmWalk<T>,
  ) => void;
}

export function walk_page_range<T>(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  end: VirtAddr,
  ops: MmWalkOps<T>,
  data: T,
): void {
  const walk: MmWalk<T> = { vma: find_vma(k, mm, start), private: data };
  const size = PMD_SIZE(k);
  for (let addr: VirtAddr = start, next: VirtAddr; addr < end; addr = next) {
    // pmd_addr_end():
    next = asVirt(Math.min(addr - (addr % size) + size, end));
    const pmd: Pmd = mm_find_pmd(k, mm, addr);
    if (pmd !== NULL && !pmd_none(k, k.read_pte(pmd))) ops.pmd_entry(k, pmd, addr, next, walk);
  }
}
