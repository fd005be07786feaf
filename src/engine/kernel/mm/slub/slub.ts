/**
 * SLUB: what mm/slub.c gives to the rest of the kernel. Slabs carry their free objects as a list through the objects; a CPU
 * allocates from a slab of its own.
 *
 * Source: Linux 6.1 mm/slub.c.
 */
import { SLAB_DEBUG_FLAGS } from './slub_debug.js';
import type { Int, KmemCache, SlabFlags } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { SLAB_CORE_FLAGS, SLAB_NO_USER_FLAGS, SLAB_TRACE } from '../../include/linux/slab.h.js';
import type { SlabAllocator } from '../slab_common/api.js';
import { slab_alloc_node } from './alloc.js';
import { kmem_cache_alloc_bulk, kmem_cache_free_bulk } from './bulk.js';
import {
  __kmem_cache_release,
  __kmem_cache_shrink,
  __kmem_cache_shutdown,
  kmem_cache_open,
} from './cache.js';
import { __kmem_cache_free } from './free.js';
import { debugfs_slab_release, kmem_cache_release, sysfs_slab_add } from './sysfs.js';

const CACHE_CREATE_MASK = (k: Kernel): SlabFlags =>
  SLAB_CORE_FLAGS(k) |
  SLAB_DEBUG_FLAGS(k) |
  SLAB_TRACE |
  k.SLAB_NOLEAKTRACE |
  k.SLAB_RECLAIM_ACCOUNT |
  k.SLAB_ACCOUNT |
  SLAB_NO_USER_FLAGS;

/** 0 or an errno. */
function __kmem_cache_create(k: Kernel, s: KmemCache, flags: SlabFlags): Int {
  let err: Int = kmem_cache_open(k, s, flags);
  if (err !== 0) return err;
  err = sysfs_slab_add(k, s);
  if (err !== 0) __kmem_cache_release(k, s);
  return err;
}

/** Where the free pointer lies is not worked out again. */
function kmem_cache_alias(k: Kernel, s: KmemCache, size: Int): void {
  const inuse: Int = Math.max(k.words[s + k.kmem_cache.inuse]!, ALIGN(size, k.ptr_words * 4));
  k.write(s + k.kmem_cache.inuse, inuse);
}

/** Up to where an object may be used: its end, what comes before debug data, or all of its cell. */
function slab_ksize(k: Kernel, s: KmemCache): Int {
  const flags: SlabFlags = k.words[s + k.kmem_cache.flags]!;
  if ((flags & (k.SLAB_RED_ZONE | k.SLAB_POISON)) !== 0)
    return k.words[s + k.kmem_cache.object_size]!;
  if ((flags & (k.SLAB_TYPESAFE_BY_RCU | k.SLAB_STORE_USER)) !== 0)
    return k.words[s + k.kmem_cache.inuse]!;
  return k.words[s + k.kmem_cache.size]!;
}

export const SLUB_ALLOCATOR: SlabAllocator = {
  CACHE_CREATE_MASK,
  slab_alloc: slab_alloc_node,
  slab_free: __kmem_cache_free,
  kmem_cache_alloc_bulk,
  kmem_cache_free_bulk,
  __kmem_cache_create,
  __kmem_cache_shrink,
  __kmem_cache_shutdown,
  __kmem_cache_release,
  cache_gone: debugfs_slab_release,
  kmem_cache_release,
  kmem_cache_alias,
  slab_ksize,
};
