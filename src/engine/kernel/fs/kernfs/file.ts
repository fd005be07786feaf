/**
 * Files of kernfs.
 *
 * Source: Linux 6.1 fs/kernfs/file.c: __kernfs_create_file().
 */
import { type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';
import { ERR_PTR } from '../../include/linux/err.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { kernfs_add_one, kernfs_new_node, kernfs_put } from './dir/dir.js';
import { KERNFS_FILE, KERNFS_HAS_SEQ_SHOW, type KernfsNode, S_IFREG } from './kernfs-internal.h.js';

/**
 * Makes a file and links it into its directory. ERR_PTR: no memory, or the name is taken.
 * @param ops a struct kernfs_ops with seq_show, and neither mmap nor release
 */
export function __kernfs_create_file(
  k: Kernel,
  parent: KernfsNode,
  name: VirtAddr,
  mode: Int,
  size: Int,
  ops: VirtAddr,
  priv: Cell,
): KernfsNode {
  const kn: KernfsNode = kernfs_new_node(k, parent, name, mode | S_IFREG, KERNFS_FILE);
  if (kn === NULL) return ERR_PTR(-ENOMEM);

  k.write_va(kn + k.kernfs_node.attr_ops, ops);
  // loff_t: two words on every machine
  k.write(kn + k.kernfs_node.attr_size, size);
  k.write(kn + k.kernfs_node.attr_size + 1, 0);
  k.write_ptr(kn + k.kernfs_node.priv, priv);
  // Kept here, as `ops` may be looked at only by those that are inside.
  const flags: Int = k.read16(kn, k.kernfs_node.flags);
  k.write16(kn, k.kernfs_node.flags, flags | KERNFS_HAS_SEQ_SHOW);

  const rc: Int = kernfs_add_one(k, kn);
  if (rc !== 0) {
    // The only reference: the node goes, and its hold on the directory with it.
    kernfs_put(k, kn);
    return ERR_PTR(rc);
  }
  return kn;
}
