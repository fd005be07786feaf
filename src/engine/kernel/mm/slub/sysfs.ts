/**
 * /sys/kernel/slab: a directory for each SLUB cache, with a file for each thing that can be asked or set.
 *
 * A cache that could be merged has its directory under a name made of what it is (`:a-0000192`), and a link under its own.
 * Where there is no sysfs (before it is set up, and in machines that never had it), a cache has a kobject only.
 * Source: Linux 6.1 mm/slub.c: create_unique_id() to sysfs_slab_alias().
 */
import {
  type Int,
  type KmemCache,
  NULL,
  type Pointer,
  type SlabFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { sysfs_create_group } from '../../fs/sysfs/group.js';
import { sysfs_create_link, sysfs_remove_link } from '../../fs/sysfs/symlink.js';
import { ERR_PTR, IS_ERR, PTR_ERR } from '../../include/linux/err.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import type { Kobject, Kset } from '../../include/linux/kobject.h.js';
import { SLAB_CACHE_DMA32 } from '../../include/linux/slab.h.js';
import {
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import {
  kobject_del,
  kobject_init,
  kobject_init_and_add,
  kobject_put,
  kset_create_and_add,
} from '../../lib/kobject.js';
import { kfree, kmalloc } from '../slab_common/kmalloc.js';
import { slab_unmergeable } from '../slab_common/merge.js';
import { slab_kmem_cache_release } from '../slab_common/slab_common.js';
import { kstrdup, kstrdup_const } from '../util.js';
import { DEBUG_METADATA_FLAGS } from './slub_debug.js';

/** An alias that waits for sysfs: alias_list is a chain of them. */
type SavedAlias = Pointer<'struct saved_alias'>;

const ID_STR_LENGTH = 32;

/** The kset that all caches are in; NULL where there is no sysfs. */
export const cache_kset = (k: Kernel): Kset =>
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

/** A link under the cache's name to its directory; before there is sysfs, a note that one is to be made. 0 or an errno. */
export function sysfs_slab_alias(k: Kernel, s: KmemCache, name: string | VirtAddr): Int {
  if (k.words[k.globals.slab_state] === k.FULL) {
    const kset: Kset = cache_kset(k);
    // A machine that was rebuilt without sysfs.
    if (kset === NULL) return 0;
    const kset_kobj = (kset + k.kset.kobj) as Kobject;
    // A link that was left over by a cache of that name.
    sysfs_remove_link(k, kset_kobj, name);
    return sysfs_create_link(k, kset_kobj, (s + k.kmem_cache.kobj) as Kobject, name);
  }

  const object: VirtAddr = kmalloc(k, k.sizeof.saved_alias, k.GFP_KERNEL);
  if (object === 0) return -ENOMEM;
  const al: SavedAlias = k.cell_at(object);
  k.write_ptr(al + k.saved_alias.s, s);
  k.write_va(al + k.saved_alias.name, kstrdup_const(k, name));
  k.copy_ptr(al + k.saved_alias.next, k.globals.alias_list);
  k.write_ptr(k.globals.alias_list, al);
  return 0;
}

/** 0 or an errno. */
export function sysfs_slab_add(k: Kernel, s: KmemCache): Int {
  const kobj = (s + k.kmem_cache.kobj) as Kobject;
  const kset: Kset = cache_kset(k);
  let unmergeable: boolean = slab_unmergeable(k, s);
  let name: VirtAddr;

  if (kset === NULL) {
    // No directory to make; but the kobject counts references and knows its type.
    kobject_init(k, kobj, k.globals.slab_ktype);
    return 0;
  }

  // Which caches are debugged differs then from cache to cache, though they were asked for alike.
  const debugged: SlabFlags = k.words[k.globals.slub_debug]! & DEBUG_METADATA_FLAGS(k);
  if (!unmergeable && k.machine.disable_higher_order_debug && debugged !== 0) unmergeable = true;

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

/** Gives all caches their files, and the links under the names of those that were merged. Left out: its messages. */
export function slab_sysfs_init(k: Kernel): void {
  const kset: Kset = kset_create_and_add(
    k,
    k.machine.literal('slab'),
    k.read_ptr(k.globals.kernel_kobj),
  );
  if (kset === NULL) return;
  k.write_ptr(k.globals.slab_kset, kset);
  k.write(k.globals.slab_state, k.FULL);

  for (
    let s: KmemCache = list_first_entry(k, k.globals.slab_caches, k.kmem_cache.list);
    !list_entry_is_head(k, s, k.globals.slab_caches, k.kmem_cache.list);
    s = list_next_entry(k, s, k.kmem_cache.list)
  )
    sysfs_slab_add(k, s);

  while (k.read_ptr(k.globals.alias_list) !== NULL) {
    const al: SavedAlias = k.read_ptr(k.globals.alias_list);
    k.copy_ptr(k.globals.alias_list, al + k.saved_alias.next);
    sysfs_slab_alias(k, k.read_ptr(al + k.saved_alias.s), k.read_va(al + k.saved_alias.name));
    kfree(k, k.va_of(al));
  }
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
