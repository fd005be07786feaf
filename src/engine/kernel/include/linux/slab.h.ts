/**
 * slab_flags_t, and what of a gfp_t a slab's pages may be asked for with.
 *
 * Source: Linux 6.1 include/linux/slab.h; mm/slab.h; mm/internal.h: GFP_RECLAIM_MASK, GFP_CONSTRAINT_MASK, GFP_SLAB_BUG_MASK.
 */
import type { Gfp, Int, SlabFlags } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { gfpText } from '../../lib/vsprintf.js';

/** Flags that no profile has, for no header that was recorded names them. */
export const SLAB_KMALLOC: SlabFlags = 0x1000;
export const SLAB_CACHE_DMA32: SlabFlags = 0x8000;
export const SLAB_TRACE: SlabFlags = 0x200000;
export const SLAB_NO_USER_FLAGS: SlabFlags = 0x10000000;

export const SLAB_CORE_FLAGS = (k: Kernel): SlabFlags =>
  k.SLAB_HWCACHE_ALIGN |
  k.SLAB_CACHE_DMA |
  k.SLAB_PANIC |
  k.SLAB_TYPESAFE_BY_RCU |
  SLAB_CACHE_DMA32;

/** What kmem_cache_create() takes, whether this build heeds it or not. */
export const SLAB_FLAGS_PERMITTED = (k: Kernel): SlabFlags =>
  SLAB_CORE_FLAGS(k) |
  k.SLAB_RED_ZONE |
  k.SLAB_POISON |
  k.SLAB_STORE_USER |
  k.SLAB_CONSISTENCY_CHECKS |
  k.SLAB_MEM_SPREAD |
  k.SLAB_NOLEAKTRACE |
  k.SLAB_RECLAIM_ACCOUNT |
  k.SLAB_ACCOUNT |
  SLAB_TRACE |
  SLAB_NO_USER_FLAGS;

/** What two caches must agree in to be one. */
export const SLAB_MERGE_SAME = (k: Kernel): SlabFlags =>
  k.SLAB_RECLAIM_ACCOUNT | k.SLAB_CACHE_DMA | k.SLAB_ACCOUNT | SLAB_CACHE_DMA32;

export const SLAB_NEVER_MERGE = (k: Kernel): SlabFlags =>
  k.SLAB_RED_ZONE |
  k.SLAB_POISON |
  k.SLAB_STORE_USER |
  k.SLAB_TYPESAFE_BY_RCU |
  k.SLAB_NOLEAKTRACE |
  SLAB_TRACE;

// --- gfp_t -------------------------------------------------------------------------------------------------------------

export const GFP_CONSTRAINT_MASK = (k: Kernel): Gfp => k.__GFP_HARDWALL | k.__GFP_THISNODE;

export const GFP_RECLAIM_MASK = (k: Kernel): Gfp =>
  k.__GFP_DIRECT_RECLAIM |
  k.__GFP_KSWAPD_RECLAIM |
  k.__GFP_HIGH |
  k.__GFP_IO |
  k.__GFP_FS |
  k.__GFP_NOWARN |
  k.__GFP_RETRY_MAYFAIL |
  k.__GFP_NOFAIL |
  k.__GFP_NORETRY |
  k.__GFP_MEMALLOC |
  k.__GFP_NOMEMALLOC |
  k.__GFP_ATOMIC;

/** What makes no sense for an object: memory without an address, and bits that are none. */
export const GFP_SLAB_BUG_MASK = (k: Kernel): Gfp =>
  k.__GFP_DMA32 | k.__GFP_HIGHMEM | ~k.__GFP_BITS_MASK;

/** The request without what makes no sense, which is reported. */
export function kmalloc_fix_flags(k: Kernel, flags: Gfp): Gfp {
  const invalid_mask: Gfp = flags & GFP_SLAB_BUG_MASK(k);
  flags &= ~invalid_mask;
  const hex = (gfp: Gfp): string => `0x${(gfp >>> 0).toString(16)} (${gfpText(k, gfp)})`;
  const text = `Unexpected gfp: ${hex(invalid_mask)}. Fixing up to gfp: ${hex(flags)}. Fix your code!`;
  k.emit({ kind: 'printk', level: 4, text });
  return flags;
}
/** What kmalloc(0) returns: an address that must not be followed. */
export const ZERO_SIZE_PTR = asVirt(16);

export const ZERO_OR_NULL_PTR = (x: VirtAddr): boolean => x >= 0 && x <= ZERO_SIZE_PTR;

// --- kmalloc -----------------------------------------------------------------------------------------------------------

/** The kmalloc caches for memory of a kind: DMA wins over reclaimable. */
export function kmalloc_type(k: Kernel, flags: Gfp): Int {
  if ((flags & (k.__GFP_DMA | k.__GFP_RECLAIMABLE)) === 0) return k.KMALLOC_NORMAL;
  return (flags & k.__GFP_DMA) !== 0 ? k.KMALLOC_DMA : k.KMALLOC_RECLAIM;
}

/** Two pages: beyond that, memory comes from the page allocator. */
export const KMALLOC_MAX_CACHE_SIZE = 2 * PAGE_SIZE;
