/**
 * Links of kernfs: a node that holds another.
 *
 * Source: Linux 6.1 fs/kernfs/symlink.c: kernfs_create_link().
 */
import { type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { ERR_PTR } from '../../include/linux/err.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { kernfs_add_one, kernfs_get, kernfs_new_node, kernfs_put } from './dir/dir.js';
import { KERNFS_LINK, type KernfsNode, S_IFLNK } from './kernfs-internal.h.js';

/** Makes a link and puts it into its directory. ERR_PTR: no memory, or the name is taken. */
export function kernfs_create_link(
  k: Kernel,
  parent: KernfsNode,
  name: string | VirtAddr,
  target: KernfsNode,
): KernfsNode {
  const kn: KernfsNode = kernfs_new_node(k, parent, name, S_IFLNK | 0o777, KERNFS_LINK);
  if (kn === NULL) return ERR_PTR(-ENOMEM);

  k.write_ptr(kn + k.kernfs_node.symlink_target_kn, target);
  // The link's own reference.
  kernfs_get(k, target);

  const error: Int = kernfs_add_one(k, kn);
  if (error === 0) return kn;
  // With the link its reference to the target goes.
  kernfs_put(k, kn);
  return ERR_PTR(error);
}
