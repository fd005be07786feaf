/**
 * What lies in a radix tree's nodes: entries, the slots they lie in, and the tags above them.
 *
 *     struct xa_node   shift | offset in the parent | count of slots in use | nr_values, a byte each
 *                      slots[]  on the lowest level the pointers; above, nodes with bit 1 set
 *                      tags[0]  a bit a slot: something is free below. Bits beyond the slots are set, too.
 *
 * An entry (`void *`) is a VirtAddr, as its low bits say what it is. A node may straddle frames.
 * Source: Linux 6.1 lib/radix-tree.c: entry_to_node() to next_index(), node_tag_set(), node_tag_clear(); include/linux/xarray.h,
 * include/linux/radix-tree.h.
 */
import { type Int, NULL, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { __clear_bit, __set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import type { RadixTreeRoot } from '../../include/linux/idr.h.js';

export type XaNode = Pointer<'struct xa_node'>;
/** `void **`: the word that an entry lies in. */
export type Slot = Pointer<'void *'>;

/** What idr_get_free() found: an index and its place. */
export interface RadixTreeIter {
  index: Int;
  node: XaNode;
}

/** The tag that says that something is free below. */
export const IDR_FREE = 0;
const RADIX_TREE_ENTRY_MASK = 3;
const RADIX_TREE_INTERNAL_NODE = 2;

/** The tags of a root are bits of xa_flags: the first ones above those of a gfp_t. */
const rootTag = (k: Kernel, tag: Int): Int => (k.__GFP_BITS_MASK + 1) << tag;

// --- entries and slots -------------------------------------------------------------------------------------------------

/** Whether an entry leads to another node. */
export const radix_tree_is_internal_node = (entry: VirtAddr): boolean =>
  (entry & RADIX_TREE_ENTRY_MASK) === RADIX_TREE_INTERNAL_NODE;

/** A node's address is aligned: bit 1 marks it as a node, and is taken off again. */
export const entry_to_node = (k: Kernel, entry: VirtAddr): XaNode =>
  k.cell_at(asVirt(entry - RADIX_TREE_INTERNAL_NODE));
export const node_to_entry = (k: Kernel, node: XaNode): VirtAddr =>
  asVirt(k.va_of(node) + RADIX_TREE_INTERNAL_NODE);

/** &node->slots[offset]. A node may straddle frames. */
export const slotAt = (k: Kernel, node: XaNode, offset: Int): Slot =>
  k.plus(node, k.xa_node.slots + offset * k.ptr_words);

/** `index >> shift`, as wide as an unsigned long. */
const shiftRight = (index: Int, shift: Int): Int => Math.floor(index / 2 ** shift);

/** The largest index of a tree, or of what hangs on a node, of a height. */
export const shift_maxindex = (k: Kernel, shift: Int): Int =>
  k.RADIX_TREE_MAP_SIZE * 2 ** shift - 1;
export const node_maxindex = (k: Kernel, node: XaNode): Int =>
  shift_maxindex(k, k.read8(node, k.xa_node.shift));

/** The first index below the node's slot `offset`. */
export const next_index = (k: Kernel, index: Int, node: XaNode, offset: Int): Int =>
  index - (index % (node_maxindex(k, node) + 1)) + offset * 2 ** k.read8(node, k.xa_node.shift);

/** Which of the node's slots it is. Without a node it is the root's only one. */
export const get_slot_offset = (k: Kernel, parent: XaNode, slot: Slot): Int =>
  parent === NULL ? 0 : (k.va_of(slot) - k.va_of(slotAt(k, parent, 0))) / (k.ptr_words * 4);

/** Which slot leads to an index. */
export const radix_tree_descend = (k: Kernel, parent: XaNode, index: Int): Int =>
  shiftRight(index, k.read8(parent, k.xa_node.shift)) & k.RADIX_TREE_MAP_MASK;

// --- tags --------------------------------------------------------------------------------------------------------------

/** &node->tags[tag][0]; each tag has a bit a slot. */
const tagAt = (k: Kernel, node: XaNode, tag: Int): Cell =>
  k.plus(node, k.xa_node.tags + tag * k.RADIX_TREE_TAG_LONGS * k.ptr_words);

export function tag_set(k: Kernel, node: XaNode, tag: Int, offset: Int): void {
  __set_bit(k, offset & 31, k.plus(tagAt(k, node, tag), offset >> 5));
}

export function tag_clear(k: Kernel, node: XaNode, tag: Int, offset: Int): void {
  __clear_bit(k, offset & 31, k.plus(tagAt(k, node, tag), offset >> 5));
}

export function tag_get(k: Kernel, node: XaNode, tag: Int, offset: Int): boolean {
  return test_bit(k, offset & 31, k.plus(tagAt(k, node, tag), offset >> 5));
}

/** Whether something is free below any slot of the node. */
function any_tag_set(k: Kernel, node: XaNode, tag: Int): boolean {
  for (let idx: Int = 0; idx < k.RADIX_TREE_TAG_LONGS * k.ptr_words; idx++)
    if (k.words[k.plus(tagAt(k, node, tag), idx)] !== 0) return true;
  return false;
}

/** Whole longs: the bits beyond the slots as well. */
export function all_tag_set(k: Kernel, node: XaNode, tag: Int): void {
  for (let idx: Int = 0; idx < k.RADIX_TREE_TAG_LONGS * k.ptr_words; idx++)
    k.write(k.plus(tagAt(k, node, tag), idx), -1);
}

/** The first slot from `offset` on with the tag; the number of slots when none has it. */
export function radix_tree_find_next_bit(k: Kernel, node: XaNode, tag: Int, offset: Int): Int {
  while (offset < k.RADIX_TREE_MAP_SIZE && !tag_get(k, node, tag, offset)) offset++;
  return offset;
}

export function root_tag_set(k: Kernel, root: RadixTreeRoot, tag: Int): void {
  k.write(root + k.xarray.xa_flags, k.words[root + k.xarray.xa_flags]! | rootTag(k, tag));
}

export function root_tag_clear(k: Kernel, root: RadixTreeRoot, tag: Int): void {
  k.write(root + k.xarray.xa_flags, k.words[root + k.xarray.xa_flags]! & ~rootTag(k, tag));
}

export function root_tag_get(k: Kernel, root: RadixTreeRoot, tag: Int): boolean {
  return (k.words[root + k.xarray.xa_flags]! & rootTag(k, tag)) !== 0;
}

/** Something is free below a slot, so it is below every node above. */
export function node_tag_set(
  k: Kernel,
  root: RadixTreeRoot,
  node: XaNode,
  tag: Int,
  offset: Int,
): void {
  while (node !== NULL) {
    // Then all nodes above say so already.
    if (tag_get(k, node, tag, offset)) return;
    tag_set(k, node, tag, offset);
    offset = k.read8(node, k.xa_node.offset);
    node = k.read_ptr(node + k.xa_node.parent);
  }
  if (!root_tag_get(k, root, tag)) root_tag_set(k, root, tag);
}

/** Nothing is: the nodes above must say so where this was the last that was free. */
export function node_tag_clear(
  k: Kernel,
  root: RadixTreeRoot,
  node: XaNode,
  tag: Int,
  offset: Int,
): void {
  while (node !== NULL) {
    if (!tag_get(k, node, tag, offset)) return;
    tag_clear(k, node, tag, offset);
    // Something else is free below this node: for those above nothing changes.
    if (any_tag_set(k, node, tag)) return;
    offset = k.read8(node, k.xa_node.offset);
    node = k.read_ptr(node + k.xa_node.parent);
  }
  if (root_tag_get(k, root, tag)) root_tag_clear(k, root, tag);
}
