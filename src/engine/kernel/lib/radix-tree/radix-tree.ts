/**
 * Radix trees as struct idr uses them: a tree of nodes by the digits of an index, whose tags say where an index is free.
 *
 * Differs: every tree is an idr's. The pool of preloaded nodes is taken to be full, as it is from the first use on.
 * Source: Linux 6.1 lib/radix-tree.c: __radix_tree_lookup(), __radix_tree_replace(), radix_tree_delete_item(), idr_get_free().
 */
import { type Gfp, type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { ERR_PTR } from '../../include/linux/err.h.js';
import { ENOMEM, ENOSPC } from '../../include/linux/errno.h.js';
import type { RadixTreeRoot } from '../../include/linux/idr.h.js';
import {
  all_tag_set,
  entry_to_node,
  get_slot_offset,
  IDR_FREE,
  next_index,
  node_tag_clear,
  node_tag_set,
  node_to_entry,
  radix_tree_descend,
  radix_tree_find_next_bit,
  radix_tree_is_internal_node,
  root_tag_get,
  type RadixTreeIter,
  type Slot,
  slotAt,
  tag_get,
  type XaNode,
} from './node.js';
import {
  delete_node,
  radix_tree_extend,
  radix_tree_load_root,
  radix_tree_node_alloc,
} from './tree.js';

// --- putting in, taking out --------------------------------------------------------------------------------------------

/** Where an index has its place; NULL when the tree has none for it. */
function __radix_tree_lookup(
  k: Kernel,
  root: RadixTreeRoot,
  index: Int,
): { node: XaNode; slot: Slot } {
  let parent: XaNode = NULL;
  let slot = (root + k.xarray.xa_head) as Slot;
  const top = radix_tree_load_root(k, root);
  if (index > top.maxindex) return { node: NULL, slot: NULL };

  let node: VirtAddr = top.node;
  // Invariant: `slot` is where `node` was read, and lies in `parent`.
  while (radix_tree_is_internal_node(node)) {
    parent = entry_to_node(k, node);
    slot = slotAt(k, parent, radix_tree_descend(k, parent, index));
    node = k.read_va(slot);
    // The lowest level: its slots have the user's pointers, whatever their bits look like.
    if (k.read8(parent, k.xa_node.shift) === 0) break;
  }
  return { node: parent, slot };
}

/** Left out: nr_values (no value entries here). */
function replace_slot(k: Kernel, slot: Slot, item: VirtAddr, node: XaNode, count: Int): void {
  if (node !== NULL && count !== 0)
    k.write8(node, k.xa_node.count, k.read8(node, k.xa_node.count) + count);
  k.write_va(slot, item);
}

/** How many more slots are in use when `item` takes a slot. That of a free index was not, whatever it holds. */
function calculate_count(k: Kernel, node: XaNode, slot: Slot, item: VirtAddr): Int {
  if (node !== NULL && !tag_get(k, node, IDR_FREE, get_slot_offset(k, node, slot))) return 0;
  return k.read_va(slot) === 0 ? 1 : (item === 0 ? 0 : 1) - 1;
}

/** Puts a pointer into the slot that was found. */
export function radix_tree_iter_replace(
  k: Kernel,
  root: RadixTreeRoot,
  iter: RadixTreeIter,
  slot: Slot,
  item: VirtAddr,
): void {
  const count: Int = calculate_count(k, iter.node, slot, item);
  replace_slot(k, slot, item, iter.node, count);
  delete_node(k, root, iter.node);
}

/** The index that was found is free no longer. */
export function radix_tree_iter_tag_clear(
  k: Kernel,
  root: RadixTreeRoot,
  iter: RadixTreeIter,
  tag: Int,
): void {
  node_tag_clear(k, root, iter.node, tag, iter.index & k.RADIX_TREE_MAP_MASK);
}

/** What is at an index; 0 where there is nothing. */
export function radix_tree_lookup(k: Kernel, root: RadixTreeRoot, index: Int): VirtAddr {
  const { slot } = __radix_tree_lookup(k, root, index);
  return slot === NULL ? asVirt(0) : k.read_va(slot);
}

/** Takes out what is at an index, and gives it. */
export function radix_tree_delete_item(k: Kernel, root: RadixTreeRoot, index: Int): VirtAddr {
  const { node, slot } = __radix_tree_lookup(k, root, index);
  if (slot === NULL) return asVirt(0);
  const entry: VirtAddr = k.read_va(slot);
  // A number may stand for NULL: then it is free only if the tag says so.
  const isFree = node === NULL || tag_get(k, node, IDR_FREE, get_slot_offset(k, node, slot));
  if (entry === 0 && isFree) return entry;
  // The index is free again, as the nodes above must know before this one may go.
  node_tag_set(k, root, node, IDR_FREE, get_slot_offset(k, node, slot));
  replace_slot(k, slot, asVirt(0), node, -1);
  delete_node(k, root, node);
  return entry;
}

/** Puts another pointer where there is one; what was there. */
export function replaceEntry(
  k: Kernel,
  root: RadixTreeRoot,
  index: Int,
  entry: VirtAddr,
): VirtAddr {
  const { slot } = __radix_tree_lookup(k, root, index);
  const old: VirtAddr = slot === NULL ? asVirt(0) : k.read_va(slot);
  if (slot !== NULL) k.write_va(slot, entry);
  return old;
}

// --- a free index ------------------------------------------------------------------------------------------------------

/** The first free index from iter->index on, up to `max`: iter's, and its slot. An error instead of that: ERR_PTR. */
export function idr_get_free(
  k: Kernel,
  root: RadixTreeRoot,
  iter: RadixTreeIter,
  gfp: Gfp,
  max: Int,
): Slot {
  let node: XaNode = NULL;
  let slot = (root + k.xarray.xa_head) as Slot;
  let start: Int = iter.index;
  let offset: Int = 0;

  // Once from the top; again, with a higher tree, when no index is free from there on.
  grow: for (;;) {
    const top = radix_tree_load_root(k, root);
    let child: VirtAddr = top.node;
    let shift: Int = top.shift;

    // The tree is full: the first index beyond it.
    if (!root_tag_get(k, root, IDR_FREE)) start = Math.max(start, top.maxindex + 1);
    if (start > max) return ERR_PTR(-ENOSPC);

    if (start > top.maxindex) {
      shift = radix_tree_extend(k, root, gfp, start, shift);
      // No memory for the nodes on top.
      if (shift < 0) return ERR_PTR(shift);
      child = k.read_va(root + k.xarray.xa_head);
    }
    // Index 0 of an empty tree: a pointer is never the top entry.
    if (start === 0 && shift === 0) shift = k.RADIX_TREE_MAP_SHIFT;

    // Downwards: each round goes one level deeper, to where the index has its place or to where something is free.
    while (shift !== 0) {
      shift -= k.RADIX_TREE_MAP_SHIFT;
      if (child === 0) {
        const fresh: XaNode = radix_tree_node_alloc(k, gfp, node, root, shift, offset, 0);
        if (fresh === NULL) return ERR_PTR(-ENOMEM);
        // Nothing is in it yet.
        all_tag_set(k, fresh, IDR_FREE);
        child = node_to_entry(k, fresh);
        k.write_va(slot, child);
        if (node !== NULL) k.write8(node, k.xa_node.count, k.read8(node, k.xa_node.count) + 1);
      } else if (!radix_tree_is_internal_node(child)) {
        break;
      }

      node = entry_to_node(k, child);
      offset = radix_tree_descend(k, node, start);
      child = k.read_va(slotAt(k, node, offset));
      if (!tag_get(k, node, IDR_FREE, offset)) {
        // Nothing is free below: on to the next slot where something is, here or further up.
        offset = radix_tree_find_next_bit(k, node, IDR_FREE, offset + 1);
        start = next_index(k, start, node, offset);
        if (start > max) return ERR_PTR(-ENOSPC);
        // No slot of this node: the next one of the node above, and so on upwards.
        while (offset === k.RADIX_TREE_MAP_SIZE) {
          offset = k.read8(node, k.xa_node.offset) + 1;
          node = k.read_ptr(node + k.xa_node.parent);
          // The whole tree is full from there on.
          if (node === NULL) continue grow;
          shift = k.read8(node, k.xa_node.shift);
        }
        child = k.read_va(slotAt(k, node, offset));
      }
      slot = slotAt(k, node, offset);
    }

    iter.index = start;
    iter.node = node;
    return slot;
  }
}
