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
 * Source: Linux 6.1 lib/rbtree.c; include/linux/rbtree_augmented.h: rb_insert_augmented(), rb_erase_augmented().
 */
import { type Int, NULL } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { RB_EMPTY_NODE, rb_parent, type RbNode, type RbRoot } from '../include/linux/rbtree.h.js';
import {
  __rb_change_child,
  __rb_erase_augmented,
  RB_BLACK,
  rb_is_black,
  rb_is_red,
  RB_RED,
  rb_set_parent,
  rb_set_parent_color,
  type RbAugmentCallbacks,
} from '../include/linux/rbtree_augmented.h.js';

/** Called when the second node takes the place of the first above it. */
type AugmentRotate = RbAugmentCallbacks['rotate'];

function rb_set_black(k: Kernel, rb: RbNode): void {
  k.write(rb + k.rb_node.__rb_parent_color, k.words[rb + k.rb_node.__rb_parent_color]! | RB_BLACK);
}

/** After a rotation: the new one gets the old one's parent and color; the old one hangs below it with `color`. */
function __rb_rotate_set_parents(
  k: Kernel,
  old: RbNode,
  replacement: RbNode,
  root: RbRoot,
  color: Int,
): void {
  const parent: RbNode = rb_parent(k, old);
  k.copy_ptr(replacement + k.rb_node.__rb_parent_color, old + k.rb_node.__rb_parent_color);
  rb_set_parent_color(k, old, replacement, color);
  __rb_change_child(k, old, replacement, parent, root);
}

function dummy_propagate(): void {
  // A plain tree keeps nothing in its nodes.
}
function dummy_copy(): void {
  // Nothing to take over.
}
function dummy_rotate(): void {
  // Nothing to work out anew.
}

const dummy_callbacks: RbAugmentCallbacks = {
  propagate: dummy_propagate,
  copy: dummy_copy,
  rotate: dummy_rotate,
};

/** Restores the rules after a red node was hung below `parent`. */
function __rb_insert(k: Kernel, node: RbNode, root: RbRoot, augment_rotate: AugmentRotate): void {
  let parent: RbNode = rb_parent(k, node);
  let gparent: RbNode;
  let tmp: RbNode;
  let rounds = 0;
  for (;;) {
    k.watchdog(++rounds << 10);
    // The node is red. Only rule 2 or 4 can be broken, and only here: between the node and its parent.
    if (parent === NULL) {
      rb_set_parent_color(k, node, NULL, RB_BLACK);
      break;
    }
    if (rb_is_black(k, parent)) break; // red below black
    gparent = rb_parent(k, parent);

    tmp = k.read_ptr(gparent + k.rb_node.rb_right);
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
      tmp = k.read_ptr(parent + k.rb_node.rb_right);
      if (node === tmp) {
        // Case 2: the uncle is black, the node its parent's right child. Left rotation at the parent, then case 3.
        //
        //      G             G
        //     / \           / \
        //    p   U  -->    n   U
        //     \           /
        //      n         p
        tmp = k.read_ptr(node + k.rb_node.rb_left);
        k.write_ptr(parent + k.rb_node.rb_right, tmp);
        k.write_ptr(node + k.rb_node.rb_left, parent);
        if (tmp !== NULL) rb_set_parent_color(k, tmp, parent, RB_BLACK);
        rb_set_parent_color(k, parent, node, RB_RED);
        augment_rotate(k, parent, node);
        parent = node;
        tmp = k.read_ptr(node + k.rb_node.rb_right);
      }
      // Case 3: the uncle is black, the node its parent's left child. Right rotation at the grandparent.
      //
      //        G           P
      //       / \         / \
      //      p   U  -->  n   g
      //     /                 \
      //    n                   U
      k.write_ptr(gparent + k.rb_node.rb_left, tmp);
      k.write_ptr(parent + k.rb_node.rb_right, gparent);
    } else {
      tmp = k.read_ptr(gparent + k.rb_node.rb_left);
      if (tmp !== NULL && rb_is_red(k, tmp)) {
        // Case 1, mirrored.
        rb_set_parent_color(k, tmp, gparent, RB_BLACK);
        rb_set_parent_color(k, parent, gparent, RB_BLACK);
        node = gparent;
        parent = rb_parent(k, node);
        rb_set_parent_color(k, node, parent, RB_RED);
        continue;
      }
      tmp = k.read_ptr(parent + k.rb_node.rb_left);
      if (node === tmp) {
        // Case 2: right rotation at the parent.
        tmp = k.read_ptr(node + k.rb_node.rb_right);
        k.write_ptr(parent + k.rb_node.rb_left, tmp);
        k.write_ptr(node + k.rb_node.rb_right, parent);
        if (tmp !== NULL) rb_set_parent_color(k, tmp, parent, RB_BLACK);
        rb_set_parent_color(k, parent, node, RB_RED);
        augment_rotate(k, parent, node);
        parent = node;
        tmp = k.read_ptr(node + k.rb_node.rb_left);
      }
      // Case 3: left rotation at the grandparent.
      k.write_ptr(gparent + k.rb_node.rb_right, tmp);
      k.write_ptr(parent + k.rb_node.rb_left, gparent);
    }
    // tmp was the parent's and is the grandparent's now. The parent stands where that stood, as black as it was.
    if (tmp !== NULL) rb_set_parent_color(k, tmp, gparent, RB_BLACK);
    __rb_rotate_set_parents(k, gparent, parent, root, RB_RED);
    augment_rotate(k, gparent, parent);
    break;
  }
}

/** Restores rule 5 where the ways through `parent` and its child `node` have one black node too few. */
function __rb_erase_color(
  k: Kernel,
  parent: RbNode,
  root: RbRoot,
  augment_rotate: AugmentRotate,
): void {
  let node: RbNode = NULL;
  let sibling: RbNode;
  let tmp1: RbNode;
  let tmp2: RbNode;
  let rounds = 0;
  for (;;) {
    k.watchdog(++rounds << 10);
    // The node is black, or NULL the first time, and not the root. A black node is missing here, so there is a sibling.
    sibling = k.read_ptr(parent + k.rb_node.rb_right);
    if (node !== sibling) {
      if (rb_is_red(k, sibling)) {
        // Case 1: left rotation at the parent. The new sibling is black, so that another case follows.
        //
        //     P               S
        //    / \             / \
        //   N   s    -->    p   Sr
        //      / \         / \
        //     Sl  Sr      N   Sl
        tmp1 = k.read_ptr(sibling + k.rb_node.rb_left);
        k.write_ptr(parent + k.rb_node.rb_right, tmp1);
        k.write_ptr(sibling + k.rb_node.rb_left, parent);
        rb_set_parent_color(k, tmp1, parent, RB_BLACK);
        __rb_rotate_set_parents(k, parent, sibling, root, RB_RED);
        augment_rotate(k, parent, sibling);
        sibling = tmp1;
      }
      tmp1 = k.read_ptr(sibling + k.rb_node.rb_right);
      if (tmp1 === NULL || rb_is_black(k, tmp1)) {
        tmp2 = k.read_ptr(sibling + k.rb_node.rb_left);
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
        tmp1 = k.read_ptr(tmp2 + k.rb_node.rb_right);
        k.write_ptr(sibling + k.rb_node.rb_left, tmp1);
        k.write_ptr(tmp2 + k.rb_node.rb_right, sibling);
        k.write_ptr(parent + k.rb_node.rb_right, tmp2);
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
      tmp2 = k.read_ptr(sibling + k.rb_node.rb_left);
      k.write_ptr(parent + k.rb_node.rb_right, tmp2);
      k.write_ptr(sibling + k.rb_node.rb_left, parent);
    } else {
      sibling = k.read_ptr(parent + k.rb_node.rb_left);
      if (rb_is_red(k, sibling)) {
        // Case 1: right rotation at the parent.
        tmp1 = k.read_ptr(sibling + k.rb_node.rb_right);
        k.write_ptr(parent + k.rb_node.rb_left, tmp1);
        k.write_ptr(sibling + k.rb_node.rb_right, parent);
        rb_set_parent_color(k, tmp1, parent, RB_BLACK);
        __rb_rotate_set_parents(k, parent, sibling, root, RB_RED);
        augment_rotate(k, parent, sibling);
        sibling = tmp1;
      }
      tmp1 = k.read_ptr(sibling + k.rb_node.rb_left);
      if (tmp1 === NULL || rb_is_black(k, tmp1)) {
        tmp2 = k.read_ptr(sibling + k.rb_node.rb_right);
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
        tmp1 = k.read_ptr(tmp2 + k.rb_node.rb_left);
        k.write_ptr(sibling + k.rb_node.rb_right, tmp1);
        k.write_ptr(tmp2 + k.rb_node.rb_left, sibling);
        k.write_ptr(parent + k.rb_node.rb_left, tmp2);
        if (tmp1 !== NULL) rb_set_parent_color(k, tmp1, sibling, RB_BLACK);
        augment_rotate(k, sibling, tmp2);
        tmp1 = sibling;
        sibling = tmp2;
      }
      // Case 4: right rotation at the parent.
      tmp2 = k.read_ptr(sibling + k.rb_node.rb_right);
      k.write_ptr(parent + k.rb_node.rb_left, tmp2);
      k.write_ptr(sibling + k.rb_node.rb_right, parent);
    }
    rb_set_parent_color(k, tmp1, sibling, RB_BLACK);
    if (tmp2 !== NULL) rb_set_parent(k, tmp2, parent);
    __rb_rotate_set_parents(k, parent, sibling, root, RB_BLACK);
    augment_rotate(k, parent, sibling);
    break;
  }
}

/** Colors a node that rb_link_node() hung in, and turns what stands above it. */
export function rb_insert_color(k: Kernel, node: RbNode, root: RbRoot): void {
  __rb_insert(k, node, root, dummy_rotate);
}

export function rb_erase(k: Kernel, node: RbNode, root: RbRoot): void {
  const rebalance: RbNode = __rb_erase_augmented(k, node, root, dummy_callbacks);
  if (rebalance !== NULL) __rb_erase_color(k, rebalance, root, dummy_rotate);
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

// --- walking -----------------------------------------------------------------------------------------------------------

/** The first node in order; NULL of an empty tree. */
export function rb_first(k: Kernel, root: RbRoot): RbNode {
  let n: RbNode = k.read_ptr(root);
  if (n === NULL) return NULL;
  let rounds = 0;
  for (let left: RbNode = n; left !== NULL; left = k.read_ptr(n + k.rb_node.rb_left)) {
    k.watchdog(++rounds << 10);
    n = left;
  }
  return n;
}

/** The node behind another in order; NULL behind the last. */
export function rb_next(k: Kernel, node: RbNode): RbNode {
  if (RB_EMPTY_NODE(k, node)) return NULL;
  let rounds = 0;

  // To the right, and from there as far left as it goes.
  let right: RbNode = k.read_ptr(node + k.rb_node.rb_right);
  if (right !== NULL) {
    node = right;
    for (; right !== NULL; right = k.read_ptr(node + k.rb_node.rb_left)) {
      k.watchdog(++rounds << 10);
      node = right;
    }
    return node;
  }

  // All below is smaller. Up, until the way comes from the left: that parent is the next one.
  let parent: RbNode = rb_parent(k, node);
  while (parent !== NULL && node === k.read_ptr(parent + k.rb_node.rb_right)) {
    k.watchdog(++rounds << 10);
    node = parent;
    parent = rb_parent(k, node);
  }
  return parent;
}
