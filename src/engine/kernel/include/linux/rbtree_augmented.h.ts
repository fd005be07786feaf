/**
 * Taking a node out of a red-black tree whose nodes keep something about all nodes below them, which is kept true on the way.
 *
 * Source: Linux 6.1 include/linux/rbtree_augmented.h.
 */
import { type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { rb_parent, type RbNode, type RbRoot } from './rbtree.h.js';

export const RB_RED = 0;
export const RB_BLACK = 1;

export const rb_color = (k: Kernel, rb: RbNode): Int =>
  k.words[rb + k.rb_node.__rb_parent_color]! & 1;
export const rb_is_red = (k: Kernel, rb: RbNode): boolean => rb_color(k, rb) === RB_RED;
export const rb_is_black = (k: Kernel, rb: RbNode): boolean => rb_color(k, rb) === RB_BLACK;

export function rb_set_parent(k: Kernel, rb: RbNode, p: RbNode): void {
  k.write_ptr_tagged(rb + k.rb_node.__rb_parent_color, p, rb_color(k, rb));
}

export function rb_set_parent_color(k: Kernel, rb: RbNode, p: RbNode, color: Int): void {
  k.write_ptr_tagged(rb + k.rb_node.__rb_parent_color, p, color);
}

/** Puts another node where `old` hangs: below its parent, or at the root. */
export function __rb_change_child(
  k: Kernel,
  old: RbNode,
  replacement: RbNode,
  parent: RbNode,
  root: RbRoot,
): void {
  if (parent !== NULL) {
    if (k.read_ptr(parent + k.rb_node.rb_left) === old)
      k.write_ptr(parent + k.rb_node.rb_left, replacement);
    else k.write_ptr(parent + k.rb_node.rb_right, replacement);
  } else {
    k.write_ptr(root, replacement);
  }
}

export interface RbAugmentCallbacks {
  /** Works out what nodes keep, from `node` up to below `stop`. */
  readonly propagate: (k: Kernel, node: RbNode, stop: RbNode) => void;
  /** `replacement` keeps what `old` kept. */
  readonly copy: (k: Kernel, old: RbNode, replacement: RbNode) => void;
  /** `replacement` now stands above `old`, where that stood. */
  readonly rotate: (k: Kernel, old: RbNode, replacement: RbNode) => void;
}

/** Takes the node out. Gives the node below which a black one is missing now; NULL where all is well. */
export function __rb_erase_augmented(
  k: Kernel,
  node: RbNode,
  root: RbRoot,
  augment: RbAugmentCallbacks,
): RbNode {
  const child: RbNode = k.read_ptr(node + k.rb_node.rb_right);
  let tmp: RbNode = k.read_ptr(node + k.rb_node.rb_left);
  let parent: RbNode;
  let rebalance: RbNode = NULL;
  if (tmp === NULL) {
    // Case 1: at most one child, which is red below a black node. It takes the node's place and color.
    parent = rb_parent(k, node);
    __rb_change_child(k, node, child, parent, root);
    if (child !== NULL)
      k.copy_ptr(child + k.rb_node.__rb_parent_color, node + k.rb_node.__rb_parent_color);
    else if (rb_is_black(k, node)) rebalance = parent;
    tmp = parent;
  } else if (child === NULL) {
    // Case 1 still: the child is the left one.
    k.copy_ptr(tmp + k.rb_node.__rb_parent_color, node + k.rb_node.__rb_parent_color);
    parent = rb_parent(k, node);
    __rb_change_child(k, node, tmp, parent, root);
    tmp = parent;
  } else {
    let successor: RbNode = child;
    let child2: RbNode;
    tmp = k.read_ptr(child + k.rb_node.rb_left);
    if (tmp === NULL) {
      // Case 2: the next node is the right child.
      //
      //    (n)          (s)
      //    / \          / \
      //  (x) (s)  ->  (x) (c)
      //        \
      //        (c)
      parent = successor;
      child2 = k.read_ptr(successor + k.rb_node.rb_right);
      augment.copy(k, node, successor);
    } else {
      // Case 3: the next node is the leftmost one below the right child.
      //
      //    (n)          (s)
      //    / \          / \
      //  (x) (y)  ->  (x) (y)
      //      /            /
      //    (p)          (p)
      //    /            /
      //  (s)          (c)
      //    \
      //    (c)
      let rounds = 0;
      do {
        k.watchdog(++rounds << 10);
        parent = successor;
        successor = tmp;
        tmp = k.read_ptr(tmp + k.rb_node.rb_left);
      } while (tmp !== NULL);
      child2 = k.read_ptr(successor + k.rb_node.rb_right);
      k.write_ptr(parent + k.rb_node.rb_left, child2);
      k.write_ptr(successor + k.rb_node.rb_right, child);
      rb_set_parent(k, child, successor);
      augment.copy(k, node, successor);
      augment.propagate(k, parent, successor);
    }
    tmp = k.read_ptr(node + k.rb_node.rb_left);
    k.write_ptr(successor + k.rb_node.rb_left, tmp);
    rb_set_parent(k, tmp, successor);
    __rb_change_child(k, node, successor, rb_parent(k, node), root);
    if (child2 !== NULL) rb_set_parent_color(k, child2, parent, RB_BLACK);
    else if (rb_is_black(k, successor)) rebalance = parent;
    k.copy_ptr(successor + k.rb_node.__rb_parent_color, node + k.rb_node.__rb_parent_color);
    tmp = successor;
  }
  augment.propagate(k, tmp, NULL);
  return rebalance;
}
