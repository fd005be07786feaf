/**
 * The nodes of a radix tree: made and freed, on its top when it grows or shrinks, and where nothing hangs on them any more.
 *
 * Source: Linux 6.1 lib/radix-tree.c: radix_tree_node_alloc() to delete_node(), radix_tree_node_ctor().
 */
import { type Gfp, type Int, type KmemCache, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell, type VirtAddr } from '../../../memory/address.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import type { RadixTreeRoot } from '../../include/linux/idr.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { kmem_cache_alloc, kmem_cache_free, linkConstructor } from '../../include/linux/slab.h.js';
import { call_rcu, functionNamed, linkCallback } from '../../kernel/rcu/tiny.js';
import { memset } from '../string.js';
import {
  all_tag_set,
  entry_to_node,
  IDR_FREE,
  node_maxindex,
  node_to_entry,
  radix_tree_is_internal_node,
  root_tag_clear,
  root_tag_get,
  root_tag_set,
  shift_maxindex,
  slotAt,
  tag_clear,
  tag_get,
  type XaNode,
} from './node.js';

/** Left out: the preloaded nodes, kmemleak. */
export function radix_tree_node_alloc(
  k: Kernel,
  gfp_mask: Gfp,
  parent: XaNode,
  root: RadixTreeRoot,
  shift: Int,
  offset: Int,
  count: Int,
): XaNode {
  const cachep: KmemCache = k.read_ptr(k.globals.radix_tree_node_cachep);
  const object: VirtAddr = kmem_cache_alloc(k, cachep, gfp_mask | k.__GFP_NOWARN);
  if (object === 0) return NULL;
  const ret: XaNode = k.cell_at(object);
  // shift, offset, count and nr_values share a word
  k.write(ret, shift | (offset << 8) | (count << 16));
  k.write_ptr(ret + k.xa_node.parent, parent);
  k.write_ptr(ret + k.xa_node.array, root);
  return ret;
}

/** Freed to its cache as that wants its objects: an empty node. */
function radix_tree_node_rcu_free(k: Kernel, head: Cell): void {
  const node = (head - k.xa_node.callback_head) as XaNode;
  const sizeBytes: Int = (k.xa_node.tags - k.xa_node.slots) * 4;
  memset(k, k.va_of(asCell(node + k.xa_node.slots)), 0, sizeBytes);
  memset(k, k.va_of(asCell(node + k.xa_node.tags)), 0, k.sizeof.xa_node - k.xa_node.tags * 4);
  INIT_LIST_HEAD(k, node + k.xa_node.private_list);
  kmem_cache_free(k, k.read_ptr(k.globals.radix_tree_node_cachep), k.va_of(node));
}
linkCallback('radix_tree_node_rcu_free', radix_tree_node_rcu_free);

/** Readers may still be on their way down: it is freed after them. */
function radix_tree_node_free(k: Kernel, node: XaNode): void {
  call_rcu(
    k,
    (node + k.xa_node.callback_head) as Cell,
    functionNamed(k, 'radix_tree_node_rcu_free'),
  );
}

/** Objects of the cache of nodes are empty nodes. */
function radix_tree_node_ctor(k: Kernel, node: XaNode): void {
  memset(k, k.va_of(node), 0, k.sizeof.xa_node);
  INIT_LIST_HEAD(k, node + k.xa_node.private_list);
}
linkConstructor('radix_tree_node_ctor', radix_tree_node_ctor);

// --- the tree's height -------------------------------------------------------------------------------------------------

/** The tree's top entry, its largest index, and the shift above its top node. */
export function radix_tree_load_root(
  k: Kernel,
  root: RadixTreeRoot,
): { node: VirtAddr; maxindex: Int; shift: Int } {
  const node: VirtAddr = k.read_va(root + k.xarray.xa_head);
  if (!radix_tree_is_internal_node(node)) return { node, maxindex: 0, shift: 0 };
  const top: XaNode = entry_to_node(k, node);
  return {
    node,
    maxindex: node_maxindex(k, top),
    shift: k.read8(top, k.xa_node.shift) + k.RADIX_TREE_MAP_SHIFT,
  };
}

/** Makes the tree high enough for `index`. The shift above its root; negative without memory. */
export function radix_tree_extend(
  k: Kernel,
  root: RadixTreeRoot,
  gfp: Gfp,
  index: Int,
  shift: Int,
): Int {
  let maxshift: Int = shift;
  // First how high it must become, then the nodes, each on top of the last.
  while (index > shift_maxindex(k, maxshift)) maxshift += k.RADIX_TREE_MAP_SHIFT;

  let entry: VirtAddr = k.read_va(root + k.xarray.xa_head);
  // An empty tree gets its nodes on the way down.
  if (entry === 0 && root_tag_get(k, root, IDR_FREE)) return maxshift + k.RADIX_TREE_MAP_SHIFT;

  do {
    const node: XaNode = radix_tree_node_alloc(k, gfp, NULL, root, shift, 0, 1);
    if (node === NULL) return -ENOMEM;

    // Every index that the tree gains is free.
    all_tag_set(k, node, IDR_FREE);
    if (!root_tag_get(k, root, IDR_FREE)) {
      // What hangs on the new node's first slot is full. The others are free.
      tag_clear(k, node, IDR_FREE, 0);
      root_tag_set(k, root, IDR_FREE);
    }
    if (radix_tree_is_internal_node(entry))
      k.write_ptr(entry_to_node(k, entry) + k.xa_node.parent, node);
    k.write_va(slotAt(k, node, 0), entry);
    entry = node_to_entry(k, node);
    k.write_va(root + k.xarray.xa_head, entry);
    shift += k.RADIX_TREE_MAP_SHIFT;
  } while (shift <= maxshift);
  return maxshift + k.RADIX_TREE_MAP_SHIFT;
}

/** Takes nodes off the top whose first slot is the only one in use. */
function radix_tree_shrink(k: Kernel, root: RadixTreeRoot): void {
  for (;;) {
    const entry: VirtAddr = k.read_va(root + k.xarray.xa_head);
    if (!radix_tree_is_internal_node(entry)) break;
    const node: XaNode = entry_to_node(k, entry);
    if (k.read8(node, k.xa_node.count) !== 1) break;
    const child: VirtAddr = k.read_va(slotAt(k, node, 0));
    if (child === 0) break;
    // A pointer of index 0 never becomes the top entry: its low bits could be those of a node.
    if (k.read8(node, k.xa_node.shift) === 0) break;

    // The child becomes the top before its parent goes.
    k.write_ptr(entry_to_node(k, child) + k.xa_node.parent, NULL);
    k.write_va(root + k.xarray.xa_head, child);
    // Indices below the other slots are no longer part of the tree: only the child's count.
    if (!tag_get(k, node, IDR_FREE, 0)) root_tag_clear(k, root, IDR_FREE);
    k.write8(node, k.xa_node.count, 0);
    radix_tree_node_free(k, node);
  }
}

/** Frees nodes that nothing hangs on, from the lowest upwards. */
export function delete_node(k: Kernel, root: RadixTreeRoot, node: XaNode): void {
  while (node !== NULL) {
    if (k.read8(node, k.xa_node.count) !== 0) {
      // Only at the top can the tree become lower.
      if (node_to_entry(k, node) === k.read_va(root + k.xarray.xa_head)) radix_tree_shrink(k, root);
      return;
    }

    const parent: XaNode = k.read_ptr(node + k.xa_node.parent);
    if (parent !== NULL) {
      k.write_long(slotAt(k, parent, k.read8(node, k.xa_node.offset)), 0);
      k.write8(parent, k.xa_node.count, k.read8(parent, k.xa_node.count) - 1);
    } else {
      k.write_long(root + k.xarray.xa_head, 0);
    }
    radix_tree_node_free(k, node);
    node = parent;
  }
}
