/**
 * /sys/kernel/slab: a directory for each SLUB cache, with a file for each thing that can be asked or set.
 *
 * A cache that could be merged has its directory under a name made of what it is (`:a-0000192`), and a link under its own.
 * Where there is no sysfs (before it is set up, and in machines that never had it), a cache has a kobject only.
 * Source: Linux 6.1 mm/slub.c: sysfs_slab_add(), create_unique_id(), sysfs_slab_alias(), sysfs_slab_unlink().
 */
import { type Int, type KmemCache, NULL, type SlabFlags } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { kernfs_create_link, kernfs_remove_by_name, type KernfsNode } from '../../fs/kernfs/dir.js';
import { sysfs_create_group } from '../../fs/sysfs/dir.js';
import { SLAB_CACHE_DMA32 } from '../../include/linux/slab.h.js';
import { call_rcu } from '../../kernel/rcu/tiny.js';
import {
  type Kobject,
  kobject_add,
  kobject_del,
  kobject_init,
  kobject_put,
  type Kset,
} from '../../lib/kobject.js';
import { cache_name } from '../slab.h.js';
import { kmem_cache_alloc } from '../slab_common/api.js';
import { kfree } from '../slab_common/kmalloc.js';
import { slab_unmergeable } from '../slab_common/merge.js';
import { slab_kmem_cache_release } from '../slab_common/slab_common.js';
import { kstrdup } from '../util.js';

const kobj_of = (k: Kernel, s: KmemCache): Kobject => (s + k.kmem_cache.kobj) as Kobject;

/** NULL where there is no sysfs. */
function slab_kset(k: Kernel): Kset {
  const at = k.findSymbol('slab_kset');
  return at === undefined || at === 0 ? NULL : k.read_ptr(at);
}

const kset_dir = (k: Kernel, kset: Kset): KernfsNode =>
  k.read_ptr(kset + k.kset.kobj + k.kobject.sd);

/** `[flags-]size`, an object of its own. */
function create_unique_id(k: Kernel, s: KmemCache): VirtAddr {
  const flags: SlabFlags = k.words[s + k.kmem_cache.flags]!;
  let id = ':';
  if ((flags & k.SLAB_CACHE_DMA) !== 0) id += 'd';
  if ((flags & SLAB_CACHE_DMA32) !== 0) id += 'D';
  if ((flags & k.SLAB_RECLAIM_ACCOUNT) !== 0) id += 'a';
  if ((flags & k.SLAB_CONSISTENCY_CHECKS) !== 0) id += 'F';
  if (id !== ':') id += '-';
  id += String(k.words[s + k.kmem_cache.size]!).padStart(7, '0');
  return kstrdup(k, id.padEnd(ID_STR_LENGTH - 1, '\0'), k.GFP_KERNEL);
}
const ID_STR_LENGTH = 32;

/** 0 or an errno. */
export function sysfs_slab_add(k: Kernel, s: KmemCache): Int {
  const kset: Kset = slab_kset(k);
  const kobj: Kobject = kobj_of(k, s);
  const slab_ktype = k.findSymbol('slab_ktype') ?? NULL;
  if (kset === NULL) {
    kobject_init(k, kobj, slab_ktype);
    return 0;
  }
  const unmergeable: boolean = slab_unmergeable(k, s);
  let name: VirtAddr = k.read_va(s + k.kmem_cache.name);
  if (unmergeable) kernfs_remove_by_name(k, kset_dir(k, kset), cache_name(k, s));
  else name = create_unique_id(k, s);

  k.write_ptr(kobj + k.kobject.kset, kset);
  kobject_init(k, kobj, slab_ktype);
  let err: Int = kobject_add(k, kobj, name);
  if (err === 0) {
    const ops: VirtAddr = k.profile.symbol('sysfs_file_kfops_rw')?.address ?? asVirt(0);
    err = sysfs_create_group(k, kobj, k.globals.slab_attr_group, ops);
    if (err !== 0) kobject_del(k, kobj);
    else if (!unmergeable) sysfs_slab_alias(k, s, k.read_va(s + k.kmem_cache.name));
  }
  if (!unmergeable) kfree(k, name);
  return err;
}

/** A link under a name of the cache, to its directory. */
export function sysfs_slab_alias(k: Kernel, s: KmemCache, name: VirtAddr): void {
  const kset: Kset = slab_kset(k);
  if (kset === NULL) return;
  kernfs_create_link(k, kset_dir(k, kset), name, k.read_ptr(kobj_of(k, s) + k.kobject.sd));
}

/** The end of a cache: its directory goes, then the last reference to its kobject, and with it the cache. */
export function kmem_cache_release(k: Kernel, s: KmemCache): void {
  if (slab_kset(k) === NULL) {
    slab_kmem_cache_release(k, s);
    return;
  }
  kobject_del(k, kobj_of(k, s));
  kobject_put(k, kobj_of(k, s), () => slab_kmem_cache_release(k, s));
}

/**
 * Looks the cache's directory in debugfs up, which only caches with SLAB_STORE_USER have. The negative dentry of the look-up
 * is dropped at once, and freed after a grace period. Left out: what the VFS writes in the dentry and in the directory's inode.
 */
export function debugfs_slab_release(k: Kernel): void {
  const dentry_cache = k.findSymbol('dentry_cache');
  if (slab_kset(k) === NULL || dentry_cache === undefined || dentry_cache === 0) return;
  const cache: KmemCache = k.read_ptr(dentry_cache);
  if (cache === NULL) return;
  const dentry = kmem_cache_alloc(k, cache, k.GFP_KERNEL);
  if (dentry === 0) return;
  // __dentry_kill() → dentry_free()
  call_rcu(k, (k.cell_of(dentry) + k.dentry.d_u_d_rcu) as Cell, '__d_free');
}
