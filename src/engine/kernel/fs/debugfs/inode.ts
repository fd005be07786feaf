/**
 * Files of debugfs: what they cost the slab allocator, a dentry and an inode each. Nothing of their contents is here.
 *
 * Source: Linux 6.1 fs/debugfs/inode.c: start_creating(), debugfs_get_inode(), __debugfs_create_file() as of debugfs_create_file(),
 * debugfs_create_dir().
 */
import type { KmemCache } from '../../../machine/ctypes.js';
import { NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { kmem_cache_alloc } from '../../include/linux/slab.h.js';

/** An object of a cache that the kernel keeps a pointer to; 0 where the image has no such cache, or no memory. */
const objectOf = (k: Kernel, pointer: Cell): VirtAddr => {
  const cache: KmemCache = pointer === NULL ? NULL : k.read_ptr(pointer);
  return cache === NULL ? asVirt(0) : kmem_cache_alloc(k, cache, k.GFP_KERNEL);
};

/** A dentry for a name. Left out: what the VFS writes in it, and in the directory's inode. */
export const start_creating = (k: Kernel): VirtAddr => objectOf(k, k.globals.dentry_cache);

/** Left out: what the VFS writes in it. */
const debugfs_get_inode = (k: Kernel): VirtAddr => objectOf(k, k.globals.inode_cachep);

export const debugfs_create_dir = (k: Kernel): void => {
  if (start_creating(k) !== 0) debugfs_get_inode(k);
};

export const debugfs_create_file = (k: Kernel): void => {
  if (start_creating(k) !== 0) debugfs_get_inode(k);
};
