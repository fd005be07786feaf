/**
 * What both slab allocators share: creating, shrinking and destroying caches.
 *
 *     slab_caches                   every cache, newest first
 *     slab_caches_to_rcu_destroy    caches that were destroyed while RCU readers may still look at their slabs
 *
 * Source: Linux 6.1 mm/slab_common.c. kmalloc is in kmalloc.ts, merging in merge.ts.
 */
import {
  type Int,
  type KmemCache,
  type ListHead,
  NULL,
  type SlabFlags,
} from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { WARN } from '../../include/asm-generic/bug.h.js';
import { ERR_PTR, IS_ERR, PTR_ERR } from '../../include/linux/err.h.js';
import { EBUSY, EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import { retIp } from '../../include/linux/instruction_pointer.h.js';
import {
  list_add,
  list_add_tail,
  list_del,
  list_empty,
  list_first_entry,
} from '../../include/linux/list.h.js';
import { pr_warn } from '../../include/linux/printk.h.js';
import { kmem_cache_free, kmem_cache_zalloc, slabAllocator } from '../../include/linux/slab.h.js';
import { rcu_barrier } from '../../kernel/rcu/tiny.js';
import { static_branch_enable } from '../../include/linux/jump_label.h.js';
import { stack_depot_init } from '../../lib/stackdepot.js';
import { stringAt } from '../../lib/string.js';
import { symbolText } from '../../lib/vsprintf.js';
import { CACHE_CREATE_MASK, SLAB_DEBUG_FLAGS, SLAB_FLAGS_PERMITTED } from '../slab.h.js';
import { kfree_const, kstrdup_const, textOf } from '../util.js';
import { calculate_alignment } from './merge.js';

/**
 * Whether there are caches. Differs: the list says so, not slab_state: machines that were rebuilt without their caches have none.
 */
export const slab_is_available = (k: Kernel): boolean => k.words[k.globals.slab_caches] !== 0;

// --- creating ----------------------------------------------------------------------------------------------------------

/** Makes a cache whose name is in memory already. */
function create_cache(
  k: Kernel,
  name: VirtAddr,
  object_size: Int,
  align: Int,
  flags: SlabFlags,
  useroffset: Int,
  usersize: Int,
  ctor: VirtAddr,
): KmemCache {
  const object: VirtAddr = kmem_cache_zalloc(k, k.read_ptr(k.globals.kmem_cache), k.GFP_KERNEL);
  if (object === 0) return ERR_PTR(-ENOMEM);
  const s: KmemCache = k.cell_at(object);

  k.write_va(s + k.kmem_cache.name, name);
  k.write(s + k.kmem_cache.size, object_size);
  k.write(s + k.kmem_cache.object_size, object_size);
  k.write(s + k.kmem_cache.align, align);
  k.write_va(s + k.kmem_cache.ctor, ctor);
  k.write(s + k.kmem_cache.useroffset, useroffset);
  k.write(s + k.kmem_cache.usersize, usersize);

  const err: Int = slabAllocator(k).__kmem_cache_create(k, s, flags);
  if (err !== 0) {
    // out_free_cache:
    kmem_cache_free(k, k.read_ptr(k.globals.kmem_cache), object);
    return ERR_PTR(err);
  }

  k.write(s + k.kmem_cache.refcount, 1);
  list_add(k, s + k.kmem_cache.list, k.globals.slab_caches);
  return s;
}

/**
 * A cache for objects of `size` bytes, or one that serves as well. `ctor` is the address of the constructor; 0: none. The
 * `usersize` bytes at `useroffset` of each object may be copied from and to user space.
 * Left out: slab_mutex (one task), kmem_cache_sanity_check (DEBUG_VM), dump_stack.
 */
export function kmem_cache_create_usercopy(
  k: Kernel,
  name: string | VirtAddr,
  size: Int,
  align: Int,
  flags: SlabFlags,
  useroffset: Int,
  usersize: Int,
  ctor: VirtAddr = asVirt(0),
): KmemCache {
  const mustSucceed: boolean = (flags & k.SLAB_PANIC) !== 0;
  let s: KmemCache = NULL;
  let err: Int = 0;

  if (k.CONFIG_SLAB === 0 && (flags & SLAB_DEBUG_FLAGS(k)) !== 0) {
    static_branch_enable(k, k.globals.slub_debug_enabled);
    if ((flags & k.SLAB_STORE_USER) !== 0) stack_depot_init(k);
  }

  out_unlock: {
    // Flags of the allocators' own are refused; those that this one has no use for are dropped.
    if ((flags & ~SLAB_FLAGS_PERMITTED(k)) !== 0) {
      err = -EINVAL;
      break out_unlock;
    }
    flags &= CACHE_CREATE_MASK(k);

    // A region that makes no sense is none.
    if (
      WARN(k, usersize === 0 && useroffset !== 0, 'kmem_cache_create_usercopy: no size') ||
      WARN(
        k,
        size < usersize || size - usersize < useroffset,
        'kmem_cache_create_usercopy: beyond the object',
      )
    ) {
      usersize = 0;
      useroffset = 0;
    }
    // Such objects are checked by their cache's own region, so it must be theirs alone.
    if (usersize === 0) s = slabAllocator(k).__kmem_cache_alias(k, name, size, align, flags, ctor);
    if (s !== NULL) break out_unlock;

    const cache_name: VirtAddr = kstrdup_const(k, name);
    if (cache_name === 0) {
      err = -ENOMEM;
      break out_unlock;
    }

    align = calculate_alignment(k, flags, align, size);
    s = create_cache(k, cache_name, size, align, flags, useroffset, usersize, ctor);
    if (IS_ERR(s)) {
      err = PTR_ERR(s);
      kfree_const(k, cache_name);
    }
  }

  // out_unlock:
  if (err !== 0) {
    if (mustSucceed)
      throw new KernelFault(
        `Kernel panic - not syncing: kmem_cache_create_usercopy: Failed to create slab '${textOf(k, name)}'. Error ${err}`,
      );
    const text = `kmem_cache_create_usercopy(${textOf(k, name)}) failed with error ${err}`;
    pr_warn(k, text);
    return NULL;
  }
  return s;
}

/** A cache of whose objects nothing is copied from or to user space. */
export function kmem_cache_create(
  k: Kernel,
  name: string | VirtAddr,
  size: Int,
  align: Int,
  flags: SlabFlags,
  ctor: VirtAddr = asVirt(0),
): KmemCache {
  return kmem_cache_create_usercopy(k, name, size, align, flags, 0, 0, ctor);
}

// --- destroying --------------------------------------------------------------------------------------------------------

/** Gives back all that a cache has and the cache itself: nothing looks at it any more. */
export function slab_kmem_cache_release(k: Kernel, s: KmemCache): void {
  slabAllocator(k).__kmem_cache_release(k, s);
  kfree_const(k, k.read_va(s + k.kmem_cache.name));
  kmem_cache_free(k, k.read_ptr(k.globals.kmem_cache), k.va_of(s));
}

/** The end of a cache that was shut down: where it has files, the last of their users decides (SLAB_SUPPORTS_SYSFS). */
function kmem_cache_release(k: Kernel, s: KmemCache): void {
  const { sysfs_slab_unlink, sysfs_slab_release } = slabAllocator(k);
  if (sysfs_slab_unlink === undefined || sysfs_slab_release === undefined) {
    slab_kmem_cache_release(k, s);
    return;
  }
  sysfs_slab_unlink(k, s);
  sysfs_slab_release(k, s);
}

/**
 * What is left of destroyed caches whose slabs were freed through RCU: a work item does this, when no reader is left.
 * Left out: kfence. Differs: takes them off their list one by one.
 */
export function slab_caches_to_rcu_destroy_workfn(k: Kernel): void {
  const to_destroy: ListHead = k.globals.slab_caches_to_rcu_destroy;
  if (list_empty(k, to_destroy)) return;
  // The callbacks that free their slabs come first: they look at the caches.
  rcu_barrier(k);
  while (!list_empty(k, to_destroy)) {
    const s: KmemCache = list_first_entry(k, to_destroy, k.kmem_cache.list);
    list_del(k, s + k.kmem_cache.list);
    slabAllocator(k).debugfs_slab_release?.(k, s);
    kmem_cache_release(k, s);
  }
}

/** Takes an unused cache off the list. Left out: kasan, kfence; the work is not scheduled: whoever runs the machine does it. */
function shutdown_cache(k: Kernel, s: KmemCache): Int {
  // Objects are still out, and will be freed to the cache some day: it has to stay.
  if (slabAllocator(k).__kmem_cache_shutdown(k, s) !== 0) return -EBUSY;

  list_del(k, s + k.kmem_cache.list);
  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_TYPESAFE_BY_RCU) !== 0) {
    // Its slabs are dereferenced when their callbacks run: it must outlive these.
    list_add_tail(k, s + k.kmem_cache.list, k.globals.slab_caches_to_rcu_destroy);
  } else {
    slabAllocator(k).debugfs_slab_release?.(k, s);
  }
  return 0;
}

/** Drops a user of the cache. Objects that are still out keep it. Left out: slab_mutex, cpus_read_lock (one task). */
export function kmem_cache_destroy(k: Kernel, s: KmemCache): void {
  if (s === NULL) return;

  // Read before the cache may be gone.
  const rcu_set: boolean = (k.words[s + k.kmem_cache.flags]! & k.SLAB_TYPESAFE_BY_RCU) !== 0;
  k.write(s + k.kmem_cache.refcount, k.words[s + k.kmem_cache.refcount]! - 1);
  // Merged caches have other users.
  if (k.words[s + k.kmem_cache.refcount] !== 0) return;

  const err: Int = shutdown_cache(k, s);
  if (err !== 0) {
    const name: string = stringAt(k, k.read_va(s + k.kmem_cache.name));
    const from = symbolText(k, retIp(k));
    const text = `kmem_cache_destroy ${name}: Slab cache still has objects when called from ${from}`;
    k.emit({ kind: 'slab-corruption', cache: k.va_of(s), text });
    WARN(k, true, text);
  }
  // out_unlock:
  if (err === 0 && !rcu_set) kmem_cache_release(k, s);
}

/** Gives back all slabs without objects. 0 when no others are left. Left out: kasan. */
export function kmem_cache_shrink(k: Kernel, cachep: KmemCache): Int {
  return slabAllocator(k).__kmem_cache_shrink(k, cachep);
}
