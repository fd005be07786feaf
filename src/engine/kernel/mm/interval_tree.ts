/**
 * The areas that map a file, and the areas that may map a page of an anon_vma: red-black trees by the first page of the file that each
 * maps, where every node also keeps the last page of all below it.
 *
 *     mapping->i_mmap    ─> vma->shared.rb      of a file's pages, straight
 *     anon_vma->rb_root  ─> avc->rb             of anonymous pages, by the chain that links an area with each anon_vma it may use
 *
 * INTERVAL_TREE_DEFINE() makes such functions of a macro; here `Tree` says what a node's interval is.
 * Source: Linux 6.1 mm/interval_tree.c; include/linux/interval_tree_generic.h; include/linux/rbtree.h: rb_insert_augmented_cached().
 */
import { type AnonVmaChain, NULL, type ULong, type VmAreaStruct } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, type Cell } from '../../memory/address.js';
import { vma_last_pgoff, vma_start_pgoff } from '../include/linux/mm.h.js';
import {
  rb_link_node,
  rb_parent,
  type RbLink,
  type RbNode,
  type RbRoot,
} from '../include/linux/rbtree.h.js';
import type { RbAugmentCallbacks } from '../include/linux/rbtree_augmented.h.js';
import { rb_erase_augmented, rb_insert_augmented, rb_next } from '../lib/rbtree.js';

/** Which of the two trees: of areas that map a file, or of links to an anon_vma. */
type Tree = 'vma' | 'avc';

const vmaOf = (k: Kernel, node: RbNode): VmAreaStruct => k.plus(node, -k.vm_area_struct.shared_rb);
const nodeOf = (k: Kernel, vma: VmAreaStruct): RbNode => k.plus(vma, k.vm_area_struct.shared_rb);
const avcVma = (k: Kernel, node: RbNode): VmAreaStruct =>
  k.read_ptr(node - k.anon_vma_chain.rb + k.anon_vma_chain.vma);

/** The first page of the file that a node's area maps. */
function startOf(k: Kernel, tree: Tree, node: RbNode): ULong {
  return vma_start_pgoff(k, tree === 'vma' ? vmaOf(k, node) : avcVma(k, node));
}

/** The last one. */
function lastOf(k: Kernel, tree: Tree, node: RbNode): ULong {
  return vma_last_pgoff(k, tree === 'vma' ? vmaOf(k, node) : avcVma(k, node));
}

/** Where the node keeps the last page of all below it. */
function subtreeLast(k: Kernel, tree: Tree, node: RbNode): Cell {
  if (tree === 'vma')
    return k.plus(node, k.vm_area_struct.shared_rb_subtree_last - k.vm_area_struct.shared_rb);
  return asCell(node - k.anon_vma_chain.rb + k.anon_vma_chain.rb_subtree_last);
}

// --- what is kept of all below: RB_DECLARE_CALLBACKS_MAX() ---------------------------------------------------------------

/** The greatest of its own and its children's. */
function computeMax(k: Kernel, tree: Tree, node: RbNode): ULong {
  let max: ULong = lastOf(k, tree, node);
  const rb_left: RbNode = k.read_ptr(node + k.rb_node.rb_left);
  if (rb_left !== NULL) max = Math.max(max, k.read_ulong(subtreeLast(k, tree, rb_left)));
  const rb_right: RbNode = k.read_ptr(node + k.rb_node.rb_right);
  if (rb_right !== NULL) max = Math.max(max, k.read_ulong(subtreeLast(k, tree, rb_right)));
  return max;
}

function propagateMax(k: Kernel, tree: Tree, node: RbNode, stop: RbNode): void {
  while (node !== stop) {
    const max: ULong = computeMax(k, tree, node);
    if (k.read_ulong(subtreeLast(k, tree, node)) === max) break;
    k.write_long(subtreeLast(k, tree, node), max);
    node = rb_parent(k, node);
  }
}

function copyMax(k: Kernel, tree: Tree, old: RbNode, replacement: RbNode): void {
  k.write_long(subtreeLast(k, tree, replacement), k.read_ulong(subtreeLast(k, tree, old)));
}

function rotateMax(k: Kernel, tree: Tree, old: RbNode, replacement: RbNode): void {
  copyMax(k, tree, old, replacement);
  k.write_long(subtreeLast(k, tree, old), computeMax(k, tree, old));
}

function vma_interval_tree_augment_propagate(k: Kernel, node: RbNode, stop: RbNode): void {
  propagateMax(k, 'vma', node, stop);
}

function vma_interval_tree_augment_copy(k: Kernel, old: RbNode, replacement: RbNode): void {
  copyMax(k, 'vma', old, replacement);
}

function vma_interval_tree_augment_rotate(k: Kernel, old: RbNode, replacement: RbNode): void {
  rotateMax(k, 'vma', old, replacement);
}

const vma_interval_tree_augment: RbAugmentCallbacks = {
  propagate: vma_interval_tree_augment_propagate,
  copy: vma_interval_tree_augment_copy,
  rotate: vma_interval_tree_augment_rotate,
};

function __anon_vma_interval_tree_augment_propagate(k: Kernel, node: RbNode, stop: RbNode): void {
  propagateMax(k, 'avc', node, stop);
}

function __anon_vma_interval_tree_augment_copy(k: Kernel, old: RbNode, replacement: RbNode): void {
  copyMax(k, 'avc', old, replacement);
}

function __anon_vma_interval_tree_augment_rotate(
  k: Kernel,
  old: RbNode,
  replacement: RbNode,
): void {
  rotateMax(k, 'avc', old, replacement);
}

const __anon_vma_interval_tree_augment: RbAugmentCallbacks = {
  propagate: __anon_vma_interval_tree_augment_propagate,
  copy: __anon_vma_interval_tree_augment_copy,
  rotate: __anon_vma_interval_tree_augment_rotate,
};

const augmentOf = (tree: Tree): RbAugmentCallbacks =>
  tree === 'vma' ? vma_interval_tree_augment : __anon_vma_interval_tree_augment;

/** Keeps the subtree's last page true of a node that something is being put below. */
const raiseLast = (k: Kernel, tree: Tree, node: RbNode, last: ULong): void => {
  if (k.read_ulong(subtreeLast(k, tree, node)) < last)
    k.write_long(subtreeLast(k, tree, node), last);
};

const insertNode = (k: Kernel, tree: Tree, node: RbNode, root: RbRoot): void => {
  const start: ULong = startOf(k, tree, node);
  const last: ULong = lastOf(k, tree, node);
  let link: RbLink = asCell(root);
  let parent: RbNode = NULL;
  let leftmost = true;
  for (let at: RbNode = k.read_ptr(link); at !== NULL; at = k.read_ptr(link)) {
    parent = at;
    raiseLast(k, tree, parent, last);
    if (start < startOf(k, tree, parent)) {
      link = asCell(parent + k.rb_node.rb_left);
    } else {
      link = asCell(parent + k.rb_node.rb_right);
      leftmost = false;
    }
  }
  k.write_long(subtreeLast(k, tree, node), last);
  rb_link_node(k, node, parent, link);
  if (leftmost) k.write_ptr(root + k.rb_root_cached.rb_leftmost, node);
  rb_insert_augmented(k, node, root, augmentOf(tree));
};

const removeNode = (k: Kernel, tree: Tree, node: RbNode, root: RbRoot): void => {
  if (k.read_ptr(root + k.rb_root_cached.rb_leftmost) === node)
    k.write_ptr(root + k.rb_root_cached.rb_leftmost, rb_next(k, node));
  rb_erase_augmented(k, node, root, augmentOf(tree));
};

// --- looking: who has a part of [start, last] ----------------------------------------------------------------------------

/** Of all below a node, the first that has a part of the interval; NULL: none. */
const subtreeSearch = (k: Kernel, tree: Tree, node: RbNode, start: ULong, last: ULong): RbNode => {
  for (;;) {
    const left: RbNode = k.read_ptr(node + k.rb_node.rb_left);
    if (left !== NULL && start <= k.read_ulong(subtreeLast(k, tree, left))) {
      node = left;
      continue;
    }
    // All to the right begin behind it.
    if (startOf(k, tree, node) > last) return NULL;
    if (start <= lastOf(k, tree, node)) return node;
    const right: RbNode = k.read_ptr(node + k.rb_node.rb_right);
    if (right === NULL || start > k.read_ulong(subtreeLast(k, tree, right))) return NULL;
    node = right;
  }
};

const iterFirst = (k: Kernel, tree: Tree, root: RbRoot, start: ULong, last: ULong): RbNode => {
  const node: RbNode = k.read_ptr(root);
  if (node === NULL || k.read_ulong(subtreeLast(k, tree, node)) < start) return NULL;
  return subtreeSearch(k, tree, node, start, last);
};

const iterNext = (k: Kernel, tree: Tree, node: RbNode, start: ULong, last: ULong): RbNode => {
  let right: RbNode = k.read_ptr(node + k.rb_node.rb_right);
  for (;;) {
    if (right !== NULL && start <= k.read_ulong(subtreeLast(k, tree, right)))
      return subtreeSearch(k, tree, right, start, last);
    // Up, until it comes from the left.
    let prev: RbNode;
    do {
      const parent: RbNode = rb_parent(k, node);
      if (parent === NULL) return NULL;
      prev = node;
      node = parent;
      right = k.read_ptr(node + k.rb_node.rb_right);
    } while (prev === right);
    if (last < startOf(k, tree, node)) return NULL;
    if (start <= lastOf(k, tree, node)) return node;
  }
};

/** vma_interval_tree_foreach(): areas that map a page of [first, last], in order. */
export function vma_interval_tree_iter_first(
  k: Kernel,
  root: RbRoot,
  first: ULong,
  last: ULong,
): VmAreaStruct {
  const node: RbNode = iterFirst(k, 'vma', root, first, last);
  return node === NULL ? NULL : vmaOf(k, node);
}

export function vma_interval_tree_iter_next(
  k: Kernel,
  vma: VmAreaStruct,
  first: ULong,
  last: ULong,
): VmAreaStruct {
  const node: RbNode = iterNext(k, 'vma', nodeOf(k, vma), first, last);
  return node === NULL ? NULL : vmaOf(k, node);
}

/** anon_vma_interval_tree_foreach() */
export function anon_vma_interval_tree_iter_first(
  k: Kernel,
  root: RbRoot,
  first: ULong,
  last: ULong,
): AnonVmaChain {
  const node: RbNode = iterFirst(k, 'avc', root, first, last);
  return node === NULL ? NULL : asCell(node - k.anon_vma_chain.rb);
}

export function anon_vma_interval_tree_iter_next(
  k: Kernel,
  avc: AnonVmaChain,
  first: ULong,
  last: ULong,
): AnonVmaChain {
  const node: RbNode = iterNext(k, 'avc', asCell(avc + k.anon_vma_chain.rb), first, last);
  return node === NULL ? NULL : asCell(node - k.anon_vma_chain.rb);
}

// --- areas of a file -----------------------------------------------------------------------------------------------------

export function vma_interval_tree_insert(k: Kernel, node: VmAreaStruct, root: RbRoot): void {
  insertNode(k, 'vma', nodeOf(k, node), root);
}

export function vma_interval_tree_remove(k: Kernel, node: VmAreaStruct, root: RbRoot): void {
  removeNode(k, 'vma', nodeOf(k, node), root);
}

/** Right behind an area that maps the same pages: fork() puts the child's behind its parent's. */
export function vma_interval_tree_insert_after(
  k: Kernel,
  node: VmAreaStruct,
  prev: VmAreaStruct,
  root: RbRoot,
): void {
  const rb: RbNode = nodeOf(k, node);
  const last: ULong = vma_last_pgoff(k, node);
  let parent: RbNode = nodeOf(k, prev);
  let link: RbLink = asCell(parent + k.rb_node.rb_right);
  const right: RbNode = k.read_ptr(link);
  if (right !== NULL) {
    parent = right;
    raiseLast(k, 'vma', parent, last);
    for (
      let left: RbNode = k.read_ptr(parent + k.rb_node.rb_left);
      left !== NULL;
      left = k.read_ptr(parent + k.rb_node.rb_left)
    ) {
      parent = left;
      raiseLast(k, 'vma', parent, last);
    }
    link = asCell(parent + k.rb_node.rb_left);
  }
  k.write_long(subtreeLast(k, 'vma', rb), last);
  rb_link_node(k, rb, parent, link);
  rb_insert_augmented(k, rb, root, augmentOf('vma'));
}

// --- areas of an anon_vma ------------------------------------------------------------------------------------------------

export function anon_vma_interval_tree_insert(k: Kernel, node: AnonVmaChain, root: RbRoot): void {
  insertNode(k, 'avc', asCell(node + k.anon_vma_chain.rb), root);
}

export function anon_vma_interval_tree_remove(k: Kernel, node: AnonVmaChain, root: RbRoot): void {
  removeNode(k, 'avc', asCell(node + k.anon_vma_chain.rb), root);
}
