/**
 * Groups of attributes as files of a directory.
 *
 * Source: Linux 6.1 fs/sysfs/group.c: create_files(), internal_create_group(), sysfs_create_group();
 * fs/sysfs/file.c: sysfs_add_file_mode_ns().
 */
import { type Int, NULL, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { IS_ERR, PTR_ERR } from '../../include/linux/err.h.js';
import type { Kobject } from '../../include/linux/kobject.h.js';
import { kernfs_get, kernfs_put } from '../kernfs/dir/dir.js';
import { __kernfs_create_file } from '../kernfs/file.js';
import type { KernfsNode } from '../kernfs/kernfs-internal.h.js';

type Attribute = Pointer<'struct attribute'>;
type AttributeGroup = Pointer<'struct attribute_group'>;

/** Files of sysfs: no more rights than these. Left out: SYSFS_PREALLOC. */
const SYSFS_MODE = 0o664;

/** Left out: sysfs_ops without show or store, sysfs_warn_dup. */
export function sysfs_add_file_mode_ns(
  k: Kernel,
  parent: KernfsNode,
  attr: Attribute,
  mode: Int,
): Int {
  const ops: VirtAddr = k.profile.symbol('sysfs_file_kfops_rw')?.address ?? asVirt(0);
  const name: VirtAddr = k.read_va(attr + k.attribute.name);
  const kn: KernfsNode = __kernfs_create_file(k, parent, name, mode, PAGE_SIZE, ops, attr);
  return IS_ERR(kn) ? PTR_ERR(kn) : 0;
}

/** A file for each attribute. Left out: is_visible, bin_attrs, remove_files after an error (the caller removes the directory). */
function create_files(k: Kernel, parent: KernfsNode, grp: AttributeGroup): Int {
  let error: Int = 0;
  let attr: Cell = k.read_ptr(grp + k.attribute_group.attrs);
  while (k.read_ptr(attr) !== NULL && error === 0) {
    const mode: Int = k.read16(k.read_ptr(attr), k.attribute.mode) & SYSFS_MODE;
    error = sysfs_add_file_mode_ns(k, parent, k.read_ptr(attr), mode);
    attr = k.plus(attr, k.ptr_words);
  }
  return error;
}

/** Left out: groups with a name, which have a directory of their own; updates. */
function internal_create_group(k: Kernel, kobj: Kobject, grp: AttributeGroup): Int {
  const kn: KernfsNode = k.read_ptr(kobj + k.kobject.sd);
  kernfs_get(k, kn);
  const error: Int = create_files(k, kn, grp);
  kernfs_put(k, kn);
  return error;
}

export function sysfs_create_group(k: Kernel, kobj: Kobject, grp: AttributeGroup): Int {
  return internal_create_group(k, kobj, grp);
}
