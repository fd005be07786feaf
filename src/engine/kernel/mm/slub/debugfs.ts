/**
 * The files of debugfs that tell of a cache's users. Only caches with SLAB_STORE_USER have any.
 *
 * Source: Linux 6.1 mm/slub.c: debugfs_slab_add(), debugfs_slab_release().
 */
import type { KmemCache } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';
import { debugfs_create_dir, debugfs_create_file, start_creating } from '../../fs/debugfs/inode.js';
import { call_rcu, functionNamed } from '../../kernel/rcu/tiny.js';
import { cache_kset } from './sysfs.js';

export function debugfs_slab_add(k: Kernel): void {
  if (cache_kset(k) === 0) return;
  debugfs_create_dir(k);
  // alloc_traces, free_traces
  debugfs_create_file(k);
  debugfs_create_file(k);
}

/**
 * Looks the cache's directory up, which costs a negative dentry where there is none: it is dropped at once, and freed after a
 * grace period. Left out: removing a directory that is there. Its dentries and inodes stay.
 */
export function debugfs_slab_release(k: Kernel, s: KmemCache): void {
  if (cache_kset(k) === 0 || (k.words[s + k.kmem_cache.flags]! & k.SLAB_STORE_USER) !== 0) return;
  const dentry: VirtAddr = start_creating(k);
  if (dentry === 0) return;
  // __dentry_kill() → dentry_free()
  call_rcu(k, (k.cell_of(dentry) + k.dentry.d_u_d_rcu) as Cell, functionNamed(k, '__d_free'));
}
