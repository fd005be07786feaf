/**
 * Objects of a cache, from whichever allocator the kernel was built with.
 *
 * Source: Linux 6.1 include/linux/slab.h; mm/slab.c and mm/slub.c define them.
 */
import type { Gfp, Int, KmemCache, SlabFlags } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { SLAB_ALLOCATOR } from '../slab/slab.js';
import { SLUB_ALLOCATOR } from '../slub/slub.js';
import {
  trace_kmem_cache_alloc,
  trace_kmem_cache_free,
} from '../../include/trace/events/kmem.h.js';

/** What mm/slab.c and mm/slub.c each have their own of. */
export interface SlabAllocator {
  /** Flags that kmem_cache_create() heeds; others are dropped. */
  readonly CACHE_CREATE_MASK: (k: Kernel) => SlabFlags;
  readonly slab_alloc: (k: Kernel, s: KmemCache, gfpflags: Gfp) => VirtAddr;
  readonly slab_free: (k: Kernel, s: KmemCache, object: VirtAddr) => void;
  readonly kmem_cache_alloc_bulk: (
    k: Kernel,
    s: KmemCache,
    flags: Gfp,
    size: Int,
    p: VirtAddr[],
  ) => Int;
  readonly kmem_cache_free_bulk: (
    k: Kernel,
    s: KmemCache,
    size: Int,
    p: readonly VirtAddr[],
  ) => void;
  /** Works out the geometry of a cache whose name, sizes, alignment and constructor are set. 0 or an errno. */
  readonly __kmem_cache_create: (k: Kernel, s: KmemCache, flags: SlabFlags) => Int;
  readonly __kmem_cache_shrink: (k: Kernel, s: KmemCache) => Int;
  readonly __kmem_cache_shutdown: (k: Kernel, s: KmemCache) => Int;
  /** Gives back what the cache has besides its own object. */
  readonly __kmem_cache_release: (k: Kernel, s: KmemCache) => void;
  /** What happens when a cache is on no list any more. */
  readonly cache_gone?: (k: Kernel, s: KmemCache) => void;
  /** The end of a cache that was shut down. */
  readonly kmem_cache_release: (k: Kernel, s: KmemCache) => void;
  /** What a cache that took another's place changes besides object_size. */
  readonly kmem_cache_alias: (k: Kernel, s: KmemCache, size: Int) => void;
  readonly slab_ksize: (k: Kernel, s: KmemCache) => Int;
}

/** The allocator that this build was configured with. */
export function slab_allocator(k: Kernel): SlabAllocator {
  return k.CONFIG_SLAB === 0 ? SLUB_ALLOCATOR : SLAB_ALLOCATOR;
}

// --- objects -----------------------------------------------------------------------------------------------------------

export function kmem_cache_alloc(k: Kernel, s: KmemCache, gfpflags: Gfp): VirtAddr {
  const ret: VirtAddr = slab_allocator(k).slab_alloc(k, s, gfpflags);
  trace_kmem_cache_alloc(k, ret, s, gfpflags);
  return ret;
}

export function kmem_cache_zalloc(k: Kernel, s: KmemCache, flags: Gfp): VirtAddr {
  return kmem_cache_alloc(k, s, flags | k.__GFP_ZERO);
}

export function kmem_cache_free(k: Kernel, s: KmemCache, object: VirtAddr): void {
  trace_kmem_cache_free(k, object, s);
  slab_allocator(k).slab_free(k, s, object);
}

/** Fills `p` with `nr` objects, or with none: how many. */
export function kmem_cache_alloc_bulk(
  k: Kernel,
  s: KmemCache,
  flags: Gfp,
  nr: Int,
  p: VirtAddr[],
): Int {
  return slab_allocator(k).kmem_cache_alloc_bulk(k, s, flags, nr, p);
}

export function kmem_cache_free_bulk(
  k: Kernel,
  s: KmemCache,
  nr: Int,
  p: readonly VirtAddr[],
): void {
  slab_allocator(k).kmem_cache_free_bulk(k, s, nr, p);
}
