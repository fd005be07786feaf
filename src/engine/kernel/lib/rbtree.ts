/**
 * Red-black trees through kernel memory, plain and augmented.
 *
 *     struct rb_node   __rb_parent_color   address of the parent │ bit 0: 1 black, 0 red
 *                      rb_right
 *                      rb_left
 *
 * 1) A node is red or black. 2) The root is black. 3) Leaves (NULL) are black. 4) Both children of a red node are black.
 * 5) Every way from the root to a leaf has the same number of black nodes. In the drawings capitals are black.
 *
 * The shape of a tree decides what a search meets first, so each step is the kernel's, and so is each store.
 *
 * Source: Linux 6.1 lib/rbtree.c, include/linux/rbtree.h, rbtree_augmented.h.
 */
import { NULL } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import {
  __rb_rotate_set_parents,
  RB_BLACK,
  rb_is_black,
  rb_is_red,
  rb_left,
  rb_parent,
  RB_RED,
  rb_right,
  rb_set_black,
  rb_set_left,
  rb_set_parent,
  rb_set_parent_color,
  rb_set_right,
  type RbNode,
  type RbRoot,
} from '../include/linux/rbtree.h.js';
import {
  __rb_erase_augmented,
  type RbAugmentCallbacks,
} from '../include/linux/rbtree_augmented.h.js';

/** Called when `new` takes the place of `old` above it. */
export type AugmentRotate = RbAugmentCallbacks['rotate'];

const dummy_callbacks: RbAugmentCallbacks = {
  propagate: () => undefined,
  copy: () => undefined,
  rotate: () => undefined,
};

/** Restores the rules after a red node was hung below `parent`. */
function __rb_insert(k: Kernel, node: RbNode, root: RbRoot, augment_rotate: AugmentRotate): void {
  let parent: RbNode = rb_parent(k, node);
  let gparent: RbNode;
  let tmp: RbNode;
  for (;;) {
    // The node is red.
    if (parent === NULL) {
      rb_set_parent_color(k, node, NULL, RB_BLACK);
      break;
    }
    if (rb_is_black(k, parent)) break;
    gparent = rb_parent(k, parent);

    tmp = rb_right(k, gparent);
    if (parent !== tmp) {
      if (tmp !== NULL && rb_is_red(k, tmp)) {
        // Case 1: the uncle is red. Colors flip; as g's parent may be red, on at g.
        //
        //       G            g
        //      / \          / \
        //     p   u  -->   P   U
        //    /            /
        //   n            n
        rb_set_parent_color(k, tmp, gparent, RB_BLACK);
        rb_set_parent_color(k, parent, gparent, RB_BLACK);
        node = gparent;
        parent = rb_parent(k, node);
        rb_set_parent_color(k, node, parent, RB_RED);
        continue;
      }
      tmp = rb_right(k, parent);
      if (node === tmp) {
        // Case 2: the uncle is black, the node its parent's right child. Left rotation at the parent, then case 3.
        //
        //      G             G
        //     / \           / \
        //    p   U  -->    n   U
        //     \           /
        //      n         p
        tmp = rb_left(k, node);
        rb_set_right(k, parent, tmp);
        rb_set_left(k, node, parent);
        if (tmp !== NULL) rb_set_parent_color(k, tmp, parent, RB_BLACK);
        rb_set_parent_color(k, parent, node, RB_RED);
        augment_rotate(k, parent, node);
        parent = node;
        tmp = rb_right(k, node);
      }
      // Case 3: the uncle is black, the node its parent's left child. Right rotation at the grandparent.
      //
      //        G           P
      //       / \         / \
      //      p   U  -->  n   g
      //     /                 \
      //    n                   U
      rb_set_left(k, gparent, tmp);
      rb_set_right(k, parent, gparent);
    } else {
      tmp = rb_left(k, gparent);
      if (tmp !== NULL && rb_is_red(k, tmp)) {
        // Case 1, mirrored.
        rb_set_parent_color(k, tmp, gparent, RB_BLACK);
        rb_set_parent_color(k, parent, gparent, RB_BLACK);
        node = gparent;
        parent = rb_parent(k, node);
        rb_set_parent_color(k, node, parent, RB_RED);
        continue;
      }
      tmp = rb_left(k, parent);
      if (node === tmp) {
        // Case 2: right rotation at the parent.
        tmp = rb_right(k, node);
        rb_set_left(k, parent, tmp);
        rb_set_right(k, node, parent);
        if (tmp !== NULL) rb_set_parent_color(k, tmp, parent, RB_BLACK);
        rb_set_parent_color(k, parent, node, RB_RED);
        augment_rotate(k, parent, node);
        parent = node;
        tmp = rb_left(k, node);
      }
      // Case 3: left rotation at the grandparent.
      rb_set_right(k, gparent, tmp);
      rb_set_left(k, parent, gparent);
    }
    if (tmp !== NULL) rb_set_parent_color(k, tmp, gparent, RB_BLACK);
    __rb_rotate_set_parents(k, gparent, parent, root, RB_RED);
    augment_rotate(k, gparent, parent);
    break;
  }
}

/** Restores rule 5 where the ways through `parent` and its child `node` have one black node too few. */
export function __rb_erase_color(
  k: Kernel,
  parent: RbNode,
  root: RbRoot,
  augment_rotate: AugmentRotate,
): void {
  let node: RbNode = NULL;
  let sibling: RbNode;
  let tmp1: RbNode;
  let tmp2: RbNode;
  for (;;) {
    // The node is black, or NULL the first time, and not the root.
    sibling = rb_right(k, parent);
    if (node !== sibling) {
      if (rb_is_red(k, sibling)) {
        // Case 1: left rotation at the parent.
        //
        //     P               S
        //    / \             / \
        //   N   s    -->    p   Sr
        //      / \         / \
        //     Sl  Sr      N   Sl
        tmp1 = rb_left(k, sibling);
        rb_set_right(k, parent, tmp1);
        rb_set_left(k, sibling, parent);
        rb_set_parent_color(k, tmp1, parent, RB_BLACK);
        __rb_rotate_set_parents(k, parent, sibling, root, RB_RED);
        augment_rotate(k, parent, sibling);
        sibling = tmp1;
      }
      tmp1 = rb_right(k, sibling);
      if (tmp1 === NULL || rb_is_black(k, tmp1)) {
        tmp2 = rb_left(k, sibling);
        if (tmp2 === NULL || rb_is_black(k, tmp2)) {
          // Case 2: the sibling becomes red. A red parent becomes black; else on at the parent.
          //
          //    (p)           (p)
          //    / \           / \
          //   N   S    -->  N   s
          //      / \           / \
          //     Sl  Sr        Sl  Sr
          rb_set_parent_color(k, sibling, parent, RB_RED);
          if (rb_is_red(k, parent)) {
            rb_set_black(k, parent);
            break;
          }
          node = parent;
          parent = rb_parent(k, node);
          if (parent !== NULL) continue;
          break;
        }
        // Case 3: right rotation at the sibling. p and sl may both be red then; case 4 gives sl p's color.
        //
        //   (p)           (p)
        //   / \           / \
        //  N   S    -->  N   sl
        //     / \             \
        //    sl  Sr            S
        //                       \
        //                        Sr
        tmp1 = rb_right(k, tmp2);
        rb_set_left(k, sibling, tmp1);
        rb_set_right(k, tmp2, sibling);
        rb_set_right(k, parent, tmp2);
        if (tmp1 !== NULL) rb_set_parent_color(k, tmp1, sibling, RB_BLACK);
        augment_rotate(k, sibling, tmp2);
        tmp1 = sibling;
        sibling = tmp2;
      }
      // Case 4: left rotation at the parent. s takes p's color, p becomes black, sl keeps its own.
      //
      //      (p)             (s)
      //      / \             / \
      //     N   S     -->   P   Sr
      //        / \         / \
      //      (sl) sr      N  (sl)
      tmp2 = rb_left(k, sibling);
      rb_set_right(k, parent, tmp2);
      rb_set_left(k, sibling, parent);
    } else {
      sibling = rb_left(k, parent);
      if (rb_is_red(k, sibling)) {
        // Case 1: right rotation at the parent.
        tmp1 = rb_right(k, sibling);
        rb_set_left(k, parent, tmp1);
        rb_set_right(k, sibling, parent);
        rb_set_parent_color(k, tmp1, parent, RB_BLACK);
        __rb_rotate_set_parents(k, parent, sibling, root, RB_RED);
        augment_rotate(k, parent, sibling);
        sibling = tmp1;
      }
      tmp1 = rb_left(k, sibling);
      if (tmp1 === NULL || rb_is_black(k, tmp1)) {
        tmp2 = rb_right(k, sibling);
        if (tmp2 === NULL || rb_is_black(k, tmp2)) {
          // Case 2, mirrored.
          rb_set_parent_color(k, sibling, parent, RB_RED);
          if (rb_is_red(k, parent)) {
            rb_set_black(k, parent);
            break;
          }
          node = parent;
          parent = rb_parent(k, node);
          if (parent !== NULL) continue;
          break;
        }
        // Case 3: left rotation at the sibling.
        tmp1 = rb_left(k, tmp2);
        rb_set_right(k, sibling, tmp1);
        rb_set_left(k, tmp2, sibling);
        rb_set_left(k, parent, tmp2);
        if (tmp1 !== NULL) rb_set_parent_color(k, tmp1, sibling, RB_BLACK);
        augment_rotate(k, sibling, tmp2);
        tmp1 = sibling;
        sibling = tmp2;
      }
      // Case 4: right rotation at the parent.
      tmp2 = rb_right(k, sibling);
      rb_set_left(k, parent, tmp2);
      rb_set_right(k, sibling, parent);
    }
    rb_set_parent_color(k, tmp1, sibling, RB_BLACK);
    if (tmp2 !== NULL) rb_set_parent(k, tmp2, parent);
    __rb_rotate_set_parents(k, parent, sibling, root, RB_BLACK);
    augment_rotate(k, parent, sibling);
    break;
  }
}

/** Behind rb_link_node(). */
export function rb_insert_color(k: Kernel, node: RbNode, root: RbRoot): void {
  __rb_insert(k, node, root, dummy_callbacks.rotate);
}

export function rb_erase(k: Kernel, node: RbNode, root: RbRoot): void {
  const rebalance: RbNode = __rb_erase_augmented(k, node, root, dummy_callbacks);
  if (rebalance !== NULL) __rb_erase_color(k, rebalance, root, dummy_callbacks.rotate);
}

export function rb_insert_augmented(
  k: Kernel,
  node: RbNode,
  root: RbRoot,
  augment: RbAugmentCallbacks,
): void {
  __rb_insert(k, node, root, augment.rotate);
}

export function rb_erase_augmented(
  k: Kernel,
  node: RbNode,
  root: RbRoot,
  augment: RbAugmentCallbacks,
): void {
  const rebalance: RbNode = __rb_erase_augmented(k, node, root, augment);
  if (rebalance !== NULL) __rb_erase_color(k, rebalance, root, augment.rotate);
}
