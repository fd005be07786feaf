/**
 * Files of debugfs that a module makes: a dentry of its own, and a node with the module's operations, which the caller gives its name.
 *
 * Differs: the dentry is an object of kmalloc(), and in no hash table.
 * Source: Linux 6.1 fs/debugfs/inode.c: debugfs_create_file(), debugfs_create_dir(), debugfs_remove(); fs/debugfs/file.c.
 */
import { type Dentry, type File, NULL, type Out } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_del_init,
  list_first_entry_or_null,
} from '../../include/linux/list.h.js';
import { stringAt } from '../../lib/string.js';
import { kfree, kzalloc } from '../../mm/slab_common/kmalloc.js';
import { kstrdup } from '../../mm/util.js';
import { makeNode } from '../file_table/devices.js';

/**
 * A directory's dentry, or a file's, whose node has the operations of the module. NULL without memory.
 * @param fops struct file_operations; 0: a directory @param node the file, if it is one
 */
export const createEntry = (
  k: Kernel,
  name: string,
  parent: Dentry,
  data: VirtAddr,
  fops: VirtAddr,
  node: Out<File>,
): Dentry => {
  const object: VirtAddr = kzalloc(k, k.sizeof.dentry, k.GFP_KERNEL);
  if (object === 0) return NULL;
  const dentry: Dentry = k.cell_at(object);
  k.write_va(k.plus(dentry, k.dentry.d_name_name), kstrdup(k, name, k.GFP_KERNEL));
  k.write_ptr(k.plus(dentry, k.dentry.d_parent), parent);
  INIT_LIST_HEAD(k, k.plus(dentry, k.dentry.d_child));
  INIT_LIST_HEAD(k, k.plus(dentry, k.dentry.d_subdirs));
  if (parent !== NULL)
    list_add(k, k.plus(dentry, k.dentry.d_child), k.plus(parent, k.dentry.d_subdirs));
  if (fops === 0) return dentry;
  const file: File = makeNode(k, `/sys/kernel/debug/${entryPath(k, dentry)}`);
  node.value = file;
  if (file === NULL) {
    removeEntry(k, dentry);
    return NULL;
  }
  const inode: Cell = k.read_ptr(k.plus(file, k.file.f_inode));
  k.write_va(k.plus(inode, k.inode.i_private), data);
  k.write_ptr(k.plus(dentry, k.dentry.d_inode), inode);
  k.write_va(k.plus(file, k.file.f_op), fops);
  return dentry;
};

/** Names down to an entry, from below the root of debugfs on. */
export const entryPath = (k: Kernel, dentry: Dentry): string => {
  const name = stringAt(k, k.read_va(k.plus(dentry, k.dentry.d_name_name)));
  const parent: Dentry = k.read_ptr(k.plus(dentry, k.dentry.d_parent));
  return parent === NULL ? name : `${entryPath(k, parent)}/${name}`;
};

/** One that lies in an entry; NULL: it is empty. */
export const entryIn = (k: Kernel, dentry: Dentry): Dentry =>
  list_first_entry_or_null(k, k.plus(dentry, k.dentry.d_subdirs), k.dentry.d_child);

/** An empty one, whose node has no name any more. */
export const removeEntry = (k: Kernel, dentry: Dentry): void => {
  list_del_init(k, k.plus(dentry, k.dentry.d_child));
  kfree(k, k.read_va(k.plus(dentry, k.dentry.d_name_name)));
  kfree(k, k.va_of(dentry));
};
