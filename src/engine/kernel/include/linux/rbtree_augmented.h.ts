/**
 * Taking a node out of a red-black tree whose nodes keep something about all nodes below them, which is kept true on the way.
 *
 * Source: Linux 6.1 include/linux/rbtree_augmented.h.
 */
import { NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  __rb_change_child,
  RB_BLACK,
  rb_copy_parent_color,
  rb_is_black,
  rb_left,
  rb_parent,
  rb_right,
  rb_set_left,
  rb_set_parent,
  rb_set_parent_color,
  rb_set_right,
  type RbNode,
  type RbRoot,
} from './rbtree.h.js';

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
  const child: RbNode = rb_right(k, node);
  let tmp: RbNode = rb_left(k, node);
  let parent: RbNode;
  let rebalance: RbNode = NULL;
  if (tmp === NULL) {
    // Case 1: at most one child, which is red below a black node. It takes the node's place and color.
    parent = rb_parent(k, node);
    __rb_change_child(k, node, child, parent, root);
    if (child !== NULL) rb_copy_parent_color(k, child, node);
    else if (rb_is_black(k, node)) rebalance = parent;
    tmp = parent;
  } else if (child === NULL) {
    // Case 1 still: the child is the left one.
    rb_copy_parent_color(k, tmp, node);
    parent = rb_parent(k, node);
    __rb_change_child(k, node, tmp, parent, root);
    tmp = parent;
  } else {
    let successor: RbNode = child;
    let child2: RbNode;
    tmp = rb_left(k, child);
    if (tmp === NULL) {
      // Case 2: the next node is the right child.
      //
      //    (n)          (s)
      //    / \          / \
      //  (x) (s)  ->  (x) (c)
      //        \
      //        (c)
      parent = successor;
      child2 = rb_right(k, successor);
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
      do {
        parent = successor;
        successor = tmp;
        tmp = rb_left(k, tmp);
      } while (tmp !== NULL);
      child2 = rb_right(k, successor);
      rb_set_left(k, parent, child2);
      rb_set_right(k, successor, child);
      rb_set_parent(k, child, successor);
      augment.copy(k, node, successor);
      augment.propagate(k, parent, successor);
    }
    tmp = rb_left(k, node);
    rb_set_left(k, successor, tmp);
    rb_set_parent(k, tmp, successor);
    __rb_change_child(k, node, successor, rb_parent(k, node), root);
    if (child2 !== NULL) rb_set_parent_color(k, child2, parent, RB_BLACK);
    else if (rb_is_black(k, successor)) rebalance = parent;
    rb_copy_parent_color(k, successor, node);
    tmp = successor;
  }
  augment.propagate(k, tmp, NULL);
  return rebalance;
}
