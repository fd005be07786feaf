/**
 * Debug caches of SLUB: those made with SLAB_CONSISTENCY_CHECKS, SLAB_RED_ZONE, SLAB_POISON or SLAB_STORE_USER.
 *
 * Source: Linux 6.1 mm/slub.c: kmem_cache_debug().
 */
import type { KmemCache, SlabFlags } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

export const SLAB_DEBUG_FLAGS = (k: Kernel): SlabFlags =>
  k.SLAB_RED_ZONE | k.SLAB_POISON | k.SLAB_STORE_USER | k.SLAB_CONSISTENCY_CHECKS;

export function kmem_cache_debug(k: Kernel, s: KmemCache): boolean {
  return (k.words[s + k.kmem_cache.flags]! & SLAB_DEBUG_FLAGS(k)) !== 0;
}
