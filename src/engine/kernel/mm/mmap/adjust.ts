/**
 * Changing the range of an area, and with it what its neighbours have: the heart of merging and splitting.
 *
 *     insert        a new area takes what this one gives up: a split
 *     expand        this area, or the next, takes what the other gives up: a merge
 *
 * Left out: uprobes, hugetlb, mempolicy.
 * Source: Linux 6.1 mm/mmap.c: __vma_adjust(), vma_expand(); mm/rmap.c: anon_vma_merge() of include/linux/rmap.h.
 */
import {
  type AddressSpace,
  type AnonVma,
  type File,
  type Int,
  type MmStruct,
  NULL,
  type ULong,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { fput } from '../../fs/file_table/file_table.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { MA_STATE, mas_reset, type MaState } from '../../include/linux/maple_tree.h.js';
import { mas_destroy, mas_preallocate } from '../../lib/maple_tree/maple_tree.js';
import { vma_interval_tree_insert, vma_interval_tree_remove } from '../interval_tree.js';
import { vma_adjust_trans_huge } from '../huge_memory/split_pmd.js';
import { anon_vma_clone, unlink_anon_vmas } from '../rmap/anon_vma.js';
import { find_vma, mmTree } from './find_vma.js';
import {
  __remove_shared_vm_struct,
  __vma_link_file,
  anon_vma_interval_tree_post_update_vma,
  anon_vma_interval_tree_pre_update_vma,
  areasOfFile,
  mappingOf,
  vm_area_free,
  vma_mas_store,
  vma_mas_szero,
  vmaFile,
} from './link.js';

const anonVmaOf = (k: Kernel, vma: VmAreaStruct): AnonVma =>
  k.read_ptr(k.plus(vma, k.vm_area_struct.anon_vma));
const startOf = (k: Kernel, vma: VmAreaStruct): VirtAddr =>
  k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
const endOf = (k: Kernel, vma: VmAreaStruct): VirtAddr =>
  k.read_va(k.plus(vma, k.vm_area_struct.vm_end));

export const addMapCount = (k: Kernel, mm: MmStruct, delta: Int): void => {
  const map_count = k.plus(mm, k.mm_struct.map_count);
  k.write(map_count, k.read_int(map_count) + delta);
};

/** The area that was merged into another one goes. */
function removeMerged(k: Kernel, mm: MmStruct, next: VmAreaStruct, file: File): void {
  if (file !== NULL) fput(k, file);
  // anon_vma_merge():
  if (anonVmaOf(k, next) !== NULL) unlink_anon_vmas(k, next);
  addMapCount(k, mm, -1);
  vm_area_free(k, next);
}

/** An area that gets pages of another one needs its anon_vmas. */
function importAnonVma(k: Kernel, importer: VmAreaStruct, exporter: VmAreaStruct): Int {
  if (anonVmaOf(k, exporter) === NULL || anonVmaOf(k, importer) !== NULL) return 0;
  k.write_ptr(k.plus(importer, k.vm_area_struct.anon_vma), anonVmaOf(k, exporter));
  return anon_vma_clone(k, importer, exporter);
}

export function __vma_adjust(
  k: Kernel,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
  pgoff: ULong,
  insert: VmAreaStruct,
  expand: VmAreaStruct,
): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  let next: VmAreaStruct = find_vma(k, mm, endOf(k, vma));
  let next_next: VmAreaStruct = NULL;
  const file: File = vmaFile(k, vma);
  const mapping: AddressSpace = file === NULL ? NULL : mappingOf(k, file);
  const orig_vma: VmAreaStruct = vma;
  let vma_changed = false;
  let adjust_next: number = 0;
  let remove_next: Int = 0;
  const mas: MaState = MA_STATE(k, mmTree(k, mm), 0, 0);
  let anon_dup: VmAreaStruct = NULL;

  if (next !== NULL && insert === NULL) {
    let exporter: VmAreaStruct = NULL;
    let importer: VmAreaStruct = NULL;
    if (end >= endOf(k, next)) {
      // All of the next area is taken over, and perhaps the one behind it.
      if (next === expand) {
        // The next one takes over this one instead: they change places.
        remove_next = 3;
        [vma, next] = [next, vma];
      } else {
        remove_next = 1 + (end > endOf(k, next) ? 1 : 0);
        if (remove_next === 2) next_next = find_vma(k, mm, endOf(k, next));
      }
      exporter = next;
      importer = vma;
      if (remove_next === 2 && anonVmaOf(k, next) === NULL) exporter = next_next;
    } else if (end > startOf(k, next)) {
      // This area takes a part of the next one.
      adjust_next = end - startOf(k, next);
      exporter = next;
      importer = vma;
    } else if (end < endOf(k, vma)) {
      // The next area takes a part of this one.
      adjust_next = -(endOf(k, vma) - end);
      exporter = vma;
      importer = next;
    }
    if (exporter !== NULL) {
      const hasNone = anonVmaOf(k, importer) === NULL;
      const error: Int = importAnonVma(k, importer, exporter);
      if (error !== 0) return error;
      if (hasNone && anonVmaOf(k, importer) !== NULL) anon_dup = importer;
    }
  }
  if (mas_preallocate(k, mas, k.GFP_KERNEL) !== 0) {
    if (anon_dup !== NULL) unlink_anon_vmas(k, anon_dup);
    return -ENOMEM;
  }

  vma_adjust_trans_huge(k, orig_vma, start, end, adjust_next);
  if (file !== NULL && insert !== NULL && vmaFile(k, insert) !== NULL)
    // Before the range changes: whoever looks for the page finds one of the two.
    __vma_link_file(k, insert, mappingOf(k, vmaFile(k, insert)));
  let anon_vma: AnonVma = anonVmaOf(k, vma);
  if (anon_vma === NULL && adjust_next !== 0) anon_vma = anonVmaOf(k, next);
  if (anon_vma !== NULL) {
    anon_vma_interval_tree_pre_update_vma(k, vma);
    if (adjust_next !== 0) anon_vma_interval_tree_pre_update_vma(k, next);
  }
  if (file !== NULL) {
    vma_interval_tree_remove(k, vma, areasOfFile(k, mapping));
    if (adjust_next !== 0) vma_interval_tree_remove(k, next, areasOfFile(k, mapping));
  }

  const vm_start: VirtAddr = startOf(k, vma);
  if (start !== vm_start) {
    if (vm_start < start && (insert === NULL || endOf(k, insert) !== start))
      vma_mas_szero(k, mas, vm_start, start);
    else vma_changed = true;
    k.write_va(k.plus(vma, k.vm_area_struct.vm_start), start);
  }
  const vm_end: VirtAddr = endOf(k, vma);
  if (end !== vm_end) {
    if (vm_end > end) {
      if (vm_end + adjust_next !== end && (insert === NULL || startOf(k, insert) !== end)) {
        vma_mas_szero(k, mas, end, vm_end);
        mas_reset(mas);
      }
    } else {
      vma_changed = true;
    }
    k.write_va(k.plus(vma, k.vm_area_struct.vm_end), end);
  }
  if (vma_changed) vma_mas_store(k, vma, mas);
  k.write_long(k.plus(vma, k.vm_area_struct.vm_pgoff), pgoff);
  if (adjust_next !== 0) {
    const at = k.plus(next, k.vm_area_struct.vm_pgoff);
    k.write_va(k.plus(next, k.vm_area_struct.vm_start), asVirt(startOf(k, next) + adjust_next));
    k.write_long(at, k.read_ulong(at) + adjust_next / PAGE_SIZE);
    vma_mas_store(k, next, mas);
  }

  if (file !== NULL) {
    if (adjust_next !== 0) vma_interval_tree_insert(k, next, areasOfFile(k, mapping));
    vma_interval_tree_insert(k, vma, areasOfFile(k, mapping));
  }
  if (remove_next !== 0 && file !== NULL) {
    __remove_shared_vm_struct(k, next, mapping);
    if (remove_next === 2) __remove_shared_vm_struct(k, next_next, mapping);
  } else if (insert !== NULL) {
    mas_reset(mas);
    vma_mas_store(k, insert, mas);
    addMapCount(k, mm, 1);
  }
  if (anon_vma !== NULL) {
    anon_vma_interval_tree_post_update_vma(k, vma);
    if (adjust_next !== 0) anon_vma_interval_tree_post_update_vma(k, next);
  }
  if (remove_next !== 0) {
    removeMerged(k, mm, next, file);
    if (remove_next === 2) removeMerged(k, mm, next_next, file);
  }
  mas_destroy(k, mas);
  return 0;
}

/** An area grows over empty space, perhaps up to the next one, which it takes over then. */
export function vma_expand(
  k: Kernel,
  mas: MaState,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
  pgoff: ULong,
  next: VmAreaStruct,
): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const file: File = vmaFile(k, vma);
  const mapping: AddressSpace = file === NULL ? NULL : mappingOf(k, file);
  const remove_next = next !== NULL && vma !== next && end === endOf(k, next);
  let anon_dup: VmAreaStruct = NULL;
  if (remove_next) {
    const hasNone = anonVmaOf(k, vma) === NULL;
    const error: Int = importAnonVma(k, vma, next);
    if (error !== 0) return error;
    if (hasNone && anonVmaOf(k, vma) !== NULL) anon_dup = vma;
  }
  if (mas_preallocate(k, mas, k.GFP_KERNEL) !== 0) {
    // nomem:
    if (anon_dup !== NULL) unlink_anon_vmas(k, anon_dup);
    return -ENOMEM;
  }
  vma_adjust_trans_huge(k, vma, start, end, 0);
  const anon_vma: AnonVma = anonVmaOf(k, vma);
  if (anon_vma !== NULL) anon_vma_interval_tree_pre_update_vma(k, vma);
  if (file !== NULL) vma_interval_tree_remove(k, vma, areasOfFile(k, mapping));

  k.write_va(k.plus(vma, k.vm_area_struct.vm_start), start);
  k.write_va(k.plus(vma, k.vm_area_struct.vm_end), end);
  k.write_long(k.plus(vma, k.vm_area_struct.vm_pgoff), pgoff);
  vma_mas_store(k, vma, mas);

  if (file !== NULL) {
    vma_interval_tree_insert(k, vma, areasOfFile(k, mapping));
    if (remove_next) __remove_shared_vm_struct(k, next, mapping);
  }
  if (anon_vma !== NULL) anon_vma_interval_tree_post_update_vma(k, vma);
  if (remove_next) removeMerged(k, mm, next, file);
  return 0;
}
