/**
 * Finding an area by an address, and the anon_vma that a neighbour has.
 *
 * Source: Linux 6.1 mm/mmap.c: find_vma(), find_vma_prev(), find_vma_intersection(), find_mergeable_anon_vma(); include/linux/mm.h:
 * vma_lookup().
 */
import {
  type AnonVma,
  type MapleTree,
  type MmStruct,
  NULL,
  type Out,
  type ULong,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { list_is_singular } from '../../include/linux/list.h.js';
import { MA_STATE, ULONG_MAX, type MaState } from '../../include/linux/maple_tree.h.js';
import { VM_ACCESS_FLAGS } from '../../include/linux/mm_types.h.js';
import { mas_find, mas_prev } from '../../lib/maple_tree/find.js';
import { mas_walk } from '../../lib/maple_tree/walk.js';

export const mmTree = (k: Kernel, mm: MmStruct): MapleTree => k.plus(mm, k.mm_struct.mm_mt);

/** The area that an address lies in, or the next one above it. */
export function find_vma(k: Kernel, mm: MmStruct, addr: VirtAddr): VmAreaStruct {
  const mas: MaState = MA_STATE(k, mmTree(k, mm), addr, addr);
  return mas_find(k, mas, ULONG_MAX(k));
}

/** As find_vma(), and `*pprev`, the area before it. */
export function find_vma_prev(
  k: Kernel,
  mm: MmStruct,
  addr: VirtAddr,
  pprev: Out<VmAreaStruct>,
): VmAreaStruct {
  const mas: MaState = MA_STATE(k, mmTree(k, mm), addr, addr);
  const vma: VmAreaStruct = mas_walk(k, mas);
  pprev.value = mas_prev(k, mas, 0);
  return vma === NULL ? find_vma(k, mm, addr) : vma;
}

/** The first area that has a part of [start, end). */
export function find_vma_intersection(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  end: VirtAddr,
): VmAreaStruct {
  const mas: MaState = MA_STATE(k, mmTree(k, mm), start, start);
  return mas_find(k, mas, end - 1);
}

/** The area that an address lies in. */
export function vma_lookup(k: Kernel, mm: MmStruct, addr: VirtAddr): VmAreaStruct {
  return mas_walk(k, MA_STATE(k, mmTree(k, mm), addr, addr));
}

/** Whether two neighbours could merge one day: mprotect() may make their rights the same. */
function anon_vma_compatible(k: Kernel, a: VmAreaStruct, b: VmAreaStruct): boolean {
  const a_end: ULong = k.read_ulong(k.plus(a, k.vm_area_struct.vm_end));
  const b_start: ULong = k.read_ulong(k.plus(b, k.vm_area_struct.vm_start));
  const a_start: ULong = k.read_ulong(k.plus(a, k.vm_area_struct.vm_start));
  const pages: ULong = (b_start - a_start) / PAGE_SIZE;
  const differing =
    k.read_int(k.plus(a, k.vm_area_struct.vm_flags)) ^
    k.read_int(k.plus(b, k.vm_area_struct.vm_flags));
  return (
    a_end === b_start &&
    k.read_va(k.plus(a, k.vm_area_struct.vm_file)) ===
      k.read_va(k.plus(b, k.vm_area_struct.vm_file)) &&
    (differing & ~VM_ACCESS_FLAGS) === 0 &&
    k.read_ulong(k.plus(b, k.vm_area_struct.vm_pgoff)) ===
      k.read_ulong(k.plus(a, k.vm_area_struct.vm_pgoff)) + pages
  );
}

function reusable_anon_vma(
  k: Kernel,
  old: VmAreaStruct,
  a: VmAreaStruct,
  b: VmAreaStruct,
): AnonVma {
  if (!anon_vma_compatible(k, a, b)) return NULL;
  const anon_vma: AnonVma = k.read_ptr(k.plus(old, k.vm_area_struct.anon_vma));
  // One that a fork has linked with others is not for somebody else.
  const chain = k.plus(old, k.vm_area_struct.anon_vma_chain);
  return anon_vma !== NULL && list_is_singular(k, chain) ? anon_vma : NULL;
}

/** Where an area needs an anon_vma: the one of a neighbour that it could merge with. */
export function find_mergeable_anon_vma(k: Kernel, vma: VmAreaStruct): AnonVma {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const vm_end: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
  const mas: MaState = MA_STATE(k, mmTree(k, mm), vm_end, vm_end);
  const next: VmAreaStruct = mas_walk(k, mas);
  if (next !== NULL) {
    const anon_vma: AnonVma = reusable_anon_vma(k, next, vma, next);
    if (anon_vma !== NULL) return anon_vma;
  }
  // Back over the area itself.
  mas_prev(k, mas, 0);
  const prev: VmAreaStruct = mas_prev(k, mas, 0);
  return prev === NULL ? NULL : reusable_anon_vma(k, prev, prev, vma);
}
