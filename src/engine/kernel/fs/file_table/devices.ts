/**
 * Small devices: a name below /dev and a table of operations. Each has a node, an inode of devtmpfs, which all that open it share.
 *
 * Differs: the list of devices and the map of minors are not the kernel's: numbers are given from 127 downwards by count. What has the
 * device's name is the caller's affair.
 * Source: Linux 6.1 drivers/char/misc.c: misc_register(), misc_deregister(), misc_open().
 */
import { type File, type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell } from '../../../memory/address.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { fput } from './file_table.js';
import { shmemFileSetup } from '../../mm/shmem/file.js';

const MISC_DYNAMIC_MINOR = 255;
const DYNAMIC_MINORS = 128;
const MISC_MAJOR = 10;
const MINORBITS = 20;

/**
 * The device's node, as a file that nobody has opened; NULL without memory.
 * @param misc a struct miscdevice @param nrDevices how many there are already
 */
export function registerDevice(k: Kernel, misc: Cell, nrDevices: Int, node: { value: File }): Int {
  INIT_LIST_HEAD(k, k.plus(misc, k.miscdevice.list));
  const file: File = shmemFileSetup(k, 0);
  node.value = file;
  if (file === NULL) return -ENOMEM;
  const minor = k.plus(misc, k.miscdevice.minor);
  if (k.read_int(minor) === MISC_DYNAMIC_MINOR) k.write(minor, DYNAMIC_MINORS - nrDevices - 1);
  const inode = k.read_ptr(k.plus(file, k.file.f_inode));
  k.write(k.plus(inode, k.inode.i_rdev), (MISC_MAJOR << MINORBITS) | k.read_int(minor));
  k.write_ptr(k.plus(inode, k.inode.i_private), file);
  // misc_open(): who opens it gets the device's operations, and finds the device in private_data.
  k.copy_ptr(k.plus(file, k.file.f_op), k.plus(misc, k.miscdevice.fops));
  k.write_ptr(k.plus(file, k.file.private_data), misc);
  return 0;
}

/** The node goes; who has the device open keeps it. */
export function removeDevice(k: Kernel, node: File): void {
  k.write_va(k.plus(node, k.file.f_op), asVirt(0));
  fput(k, node);
}
