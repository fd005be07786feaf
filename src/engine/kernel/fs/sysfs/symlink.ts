/**
 * Links in the directory of a kobject to that of another.
 *
 * Source: Linux 6.1 fs/sysfs/symlink.c: sysfs_do_create_link_sd(), sysfs_create_link(), sysfs_remove_link().
 */
import { type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { IS_ERR, PTR_ERR } from '../../include/linux/err.h.js';
import { ENOENT } from '../../include/linux/errno.h.js';
import type { Kobject } from '../../include/linux/kobject.h.js';
import { textOf } from '../../mm/util.js';
import { kernfs_get, kernfs_put } from '../kernfs/dir/dir.js';
import { kernfs_remove_by_name } from '../kernfs/dir/remove.js';
import type { KernfsNode } from '../kernfs/kernfs-internal.h.js';
import { kernfs_create_link } from '../kernfs/symlink.js';

/** Left out: sysfs_warn_dup. */
function sysfs_do_create_link_sd(
  k: Kernel,
  parent: KernfsNode,
  target_kobj: Kobject,
  name: string | VirtAddr,
): Int {
  const target: KernfsNode = k.read_ptr(target_kobj + k.kobject.sd);
  if (target === NULL) return -ENOENT;
  // Held while the link is made, as its kobject may lose it meanwhile.
  kernfs_get(k, target);
  const kn: KernfsNode = kernfs_create_link(k, parent, name, target);
  kernfs_put(k, target);
  return IS_ERR(kn) ? PTR_ERR(kn) : 0;
}

export function sysfs_create_link(
  k: Kernel,
  kobj: Kobject,
  target: Kobject,
  name: string | VirtAddr,
): Int {
  return sysfs_do_create_link_sd(k, k.read_ptr(kobj + k.kobject.sd), target, name);
}

export function sysfs_remove_link(k: Kernel, kobj: Kobject, name: string | VirtAddr): void {
  kernfs_remove_by_name(k, k.read_ptr(kobj + k.kobject.sd), textOf(k, name));
}
