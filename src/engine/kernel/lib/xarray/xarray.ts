/**
 * Arrays of pointers by index, as a file keeps its pages: the nodes of a radix tree, whose height grows with the greatest index. One
 * entry at index 0 needs no node.
 *
 * What the page cache needs of them, whose entries are pages without marks; entries of any kind are in entries.ts. An entry that is taken
 * out frees the nodes that are empty then.
 * Left out: entries of more than one index, the lock.
 * Source: Linux 6.1 lib/xarray.c: xas_load(), xas_alloc(), xas_expand(), xas_create(), xas_store(), xas_delete_node().
 */
import {
  type Int,
  type KmemCache,
  NULL,
  type Pointer,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell, type VirtAddr } from '../../../memory/address.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { kmem_cache_alloc } from '../../include/linux/slab.h.js';
import { call_rcu, functionNamed } from '../../kernel/rcu/tiny.js';
import {
  all_tag_set,
  entry_to_node,
  node_maxindex,
  node_to_entry,
  radix_tree_descend,
  radix_tree_is_internal_node,
  root_tag_clear,
  root_tag_get,
  root_tag_set,
  slotAt,
  tag_clear,
  tag_get,
  tag_set,
  type XaNode,
} from '../radix-tree/node.js';

export type XArray = Pointer<'struct xarray'>;

/** Marks, of which each entry has some: the first says that an index is free, in arrays that keep account of that. */
export const XA_FREE_MARK = 0;
export const XA_MARK_MAX = 2;

const headAt = (k: Kernel, xa: XArray): Cell => k.plus(xa, k.xarray.xa_head);

/** xa_load(): the entry at an index, 0 where there is none. */
export function xa_load(k: Kernel, xa: XArray, index: ULong): VirtAddr {
  let entry: VirtAddr = k.read_va(headAt(k, xa));
  if (!radix_tree_is_internal_node(entry)) return index === 0 ? entry : (0 as VirtAddr);
  if (index > node_maxindex(k, entry_to_node(k, entry))) return 0 as VirtAddr;
  while (radix_tree_is_internal_node(entry)) {
    const node: XaNode = entry_to_node(k, entry);
    entry = k.read_va(slotAt(k, node, radix_tree_descend(k, node, index)));
    // The lowest level: what is there is an entry, whatever its bits look like.
    if (k.read8(node, k.xa_node.shift) === 0) break;
  }
  return entry;
}

/** XA_FLAGS_TRACK_FREE: mark 0 says where an index is free. */
export const xa_track_free = (k: Kernel, xa: XArray): boolean =>
  (k.read_int(k.plus(xa, k.xarray.xa_flags)) & 4) !== 0;

/** A node without entries, below `parent`. */
function xas_alloc(k: Kernel, xa: XArray, parent: XaNode, shift: Int, offset: Int): XaNode {
  const cachep: KmemCache = k.read_ptr(k.globals.radix_tree_node_cachep);
  const gfp = k.GFP_NOWAIT | k.__GFP_NOWARN | k.__GFP_ACCOUNT;
  const object: VirtAddr = kmem_cache_alloc(k, cachep, gfp);
  if (object === 0) return NULL;
  const node: XaNode = k.cell_at(object);
  if (parent !== NULL) {
    k.write8(node, k.xa_node.offset, offset);
    k.write8(parent, k.xa_node.count, k.read8(parent, k.xa_node.count) + 1);
  }
  k.write8(node, k.xa_node.shift, shift);
  k.write8(node, k.xa_node.count, 0);
  k.write_ptr(k.plus(node, k.xa_node.parent), parent);
  k.write_ptr(k.plus(node, k.xa_node.array), xa);
  if (xa_track_free(k, xa)) all_tag_set(k, node, XA_FREE_MARK);
  return node;
}

/** The marks of a new top node, whose first slot has what was the whole array. */
const expandMarks = (k: Kernel, xa: XArray, node: XaNode): void => {
  for (let mark: Int = 0; mark <= XA_MARK_MAX; mark++) {
    const isMarked = root_tag_get(k, xa, mark);
    if (mark === XA_FREE_MARK && xa_track_free(k, xa)) {
      if (isMarked) continue;
      tag_clear(k, node, mark, 0);
      root_tag_set(k, xa, mark);
    } else if (isMarked) tag_set(k, node, mark, 0);
  }
};

/** Makes the array high enough for an index. The shift above its top; negative without memory. */
function xas_expand(k: Kernel, xa: XArray, max: ULong): Int {
  const bits: Int = k.RADIX_TREE_MAP_SHIFT;
  let head: VirtAddr = k.read_va(headAt(k, xa));
  let shift: Int = 0;
  if (head === 0) {
    if (max === 0) return 0;
    while (Math.floor(max / 2 ** shift) >= k.RADIX_TREE_MAP_SIZE) shift += bits;
    return shift + bits;
  }
  const isTree = radix_tree_is_internal_node(head);
  if (isTree) shift = k.read8(entry_to_node(k, head), k.xa_node.shift) + bits;
  const maxOf = (): ULong =>
    radix_tree_is_internal_node(head) ? node_maxindex(k, entry_to_node(k, head)) : 0;
  while (max > maxOf()) {
    const node: XaNode = xas_alloc(k, xa, NULL, shift, 0);
    if (node === NULL) return -ENOMEM;
    k.write8(node, k.xa_node.count, 1);
    if ((head & 1) !== 0) k.write8(node, k.xa_node.nr_values, 1);
    k.write_va(slotAt(k, node, 0), head);
    expandMarks(k, xa, node);
    if (radix_tree_is_internal_node(head)) {
      k.write8(entry_to_node(k, head), k.xa_node.offset, 0);
      k.write_ptr(k.plus(entry_to_node(k, head), k.xa_node.parent), node);
    }
    head = node_to_entry(k, node);
    k.write_va(headAt(k, xa), head);
    shift += bits;
  }
  return shift;
}

/** Where an index has its place: the slot, and the node that it is of; NULL: the array's own. */
export interface XaPlace {
  slot: Cell;
  node: XaNode;
  offset: Int;
}

/** Makes the nodes that lead to an index. -ENOMEM: one is missing. */
export function xas_create(k: Kernel, xa: XArray, index: ULong, place: XaPlace): Int {
  let shift: Int = xas_expand(k, xa, index);
  if (shift < 0) return shift;
  let slot: Cell = headAt(k, xa);
  let node: XaNode = NULL;
  let offset: Int = 0;
  while (shift > 0) {
    shift -= k.RADIX_TREE_MAP_SHIFT;
    const below: VirtAddr = k.read_va(slot);
    if (below === 0) {
      const fresh: XaNode = xas_alloc(k, xa, node, shift, offset);
      if (fresh === NULL) return -ENOMEM;
      k.write_va(slot, node_to_entry(k, fresh));
      node = fresh;
    } else {
      node = entry_to_node(k, below);
    }
    offset = radix_tree_descend(k, node, index);
    slot = slotAt(k, node, offset);
  }
  place.slot = slot;
  place.node = node;
  place.offset = offset;
  return 0;
}

/** Stores an entry (a pointer, not NULL). -ENOMEM: a node is missing. */
export function xa_store(k: Kernel, xa: XArray, index: ULong, entry: Cell): Int {
  const place: XaPlace = { slot: NULL, node: NULL, offset: 0 };
  const error: Int = xas_create(k, xa, index, place);
  if (error !== 0) return error;
  const { slot, node } = place;
  const wasEmpty = k.read_va(slot) === 0;
  k.write_ptr(slot, entry);
  if (node !== NULL && wasEmpty)
    k.write8(node, k.xa_node.count, k.read8(node, k.xa_node.count) + 1);
  return 0;
}

/** Takes an entry out. */
export function xa_erase(k: Kernel, xa: XArray, index: ULong): void {
  const head: VirtAddr = k.read_va(headAt(k, xa));
  if (!radix_tree_is_internal_node(head)) {
    if (index === 0) k.write_va(headAt(k, xa), 0 as VirtAddr);
    return;
  }
  if (index > node_maxindex(k, entry_to_node(k, head))) return;
  let node: XaNode = entry_to_node(k, head);
  for (;;) {
    const slot = slotAt(k, node, radix_tree_descend(k, node, index));
    const entry: VirtAddr = k.read_va(slot);
    if (entry === 0) return;
    if (k.read8(node, k.xa_node.shift) === 0) {
      k.write_ptr(slot, NULL);
      break;
    }
    node = entry_to_node(k, entry);
  }
  // update_node(), xas_delete_node(): nodes that have become empty go, from the lowest upwards.
  for (;;) {
    k.write8(node, k.xa_node.count, k.read8(node, k.xa_node.count) - 1);
    if (k.read8(node, k.xa_node.count) !== 0) break;
    const parent: XaNode = k.read_ptr(k.plus(node, k.xa_node.parent));
    const at = parent === NULL ? headAt(k, xa) : slotAt(k, parent, k.read8(node, k.xa_node.offset));
    k.write_va(at, 0 as VirtAddr);
    call_rcu(
      k,
      asCell(k.plus(node, k.xa_node.callback_head)),
      functionNamed(k, 'radix_tree_node_rcu_free'),
    );
    if (parent === NULL) return;
    node = parent;
  }
  xas_shrink(k, xa);
}

/** Takes nodes off the top whose first slot is the only one in use. */
function xas_shrink(k: Kernel, xa: XArray): void {
  for (;;) {
    const head: VirtAddr = k.read_va(headAt(k, xa));
    if (!radix_tree_is_internal_node(head)) return;
    const node: XaNode = entry_to_node(k, head);
    if (k.read8(node, k.xa_node.count) !== 1) return;
    const entry: VirtAddr = k.read_va(slotAt(k, node, 0));
    if (entry === 0) return;
    const isTree = radix_tree_is_internal_node(entry);
    if (!isTree && k.read8(node, k.xa_node.shift) !== 0) return;
    if (xa_track_free(k, xa) && !tag_get(k, node, XA_FREE_MARK, 0))
      root_tag_clear(k, xa, XA_FREE_MARK);
    k.write_va(headAt(k, xa), entry);
    if (isTree) k.write_ptr(k.plus(entry_to_node(k, entry), k.xa_node.parent), NULL);
    k.write8(node, k.xa_node.count, 0);
    call_rcu(
      k,
      asCell(k.plus(node, k.xa_node.callback_head)),
      functionNamed(k, 'radix_tree_node_rcu_free'),
    );
    if (!isTree) return;
  }
}
