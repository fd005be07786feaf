/**
 * What is mounted: a super block, and the mount that leads to it. Of both only what files of memory need is written.
 *
 * Differs: of which device a super block is, its caller knows (get_anon_bdev() would take the next number).
 * Left out: lists of super blocks and of mounts, shrinkers, LRU lists of names and inodes, the root's inode.
 * Source: Linux 6.1 fs/super.c: alloc_super(); fs/namespace.c: alloc_vfsmnt(), vfs_create_mount(); fs/dcache.c: d_make_root().
 */
import {
  type Dentry,
  NULL,
  type SuperBlock,
  type UInt,
  type Vfsmount,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../memory/address.js';
import { kmem_cache_zalloc } from '../include/linux/slab.h.js';
import { memset } from '../lib/string.js';
import { kmalloc } from '../mm/slab_common/kmalloc.js';
import { __d_alloc, DCACHE_DIRECTORY_TYPE } from './dcache/dcache.js';

/**
 * NULL without memory.
 * @param known where it is to lie; 0: memory is taken for it
 */
export function newSuperBlock(
  k: Kernel,
  known: VirtAddr,
  s_dev: UInt,
  s_fs_info: Cell,
): SuperBlock {
  const object = known !== 0 ? known : kmalloc(k, k.sizeof.super_block, k.GFP_USER);
  if (object === 0) return NULL;
  memset(k, object, 0, k.sizeof.super_block);
  const s: SuperBlock = k.cell_at(object);
  k.write(k.plus(s, k.super_block.s_dev), s_dev);
  k.write_ptr(k.plus(s, k.super_block.s_fs_info), s_fs_info);
  return s;
}

/** A mount of a super block, with a name for its root. NULL without memory. */
export function vfs_create_mount(k: Kernel, sb: SuperBlock): Vfsmount {
  const root: Dentry = __d_alloc(k, '/');
  const object = kmem_cache_zalloc(k, k.read_ptr(k.globals.mnt_cache), k.GFP_KERNEL);
  if (root === NULL || object === 0) return NULL;
  k.write(k.plus(root, k.dentry.d_flags), DCACHE_DIRECTORY_TYPE);
  k.write_ptr(k.plus(root, k.dentry.d_sb), sb);
  const mount: Cell = k.cell_at(object);
  const mnt: Vfsmount = k.plus(mount, k.mount.mnt);
  // It is in no other.
  k.write_ptr(k.plus(mount, k.mount.mnt_parent), mount);
  k.write_ptr(k.plus(mount, k.mount.mnt_mountpoint), root);
  k.write_ptr(k.plus(mnt, k.vfsmount.mnt_root), root);
  k.write_ptr(k.plus(mnt, k.vfsmount.mnt_sb), sb);
  return mnt;
}
