/**
 * Where an area is linked: the tree of its address space, and the tree of areas of the file that it maps.
 *
 * vm_area_alloc() to vm_area_free() are of kernel/fork.c; who forks needs this room, so they are here. Left out: the file's lock,
 * uprobes, hugetlb; fput()'s end of a file (a file here outlives its mappings).
 * Source: Linux 6.1 mm/mmap.c: __remove_shared_vm_struct() to remove_vma(), __vma_link_file() to vma_mas_remove();
 * kernel/fork.c: vm_area_alloc(), vm_area_dup(), vm_area_free(); include/linux/fs.h: mapping_map_writable(), get_file().
 */
import {
  type AddressSpace,
  type AnonVmaChain,
  type File,
  type Int,
  type ListHead,
  type MmStruct,
  NULL,
  type ULong,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell, type VirtAddr } from '../../../memory/address.js';
import {
  INIT_LIST_HEAD,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { type MaState, mas_set_range } from '../../include/linux/maple_tree.h.js';
import { is_shared_maywrite } from '../../include/linux/mm.h.js';
import type { RbRoot } from '../../include/linux/rbtree.h.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../include/linux/slab.h.js';
import { mas_store_prealloc } from '../../lib/maple_tree/maple_tree.js';
import { fput } from '../../fs/file_table/file_table.js';
import { vmOperations } from '../memory/vm_ops.js';
import {
  anon_vma_interval_tree_insert,
  anon_vma_interval_tree_remove,
  vma_interval_tree_insert,
  vma_interval_tree_remove,
} from '../interval_tree.js';

// --- areas ---------------------------------------------------------------------------------------------------------------

const cacheOf = (k: Kernel): Cell => k.read_ptr(k.globals.vm_area_cachep);

/** An empty area of an address space. */
export function vm_area_alloc(k: Kernel, mm: MmStruct): VmAreaStruct {
  const object: VirtAddr = kmem_cache_alloc(k, cacheOf(k), k.GFP_KERNEL);
  if (object === 0) return NULL;
  const vma: VmAreaStruct = k.cell_at(object);
  // vma_init():
  for (let i = 0; i < k.sizeof.vm_area_struct / 4; i++) k.write(k.plus(vma, i), 0);
  k.write_ptr(k.plus(vma, k.vm_area_struct.vm_mm), mm);
  INIT_LIST_HEAD(k, k.plus(vma, k.vm_area_struct.anon_vma_chain));
  return vma;
}

/** A copy, linked nowhere. */
export function vm_area_dup(k: Kernel, orig: VmAreaStruct): VmAreaStruct {
  const object: VirtAddr = kmem_cache_alloc(k, cacheOf(k), k.GFP_KERNEL);
  if (object === 0) return NULL;
  const copy: VmAreaStruct = k.cell_at(object);
  for (let i = 0; i < k.sizeof.vm_area_struct / 4; i++)
    k.write(k.plus(copy, i), k.read_int(k.plus(orig, i)));
  INIT_LIST_HEAD(k, k.plus(copy, k.vm_area_struct.anon_vma_chain));
  return copy;
}

export function vm_area_free(k: Kernel, vma: VmAreaStruct): void {
  kmem_cache_free(k, cacheOf(k), k.va_of(vma));
}

export const vmaFile = (k: Kernel, vma: VmAreaStruct): File =>
  k.read_ptr(k.plus(vma, k.vm_area_struct.vm_file));

export const mappingOf = (k: Kernel, file: File): AddressSpace =>
  k.read_ptr(k.plus(file, k.file.f_mapping));

export const areasOfFile = (k: Kernel, mapping: AddressSpace): RbRoot =>
  asCell(k.plus(mapping, k.address_space.i_mmap));

// --- the file's tree -----------------------------------------------------------------------------------------------------

const addWritable = (k: Kernel, mapping: AddressSpace, delta: Int): void => {
  const at = k.plus(mapping, k.address_space.i_mmap_writable);
  k.write(at, k.read_int(at) + delta);
};

/** The mapping has one more area that may write to it. */
export const mapping_allow_writable = (k: Kernel, mapping: AddressSpace): void =>
  addWritable(k, mapping, 1);
export const mapping_unmap_writable = (k: Kernel, mapping: AddressSpace): void =>
  addWritable(k, mapping, -1);

const mayWrite = (k: Kernel, vma: VmAreaStruct): boolean =>
  is_shared_maywrite(k.read_int(k.plus(vma, k.vm_area_struct.vm_flags)));

export function __vma_link_file(k: Kernel, vma: VmAreaStruct, mapping: AddressSpace): void {
  if (mayWrite(k, vma)) mapping_allow_writable(k, mapping);
  vma_interval_tree_insert(k, vma, areasOfFile(k, mapping));
}

export function __remove_shared_vm_struct(
  k: Kernel,
  vma: VmAreaStruct,
  mapping: AddressSpace,
): void {
  if (mayWrite(k, vma)) mapping_unmap_writable(k, mapping);
  vma_interval_tree_remove(k, vma, areasOfFile(k, mapping));
}

/** The file no longer leads to the area. */
export function unlink_file_vma(k: Kernel, vma: VmAreaStruct): void {
  const file: File = vmaFile(k, vma);
  if (file !== NULL) __remove_shared_vm_struct(k, vma, mappingOf(k, file));
}

/** The end of an area that is linked nowhere any more. Left out: mempolicy. */
export function remove_vma(k: Kernel, vma: VmAreaStruct): void {
  vmOperations(k, vma)?.close?.(k, vma);
  const file: File = vmaFile(k, vma);
  if (file !== NULL) fput(k, file);
  vm_area_free(k, vma);
}

// --- the anon_vmas' trees ------------------------------------------------------------------------------------------------

/** The tree of the anon_vma that a link leads to. */
const rootOf = (k: Kernel, avc: AnonVmaChain): RbRoot =>
  asCell(k.plus(k.read_ptr(avc + k.anon_vma_chain.anon_vma), k.anon_vma.rb_root));

/** The area's range is about to change, by which its trees are ordered. */
export function anon_vma_interval_tree_pre_update_vma(k: Kernel, vma: VmAreaStruct): void {
  const head: ListHead = k.plus(vma, k.vm_area_struct.anon_vma_chain);
  for (
    let avc: AnonVmaChain = list_first_entry(k, head, k.anon_vma_chain.same_vma);
    !list_entry_is_head(k, avc, head, k.anon_vma_chain.same_vma);
    avc = list_next_entry(k, avc, k.anon_vma_chain.same_vma)
  )
    anon_vma_interval_tree_remove(k, avc, rootOf(k, avc));
}

export function anon_vma_interval_tree_post_update_vma(k: Kernel, vma: VmAreaStruct): void {
  const head: ListHead = k.plus(vma, k.vm_area_struct.anon_vma_chain);
  for (
    let avc: AnonVmaChain = list_first_entry(k, head, k.anon_vma_chain.same_vma);
    !list_entry_is_head(k, avc, head, k.anon_vma_chain.same_vma);
    avc = list_next_entry(k, avc, k.anon_vma_chain.same_vma)
  )
    anon_vma_interval_tree_insert(k, avc, rootOf(k, avc));
}

// --- the address space's tree --------------------------------------------------------------------------------------------

/** Stores an area at its range. The first time, with nodes that were taken for it. */
export function vma_mas_store(k: Kernel, vma: VmAreaStruct, mas: MaState): void {
  const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
  mas_set_range(mas, vm_start, vm_end - 1);
  mas_store_prealloc(k, mas, vma);
}

/** [start, end) has no area any more. */
export function vma_mas_szero(k: Kernel, mas: MaState, start: ULong, end: ULong): void {
  mas_set_range(mas, start, end - 1);
  mas_store_prealloc(k, mas, NULL);
}
