/**
 * A node of a red-black tree, and hanging one into a tree.
 *
 *     struct rb_node   __rb_parent_color   address of the parent │ bit 0: 1 black, 0 red
 *                      rb_right
 *                      rb_left
 *
 * What rebalancing needs is in rbtree_augmented.h and lib/rbtree.c.
 * Source: Linux 6.1 include/linux/rbtree_types.h, rbtree.h.
 */
import { NULL, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell } from '../../../memory/address.js';

export type RbNode = Pointer<'struct rb_node'>;
/** Its first word is the pointer to the top node. */
export type RbRoot = Pointer<'struct rb_root'>;
/** `struct rb_node **`: the word that points to a node. */
export type RbLink = Pointer<'struct rb_node *'>;

/** The address without the bits of the color. */
export const rb_parent = (k: Kernel, r: RbNode): RbNode => {
  const color = k.words[r + k.rb_node.__rb_parent_color]! & 3;
  const parent = asVirt(k.read_va(r + k.rb_node.__rb_parent_color) - color);
  return parent === 0 ? NULL : k.cell_at(parent);
};

/** The structure that a node is a member of. */
export const rb_entry = (_k: Kernel, ptr: RbNode, member: number): Cell => asCell(ptr - member);

/** A node in no tree is its own parent. */
export const RB_EMPTY_NODE = (k: Kernel, node: RbNode): boolean =>
  k.ptr_is(node + k.rb_node.__rb_parent_color, node);
export const RB_CLEAR_NODE = (k: Kernel, node: RbNode): void =>
  k.write_ptr(node + k.rb_node.__rb_parent_color, node);

/** Hangs a node where `rb_link` points to nothing. Its color is red: the bit of an address is 0. */
export function rb_link_node(k: Kernel, node: RbNode, parent: RbNode, rb_link: RbLink): void {
  k.write_ptr(node + k.rb_node.__rb_parent_color, parent);
  k.write_ptr(node + k.rb_node.rb_left, NULL);
  k.write_ptr(node + k.rb_node.rb_right, NULL);
  k.write_ptr(rb_link, node);
}
