/**
 * struct kernfs_node: what is behind a directory, a file or a link of sysfs.
 *
 *     kernfs_node   count │ active │ parent │ name │ rb │ hash │ dir { subdirs, children, root, rev }, attr { ops, size } or
 *                   symlink { target_kn } │ id │ flags │ mode
 *
 *     flags         15:4 what happened to the node │ 3:0 what it is
 *     active        references of those that are inside; below 0, by KN_DEACTIVATED_BIAS: nobody may enter
 *
 * Source: Linux 6.1 fs/kernfs/kernfs-internal.h; include/linux/kernfs.h: kernfs_type(); fs/kernfs/dir.c: rb_to_kn().
 */
import { type Int, NULL, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { RbNode } from '../../include/linux/rbtree.h.js';

export type KernfsNode = Pointer<'struct kernfs_node'>;
export type KernfsRoot = Pointer<'struct kernfs_root'>;

/** enum kernfs_node_type */
export const KERNFS_DIR = 0x0001;
export const KERNFS_FILE = 0x0002;
export const KERNFS_LINK = 0x0004;
const KERNFS_TYPE_MASK = 0x000f;
/** enum kernfs_node_flag */
export const KERNFS_ACTIVATED = 0x0010;
export const KERNFS_HAS_SEQ_SHOW = 0x0040;
export const KERNFS_REMOVING = 0x4000;

/** INT_MIN + 1 */
export const KN_DEACTIVATED_BIAS = -0x7fffffff;

/** include/uapi/linux/stat.h */
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;

/** Directory, file or link. */
export const kernfs_type = (k: Kernel, kn: KernfsNode): Int =>
  k.read16(kn, k.kernfs_node.flags) & KERNFS_TYPE_MASK;

/** The node whose place in its parent's tree this is. */
export const rb_to_kn = (k: Kernel, X: RbNode): KernfsNode => k.plus(X, -k.kernfs_node.rb);

/** The root of the tree that a node is in. Directories know it, so of other nodes their parent is asked. */
export function kernfs_root(k: Kernel, kn: KernfsNode): KernfsRoot {
  if (k.read_ptr(kn + k.kernfs_node.parent) !== NULL) kn = k.read_ptr(kn + k.kernfs_node.parent);
  return k.read_ptr(kn + k.kernfs_node.dir_root);
}

/** A directory has changed: what was read of it is out of date. */
export function kernfs_inc_rev(k: Kernel, parent: KernfsNode): void {
  k.add_long(parent + k.kernfs_node.dir_rev, 1);
}
