/**
 * Areas of vmalloc space, and the three trees they are in: busy, free, and freed but not yet purged. Each tree has a list of the
 * same areas in the order of their addresses.
 *
 * A free area keeps the size of the largest one below it, itself included, so that a search for the lowest fit goes down the
 * tree once.
 *
 * Left out: vmap_area_lock, free_vmap_area_lock, purge_vmap_area_lock.
 *
 * Source: Linux 6.1 mm/vmalloc.c: va_size() to find_vmap_area(); include/linux/rbtree_augmented.h: RB_DECLARE_CALLBACKS_MAX, which
 * makes the four functions whose names begin with free_vmap_area_rb_augment_cb.
 */
import { NULL, type ULong, type VmapArea } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ule, ulong, ult } from '../../../machine/ulong.js';
import { asCell, type VirtAddr } from '../../../memory/address.js';
import { rb_entry, type RbNode, type RbRoot, rb_parent } from '../../include/linux/rbtree.h.js';
import type { RbAugmentCallbacks } from '../../include/linux/rbtree_augmented.h.js';

export function va_size(k: Kernel, va: VmapArea): ULong {
  return ulong(k, k.read_va(va + k.vmap_area.va_end) - k.read_va(va + k.vmap_area.va_start));
}

/** 0 of an empty subtree: no search goes there. */
export function get_subtree_max_size(k: Kernel, node: RbNode): ULong {
  if (node === NULL) return 0;
  return k.read_va(rb_entry(k, node, k.vmap_area.rb_node) + k.vmap_area.subtree_max_size);
}

// --- the largest free area of a subtree ------------------------------------------------------------------------------------

/**
 * Works out subtree_max_size from the area's own size and from what its children say.
 *
 * @param exit whether to stop, and say so by true, where nothing changes
 */
function free_vmap_area_rb_augment_cb_compute_max(k: Kernel, va: VmapArea, exit: boolean): boolean {
  let max: ULong = va_size(k, va);
  const rb_left: RbNode = k.read_ptr(va + k.vmap_area.rb_node + k.rb_node.rb_left);
  if (ult(max, get_subtree_max_size(k, rb_left))) max = get_subtree_max_size(k, rb_left);
  const rb_right: RbNode = k.read_ptr(va + k.vmap_area.rb_node + k.rb_node.rb_right);
  if (ult(max, get_subtree_max_size(k, rb_right))) max = get_subtree_max_size(k, rb_right);
  if (exit && k.read_va(va + k.vmap_area.subtree_max_size) === max) return true;
  k.write_long(va + k.vmap_area.subtree_max_size, max);
  return false;
}

/** From a node whose size or children changed upwards, as far as the one below `stop`. */
function free_vmap_area_rb_augment_cb_propagate(k: Kernel, rb: RbNode, stop: RbNode): void {
  let rounds = 0;
  while (rb !== stop) {
    k.watchdog(++rounds << 10);
    // What is above it has counted the same size already.
    if (free_vmap_area_rb_augment_cb_compute_max(k, rb_entry(k, rb, k.vmap_area.rb_node), true))
      break;
    rb = rb_parent(k, rb);
  }
}

/** The new one takes the old one's place, when that is erased, and with it all that hangs below. */
function free_vmap_area_rb_augment_cb_copy(k: Kernel, rb_old: RbNode, rb_new: RbNode): void {
  const old: VmapArea = rb_entry(k, rb_old, k.vmap_area.rb_node);
  const new_: VmapArea = rb_entry(k, rb_new, k.vmap_area.rb_node);
  k.copy_ptr(new_ + k.vmap_area.subtree_max_size, old + k.vmap_area.subtree_max_size);
}

/** The new one has below it what the old one had; the old one has lost a part. */
function free_vmap_area_rb_augment_cb_rotate(k: Kernel, rb_old: RbNode, rb_new: RbNode): void {
  const old: VmapArea = rb_entry(k, rb_old, k.vmap_area.rb_node);
  const new_: VmapArea = rb_entry(k, rb_new, k.vmap_area.rb_node);
  k.copy_ptr(new_ + k.vmap_area.subtree_max_size, old + k.vmap_area.subtree_max_size);
  free_vmap_area_rb_augment_cb_compute_max(k, old, false);
}

export const free_vmap_area_rb_augment_cb: RbAugmentCallbacks = {
  propagate: free_vmap_area_rb_augment_cb_propagate,
  copy: free_vmap_area_rb_augment_cb_copy,
  rotate: free_vmap_area_rb_augment_cb_rotate,
};

/** After an area came into the tree, shrank or grew: from it upwards until nothing changes. */
export function augment_tree_propagate_from(k: Kernel, va: VmapArea): void {
  free_vmap_area_rb_augment_cb_propagate(k, asCell(va + k.vmap_area.rb_node), NULL);
}

// --- finding -----------------------------------------------------------------------------------------------------------------

/** The area that holds an address; NULL: none. */
export function __find_vmap_area(k: Kernel, addr: VirtAddr, root: RbRoot): VmapArea {
  let n: RbNode = k.read_ptr(root);
  let rounds = 0;
  while (n !== NULL) {
    k.watchdog(++rounds << 10);
    // Areas do not overlap: one that does not hold the address lies wholly on one side of it.
    const va: VmapArea = rb_entry(k, n, k.vmap_area.rb_node);
    if (ult(addr, k.read_va(va + k.vmap_area.va_start))) n = k.read_ptr(n + k.rb_node.rb_left);
    else if (ule(k.read_va(va + k.vmap_area.va_end), addr)) n = k.read_ptr(n + k.rb_node.rb_right);
    else return va;
  }
  return NULL;
}

/** Looks among the busy areas only: one that is free or waits for a purge is not found. */
export function find_vmap_area(k: Kernel, addr: VirtAddr): VmapArea {
  return __find_vmap_area(k, addr, k.globals.vmap_area_root);
}
