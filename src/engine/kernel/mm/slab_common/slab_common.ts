/**
 * What both slab allocators share: creating and destroying caches, and kmalloc.
 *
 * Source: Linux 6.1 mm/slab_common.c.
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  type ListHead,
  NULL,
  type SlabFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { cache_line_size } from '../../arch/x86/include/asm/cache.h.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { EBUSY, EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import {
  list_add,
  list_add_tail,
  list_del,
  list_empty,
  list_next,
} from '../../include/linux/list.h.js';
import { SLAB_FLAGS_PERMITTED } from '../../include/linux/slab.h.js';
import { is_rcu_cache, cache_name as name_of } from '../slab.h.js';
import { kfree_const, kstrdup } from '../util.js';
import { kmem_cache_free, kmem_cache_zalloc, slab_allocator } from './api.js';
import { kfree } from './kmalloc.js';
import { find_mergeable } from './merge.js';

/** The alignment of a cache's objects: at least what was asked for; whole cache lines where that was, if they are so large. */
export function calculate_alignment(k: Kernel, flags: SlabFlags, align: Int, size: Int): Int {
  if ((flags & k.SLAB_HWCACHE_ALIGN) !== 0) {
    let ralign: Int = cache_line_size(k);
    while (size <= ralign / 2) ralign /= 2;
    align = Math.max(align, ralign);
  }
  align = Math.max(align, k.ARCH_SLAB_MINALIGN);
  return ALIGN(align, k.ptr_words * 4);
}

// --- creating ----------------------------------------------------------------------------------------------------------

/** Makes a cache whose name is in memory already. NULL, and why, when it cannot be. */
function create_cache(
  k: Kernel,
  name: VirtAddr,
  object_size: Int,
  align: Int,
  flags: SlabFlags,
  ctor: VirtAddr,
): { readonly s: KmemCache; readonly err: Int } {
  const kmem_cache: KmemCache = k.read_ptr(k.globals.kmem_cache);
  const object: VirtAddr = kmem_cache_zalloc(k, kmem_cache, k.GFP_KERNEL);
  if (object === 0) return { s: NULL, err: -ENOMEM };
  const s: KmemCache = k.cell_at(object);
  k.write_va(s + k.kmem_cache.name, name);
  k.write(s + k.kmem_cache.size, object_size);
  k.write(s + k.kmem_cache.object_size, object_size);
  k.write(s + k.kmem_cache.align, align);
  k.write_va(s + k.kmem_cache.ctor, ctor);
  k.write(s + k.kmem_cache.useroffset, 0);
  k.write(s + k.kmem_cache.usersize, 0);

  const err: Int = slab_allocator(k).__kmem_cache_create(k, s, flags);
  if (err !== 0) {
    kmem_cache_free(k, kmem_cache, object);
    return { s: NULL, err };
  }
  k.write(s + k.kmem_cache.refcount, 1);
  list_add(k, (s + k.kmem_cache.list) as ListHead, k.globals.slab_caches);
  return { s, err: 0 };
}

/** A cache for objects of `size` bytes. `ctor` is the address of the constructor, which does nothing here; 0: none. */
export function kmem_cache_create(
  k: Kernel,
  name: string,
  size: Int,
  align: Int,
  flags: SlabFlags,
  ctor: VirtAddr = asVirt(0),
): KmemCache {
  let err: Int = (flags & ~SLAB_FLAGS_PERMITTED(k)) !== 0 ? -EINVAL : 0;
  let s: KmemCache = NULL;
  if (err === 0) {
    flags &= slab_allocator(k).CACHE_CREATE_MASK(k);
    s = __kmem_cache_alias(k, size, align, flags, ctor);
    if (s !== NULL) return s;
    const gfp: Gfp = k.GFP_KERNEL;
    const cache_name: VirtAddr = kstrdup(k, name, gfp);
    if (cache_name === 0) {
      err = -ENOMEM;
    } else {
      ({ s, err } = create_cache(
        k,
        cache_name,
        size,
        calculate_alignment(k, flags, align, size),
        flags,
        ctor,
      ));
      if (err !== 0) kfree(k, cache_name);
    }
  }
  if (err === 0) return s;
  const text = `kmem_cache_create_usercopy(${name}) failed with error ${err}`;
  k.emit({ kind: 'printk', level: 4, text });
  return NULL;
}

/** A cache that serves as well takes the new one's place. NULL when there is none. */
function __kmem_cache_alias(
  k: Kernel,
  size: Int,
  align: Int,
  flags: SlabFlags,
  ctor: VirtAddr,
): KmemCache {
  const s: KmemCache = find_mergeable(k, size, align, flags, ctor);
  if (s === NULL) return s;
  k.write(s + k.kmem_cache.refcount, k.words[s + k.kmem_cache.refcount]! + 1);
  // So that all of the larger object is cleared when that is asked for.
  k.write(s + k.kmem_cache.object_size, Math.max(k.words[s + k.kmem_cache.object_size]!, size));
  slab_allocator(k).kmem_cache_alias(k, s, size);
  return s;
}

// --- destroying, shrinking ---------------------------------------------------------------------------------------------

function shutdown_cache(k: Kernel, s: KmemCache): Int {
  if (slab_allocator(k).__kmem_cache_shutdown(k, s) !== 0) return -EBUSY;
  const list = (s + k.kmem_cache.list) as ListHead;
  list_del(k, list);
  if (is_rcu_cache(k, s)) list_add_tail(k, list, slab_caches_to_rcu_destroy(k));
  else slab_allocator(k).cache_gone?.(k, s);
  return 0;
}

const slab_caches_to_rcu_destroy = (k: Kernel): ListHead => k.globals.slab_caches_to_rcu_destroy;

/** What is left of destroyed caches whose slabs were freed through RCU: a work item does this, when no reader is left. */
export function slab_caches_to_rcu_destroy_workfn(k: Kernel): void {
  const to_destroy: ListHead = slab_caches_to_rcu_destroy(k);
  while (!list_empty(k, to_destroy)) {
    const entry: ListHead = list_next(k, to_destroy);
    list_del(k, entry);
    const s = (entry - k.kmem_cache.list) as KmemCache;
    slab_allocator(k).cache_gone?.(k, s);
    slab_allocator(k).kmem_cache_release(k, s);
  }
}

export function slab_kmem_cache_release(k: Kernel, s: KmemCache): void {
  slab_allocator(k).__kmem_cache_release(k, s);
  kfree_const(k, k.read_va(s + k.kmem_cache.name));
  kmem_cache_free(k, k.read_ptr(k.globals.kmem_cache), k.va_of(s));
}

/** Objects that are still out keep the cache. One whose slabs are freed through RCU is on a list until its work runs. */
export function kmem_cache_destroy(k: Kernel, s: KmemCache): void {
  if (s === NULL) return;
  k.write(s + k.kmem_cache.refcount, k.words[s + k.kmem_cache.refcount]! - 1);
  if (k.words[s + k.kmem_cache.refcount] !== 0) return;
  const rcu_set = is_rcu_cache(k, s);
  if (shutdown_cache(k, s) === 0) {
    if (!rcu_set) slab_allocator(k).kmem_cache_release(k, s);
    return;
  }
  const text = `kmem_cache_destroy ${name_of(k, s)}: Slab cache still has objects`;
  k.emit({ kind: 'warn', text });
}

/** Gives back all slabs without objects. 0 when no others are left. */
export function kmem_cache_shrink(k: Kernel, s: KmemCache): Int {
  return slab_allocator(k).__kmem_cache_shrink(k, s);
}
