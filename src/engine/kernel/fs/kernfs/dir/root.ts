/**
 * The root of a kernfs tree: its directory, and the numbers of its nodes.
 *
 * Source: Linux 6.1 fs/kernfs/dir.c: kernfs_root_to_node(), kernfs_create_root().
 */
import { type Int, NULL } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import type { VirtAddr } from '../../../../memory/address.js';
import { ERR_PTR } from '../../../include/linux/err.h.js';
import { ENOMEM } from '../../../include/linux/errno.h.js';
import { idr_init, type Idr } from '../../../include/linux/idr.h.js';
import { INIT_LIST_HEAD } from '../../../include/linux/list.h.js';
import { kfree, kzalloc } from '../../../mm/slab_common/kmalloc.js';
import { KERNFS_DIR, type KernfsNode, type KernfsRoot, S_IFDIR } from '../kernfs-internal.h.js';
import { __kernfs_new_node, kernfs_activate_one } from './dir.js';

/** enum kernfs_root_flag: files may be opened by root only, whatever their mode. */
export const KERNFS_ROOT_EXTRA_OPEN_PERM_CHECK = 0x0002;

export const kernfs_root_to_node = (k: Kernel, root: KernfsRoot): KernfsNode =>
  k.read_ptr(root + k.kernfs_root.kn);

/** Left out: syscall_ops, priv, destroying it after an error. ERR_PTR without memory. */
export function kernfs_create_root(k: Kernel, flags: Int): KernfsRoot {
  const object: VirtAddr = kzalloc(k, k.sizeof.kernfs_root, k.GFP_KERNEL);
  if (object === 0) return ERR_PTR(-ENOMEM);
  const root: KernfsRoot = k.cell_at(object);
  idr_init(k, (root + k.kernfs_root.ino_idr) as Idr);
  INIT_LIST_HEAD(k, root + k.kernfs_root.supers);
  // Where an inode number has 32 bits, the upper half of an id tells generations apart, from 1 on.
  k.write(root + k.kernfs_root.id_highbits, k.wide ? 0 : 1);

  const kn: KernfsNode = __kernfs_new_node(
    k,
    root,
    k.machine.literal(''),
    S_IFDIR | 0o555,
    KERNFS_DIR,
  );
  if (kn === NULL) {
    kfree(k, object);
    return ERR_PTR(-ENOMEM);
  }
  k.write_ptr(kn + k.kernfs_node.dir_root, root);
  k.write(root + k.kernfs_root.flags, flags);
  k.write_ptr(root + k.kernfs_root.kn, kn);
  INIT_LIST_HEAD(k, root + k.kernfs_root.deactivate_waitq_head);
  // kernfs_activate()
  kernfs_activate_one(k, kn);
  return root;
}
