/**
 * One node of a red-black tree: its links and its color, and the helpers that rebalancing shares.
 *
 * Source: Linux 6.1 include/linux/rbtree_types.h, rbtree.h, rbtree_augmented.h; lib/rbtree.c: __rb_rotate_set_parents().
 */
import { type Int, NULL, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell } from '../../../memory/address.js';

export type RbNode = Pointer<'struct rb_node'>;
/** Its first word is the pointer to the top node. */
export type RbRoot = Pointer<'struct rb_root'>;
/** `struct rb_node **`: the word that points to a node. */
export type RbLink = Pointer<'struct rb_node *'>;

export const RB_RED = 0;
export const RB_BLACK = 1;

/** &node->rb_right, &node->rb_left */
export const rb_right_link = (k: Kernel, node: RbNode): RbLink => asCell(node + k.rb_node.rb_right);
export const rb_left_link = (k: Kernel, node: RbNode): RbLink => asCell(node + k.rb_node.rb_left);

export const rb_right = (k: Kernel, node: RbNode): RbNode => k.read_ptr(node + k.rb_node.rb_right);
export const rb_left = (k: Kernel, node: RbNode): RbNode => k.read_ptr(node + k.rb_node.rb_left);

export const rb_set_right = (k: Kernel, node: RbNode, child: RbNode): void =>
  k.write_ptr(node + k.rb_node.rb_right, child);
export const rb_set_left = (k: Kernel, node: RbNode, child: RbNode): void =>
  k.write_ptr(node + k.rb_node.rb_left, child);

export const rb_color = (k: Kernel, node: RbNode): Int => k.words[node]! & 1;
export const rb_is_red = (k: Kernel, node: RbNode): boolean => rb_color(k, node) === RB_RED;
export const rb_is_black = (k: Kernel, node: RbNode): boolean => rb_color(k, node) === RB_BLACK;

export function rb_parent(k: Kernel, node: RbNode): RbNode {
  const color = k.words[node]! & 3;
  if (k.words[node]! === color && (!k.wide || k.words[node + 1]! === 0)) return NULL;
  return k.cell_at(asVirt(k.read_va(node) - color));
}

export const rb_set_parent_color = (k: Kernel, node: RbNode, parent: RbNode, color: Int): void =>
  k.write_ptr_tagged(node, parent, color);

export const rb_set_parent = (k: Kernel, node: RbNode, parent: RbNode): void =>
  rb_set_parent_color(k, node, parent, rb_color(k, node));

export const rb_set_black = (k: Kernel, node: RbNode): void =>
  k.write(node, k.words[node]! | RB_BLACK);

/** Parent and color at once: `to` gets what `from` has. */
export const rb_copy_parent_color = (k: Kernel, to: RbNode, from: RbNode): void =>
  k.copy_ptr(to, from);

/** The structure that a node is a member of. */
export const rb_entry = (_k: Kernel, ptr: RbNode, member: number): Cell => asCell(ptr - member);

/** A node in no tree is its own parent. */
export const RB_EMPTY_NODE = (k: Kernel, node: RbNode): boolean => k.ptr_is(node, node);
export const RB_CLEAR_NODE = (k: Kernel, node: RbNode): void => k.write_ptr(node, node);

/** Hangs a red node where `link` points to nothing. */
export function rb_link_node(k: Kernel, node: RbNode, parent: RbNode, rb_link: RbLink): void {
  rb_set_parent_color(k, node, parent, RB_RED);
  rb_set_left(k, node, NULL);
  rb_set_right(k, node, NULL);
  k.write_ptr(rb_link, node);
}

export function __rb_change_child(
  k: Kernel,
  old: RbNode,
  replacement: RbNode,
  parent: RbNode,
  root: RbRoot,
): void {
  let link: Cell = root;
  if (parent !== NULL)
    link = rb_left(k, parent) === old ? rb_left_link(k, parent) : rb_right_link(k, parent);
  k.write_ptr(link, replacement);
}

/** After a rotation: the new one gets the old one's parent and color; the old one hangs below it with `color`. */
export function __rb_rotate_set_parents(
  k: Kernel,
  old: RbNode,
  replacement: RbNode,
  root: RbRoot,
  color: Int,
): void {
  const parent: RbNode = rb_parent(k, old);
  rb_copy_parent_color(k, replacement, old);
  rb_set_parent_color(k, old, replacement, color);
  __rb_change_child(k, old, replacement, parent, root);
}
