/**
 * Merging an area with its neighbours where all that they have is the same, and splitting one in two.
 *
 * Left out: userfaultfd, names of anonymous areas, mempolicy, vm_ops->close of what merges (areas of huge pages never do), khugepaged.
 * Source: Linux 6.1 mm/mmap.c: is_mergeable_vma() to vma_merge(), __split_vma(), split_vma().
 */
import {
  type AnonVma,
  type File,
  type Int,
  type MmStruct,
  NULL,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { fput, get_file } from '../../fs/file_table/file_table.js';
import { EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import { list_is_singular } from '../../include/linux/list.h.js';
import { vma_pages } from '../../include/linux/mm.h.js';
import { VM_SPECIAL } from '../../include/linux/mm_types.h.js';
import { khugepaged_enter_vma } from '../khugepaged/khugepaged.js';
import { vmOperations, type VmOperations } from '../memory/vm_ops.js';
import { anon_vma_clone } from '../rmap/anon_vma.js';
import { __vma_adjust } from './adjust.js';
import { find_vma } from './find_vma.js';
import { vm_area_dup, vm_area_free, vmaFile } from './link.js';

/** How many areas an address space may have. */
export const sysctl_max_map_count = 65530;

const startOf = (k: Kernel, vma: VmAreaStruct): VirtAddr =>
  k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
const endOf = (k: Kernel, vma: VmAreaStruct): VirtAddr =>
  k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
const pgoffOf = (k: Kernel, vma: VmAreaStruct): ULong =>
  k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));

function is_mergeable_vma(k: Kernel, vma: VmAreaStruct, file: File, vm_flags: VmFlags): boolean {
  return (
    k.read_int(k.plus(vma, k.vm_area_struct.vm_flags)) === vm_flags && vmaFile(k, vma) === file
  );
}

function is_mergeable_anon_vma(
  k: Kernel,
  anon_vma1: AnonVma,
  anon_vma2: AnonVma,
  vma: VmAreaStruct,
): boolean {
  // One that a fork has linked with others is not shared any further: each merge would make its chain longer.
  if (
    (anon_vma1 === NULL || anon_vma2 === NULL) &&
    (vma === NULL || list_is_singular(k, k.plus(vma, k.vm_area_struct.anon_vma_chain)))
  )
    return true;
  return anon_vma1 === anon_vma2;
}

/** Whether what lies before an area can become a part of it. */
export function can_vma_merge_before(
  k: Kernel,
  vma: VmAreaStruct,
  vm_flags: VmFlags,
  anon_vma: AnonVma,
  file: File,
  vm_pgoff: ULong,
): boolean {
  const own: AnonVma = k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));
  return (
    is_mergeable_vma(k, vma, file, vm_flags) &&
    is_mergeable_anon_vma(k, anon_vma, own, vma) &&
    pgoffOf(k, vma) === vm_pgoff
  );
}

/** Whether what lies behind it can. */
export function can_vma_merge_after(
  k: Kernel,
  vma: VmAreaStruct,
  vm_flags: VmFlags,
  anon_vma: AnonVma,
  file: File,
  vm_pgoff: ULong,
): boolean {
  const own: AnonVma = k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));
  return (
    is_mergeable_vma(k, vma, file, vm_flags) &&
    is_mergeable_anon_vma(k, anon_vma, own, vma) &&
    pgoffOf(k, vma) + vma_pages(k, vma) === vm_pgoff
  );
}

/**
 * [addr, end) is to have these flags: whether it can become a part of the areas around it. Then the area that has it now; NULL: it
 * cannot. The range is empty, or a part of one area.
 *
 *     PPPPAAAANNNN   the range between two others: all three become one, or it joins one of the two
 */
export function vma_merge(
  k: Kernel,
  mm: MmStruct,
  prev: VmAreaStruct,
  addr: VirtAddr,
  end: VirtAddr,
  vm_flags: VmFlags,
  anon_vma: AnonVma,
  file: File,
  pgoff: ULong,
): VmAreaStruct {
  const pglen: ULong = (end - addr) / PAGE_SIZE;
  if ((vm_flags & VM_SPECIAL) !== 0) return NULL;

  let next: VmAreaStruct = find_vma(k, mm, prev !== NULL ? endOf(k, prev) : asVirt(0));
  const mid: VmAreaStruct = next;
  if (next !== NULL && endOf(k, next) === end) next = find_vma(k, mm, endOf(k, next));

  const merge_prev =
    prev !== NULL &&
    endOf(k, prev) === addr &&
    can_vma_merge_after(k, prev, vm_flags, anon_vma, file, pgoff);
  const merge_next =
    next !== NULL &&
    end === startOf(k, next) &&
    can_vma_merge_before(k, next, vm_flags, anon_vma, file, pgoff + pglen);
  const anonOf = (vma: VmAreaStruct): AnonVma => k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));

  let err: Int = -1;
  let res: VmAreaStruct = NULL;
  if (merge_prev && merge_next && is_mergeable_anon_vma(k, anonOf(prev), anonOf(next), NULL)) {
    err = __vma_adjust(k, prev, startOf(k, prev), endOf(k, next), pgoffOf(k, prev), NULL, prev);
    res = prev;
  } else if (merge_prev) {
    err = __vma_adjust(k, prev, startOf(k, prev), end, pgoffOf(k, prev), NULL, prev);
    res = prev;
  } else if (merge_next) {
    // The range is the end of the area before it, or an area of its own, or empty.
    if (prev !== NULL && addr < endOf(k, prev))
      err = __vma_adjust(k, prev, startOf(k, prev), addr, pgoffOf(k, prev), NULL, next);
    else err = __vma_adjust(k, mid, addr, endOf(k, next), pgoffOf(k, next) - pglen, NULL, next);
    res = next;
  }
  if (err !== 0) return NULL;
  if (res !== NULL) khugepaged_enter_vma(k, res, vm_flags);
  return res;
}

/** Splits an area at an address: the new one is the part below it, or above. */
export function __split_vma(k: Kernel, vma: VmAreaStruct, addr: VirtAddr, new_below: boolean): Int {
  const ops: VmOperations | undefined = vmOperations(k, vma);
  if (ops?.may_split !== undefined && !ops.may_split(k, vma, addr)) return -EINVAL;
  const copy: VmAreaStruct = vm_area_dup(k, vma);
  if (copy === NULL) return -ENOMEM;
  const start: VirtAddr = startOf(k, vma);
  if (new_below) {
    k.write_va(k.plus(copy, k.vm_area_struct.vm_end), addr);
  } else {
    k.write_va(k.plus(copy, k.vm_area_struct.vm_start), addr);
    k.write_long(
      k.plus(copy, k.vm_area_struct.vm_pgoff),
      pgoffOf(k, copy) + (addr - start) / PAGE_SIZE,
    );
  }
  const err: Int = anon_vma_clone(k, copy, vma);
  if (err !== 0) {
    // out_free_vma:
    vm_area_free(k, copy);
    return err;
  }
  const file: File = vmaFile(k, copy);
  if (file !== NULL) get_file(k, file);
  ops?.open?.(k, copy);

  const pgoff: ULong = pgoffOf(k, vma);
  const error: Int = new_below
    ? __vma_adjust(
        k,
        vma,
        addr,
        endOf(k, vma),
        pgoff + (addr - startOf(k, copy)) / PAGE_SIZE,
        copy,
        NULL,
      )
    : __vma_adjust(k, vma, start, addr, pgoff, copy, NULL);
  if (error !== 0 && file !== NULL) fput(k, file);
  return error;
}

export function split_vma(k: Kernel, vma: VmAreaStruct, addr: VirtAddr, new_below: boolean): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  if (k.read_int(k.plus(mm, k.mm_struct.map_count)) >= sysctl_max_map_count) return -ENOMEM;
  return __split_vma(k, vma, addr, new_below);
}
