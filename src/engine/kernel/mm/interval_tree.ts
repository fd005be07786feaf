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

interface Tree extends RbAugmentCallbacks {
  readonly start: (k: Kernel, node: RbNode) => ULong;
  readonly last: (k: Kernel, node: RbNode) => ULong;
  /** Where the node keeps the last page of all below it. */
  readonly subtreeLast: (k: Kernel, node: RbNode) => Cell;
}

const defineTree = (at: Pick<Tree, 'start' | 'last' | 'subtreeLast'>): Tree => {
  /** RB_DECLARE_CALLBACKS_MAX: the greatest of its own and its children's. */
  const compute = (k: Kernel, node: RbNode): ULong => {
    let max: ULong = at.last(k, node);
    for (const side of [k.rb_node.rb_left, k.rb_node.rb_right]) {
      const child: RbNode = k.read_ptr(node + side);
      if (child !== NULL) max = Math.max(max, k.read_ulong(at.subtreeLast(k, child)));
    }
    return max;
  };
  return {
    ...at,
    propagate: (k, node, stop) => {
      while (node !== stop) {
        const max: ULong = compute(k, node);
        if (k.read_ulong(at.subtreeLast(k, node)) === max) break;
        k.write_long(at.subtreeLast(k, node), max);
        node = rb_parent(k, node);
      }
    },
    copy: (k, old, replacement) => {
      k.write_long(at.subtreeLast(k, replacement), k.read_ulong(at.subtreeLast(k, old)));
    },
    rotate: (k, old, replacement) => {
      k.write_long(at.subtreeLast(k, replacement), k.read_ulong(at.subtreeLast(k, old)));
      k.write_long(at.subtreeLast(k, old), compute(k, old));
    },
  };
};

const vmaOf = (k: Kernel, node: RbNode): VmAreaStruct => k.plus(node, -k.vm_area_struct.shared_rb);
const nodeOf = (k: Kernel, vma: VmAreaStruct): RbNode => k.plus(vma, k.vm_area_struct.shared_rb);

const VMA_TREE: Tree = defineTree({
  start: (k, node) => vma_start_pgoff(k, vmaOf(k, node)),
  last: (k, node) => vma_last_pgoff(k, vmaOf(k, node)),
  subtreeLast: (k, node) =>
    k.plus(node, k.vm_area_struct.shared_rb_subtree_last - k.vm_area_struct.shared_rb),
});

const avcVma = (k: Kernel, node: RbNode): VmAreaStruct =>
  k.read_ptr(node - k.anon_vma_chain.rb + k.anon_vma_chain.vma);

const AVC_TREE: Tree = defineTree({
  start: (k, node) => vma_start_pgoff(k, avcVma(k, node)),
  last: (k, node) => vma_last_pgoff(k, avcVma(k, node)),
  subtreeLast: (k, node) => asCell(node - k.anon_vma_chain.rb + k.anon_vma_chain.rb_subtree_last),
});

/** Keeps the subtree's last page true of a node that something is being put below. */
const raiseLast = (k: Kernel, tree: Tree, node: RbNode, last: ULong): void => {
  if (k.read_ulong(tree.subtreeLast(k, node)) < last) k.write_long(tree.subtreeLast(k, node), last);
};

const insertNode = (k: Kernel, tree: Tree, node: RbNode, root: RbRoot): void => {
  const [start, last] = [tree.start(k, node), tree.last(k, node)];
  let link: RbLink = asCell(root);
  let parent: RbNode = NULL;
  let leftmost = true;
  for (let at: RbNode = k.read_ptr(link); at !== NULL; at = k.read_ptr(link)) {
    parent = at;
    raiseLast(k, tree, parent, last);
    if (start < tree.start(k, parent)) {
      link = asCell(parent + k.rb_node.rb_left);
    } else {
      link = asCell(parent + k.rb_node.rb_right);
      leftmost = false;
    }
  }
  k.write_long(tree.subtreeLast(k, node), last);
  rb_link_node(k, node, parent, link);
  if (leftmost) k.write_ptr(root + k.rb_root_cached.rb_leftmost, node);
  rb_insert_augmented(k, node, root, tree);
};

const removeNode = (k: Kernel, tree: Tree, node: RbNode, root: RbRoot): void => {
  if (k.read_ptr(root + k.rb_root_cached.rb_leftmost) === node)
    k.write_ptr(root + k.rb_root_cached.rb_leftmost, rb_next(k, node));
  rb_erase_augmented(k, node, root, tree);
};

// --- areas of a file -----------------------------------------------------------------------------------------------------

export function vma_interval_tree_insert(k: Kernel, node: VmAreaStruct, root: RbRoot): void {
  insertNode(k, VMA_TREE, nodeOf(k, node), root);
}

export function vma_interval_tree_remove(k: Kernel, node: VmAreaStruct, root: RbRoot): void {
  removeNode(k, VMA_TREE, nodeOf(k, node), root);
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
    raiseLast(k, VMA_TREE, parent, last);
    for (
      let left: RbNode = k.read_ptr(parent + k.rb_node.rb_left);
      left !== NULL;
      left = k.read_ptr(parent + k.rb_node.rb_left)
    ) {
      parent = left;
      raiseLast(k, VMA_TREE, parent, last);
    }
    link = asCell(parent + k.rb_node.rb_left);
  }
  k.write_long(VMA_TREE.subtreeLast(k, rb), last);
  rb_link_node(k, rb, parent, link);
  rb_insert_augmented(k, rb, root, VMA_TREE);
}

// --- areas of an anon_vma ------------------------------------------------------------------------------------------------

export function anon_vma_interval_tree_insert(k: Kernel, node: AnonVmaChain, root: RbRoot): void {
  insertNode(k, AVC_TREE, asCell(node + k.anon_vma_chain.rb), root);
}

export function anon_vma_interval_tree_remove(k: Kernel, node: AnonVmaChain, root: RbRoot): void {
  removeNode(k, AVC_TREE, asCell(node + k.anon_vma_chain.rb), root);
}
