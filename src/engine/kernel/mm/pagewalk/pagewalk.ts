/**
 * Walking the tables of a range of addresses: a caller's functions are called for entries, level by level, and for holes.
 *
 *     test_walk   before an area: 1 passes it over       pre_vma, post_vma    around one
 *     pud_entry, pmd_entry, pte_entry                    of entries that lead somewhere; on the lowest level of all
 *     pte_hole    of a part without entries or areas     hugetlb_entry        of an area of huge pages
 *
 * What a function returns other than 0 ends the walk.
 *
 * Left out: hugepd (x86 has none), five levels, locks of tables, entries that are bad.
 * Source: Linux 6.1 mm/pagewalk.c.
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type P4d,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { umin } from '../../../machine/ulong.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import {
  p4d_none,
  pgd_none,
  pmd_large,
  pmd_none,
  pmd_present,
  pmd_trans_huge,
  pud_large,
  pud_none,
  pud_present,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { EINVAL } from '../../include/linux/errno.h.js';
import { hstate_vma, huge_page_size, is_vm_hugetlb_page } from '../../include/linux/hugetlb.h.js';
import { VM_PFNMAP } from '../../include/linux/mm_types.h.js';
import {
  p4d_addr_end,
  p4d_offset,
  pgd_addr_end,
  pgd_offset,
  pmd_addr_end,
  pmd_offset,
  pte_offset_map,
  pud_addr_end,
  pud_offset,
} from '../../include/linux/pgtable.h.js';
import { split_huge_pmd } from '../huge_memory/split_pmd.js';
import { huge_pte_offset } from '../hugetlb/huge_pte.js';
import type { MadviseWalkPrivate } from '../madvise/cold.js';
import { find_vma } from '../mmap/find_vma.js';
import type { MmuGather } from '../mmu_gather.js';

/** enum page_walk_action: what is done behind a pud_entry() or pmd_entry(). */
export const ACTION_SUBTREE = 0;
export const ACTION_CONTINUE = 1;
export const ACTION_AGAIN = 2;

/** What callers give along. */
type WalkData = MmuGather | MadviseWalkPrivate | number;

/** struct mm_walk */
export interface MmWalk {
  readonly ops: MmWalkOps;
  readonly mm: MmStruct;
  /** The area that the range lies in; NULL: none. */
  vma: VmAreaStruct;
  action: Int;
  readonly no_vma: boolean;
  /** What the caller gave along: a struct mmu_gather, if entries change; of others a pointer. */
  readonly private: WalkData;
}

type Entry<Of> = (k: Kernel, entry: Of, addr: VirtAddr, next: VirtAddr, walk: MmWalk) => Int;

/** struct mm_walk_ops */
export interface MmWalkOps {
  readonly pgd_entry?: Entry<Pgd>;
  readonly p4d_entry?: Entry<P4d>;
  readonly pud_entry?: Entry<Pud>;
  readonly pmd_entry?: Entry<Pmd>;
  readonly pte_entry?: Entry<Pte>;
  readonly pte_hole?: (k: Kernel, addr: VirtAddr, next: VirtAddr, depth: Int, walk: MmWalk) => Int;
  readonly hugetlb_entry?: (
    k: Kernel,
    pte: Pte,
    hmask: ULong,
    addr: VirtAddr,
    next: VirtAddr,
    walk: MmWalk,
  ) => Int;
  readonly test_walk?: (k: Kernel, addr: VirtAddr, next: VirtAddr, walk: MmWalk) => Int;
  readonly pre_vma?: (k: Kernel, start: VirtAddr, end: VirtAddr, walk: MmWalk) => Int;
  readonly post_vma?: (k: Kernel, walk: MmWalk) => void;
}

/** Of a level that is folded into the one above, that one. */
function real_depth(k: Kernel, depth: Int): Int {
  if (depth === 3 && k.pte_words === 1) depth = 2;
  if (depth === 2 && !k.wide) depth = 1;
  // P4D: no build here has five levels.
  if (depth === 1) depth = 0;
  return depth;
}

const callHole = (k: Kernel, addr: VirtAddr, next: VirtAddr, depth: Int, walk: MmWalk): Int =>
  walk.ops.pte_hole === undefined ? 0 : walk.ops.pte_hole(k, addr, next, depth, walk);

function walk_pte_range(k: Kernel, pmd: Pmd, addr: VirtAddr, end: VirtAddr, walk: MmWalk): Int {
  const { pte_entry } = walk.ops;
  if (pte_entry === undefined) return 0;
  let pte: Pte = pte_offset_map(k, pmd, addr);
  for (; addr !== end; pte = asCell(pte + k.pte_words), addr = asVirt(addr + PAGE_SIZE)) {
    const err: Int = pte_entry(k, pte, addr, asVirt(addr + PAGE_SIZE), walk);
    if (err !== 0) return err;
  }
  return 0;
}

function walk_pmd_range(k: Kernel, pud: Pud, addr: VirtAddr, end: VirtAddr, walk: MmWalk): Int {
  const { ops } = walk;
  let err: Int = 0;
  let next: VirtAddr;
  let pmd: Pmd = pmd_offset(k, pud, addr);
  for (let rounds = 0; addr !== end;) {
    k.watchdog(++rounds << 10);
    next = pmd_addr_end(k, addr, end);
    if (pmd_none(k, k.read_pte(pmd))) {
      err = callHole(k, addr, next, real_depth(k, 3), walk);
      if (err !== 0) break;
    } else {
      walk.action = ACTION_SUBTREE;
      if (ops.pmd_entry !== undefined) err = ops.pmd_entry(k, pmd, addr, next, walk);
      if (err !== 0) break;
      // again:
      if (walk.action === ACTION_AGAIN) continue;
      const pmdval: PteVal = k.read_pte(pmd);
      const isLeaf = walk.vma === NULL && (pmd_large(pmdval) || !pmd_present(pmdval));
      // Huge pages are split only for those that want each page.
      if (!isLeaf && walk.action !== ACTION_CONTINUE && ops.pte_entry !== undefined) {
        if (walk.vma !== NULL) {
          split_huge_pmd(k, walk.vma, pmd, addr);
          // pmd_trans_unstable(): it went, or became a huge page again.
          if (pmd_none(k, k.read_pte(pmd)) || pmd_trans_huge(k.read_pte(pmd))) continue;
        }
        err = walk_pte_range(k, pmd, addr, next, walk);
        if (err !== 0) break;
      }
    }
    pmd = asCell(pmd + k.pte_words);
    addr = next;
  }
  return err;
}

function walk_pud_range(k: Kernel, p4d: P4d, addr: VirtAddr, end: VirtAddr, walk: MmWalk): Int {
  const { ops } = walk;
  let err: Int = 0;
  let next: VirtAddr;
  let pud: Pud = pud_offset(k, p4d, addr);
  for (let rounds = 0; addr !== end;) {
    k.watchdog(++rounds << 10);
    next = pud_addr_end(k, addr, end);
    if (pud_none(k, k.read_pte(pud))) {
      err = callHole(k, addr, next, real_depth(k, 2), walk);
      if (err !== 0) break;
    } else {
      walk.action = ACTION_SUBTREE;
      if (ops.pud_entry !== undefined) err = ops.pud_entry(k, pud, addr, next, walk);
      if (err !== 0) break;
      // again:
      if (walk.action === ACTION_AGAIN) continue;
      const pudval: PteVal = k.read_pte(pud);
      const isLeaf = walk.vma === NULL && (pud_large(k, pudval) || !pud_present(k, pudval));
      const goesDown = ops.pmd_entry !== undefined || ops.pte_entry !== undefined;
      if (!isLeaf && walk.action !== ACTION_CONTINUE && goesDown) {
        err = walk_pmd_range(k, pud, addr, next, walk);
        if (err !== 0) break;
      }
    }
    pud = asCell(pud + k.pte_words);
    addr = next;
  }
  return err;
}

function walk_p4d_range(k: Kernel, pgd: Pgd, addr: VirtAddr, end: VirtAddr, walk: MmWalk): Int {
  const { ops } = walk;
  let err: Int = 0;
  let next: VirtAddr;
  let p4d: P4d = p4d_offset(k, pgd, addr);
  for (; addr !== end; p4d = asCell(p4d + k.pte_words), addr = next) {
    next = p4d_addr_end(k, addr, end);
    if (p4d_none(k, k.read_pte(p4d))) {
      err = callHole(k, addr, next, real_depth(k, 1), walk);
      if (err !== 0) break;
      continue;
    }
    if (ops.p4d_entry !== undefined) err = ops.p4d_entry(k, p4d, addr, next, walk);
    if (err !== 0) break;
    if (ops.pud_entry !== undefined || ops.pmd_entry !== undefined || ops.pte_entry !== undefined)
      err = walk_pud_range(k, p4d, addr, next, walk);
    if (err !== 0) break;
  }
  return err;
}

function walk_pgd_range(k: Kernel, addr: VirtAddr, end: VirtAddr, walk: MmWalk): Int {
  const { ops } = walk;
  let err: Int = 0;
  let next: VirtAddr;
  let pgd: Pgd = pgd_offset(k, walk.mm, addr);
  for (; addr !== end; pgd = asCell(pgd + k.pte_words), addr = next) {
    next = pgd_addr_end(k, addr, end);
    if (pgd_none(k, k.read_pte(pgd))) {
      err = callHole(k, addr, next, 0, walk);
      if (err !== 0) break;
      continue;
    }
    if (ops.pgd_entry !== undefined) err = ops.pgd_entry(k, pgd, addr, next, walk);
    if (err !== 0) break;
    if (
      ops.p4d_entry !== undefined ||
      ops.pud_entry !== undefined ||
      ops.pmd_entry !== undefined ||
      ops.pte_entry !== undefined
    )
      err = walk_p4d_range(k, pgd, addr, next, walk);
    if (err !== 0) break;
  }
  return err;
}

/** Huge page by huge page: one that has no entry is a hole. */
function walk_hugetlb_range(k: Kernel, addr: VirtAddr, end: VirtAddr, walk: MmWalk): Int {
  const sz: ULong = huge_page_size(k, hstate_vma(k, walk.vma));
  let err: Int = 0;
  let next: VirtAddr;
  for (; addr !== end && err === 0; addr = next) {
    const start = asVirt(addr - (addr % sz));
    next = asVirt(Math.min(start + sz, end));
    const pte: Pte = huge_pte_offset(k, walk.mm, start, sz);
    if (pte === NULL) err = callHole(k, addr, next, -1, walk);
    else if (walk.ops.hugetlb_entry !== undefined)
      err = walk.ops.hugetlb_entry(k, pte, -sz, addr, next, walk);
  }
  return err;
}

/** Whether an area is passed over: 1. One without struct pages is, but somebody who wants holes is told. */
function walk_page_test(k: Kernel, start: VirtAddr, end: VirtAddr, walk: MmWalk): Int {
  if (walk.ops.test_walk !== undefined) return walk.ops.test_walk(k, start, end, walk);
  const vm_flags: VmFlags = k.read_int(k.plus(walk.vma, k.vm_area_struct.vm_flags));
  if ((vm_flags & VM_PFNMAP) === 0) return 0;
  const err: Int = walk.ops.pte_hole === undefined ? 1 : callHole(k, start, end, -1, walk);
  return err === 0 ? 1 : err;
}

function __walk_page_range(k: Kernel, start: VirtAddr, end: VirtAddr, walk: MmWalk): Int {
  let err: Int = walk.ops.pre_vma === undefined ? 0 : walk.ops.pre_vma(k, start, end, walk);
  if (err !== 0) return err;
  if (!is_vm_hugetlb_page(k, walk.vma)) err = walk_pgd_range(k, start, end, walk);
  else if (walk.ops.hugetlb_entry !== undefined) err = walk_hugetlb_range(k, start, end, walk);
  walk.ops.post_vma?.(k, walk);
  return err;
}

/** A range of an address space, whose lock the caller has. 0, or what a function has returned. */
export function walk_page_range(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  end: VirtAddr,
  ops: MmWalkOps,
  data: WalkData,
): Int {
  if (start >= end || mm === NULL) return -EINVAL;
  const walk: MmWalk = { ops, mm, vma: NULL, action: 0, no_vma: false, private: data };
  let err: Int = 0;
  let next: VirtAddr;
  let vma: VmAreaStruct = find_vma(k, mm, start);
  for (; start < end; start = next) {
    const vm_start = vma === NULL ? end : k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
    if (start < vm_start || vma === NULL) {
      walk.vma = NULL;
      next = asVirt(umin(end, vm_start));
      err = callHole(k, start, next, -1, walk);
    } else {
      walk.vma = vma;
      const vm_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
      next = asVirt(umin(end, vm_end));
      vma = find_vma(k, mm, vm_end);
      err = walk_page_test(k, start, next, walk);
      if (err > 0) {
        // Only that this area is not wanted.
        err = 0;
        continue;
      }
      if (err === 0) err = __walk_page_range(k, start, next, walk);
    }
    if (err !== 0) break;
  }
  return err;
}

/** A part of one area. */
export function walk_page_range_vma(
  k: Kernel,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
  ops: MmWalkOps,
  data: WalkData,
): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const walk: MmWalk = { ops, mm, vma, action: 0, no_vma: false, private: data };
  if (start >= end || mm === NULL) return -EINVAL;
  const isOutside =
    start < k.read_va(k.plus(vma, k.vm_area_struct.vm_start)) ||
    end > k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
  if (isOutside) return -EINVAL;
  return __walk_page_range(k, start, end, walk);
}

/** One area. */
export function walk_page_vma(k: Kernel, vma: VmAreaStruct, ops: MmWalkOps, data: WalkData): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const walk: MmWalk = { ops, mm, vma, action: 0, no_vma: false, private: data };
  if (mm === NULL) return -EINVAL;
  return __walk_page_range(
    k,
    k.read_va(k.plus(vma, k.vm_area_struct.vm_start)),
    k.read_va(k.plus(vma, k.vm_area_struct.vm_end)),
    walk,
  );
}
