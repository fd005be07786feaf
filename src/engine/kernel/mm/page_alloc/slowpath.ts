/**
 * The slow path: a request that the LOW watermark refused tries again with all its rights, then asks for memory to be made
 * free.
 *
 * Reclaim, compaction and the OOM killer are entered but do nothing yet: each is an event, and finds no memory.
 * What does not need them is the kernel's: which passes are made, with which rights, and when a request gives up.
 * Source: Linux 6.1 mm/page_alloc.c: __alloc_pages_slowpath() and what it calls.
 */
import {
  type AllocFlags,
  type Gfp,
  type Int,
  type Migratetype,
  NULL,
  type Order,
  type Out,
  type Page,
  type ULong,
  type Zone,
  type Zoneref,
  type ZoneType,
} from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { currentFlags } from '../../arch/x86/include/asm/current.h.js';
import { WARN_ON_ONCE, WARN_ON_ONCE_GFP } from '../../include/asm-generic/bug.h.js';
import { gfp_compaction_allowed } from '../../include/linux/gfp.h.js';
import { managed_zone, zonelist_zone } from '../../include/linux/mmzone.h.js';
import { PF_MEMALLOC } from '../../include/linux/sched.h.js';
import { type AllocContext } from '../internal.h.js';
import { first_zones_zonelist, next_zones_zonelist } from '../mmzone.js';
import { wakeup_kswapd } from '../vmscan/vmscan.js';
import {
  __gfp_pfmemalloc_flags,
  gfp_pfmemalloc_allowed,
  gfp_to_alloc_flags,
  gfp_to_alloc_flags_cma,
} from './alloc_flags.js';
import { get_page_from_freelist } from './get_page_from_freelist.js';
import { warn_alloc } from './warn_alloc.js';

import {
  __alloc_pages_cpuset_fallback,
  __alloc_pages_direct_compact,
  __alloc_pages_direct_reclaim,
  __alloc_pages_may_oom,
  should_reclaim_retry,
} from './direct_reclaim.js';
/** Once a node, through its first zone that has pages. */
export function wake_all_kswapds(k: Kernel, order: Order, ac: AllocContext): void {
  for (
    let z: Zoneref = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx),
      zone: Zone = zonelist_zone(k, z);
    zone !== NULL;
    z = next_zones_zonelist(k, z, ac.highest_zoneidx), zone = zonelist_zone(k, z)
  ) {
    if (!managed_zone(k, zone)) continue;
    wakeup_kswapd(k, zone, order, ac.highest_zoneidx);
    return;
  }
}

/**
 * Tries everything until there is a block, or no hope. The C labels are kept: retry is a loop, the others mark where one is sent to.
 * Left out: cpuset and zonelist updates (so nothing goes back to restart), should_compact_retry (compaction moves nothing),
 * tsk_is_oom_victim.
 * Differs: a request that must not fail and cannot succeed is a fault; it would go round for ever.
 */
export function __alloc_pages_slowpath(
  k: Kernel,
  gfp_mask: Gfp,
  order: Order,
  ac: AllocContext,
): Page {
  const can_direct_reclaim = (gfp_mask & k.__GFP_DIRECT_RECLAIM) !== 0;
  const can_compact = gfp_compaction_allowed(k, gfp_mask);
  const costly_order = order > k.PAGE_ALLOC_COSTLY_ORDER;
  let page: Page = NULL;
  const did_some_progress: Out<ULong> = { value: 0 };

  // A caller that cannot wait must not also ask to reclaim.
  const both: Gfp = k.__GFP_ATOMIC | k.__GFP_DIRECT_RECLAIM;
  if (
    WARN_ON_ONCE(
      k,
      (gfp_mask & both) === both,
      '__alloc_pages_slowpath: __GFP_ATOMIC with __GFP_DIRECT_RECLAIM',
    )
  )
    gfp_mask &= ~k.__GFP_ATOMIC;

  // restart:
  // Rounds of reclaim in a row that freed nothing: too many of them end the search.
  const no_progress_loops: Out<Int> = { value: 0 };

  // The fast path asked with the LOW mark and nothing else: these are the request's full rights.
  let alloc_flags: AllocFlags = gfp_to_alloc_flags(k, gfp_mask, order);

  nopage: {
    ac.preferred_zoneref = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx);
    // No zone may serve it, and no reclaim can change that.
    if (zonelist_zone(k, ac.preferred_zoneref) === NULL) break nopage;

    // First of all, as kswapd can work while this request goes on.
    if ((alloc_flags & k.ALLOC_KSWAPD) !== 0) wake_all_kswapds(k, order, ac);

    // Down to MIN instead of LOW there may well be a block already.
    page = get_page_from_freelist(k, gfp_mask, order, alloc_flags, ac);
    if (page !== NULL) return page;

    // Reclaim frees single pages: for large blocks it is likely that there are enough of those. Others are compacted first where
    // they would mix types in a pageblock for good. Not so for one that may ignore the marks: it has not tried that yet.
    if (
      can_direct_reclaim &&
      can_compact &&
      (costly_order || (order > 0 && ac.migratetype !== k.MIGRATE_MOVABLE)) &&
      !gfp_pfmemalloc_allowed(k, gfp_mask)
    ) {
      page = __alloc_pages_direct_compact(k, gfp_mask, order);
      if (page !== NULL) return page;
      // COMPACT_SKIPPED: too little is free, and this caller (a huge page for a fault, say) does not want to wait for more.
      if (costly_order && (gfp_mask & k.__GFP_NORETRY) !== 0) break nopage;
    }

    retry: for (;;) {
      // Once more in each round, so that it does not go to sleep meanwhile.
      if ((alloc_flags & k.ALLOC_KSWAPD) !== 0) wake_all_kswapds(k, order, ac);

      // In each round anew: a task that is killed meanwhile may use more.
      const reserve_flags: AllocFlags = __gfp_pfmemalloc_flags(k, gfp_mask);
      if (reserve_flags !== 0)
        alloc_flags =
          gfp_to_alloc_flags_cma(k, gfp_mask, reserve_flags) | (alloc_flags & k.ALLOC_KSWAPD);

      // The system's own requests do not care for a task's memory policy.
      if ((alloc_flags & k.ALLOC_CPUSET) === 0 || reserve_flags !== 0)
        ac.preferred_zoneref = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx);

      page = get_page_from_freelist(k, gfp_mask, order, alloc_flags, ac);
      if (page !== NULL) return page;

      // All that is left takes time, which this caller does not have.
      if (!can_direct_reclaim) break nopage;
      // It is reclaiming already.
      if ((currentFlags(k) & PF_MEMALLOC) !== 0) break nopage;

      // Before compaction, which needs free pages itself, to move others to.
      page = __alloc_pages_direct_reclaim(k, gfp_mask, order, alloc_flags, ac, did_some_progress);
      if (page !== NULL) return page;

      page = __alloc_pages_direct_compact(k, gfp_mask, order);
      if (page !== NULL) return page;

      // It asked for one round.
      if ((gfp_mask & k.__GFP_NORETRY) !== 0) break nopage;
      // Large blocks are hard to get: only for those that say so it is tried again and again.
      if (costly_order && (!can_compact || (gfp_mask & k.__GFP_RETRY_MAYFAIL) === 0)) break nopage;

      if (
        should_reclaim_retry(
          k,
          order,
          ac,
          alloc_flags,
          did_some_progress.value > 0,
          no_progress_loops,
        )
      )
        continue retry;

      // Reclaim has nothing more to offer: somebody's memory must go.
      page = __alloc_pages_may_oom(k, gfp_mask, order, ac, did_some_progress);
      if (page !== NULL) return page;

      if (did_some_progress.value !== 0) {
        no_progress_loops.value = 0;
        // The killer has killed, or the request must not fail: it is the same request as before.
        if ((gfp_mask & k.__GFP_NOFAIL) === 0) continue retry;
      }
      break nopage;
    }
  }

  // nopage:
  fail: {
    if ((gfp_mask & k.__GFP_NOFAIL) !== 0) {
      // A caller that cannot wait may not say so.
      if (
        WARN_ON_ONCE_GFP(
          k,
          !can_direct_reclaim,
          gfp_mask,
          '__alloc_pages_slowpath: __GFP_NOFAIL without __GFP_DIRECT_RECLAIM',
        )
      )
        break fail;
      // It cannot reclaim, and would only wait for somebody else who does.
      WARN_ON_ONCE_GFP(
        k,
        (currentFlags(k) & PF_MEMALLOC) !== 0,
        gfp_mask,
        '__alloc_pages_slowpath: __GFP_NOFAIL of a PF_MEMALLOC task',
      );
      WARN_ON_ONCE_GFP(
        k,
        costly_order,
        gfp_mask,
        '__alloc_pages_slowpath: __GFP_NOFAIL with a costly order',
      );

      // A part of the reserves. All of them could be gone then, which would make everything worse.
      page = __alloc_pages_cpuset_fallback(k, gfp_mask, order, k.ALLOC_MIN_RESERVE, ac);
      if (page !== NULL) return page;

      // cond_resched(), and goto retry: nothing runs that could free memory.
      throw new KernelFault(`__GFP_NOFAIL allocation of order ${order} can never succeed`);
    }
  }
  // fail:
  const migratetype: Migratetype = ac.migratetype;
  const highest_zoneidx: ZoneType = ac.highest_zoneidx;
  const gfp: Gfp = gfp_mask;
  k.emit({ kind: 'allocation-failed', order, gfp, migratetype, alloc_flags, highest_zoneidx });
  // The caller gets NULL and no reason: that is in the log.
  warn_alloc(k, gfp_mask, `page allocation failure: order:${order}`);
  // got_pg:
  return page;
}
