/**
 * Attributes of kobjects as files: a page of text that `show` writes and `store` reads. The file in kernfs is the kernel's; what programs
 * open is a node of its own, to which the caller gives a name.
 *
 *     struct attribute | show | store        of kobjects, devices and classes alike; or ktype->sysfs_ops->show, store
 *
 * Differs: a device and a class have no place in kernfs.
 * Source: Linux 6.1 fs/sysfs/file.c: sysfs_kf_seq_show(), sysfs_kf_write(), sysfs_create_file_ns(), sysfs_remove_file_ns(); lib/kobject.c:
 * kobj_attr_show(); drivers/base/core.c: dev_attr_show().
 */
import { type File, type Inode, type Int, NULL, type Out } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { EIO, ENOMEM } from '../../include/linux/errno.h.js';
import type { Kobject } from '../../include/linux/kobject.h.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import { readByte, stringAt, writeByte } from '../../lib/string.js';
import { kfree, kzalloc } from '../../mm/slab_common/kmalloc.js';
import { makeNode, nodeOf } from '../file_table/devices.js';
import { kernfs_remove_by_name } from '../kernfs/dir/remove.js';
import type { KernfsNode } from '../kernfs/kernfs-internal.h.js';
import { sysfs_add_file_mode_ns } from './group.js';

/** Whose attribute it is: what `show` is called with. */
interface Owner {
  readonly object: VirtAddr;
  /** Of a kobject whose type has functions of its own; 0: of none. */
  readonly sysfs_ops: VirtAddr;
}

const nameOf = (k: Kernel, attr: Cell): string =>
  stringAt(k, k.read_va(k.plus(attr, k.attribute.name)));

/** The file in kernfs of a kobject's attribute. 0 or an error. */
export function sysfs_create_file_ns(k: Kernel, kobj: Kobject, attr: Cell): Int {
  const sd: KernfsNode = k.read_ptr(k.plus(kobj, k.kobject.sd));
  // A machine without sysfs.
  if (sd === NULL) return 0;
  const mode: Int = k.read16(k.plus(attr, k.attribute.mode >> 2), k.attribute.mode & 3);
  return sysfs_add_file_mode_ns(k, sd, attr, mode);
}

export function sysfs_remove_file_ns(k: Kernel, kobj: Kobject, attr: Cell): void {
  const sd: KernfsNode = k.read_ptr(k.plus(kobj, k.kobject.sd));
  if (sd !== NULL) kernfs_remove_by_name(k, sd, nameOf(k, attr));
}

/** A node for programs; NULL without memory. */
export const attributeNode = (k: Kernel, path: string, attr: Cell, owner: Owner): File => {
  const node: File = makeNode(k, path);
  if (node === NULL) return NULL;
  const inode: Inode = k.read_ptr(k.plus(node, k.file.f_inode));
  k.write_va(k.plus(inode, k.inode.i_private), owner.object);
  k.write_va(k.plus(inode, k.inode.i_fop), owner.sysfs_ops);
  k.write_ptr(k.plus(node, k.file.private_data), attr);
  k.write_va(k.plus(node, k.file.f_op), functionNamed(k, 'sysfs_file_kfops_rw'));
  return node;
};

/** The function that shows an attribute, or stores it; 0: there is none. */
const functionOf = (k: Kernel, inode: Inode, attr: Cell, stores: boolean): VirtAddr => {
  const sysfs_ops: VirtAddr = k.read_va(k.plus(inode, k.inode.i_fop));
  if (sysfs_ops !== 0) return k.read_va(k.plus(k.cell_at(sysfs_ops), stores ? k.ptr_words : 0));
  return k.read_va(k.plus(attr, k.sizeof.attribute / 4 + (stores ? k.ptr_words : 0)));
};

const attributeOf = (k: Kernel, inode: Inode): Cell =>
  k.read_ptr(k.plus(nodeOf(k, inode), k.file.private_data));

/** sysfs_kf_seq_show(): the text. @param error what went wrong: 0, nothing */
export const showAttribute = (k: Kernel, inode: Inode, error: Out<Int>): string => {
  const attr = attributeOf(k, inode);
  const show: VirtAddr = functionOf(k, inode, attr, false);
  const buf: VirtAddr = show === 0 ? asVirt(0) : kzalloc(k, PAGE_SIZE, k.GFP_KERNEL);
  if (buf === 0) {
    error.value = show === 0 ? -EIO : -ENOMEM;
    return '';
  }
  const object: VirtAddr = k.read_va(k.plus(inode, k.inode.i_private));
  const count: Int = k.callOut?.(show, [object, k.va_of(attr), buf]) ?? -EIO;
  let text = '';
  for (let i = 0; i < Math.min(count, PAGE_SIZE - 1); i++)
    text += String.fromCharCode(readByte(k, asVirt(buf + i)));
  kfree(k, buf);
  if (count < 0) error.value = count;
  return text;
};

/** sysfs_kf_write(): how much was taken, or an error. */
export const storeAttribute = (k: Kernel, inode: Inode, text: string): Int => {
  const attr = attributeOf(k, inode);
  const store: VirtAddr = functionOf(k, inode, attr, true);
  if (store === 0) return -EIO;
  const buf: VirtAddr = kzalloc(k, PAGE_SIZE, k.GFP_KERNEL);
  if (buf === 0) return -ENOMEM;
  const length = Math.min(text.length, PAGE_SIZE - 1);
  for (let i = 0; i < length; i++) writeByte(k, asVirt(buf + i), text.charCodeAt(i));
  const object: VirtAddr = k.read_va(k.plus(inode, k.inode.i_private));
  const taken: Int = k.callOut?.(store, [object, k.va_of(attr), buf, length]) ?? -EIO;
  kfree(k, buf);
  return taken;
};
