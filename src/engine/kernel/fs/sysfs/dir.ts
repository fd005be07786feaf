/**
 * Groups of attributes as files of a directory.
 *
 * Source: Linux 6.1 fs/sysfs/group.c: sysfs_create_group().
 */
import { type Int, NULL, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { kobj_sd, type Kobject } from '../../lib/kobject.js';
import { kernfs_create_file, kernfs_get, kernfs_put, type KernfsNode } from '../kernfs/dir.js';

/** Files of sysfs: no more rights than these. */
const SYSFS_MODE = 0o664;

/** A file for each attribute of a group without a name. 0 or an errno. @param ops of files that are read and written */
export function sysfs_create_group(
  k: Kernel,
  kobj: Kobject,
  group: Pointer<'struct attribute_group'>,
  ops: VirtAddr,
): Int {
  const kn: KernfsNode = kobj_sd(k, kobj);
  kernfs_get(k, kn);
  let attrs = k.read_ptr(group + k.attribute_group.attrs);
  let error: Int = 0;
  for (let attr = k.read_ptr(attrs); attr !== NULL && error === 0; attr = k.read_ptr(attrs)) {
    const name: VirtAddr = k.read_va(attr + k.attribute.name);
    const mode: Int = k.read16(attr, k.attribute.mode) & SYSFS_MODE;
    if (kernfs_create_file(k, kn, name, mode, PAGE_SIZE, ops, attr) === NULL) error = -ENOMEM;
    attrs = k.plus(attrs, k.ptr_words);
  }
  kernfs_put(k, kn);
  return error;
}
