/**
 * sysfs, empty but for its root.
 *
 * Source: Linux 6.1 fs/sysfs/mount.c: sysfs_init().
 */
import type { Int } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { IS_ERR, PTR_ERR } from '../../include/linux/err.h.js';
import {
  KERNFS_ROOT_EXTRA_OPEN_PERM_CHECK,
  kernfs_create_root,
  kernfs_root_to_node,
} from '../kernfs/dir/root.js';
import type { KernfsRoot } from '../kernfs/kernfs-internal.h.js';

/** 0 or an errno. Left out: register_filesystem. */
export function sysfs_init(k: Kernel): Int {
  const sysfs_root: KernfsRoot = kernfs_create_root(k, KERNFS_ROOT_EXTRA_OPEN_PERM_CHECK);
  if (IS_ERR(sysfs_root)) return PTR_ERR(sysfs_root);
  k.write_ptr(k.globals.sysfs_root, sysfs_root);
  k.write_ptr(k.globals.sysfs_root_kn, kernfs_root_to_node(k, sysfs_root));
  return 0;
}
