/**
 * gfp_t: what a request may use, turned into a zone, a migratetype and ALLOC_* flags.
 *
 * Source: Linux 6.1 include/linux/gfp.h, include/linux/gfp_types.h; mm/page_alloc.c: gfp_to_alloc_flags(),
 * alloc_flags_nofragment(), __gfp_pfmemalloc_flags().
 */
import type { AllocFlags, Gfp, Zone } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { currentFlags } from '../../arch/x86/include/asm/current.h.js';
import { gfp_migratetype } from '../../include/linux/gfp.h.js';

/** Pages of CMA areas are for movable requests only. */
export function gfp_to_alloc_flags_cma(
  k: Kernel,
  gfp_mask: Gfp,
  alloc_flags: AllocFlags,
): AllocFlags {
  if (gfp_migratetype(k, gfp_mask) === k.MIGRATE_MOVABLE) alloc_flags |= k.ALLOC_CMA;
  return alloc_flags;
}

/** The first pass avoids mixing types in a pageblock where there is a DMA32 zone below to go to. */
export function alloc_flags_nofragment(k: Kernel, zone: Zone, gfp_mask: Gfp): AllocFlags {
  // __GFP_KSWAPD_RECLAIM and ALLOC_KSWAPD are the same bit.
  let alloc_flags: AllocFlags = gfp_mask & k.__GFP_KSWAPD_RECLAIM;
  if (k.ZONE_DMA32 < 0) return alloc_flags;
  if (zone !== k.zones[k.ZONE_NORMAL]) return alloc_flags;
  alloc_flags |= k.ALLOC_NOFRAGMENT;
  return alloc_flags;
}

/** The rights of the slow path. */
export function gfp_to_alloc_flags(k: Kernel, gfp_mask: Gfp, order: number): AllocFlags {
  let alloc_flags: AllocFlags = k.ALLOC_WMARK_MIN | k.ALLOC_CPUSET;
  // __GFP_HIGH and ALLOC_MIN_RESERVE are the same bit, too.
  alloc_flags |= gfp_mask & (k.__GFP_HIGH | k.__GFP_KSWAPD_RECLAIM);

  if ((gfp_mask & k.__GFP_DIRECT_RECLAIM) === 0) {
    if ((gfp_mask & k.__GFP_NOMEMALLOC) === 0) {
      alloc_flags |= k.ALLOC_NON_BLOCK;
      if (order > 0 && (alloc_flags & k.ALLOC_MIN_RESERVE) !== 0) alloc_flags |= k.ALLOC_HIGHATOMIC;
    }
    if ((alloc_flags & k.ALLOC_MIN_RESERVE) !== 0) alloc_flags &= ~k.ALLOC_CPUSET;
  }
  // A realtime task that may reclaim would get ALLOC_MIN_RESERVE here: no task has a scheduling class yet.
  return gfp_to_alloc_flags_cma(k, gfp_mask, alloc_flags);
}

/** PF_MEMALLOC: the task helps to free memory, and may use all of it. Source: include/linux/sched.h */
export const PF_MEMALLOC = 0x800;

/** Whether the request may use every page there is, and with which flags. */
export function __gfp_pfmemalloc_flags(k: Kernel, gfp_mask: Gfp): AllocFlags {
  if ((gfp_mask & k.__GFP_NOMEMALLOC) !== 0) return 0;
  if ((gfp_mask & k.__GFP_MEMALLOC) !== 0) return k.ALLOC_NO_WATERMARKS;
  if ((currentFlags(k) & PF_MEMALLOC) !== 0) return k.ALLOC_NO_WATERMARKS;
  // An OOM victim would get ALLOC_OOM: nothing is killed yet.
  return 0;
}

export function gfp_pfmemalloc_allowed(k: Kernel, gfp_mask: Gfp): boolean {
  return __gfp_pfmemalloc_flags(k, gfp_mask) !== 0;
}
