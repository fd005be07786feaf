/**
 * A copy of an area at other addresses, for pages that are about to move there.
 *
 * Source: Linux 6.1 mm/mmap.c: copy_vma(), vma_link().
 */
import {
  type File,
  type Int,
  type MmStruct,
  NULL,
  type Out,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { fput, get_file } from '../../fs/file_table/file_table.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { MA_STATE, type MaState } from '../../include/linux/maple_tree.h.js';
import { vma_is_anonymous } from '../../include/linux/mm.h.js';
import { mas_preallocate } from '../../lib/maple_tree/maple_tree.js';
import { vmOperations } from '../memory/vm_ops.js';
import { anon_vma_clone, unlink_anon_vmas } from '../rmap/anon_vma.js';
import { addMapCount } from './adjust.js';
import { find_vma_prev, mmTree } from './find_vma.js';
import {
  __vma_link_file,
  mappingOf,
  vm_area_dup,
  vm_area_free,
  vma_mas_store,
  vmaFile,
} from './link.js';
import { vma_merge } from './merge.js';

/** Puts a new area into its address space. */
export function vma_link(k: Kernel, mm: MmStruct, vma: VmAreaStruct): Int {
  const mas: MaState = MA_STATE(k, mmTree(k, mm), 0, 0);
  if (mas_preallocate(k, mas, k.GFP_KERNEL) !== 0) return -ENOMEM;
  vma_mas_store(k, vma, mas);
  const file: File = vmaFile(k, vma);
  if (file !== NULL) __vma_link_file(k, vma, mappingOf(k, file));
  addMapCount(k, mm, 1);
  return 0;
}

/**
 * The area that [addr, addr + len) lies in then: a neighbour that it could join, or a new one; NULL without memory. `*vmap` is the
 * source, which may have become a part of it. Left out: need_rmap_locks (there are no locks), mempolicy, names.
 */
export function copy_vma(
  k: Kernel,
  vmap: Out<VmAreaStruct>,
  addr: VirtAddr,
  len: ULong,
  pgoff: ULong,
  keep_source: boolean,
): VmAreaStruct {
  const vma: VmAreaStruct = vmap.value;
  const vma_start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
  const vma_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const anon_vma = k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  const file: File = vmaFile(k, vma);
  const end: VirtAddr = asVirt(addr + len);

  // It has no pages yet: numbered by the new place, it has a better chance to merge there.
  const can_self_merge = vma_is_anonymous(k, vma) && anon_vma === NULL;
  if (can_self_merge) pgoff = addr / PAGE_SIZE;
  const prev: Out<VmAreaStruct> = { value: NULL };
  find_vma_prev(k, mm, addr, prev);

  // Where the source stays, the two must not become one.
  const touches = addr === vma_end || vma_start === end;
  const new_vma: VmAreaStruct =
    can_self_merge && keep_source && touches
      ? NULL
      : vma_merge(k, mm, prev.value, addr, end, vm_flags, anon_vma, file, pgoff);
  if (new_vma !== NULL) {
    const new_start: ULong = k.read_ulong(k.plus(new_vma, k.vm_area_struct.vm_start));
    const new_end: ULong = k.read_ulong(k.plus(new_vma, k.vm_area_struct.vm_end));
    if (vma_start >= new_start && vma_start < new_end) vmap.value = new_vma;
    return new_vma;
  }

  const copy: VmAreaStruct = vm_area_dup(k, vma);
  if (copy === NULL) return NULL;
  k.write_va(k.plus(copy, k.vm_area_struct.vm_start), addr);
  k.write_va(k.plus(copy, k.vm_area_struct.vm_end), end);
  k.write_long(k.plus(copy, k.vm_area_struct.vm_pgoff), pgoff);
  if (anon_vma_clone(k, copy, vma) !== 0) {
    // out_free_vma:
    vm_area_free(k, copy);
    return NULL;
  }
  if (file !== NULL) get_file(k, file);
  vmOperations(k, copy)?.open?.(k, copy);
  if (vma_link(k, mm, copy) !== 0) {
    // out_vma_link:
    vmOperations(k, copy)?.close?.(k, copy);
    if (file !== NULL) fput(k, file);
    unlink_anon_vmas(k, copy);
    vm_area_free(k, copy);
    return NULL;
  }
  return copy;
}
