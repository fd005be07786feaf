/**
 * gfp_t: what a request may use, turned into ALLOC_* flags. What it says about zone and migratetype is in gfp.h.
 *
 * Source: Linux 6.1 mm/page_alloc.c: gfp_to_alloc_flags(), alloc_flags_nofragment(), __gfp_pfmemalloc_flags().
 */
import { type AllocFlags, type Gfp, NULL, type Order, type Zone } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { currentFlags } from '../../arch/x86/include/asm/current.h.js';
import { gfp_migratetype } from '../../include/linux/gfp.h.js';
import { zone_idx } from '../../include/linux/mmzone.h.js';
import { PF_MEMALLOC } from '../../include/linux/sched.h.js';

/** Pages of CMA areas are for movable requests only: they must be able to leave when the area's owner wants it. */
export function gfp_to_alloc_flags_cma(
  k: Kernel,
  gfp_mask: Gfp,
  alloc_flags: AllocFlags,
): AllocFlags {
  if (gfp_migratetype(k, gfp_mask) === k.MIGRATE_MOVABLE) alloc_flags |= k.ALLOC_CMA;
  return alloc_flags;
}

/**
 * The first pass avoids mixing types in a pageblock where there is a DMA32 zone below to go to.
 * Left out: the second node's zones (one node).
 */
export function alloc_flags_nofragment(k: Kernel, zone: Zone, gfp_mask: Gfp): AllocFlags {
  // __GFP_KSWAPD_RECLAIM and ALLOC_KSWAPD are the same bit.
  let alloc_flags: AllocFlags = gfp_mask & k.__GFP_KSWAPD_RECLAIM;
  // No zone can serve the request: nothing to keep apart.
  if (zone === NULL) return alloc_flags;
  // Another zone is a smaller loss than mixed types, but only below ZONE_NORMAL is there one that is worth it.
  if (k.ZONE_DMA32 < 0 || zone_idx(k, zone) !== k.ZONE_NORMAL) return alloc_flags;
  alloc_flags |= k.ALLOC_NOFRAGMENT;
  return alloc_flags;
}

/** The rights of the slow path. Left out: cpuset, the realtime task that may dip deeper (no task has a scheduling class yet). */
export function gfp_to_alloc_flags(k: Kernel, gfp_mask: Gfp, order: Order): AllocFlags {
  // MIN: the pages between it and LOW keep requests going until kswapd, which was woken at LOW, has freed memory.
  let alloc_flags: AllocFlags = k.ALLOC_WMARK_MIN | k.ALLOC_CPUSET;
  // __GFP_HIGH and ALLOC_MIN_RESERVE are the same bit, too.
  alloc_flags |= gfp_mask & (k.__GFP_HIGH | k.__GFP_KSWAPD_RECLAIM);

  if ((gfp_mask & k.__GFP_DIRECT_RECLAIM) === 0) {
    // It cannot wait until memory is free: it may go deeper, unless it says that it can do without.
    if ((gfp_mask & k.__GFP_NOMEMALLOC) === 0) {
      alloc_flags |= k.ALLOC_NON_BLOCK;
      // Several pages in a row, and no time to make them: pageblocks are set aside for such requests.
      if (order > 0 && (alloc_flags & k.ALLOC_MIN_RESERVE) !== 0) alloc_flags |= k.ALLOC_HIGHATOMIC;
    }
    // An interrupt's request has nothing to do with the task that it interrupted.
    if ((alloc_flags & k.ALLOC_MIN_RESERVE) !== 0) alloc_flags &= ~k.ALLOC_CPUSET;
  }
  return gfp_to_alloc_flags_cma(k, gfp_mask, alloc_flags);
}

/**
 * Whether the request may use every page there is, and with which flags.
 * Left out: in_serving_softirq, in_interrupt (no interrupts), oom_reserves_allowed (nothing is killed yet, so nobody gets ALLOC_OOM).
 */
export function __gfp_pfmemalloc_flags(k: Kernel, gfp_mask: Gfp): AllocFlags {
  // A caller that says so stays out of the reserves, whatever its task may do.
  if ((gfp_mask & k.__GFP_NOMEMALLOC) !== 0) return 0;
  if ((gfp_mask & k.__GFP_MEMALLOC) !== 0) return k.ALLOC_NO_WATERMARKS;
  // A task that frees memory must not wait for memory.
  if ((currentFlags(k) & PF_MEMALLOC) !== 0) return k.ALLOC_NO_WATERMARKS;
  return 0;
}

/** The same as yes or no: whether the request may ignore the marks. */
export function gfp_pfmemalloc_allowed(k: Kernel, gfp_mask: Gfp): boolean {
  return __gfp_pfmemalloc_flags(k, gfp_mask) !== 0;
}
