/**
 * What the two slab allocators and mm/slab_common.c share: a slab as the head of its pages, a cache's node, the hooks around an
 * allocation, and the flags that a cache may be made with.
 *
 * slab_address(), account_slab() and unaccount_slab() call C files: they are in mm/slab_common/account.ts.
 * Source: Linux 6.1 mm/slab.h.
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  type KmemCacheNode,
  NULL,
  type Page,
  type Slab,
  type SlabFlags,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../memory/address.js';
import { __clear_bit, test_bit } from '../arch/x86/include/asm/bitops.h.js';
import { virt_to_head_page } from '../include/linux/mm.h.js';
import { folio_set_active, PageSlab } from '../include/linux/page-flags.h.js';
import { SLAB_CACHE_DMA32, SLAB_NO_USER_FLAGS, SLAB_TRACE } from '../include/linux/slab.h.js';
import { memset } from '../lib/string.js';

// --- slabs -------------------------------------------------------------------------------------------------------------

/** A slab is the head of its pages, with other names for its words. */
export const slab_folio = (slab: Slab): Page => slab as Cell;
export const folio_slab = (folio: Page): Slab => folio as Cell;

/** The slab that an object lies in; NULL when its page belongs to no slab. */
export function virt_to_slab(k: Kernel, addr: VirtAddr): Slab {
  const folio: Page = virt_to_head_page(k, addr);
  if (!PageSlab(k, folio)) return NULL;
  return folio_slab(folio);
}

/** Slabs that came from the reserves serve only requests that may use them. PG_active of a slab says so. */
export const slab_test_pfmemalloc = (k: Kernel, slab: Slab): boolean =>
  test_bit(k, k.PG_active, slab + k.page.flags);

export function slab_set_pfmemalloc(k: Kernel, slab: Slab): void {
  folio_set_active(k, slab_folio(slab));
}

/** Before the slab's pages are freed: they have a flag of their own meaning then. */
export function __slab_clear_pfmemalloc(k: Kernel, slab: Slab): void {
  __clear_bit(k, k.PG_active, slab + k.page.flags);
}

// --- flags of a cache --------------------------------------------------------------------------------------------------

export const SLAB_CORE_FLAGS = (k: Kernel): SlabFlags =>
  k.SLAB_HWCACHE_ALIGN |
  k.SLAB_CACHE_DMA |
  SLAB_CACHE_DMA32 |
  k.SLAB_PANIC |
  k.SLAB_TYPESAFE_BY_RCU;

/** Of SLUB: mm/slab.c is built without DEBUG_SLAB and has none. */
export const SLAB_DEBUG_FLAGS = (k: Kernel): SlabFlags =>
  k.SLAB_RED_ZONE | k.SLAB_POISON | k.SLAB_STORE_USER | SLAB_TRACE | k.SLAB_CONSISTENCY_CHECKS;

/** Flags that kmem_cache_create() heeds; others are dropped. Left out: SLAB_TEMPORARY (it is SLAB_RECLAIM_ACCOUNT). */
export const CACHE_CREATE_MASK = (k: Kernel): SlabFlags => {
  const both = SLAB_CORE_FLAGS(k) | k.SLAB_NOLEAKTRACE | k.SLAB_RECLAIM_ACCOUNT | k.SLAB_ACCOUNT;
  return k.CONFIG_SLAB !== 0
    ? both | k.SLAB_MEM_SPREAD
    : both | SLAB_DEBUG_FLAGS(k) | SLAB_NO_USER_FLAGS;
};

/** What kmem_cache_create() takes, whether this build heeds it or not. */
export const SLAB_FLAGS_PERMITTED = (k: Kernel): SlabFlags =>
  SLAB_CORE_FLAGS(k) |
  k.SLAB_RED_ZONE |
  k.SLAB_POISON |
  k.SLAB_STORE_USER |
  SLAB_TRACE |
  k.SLAB_CONSISTENCY_CHECKS |
  k.SLAB_MEM_SPREAD |
  k.SLAB_NOLEAKTRACE |
  k.SLAB_RECLAIM_ACCOUNT |
  k.SLAB_ACCOUNT |
  SLAB_NO_USER_FLAGS;

// --- caches ------------------------------------------------------------------------------------------------------------

/** s->node[node]: these builds have one memory node. */
export const get_node = (k: Kernel, s: KmemCache): KmemCacheNode =>
  k.read_ptr(s + k.kmem_cache.node);

export function kmem_cache_debug_flags(k: Kernel, s: KmemCache, flags: SlabFlags): boolean {
  return (k.words[s + k.kmem_cache.flags]! & flags) !== 0;
}

/** Up to where an object may be used. SLUB: its end, what comes before debug data, or all of its cell. */
export function slab_ksize(k: Kernel, s: KmemCache): Int {
  if (k.CONFIG_SLAB !== 0) return k.words[s + k.kmem_cache.object_size]!;

  // What lies behind the object is the allocator's: a red zone or a pattern.
  if ((k.words[s + k.kmem_cache.flags]! & (k.SLAB_RED_ZONE | k.SLAB_POISON)) !== 0)
    return k.words[s + k.kmem_cache.object_size]!;
  // The free pointer or the tracks follow.
  if ((k.words[s + k.kmem_cache.flags]! & (k.SLAB_TYPESAFE_BY_RCU | k.SLAB_STORE_USER)) !== 0)
    return k.words[s + k.kmem_cache.inuse]!;
  return k.words[s + k.kmem_cache.size]!;
}

// --- what both do around an allocation ---------------------------------------------------------------------------------

/** The objects of a constructed cache are never cleared. Left out: init_on_alloc=, SLAB_TYPESAFE_BY_RCU and POISON under it. */
export function slab_want_init_on_alloc(k: Kernel, flags: Gfp, c: KmemCache): boolean {
  if ((flags & k.__GFP_ZERO) === 0) return false;
  return k.read_va(c + k.kmem_cache.ctor) === 0;
}

/** Clears what was asked for. Left out: kasan, kmemleak, kmsan, memcg_slab_post_alloc_hook. */
export function slab_post_alloc_hook(
  k: Kernel,
  s: KmemCache,
  size: Int,
  p: readonly VirtAddr[],
  init: boolean,
): void {
  for (let i = 0; i < size; i++) {
    if (p[i]! !== 0 && init) memset(k, p[i]!, 0, k.words[s + k.kmem_cache.object_size]!);
  }
}
