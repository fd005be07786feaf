/**
 * /proc/PID/pagemap, as text: a row for each page of an area that has an entry. The kernel's file is 64 bits a page.
 *
 *     63 present | 62 swapped | 61 of a file or shared | 57 uffd-wp | 56 mapped once | 55 soft-dirty | 54..0 frame, or swap type and offset
 *
 * Source: Linux 6.1 fs/proc/task_mmu.c: pte_to_pagemap_entry(), pagemap_pmd_range(), pagemap_hugetlb_range(), pagemap_pte_hole().
 */
import { asVirt, PAGE_SIZE } from '../../../memory/address.js';
import type { Inspected, Problems } from '../../inspected.js';
import { hasAreaFlag } from '../../process/areaFlags.js';
import {
  isMapped,
  isSoftDirty,
  isSpecial,
  isUffdWriteProtected,
  userEntries,
  type UserEntry,
} from '../../process/entries.js';
import { CountedPages } from '../../process/pageCounts.js';
import { vmasOf, type TaskView, type VmaView } from '../../tasks.js';

const PM_SOFT_DIRTY = 1n << 55n;
const PM_MMAP_EXCLUSIVE = 1n << 56n;
const PM_UFFD_WP = 1n << 57n;
const PM_FILE = 1n << 61n;
const PM_SWAP = 1n << 62n;
const PM_PRESENT = 1n << 63n;
const MAX_SWAPFILES_SHIFT = 5;

/** `7f2623400000 8180000000001234`: an address, and its 64 bits. Pages that nothing maps have no row. */
export function pagemap(k: Inspected, task: TaskView, problems: Problems): string[] {
  if (task.mm === 0) return [];
  const counted = new CountedPages(k);
  const lines: string[] = [];
  for (const vma of vmasOf(k, task.mm, problems))
    for (const entry of userEntries(k, task.mm, vma)) {
      const first = problems.tried('a page', () => pagemapBits(k, vma, entry, counted), 0n);
      const nrPages = entry.sizeBytes / PAGE_SIZE;
      for (let i = 0; i < nrPages; i++) {
        const va = asVirt(entry.va + i * PAGE_SIZE);
        if (va < vma.start || va >= vma.end) continue;
        const bits = entry.pfn === undefined ? first : first + BigInt(i);
        lines.push(`${va.toString(16).padStart(8, '0')} ${bits.toString(16).padStart(16, '0')}`);
      }
    }
  return lines;
}

/**
 * The same as the kernel's file has it: 64 bits for each of so many pages, from one on; 0 where there is no area.
 * @param first the page of the first one, in pages from address 0 on
 */
export function pagemapWords(
  k: Inspected,
  task: TaskView,
  first: number,
  count: number,
  problems: Problems,
): bigint[] {
  const words = new Array<bigint>(count).fill(0n);
  if (task.mm === 0) return words;
  const counted = new CountedPages(k);
  const [start, end] = [first * PAGE_SIZE, (first + count) * PAGE_SIZE];
  const put = (va: number, bits: bigint): void => {
    if (va >= start && va < end) words[va / PAGE_SIZE - first] = bits;
  };
  for (const vma of vmasOf(k, task.mm, problems)) {
    const [from, to] = [Math.max(vma.start, start), Math.min(vma.end, end)];
    if (from >= to) continue;
    if (hasAreaFlag(vma.flags, 'VM_SOFTDIRTY'))
      for (let va = from; va < to; va += PAGE_SIZE) put(va, PM_SOFT_DIRTY);
    for (const entry of userEntries(k, task.mm, { start: asVirt(from), end: asVirt(to) })) {
      const bits = problems.tried('a page', () => pagemapBits(k, vma, entry, counted), 0n);
      for (let i = 0; i < entry.sizeBytes / PAGE_SIZE; i++) {
        const va = entry.va + i * PAGE_SIZE;
        if (va >= from && va < to) put(va, entry.pfn === undefined ? bits : bits + BigInt(i));
      }
    }
  }
  return words;
}

/** The 64 bits of the first page of an entry. */
export function pagemapBits(
  k: Inspected,
  vma: VmaView,
  entry: UserEntry,
  counted = new CountedPages(k),
): bigint {
  const isHugetlb = hasAreaFlag(vma.flags, 'VM_HUGETLB');
  let flags = hasAreaFlag(vma.flags, 'VM_SOFTDIRTY') ? PM_SOFT_DIRTY : 0n;
  if (isUffdWriteProtected(k, entry)) flags |= PM_UFFD_WP;
  if (!isHugetlb && isSoftDirty(k, entry)) flags |= PM_SOFT_DIRTY;
  let frame = 0n;
  if (isMapped(entry)) {
    frame = BigInt(entry.pfn ?? 0);
    flags |= PM_PRESENT;
  } else if (entry.swap !== undefined) {
    if (isHugetlb) return flags;
    const offset = BigInt(entry.pfn ?? entry.swap.offset);
    frame = BigInt(entry.swap.type) | (offset << BigInt(MAX_SWAPFILES_SHIFT));
    flags |= PM_SWAP;
  }
  const isPage = entry.pfn !== undefined && !(isMapped(entry) && isSpecial(entry));
  const page = isPage ? counted.of(entry.pfn) : undefined;
  if (page !== undefined) {
    if (!page.isAnon) flags |= PM_FILE;
    if (entry.state !== 'migration' && page.mapcount === 1) flags |= PM_MMAP_EXCLUSIVE;
  }
  return frame | flags;
}
