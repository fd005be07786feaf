/**
 * Walking the tables of a range of addresses: a function is called for each entry of a pmd that leads somewhere, with the part of the
 * range that it maps.
 *
 * Left out: functions for other levels and for holes, hugetlb, kernel tables.
 * Source: Linux 6.1 mm/pagewalk.c: walk_pmd_range(), walk_page_range().
 */
import { type MmStruct, NULL, type Pmd } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../memory/address.js';
import { pmd_none } from '../arch/x86/include/asm/pgtable.h.js';
import { PMD_SIZE } from '../include/linux/pgtable.h.js';
import { mm_find_pmd } from './huge_memory/split_pmd.js';

type PmdEntry = (pmd: Pmd, addr: VirtAddr, next: VirtAddr) => void;

export function walk_page_range(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  end: VirtAddr,
  pmd_entry: PmdEntry,
): void {
  const size = PMD_SIZE(k);
  for (let addr: VirtAddr = start, next: VirtAddr; addr < end; addr = next) {
    // pmd_addr_end():
    next = asVirt(Math.min(addr - (addr % size) + size, end));
    const pmd: Pmd = mm_find_pmd(k, mm, addr);
    if (pmd !== NULL && !pmd_none(k, k.read_pte(pmd))) pmd_entry(pmd, addr, next);
  }
}
