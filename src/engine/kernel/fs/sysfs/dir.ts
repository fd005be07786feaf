/**
 * The directory of a kobject.
 *
 * Source: Linux 6.1 fs/sysfs/dir.c: sysfs_create_dir_ns(), sysfs_remove_dir().
 */
import { type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { IS_ERR, PTR_ERR } from '../../include/linux/err.h.js';
import { ENOENT } from '../../include/linux/errno.h.js';
import type { Kobject } from '../../include/linux/kobject.h.js';
import { kernfs_create_dir_ns } from '../kernfs/dir/dir.js';
import { kernfs_remove } from '../kernfs/dir/remove.js';
import type { KernfsNode } from '../kernfs/kernfs-internal.h.js';

/** In that of its parent; of a kobject without one in the root. Left out: owners, sysfs_warn_dup. */
export function sysfs_create_dir_ns(k: Kernel, kobj: Kobject): Int {
  const parent_kobj: Kobject = k.read_ptr(kobj + k.kobject.parent);
  const parent: KernfsNode =
    parent_kobj !== NULL
      ? k.read_ptr(parent_kobj + k.kobject.sd)
      : k.read_ptr(k.globals.sysfs_root_kn);
  if (parent === NULL) return -ENOENT;

  const kn: KernfsNode = kernfs_create_dir_ns(
    k,
    parent,
    k.read_va(kobj + k.kobject.name),
    0o755,
    kobj,
  );
  if (IS_ERR(kn)) return PTR_ERR(kn);
  k.write_ptr(kobj + k.kobject.sd, kn);
  return 0;
}

/** The kobject forgets its directory first: whoever makes a link to it must not find one that goes. */
export function sysfs_remove_dir(k: Kernel, kobj: Kobject): void {
  const kn: KernfsNode = k.read_ptr(kobj + k.kobject.sd);
  k.write_ptr(kobj + k.kobject.sd, NULL);
  if (kn !== NULL) kernfs_remove(k, kn);
}
