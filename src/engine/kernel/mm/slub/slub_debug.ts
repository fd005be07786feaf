/**
 * Debug caches of SLUB: those made with SLAB_CONSISTENCY_CHECKS, SLAB_RED_ZONE, SLAB_POISON or SLAB_STORE_USER.
 *
 * Source: Linux 6.1 mm/slub.c: kmem_cache_debug().
 */
import type { KmemCache } from '../../../machine/ctypes.js';
import type { Mm } from '../../../machine/mm.js';

export function kmem_cache_debug(k: Mm, s: KmemCache): boolean {
  return (k.words[s + k.slab.flags]! & k.slub.DEBUG_FLAGS) !== 0;
}
