/**
 * Areas of vmalloc space, and the three trees they are in: busy, free, and freed but not yet purged. Each tree has a list of the
 * same areas in the order of their addresses.
 *
 * A free area keeps the size of the largest one below it, itself included, so that a search for the lowest fit goes down the
 * tree once.
 *
 * Source: Linux 6.1 mm/vmalloc.c; include/linux/rbtree_augmented.h: RB_DECLARE_CALLBACKS_MAX.
 */
import {
  type ListHead,
  NULL,
  type ULong,
  type VmapArea,
  type VmStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ule, ulong, ult } from '../../../machine/ulong.js';
import { asCell, type VirtAddr } from '../../../memory/address.js';
import { rb_parent, type RbLink, type RbNode, type RbRoot } from '../../include/linux/rbtree.h.js';
import type { RbAugmentCallbacks } from '../../include/linux/rbtree_augmented.h.js';

export const va_start = (k: Kernel, va: VmapArea): VirtAddr => k.read_va(va + k.vmap_area.va_start);
export const va_end = (k: Kernel, va: VmapArea): VirtAddr => k.read_va(va + k.vmap_area.va_end);
export const va_size = (k: Kernel, va: VmapArea): ULong =>
  ulong(k, va_end(k, va) - va_start(k, va));
/** va->vm, NULL where the area is no vm_struct's. */
export const va_vm = (k: Kernel, va: VmapArea): VmStruct => k.read_ptr(va + k.vmap_area.vm);

export const set_va_start = (k: Kernel, va: VmapArea, value: ULong): void =>
  k.write_long(va + k.vmap_area.va_start, value);
export const set_va_end = (k: Kernel, va: VmapArea, value: ULong): void =>
  k.write_long(va + k.vmap_area.va_end, value);

/** &va->rb_node, &va->list, and back. */
export const va_node = (k: Kernel, va: VmapArea): RbNode => asCell(va + k.vmap_area.rb_node);
export const va_list = (k: Kernel, va: VmapArea): ListHead => asCell(va + k.vmap_area.list);
export const node_va = (k: Kernel, node: RbNode): VmapArea => asCell(node - k.vmap_area.rb_node);
export const list_va = (k: Kernel, list: ListHead): VmapArea => asCell(list - k.vmap_area.list);

// --- the largest free area of a subtree ------------------------------------------------------------------------------------

const subtree_max_size = (k: Kernel, va: VmapArea): ULong =>
  k.read_va(va + k.vmap_area.subtree_max_size);

export function get_subtree_max_size(k: Kernel, node: RbNode): ULong {
  return node === NULL ? 0 : subtree_max_size(k, node_va(k, node));
}

/** Whether it was right already. */
function compute_max(k: Kernel, va: VmapArea): boolean {
  let max: ULong = va_size(k, va);
  for (const child of [
    k.read_ptr(va_node(k, va) + k.rb_node.rb_left),
    k.read_ptr(va_node(k, va) + k.rb_node.rb_right),
  ])
    if (ult(max, get_subtree_max_size(k, child))) max = get_subtree_max_size(k, child);
  if (subtree_max_size(k, va) === max) return true;
  k.write_long(va + k.vmap_area.subtree_max_size, max);
  return false;
}

export const free_vmap_area_rb_augment_cb: RbAugmentCallbacks = {
  propagate: (k, node, stop) => {
    for (let rb = node; rb !== stop; rb = rb_parent(k, rb))
      if (compute_max(k, node_va(k, rb))) break;
  },
  copy: (k, old, replacement) => copy_max(k, old, replacement),
  rotate: (k, old, replacement) => {
    copy_max(k, old, replacement);
    compute_max(k, node_va(k, old));
  },
};

function copy_max(k: Kernel, old: RbNode, replacement: RbNode): void {
  const at = k.vmap_area.subtree_max_size;
  k.copy_ptr(node_va(k, replacement) + at, node_va(k, old) + at);
}

/** Behind a change of the area's size, or its coming: upwards until nothing changes. */
export function augment_tree_propagate_from(k: Kernel, va: VmapArea): void {
  free_vmap_area_rb_augment_cb.propagate(k, va_node(k, va), NULL);
}

// --- finding -----------------------------------------------------------------------------------------------------------------

/** The area that holds an address; NULL: none. */
export function __find_vmap_area(k: Kernel, addr: VirtAddr, root: RbRoot): VmapArea {
  let n: RbNode = k.read_ptr(root);
  while (n !== NULL) {
    const va: VmapArea = node_va(k, n);
    if (ult(addr, va_start(k, va))) n = k.read_ptr(n + k.rb_node.rb_left);
    else if (ule(va_end(k, va), addr)) n = k.read_ptr(n + k.rb_node.rb_right);
    else return va;
  }
  return NULL;
}

export function find_vmap_area(k: Kernel, addr: VirtAddr): VmapArea {
  return __find_vmap_area(k, addr, k.globals.vmap_area_root);
}

/** A place in a tree: below which node, NULL for an empty tree, and by which of its pointers. */
export interface VaLinks {
  readonly parent: RbNode;
  readonly link: RbLink;
}
