/**
 * Nodes: names below /dev, as files that nobody has opened. Each has an inode of devtmpfs, which all that open it share. A node of a
 * struct miscdevice has the device's operations; any other has a number, and open() looks for who answers for that.
 *
 * Differs: the list of small devices and the map of their minors are not the kernel's: numbers are given from 127 downwards by count.
 * What has the node's name is the caller's affair.
 * Source: Linux 6.1 drivers/char/misc.c: misc_register(), misc_deregister(), misc_open(); fs/inode.c: init_special_inode();
 * drivers/base/devtmpfs.c.
 */
import {
  type File,
  type Inode,
  type Int,
  NULL,
  type UInt,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell } from '../../../memory/address.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { MKDEV } from '../../include/linux/kdev_t.h.js';
import { shmemFileOf } from '../../mm/shmem/file.js';
import { stringAt } from '../../lib/string.js';
import { cd_forget } from '../char_dev.js';
import { d_drop } from '../dcache/hash.js';
import { fput } from './file_table.js';

const MISC_DYNAMIC_MINOR = 255;
const DYNAMIC_MINORS = 128;
const MISC_MAJOR = 10;
const S_IFCHR = 0o20000;
const NODE_MODE = 0o600;

const inodeOf = (k: Kernel, node: File): Inode => k.read_ptr(k.plus(node, k.file.f_inode));

/** Where an inode keeps its node: what pages of a mapping would have there, of which a device has none. */
const nodeAt = (k: Kernel, inode: Inode): Cell =>
  k.plus(inode, k.inode.i_data + k.address_space.private_data);

export const nodeOf = (k: Kernel, inode: Inode): File => k.read_ptr(nodeAt(k, inode));

/** A node without a number; NULL without memory. */
export function makeNode(k: Kernel, path: string): File {
  const file: File = shmemFileOf(k, path);
  if (file === NULL) return NULL;
  const inode = inodeOf(k, file);
  k.write_ptr(nodeAt(k, inode), file);
  INIT_LIST_HEAD(k, k.plus(inode, k.inode.i_devices));
  return file;
}

/** A node of a character device; NULL without memory. @param data what is known of it: node->private_data */
export function makeDeviceNode(k: Kernel, path: string, dev: UInt, data: Cell): File {
  const node = makeNode(k, path);
  if (node === NULL) return NULL;
  init_special_inode(k, inodeOf(k, node), S_IFCHR | NODE_MODE, dev);
  k.write_ptr(k.plus(node, k.file.f_op), k.globals.def_chr_fops);
  k.write_ptr(k.plus(node, k.file.private_data), data);
  return node;
}

/** Left out: pipes, sockets, block devices. */
function init_special_inode(k: Kernel, inode: Inode, mode: Int, rdev: UInt): void {
  k.write16(inode, k.inode.i_mode, mode);
  k.write_ptr(k.plus(inode, k.inode.i_fop), k.globals.def_chr_fops);
  k.write(k.plus(inode, k.inode.i_rdev), rdev);
}

/** The number of a node. */
export const deviceNumber = (k: Kernel, node: File): UInt =>
  k.read_int(k.plus(inodeOf(k, node), k.inode.i_rdev)) >>> 0;

/** The struct device that a node was made for; NULL: none. */
export const deviceOf = (k: Kernel, node: File): Cell =>
  k.ptr_is(k.plus(node, k.file.f_op), k.globals.def_chr_fops)
    ? k.read_ptr(k.plus(node, k.file.private_data))
    : NULL;

/**
 * The node of a small device; NULL without memory.
 * @param misc a struct miscdevice @param nrDevices how many there are already
 */
export function registerDevice(k: Kernel, misc: Cell, nrDevices: Int, node: Out<File>): Int {
  INIT_LIST_HEAD(k, k.plus(misc, k.miscdevice.list));
  const file: File = makeNode(k, `/dev/${stringAt(k, k.read_va(k.plus(misc, k.miscdevice.name)))}`);
  node.value = file;
  if (file === NULL) return -ENOMEM;
  const minor = k.plus(misc, k.miscdevice.minor);
  if (k.read_int(minor) === MISC_DYNAMIC_MINOR) k.write(minor, DYNAMIC_MINORS - nrDevices - 1);
  init_special_inode(
    k,
    inodeOf(k, file),
    S_IFCHR | NODE_MODE,
    MKDEV(MISC_MAJOR, k.read_int(minor)),
  );
  // misc_open(): who opens it gets the device's operations, and finds the device in private_data.
  k.copy_ptr(k.plus(file, k.file.f_op), k.plus(misc, k.miscdevice.fops));
  k.write_ptr(k.plus(file, k.file.private_data), misc);
  return 0;
}

/** The node has no name any more; who has the device open keeps it. */
export function removeDevice(k: Kernel, node: File): void {
  k.write_va(k.plus(node, k.file.f_op), asVirt(0));
  d_drop(k, k.read_ptr(k.plus(node, k.file.f_path_dentry)));
  putNode(k, node);
}

/** Drops a reference to a node: with the last one its inode goes. */
export function putNode(k: Kernel, node: File): void {
  const inode = inodeOf(k, node);
  const isLast = k.read_long(k.plus(node, k.file.f_count)) === 1;
  // evict():
  if (isLast && k.read_va(k.plus(inode, k.inode.i_cdev)) !== 0) cd_forget(k, inode);
  fput(k, node);
}
