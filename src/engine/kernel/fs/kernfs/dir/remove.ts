/**
 * Removing a kernfs node and all below it, in the order of the hashes, children before their directory.
 *
 * Source: Linux 6.1 fs/kernfs/dir.c: kernfs_leftmost_descendant(), kernfs_next_descendant_post(), __kernfs_remove() to
 * kernfs_remove_by_name_ns(), which is kernfs_remove_by_name() of include/linux/kernfs.h without a namespace.
 */
import { type Int, NULL } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { ENOENT } from '../../../include/linux/errno.h.js';
import { RB_EMPTY_NODE, type RbNode, type RbRoot } from '../../../include/linux/rbtree.h.js';
import { rb_first, rb_next } from '../../../lib/rbtree.js';
import {
  KERNFS_DIR,
  KERNFS_REMOVING,
  kernfs_root,
  kernfs_type,
  type KernfsNode,
  type KernfsRoot,
  KN_DEACTIVATED_BIAS,
  rb_to_kn,
} from '../kernfs-internal.h.js';
import { kernfs_active, kernfs_get, kernfs_put, upWriteRwsem } from './dir.js';
import { kernfs_find_ns, kernfs_unlink_sibling } from './sibling.js';

/** The first node in post-order of what hangs on a node. */
function kernfs_leftmost_descendant(k: Kernel, pos: KernfsNode): KernfsNode {
  for (;;) {
    if (kernfs_type(k, pos) !== KERNFS_DIR) return pos;
    const rbn: RbNode = rb_first(k, (pos + k.kernfs_node.dir_children) as RbRoot);
    if (rbn === NULL) return pos;
    pos = rb_to_kn(k, rbn);
  }
}

/** The node behind `pos` in post-order, up to `root` itself; NULL: the walk begins, and then: it is over. */
function kernfs_next_descendant_post(k: Kernel, pos: KernfsNode, root: KernfsNode): KernfsNode {
  if (pos === NULL) return kernfs_leftmost_descendant(k, root);
  if (pos === root) return NULL;
  const rbn: RbNode = rb_next(k, (pos + k.kernfs_node.rb) as RbNode);
  if (rbn !== NULL) return kernfs_leftmost_descendant(k, rb_to_kn(k, rbn));
  // No sibling is left: the directory itself.
  return k.read_ptr(pos + k.kernfs_node.parent);
}

/** Left out: kernfs_drain: nobody is inside. */
function __kernfs_remove(k: Kernel, kn: KernfsNode): void {
  if (kn === NULL) return;
  // It is removed already.
  const rb = (kn + k.kernfs_node.rb) as RbNode;
  if (k.read_ptr(kn + k.kernfs_node.parent) !== NULL && RB_EMPTY_NODE(k, rb)) return;

  // First of all nobody may enter any of the nodes, so that none comes to be used while others go.
  let pos: KernfsNode = kernfs_next_descendant_post(k, NULL, kn);
  for (; pos !== NULL; pos = kernfs_next_descendant_post(k, pos, kn)) {
    const flags: Int = k.read16(pos, k.kernfs_node.flags);
    k.write16(pos, k.kernfs_node.flags, flags | KERNFS_REMOVING);
    if (kernfs_active(k, pos)) {
      const active: Int = k.words[pos + k.kernfs_node.active]!;
      k.write(pos + k.kernfs_node.active, active + KN_DEACTIVATED_BIAS);
    }
  }

  // Then one after the other leaves the tree.
  do {
    pos = kernfs_leftmost_descendant(k, kn);
    // It must outlive the unlinking, after which the tree's reference is dropped.
    kernfs_get(k, pos);
    // Whoever unlinks a node drops the reference that the tree had.
    if (k.read_ptr(pos + k.kernfs_node.parent) === NULL || kernfs_unlink_sibling(k, pos))
      kernfs_put(k, pos);
    kernfs_put(k, pos);
  } while (pos !== kn);
}

/** Removes a node, and all below it. */
export function kernfs_remove(k: Kernel, kn: KernfsNode): void {
  if (kn === NULL) return;
  const root: KernfsRoot = kernfs_root(k, kn);
  __kernfs_remove(k, kn);
  upWriteRwsem(k, root);
}

/** Removes the child of a name. -ENOENT when there is none. */
export function kernfs_remove_by_name(k: Kernel, parent: KernfsNode, name: string): Int {
  const kn: KernfsNode = kernfs_find_ns(k, parent, name);
  if (kn === NULL) return -ENOENT;
  const root: KernfsRoot = kernfs_root(k, parent);
  // The name is all that the caller has: the node is held while it is taken apart.
  kernfs_get(k, kn);
  __kernfs_remove(k, kn);
  kernfs_put(k, kn);
  upWriteRwsem(k, root);
  return 0;
}
