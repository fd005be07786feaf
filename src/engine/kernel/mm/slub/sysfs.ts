/**
 * /sys/kernel/slab: a directory for each SLUB cache, with a file for each thing that can be asked or set.
 *
 * A cache that could be merged has its directory under a name made of what it is (`:a-0000192`), and a link under its own.
 * Where there is no sysfs (before it is set up, and in machines that never had it), a cache has a kobject only.
 * Source: Linux 6.1 mm/slub.c: create_unique_id() to sysfs_slab_alias(), debugfs_slab_release().
 */
import { type Int, type KmemCache, NULL, type SlabFlags } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell, type VirtAddr } from '../../../memory/address.js';
import { sysfs_create_group } from '../../fs/sysfs/group.js';
import { sysfs_create_link, sysfs_remove_link } from '../../fs/sysfs/symlink.js';
import { ERR_PTR, IS_ERR, PTR_ERR } from '../../include/linux/err.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import type { Kobject, Kset } from '../../include/linux/kobject.h.js';
import { kmem_cache_alloc, kmem_cache_free, SLAB_CACHE_DMA32 } from '../../include/linux/slab.h.js';
import { call_rcu, functionNamed, linkCallback } from '../../kernel/rcu/tiny.js';
import { kobject_del, kobject_init, kobject_init_and_add, kobject_put } from '../../lib/kobject.js';
import { kfree } from '../slab_common/kmalloc.js';
import { slab_unmergeable } from '../slab_common/merge.js';
import { slab_kmem_cache_release } from '../slab_common/slab_common.js';
import { kstrdup } from '../util.js';

const ID_STR_LENGTH = 32;

/** The kset that all caches are in; NULL where there is no sysfs. */
const cache_kset = (k: Kernel): Kset =>
  k.globals.slab_kset === 0 ? NULL : k.read_ptr(k.globals.slab_kset);

/** `:[flags-]size`, an object of its own. ERR_PTR without memory. */
function create_unique_id(k: Kernel, s: KmemCache): VirtAddr {
  const flags: SlabFlags = k.words[s + k.kmem_cache.flags]!;
  // All that caches must agree in to be merged, so that no two have one name.
  let p = ':';
  if ((flags & k.SLAB_CACHE_DMA) !== 0) p += 'd';
  if ((flags & SLAB_CACHE_DMA32) !== 0) p += 'D';
  if ((flags & k.SLAB_RECLAIM_ACCOUNT) !== 0) p += 'a';
  if ((flags & k.SLAB_CONSISTENCY_CHECKS) !== 0) p += 'F';
  if ((flags & k.SLAB_ACCOUNT) !== 0) p += 'A';
  if (p !== ':') p += '-';
  p += String(k.words[s + k.kmem_cache.size]!).padStart(7, '0');

  const name: VirtAddr = kstrdup(k, p.padEnd(ID_STR_LENGTH - 1, '\0'), k.GFP_KERNEL);
  return name === 0 ? (ERR_PTR(-ENOMEM) as number as VirtAddr) : name;
}

/** A link under the cache's name to its directory. Left out: aliases that wait until boot has set sysfs up. */
function sysfs_slab_alias(k: Kernel, s: KmemCache, name: VirtAddr): Int {
  const kset_kobj = (cache_kset(k) + k.kset.kobj) as Kobject;
  // A link that was left over by a cache of that name.
  sysfs_remove_link(k, kset_kobj, name);
  return sysfs_create_link(k, kset_kobj, (s + k.kmem_cache.kobj) as Kobject, name);
}

/** 0 or an errno. Left out: disable_higher_order_debug. */
export function sysfs_slab_add(k: Kernel, s: KmemCache): Int {
  const kobj = (s + k.kmem_cache.kobj) as Kobject;
  const kset: Kset = cache_kset(k);
  const unmergeable: boolean = slab_unmergeable(k, s);
  let name: VirtAddr;

  if (kset === NULL) {
    // No directory to make; but the kobject counts references and knows its type.
    kobject_init(k, kobj, k.globals.slab_ktype);
    return 0;
  }

  if (unmergeable) {
    // It can have its own name, as no other cache will ever be it.
    sysfs_remove_link(k, (kset + k.kset.kobj) as Kobject, k.read_va(s + k.kmem_cache.name));
    name = k.read_va(s + k.kmem_cache.name);
  } else {
    // Links under the names of all caches that it is will lead to this one.
    name = create_unique_id(k, s);
    if (IS_ERR(name)) return PTR_ERR(name);
  }

  k.write_ptr(kobj + k.kobject.kset, kset);
  let err: Int = kobject_init_and_add(k, kobj, k.globals.slab_ktype, NULL, name);
  out: {
    if (err !== 0) break out;

    err = sysfs_create_group(k, kobj, k.globals.slab_attr_group);
    if (err !== 0) {
      // out_del_kobj:
      kobject_del(k, kobj);
      break out;
    }

    if (!unmergeable) sysfs_slab_alias(k, s, k.read_va(s + k.kmem_cache.name));
  }
  // out:
  if (!unmergeable) kfree(k, name);
  return err;
}

/** The end of the kobject is that of the cache it is a part of: slab_ktype.release. */
function kmem_cache_release(k: Kernel, kobj: Kobject): void {
  slab_kmem_cache_release(k, k.plus(kobj, -k.kmem_cache.kobj));
}

/** The cache's directory goes. */
export function sysfs_slab_unlink(k: Kernel, s: KmemCache): void {
  if (cache_kset(k) !== NULL) kobject_del(k, (s + k.kmem_cache.kobj) as Kobject);
}

/** Then the last reference to its kobject, whose type frees the cache (kmem_cache_release()). */
export function sysfs_slab_release(k: Kernel, s: KmemCache): void {
  if (cache_kset(k) === NULL) {
    slab_kmem_cache_release(k, s);
    return;
  }
  kobject_put(k, (s + k.kmem_cache.kobj) as Kobject, kmem_cache_release);
}

/** A dentry's grace period is over. */
linkCallback('__d_free', (k, head) => {
  kmem_cache_free(
    k,
    k.read_ptr(k.globals.dentry_cache),
    k.va_of(asCell(head - k.dentry.d_u_d_rcu)),
  );
});

/**
 * Looks the cache's directory in debugfs up, which only caches with SLAB_STORE_USER have. The negative dentry of the look-up
 * is dropped at once, and freed after a grace period. Left out: what the VFS writes in the dentry and in the directory's inode.
 */
export function debugfs_slab_release(k: Kernel): void {
  if (cache_kset(k) === NULL || k.globals.dentry_cache === 0) return;
  const dentry_cache: KmemCache = k.read_ptr(k.globals.dentry_cache);
  if (dentry_cache === NULL) return;
  const dentry: VirtAddr = kmem_cache_alloc(k, dentry_cache, k.GFP_KERNEL);
  if (dentry === 0) return;
  // __dentry_kill() → dentry_free()
  call_rcu(k, (k.cell_of(dentry) + k.dentry.d_u_d_rcu) as Cell, functionNamed(k, '__d_free'));
}
