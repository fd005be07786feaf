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
import { current_flags } from '../../arch/x86/include/asm/current.h.js';
import { WARN_ON_ONCE, WARN_ON_ONCE_GFP } from '../../include/asm-generic/bug.h.js';
import { gfp_compaction_allowed } from '../../include/linux/gfp.h.js';
import { managed_zone, min_wmark_pages, zonelist_zone } from '../../include/linux/mmzone.h.js';
import { PF_MEMALLOC } from '../../include/linux/sched.h.js';
import { zone_page_state_snapshot } from '../../include/linux/vmstat.h.js';
import { type AllocContext, MAX_RECLAIM_RETRIES } from '../internal.h.js';
import { first_zones_zonelist, next_zones_zonelist } from '../mmzone.js';
import { wakeup_kswapd, zone_reclaimable_pages } from '../vmscan.js';
import {
  __gfp_pfmemalloc_flags,
  gfp_pfmemalloc_allowed,
  gfp_to_alloc_flags,
  gfp_to_alloc_flags_cma,
} from './alloc_flags.js';
import { unreserve_highatomic_pageblock } from './highatomic.js';
import { get_page_from_freelist } from './page_alloc.js';
import { drain_all_pages } from './pcp.js';
import { warn_alloc } from './warn_alloc.js';
import { __zone_watermark_ok } from './watermark.js';

/** Moves pages together for a block of this order. Left out: try_to_compact_pages (as if every zone had been skipped). */
function __alloc_pages_direct_compact(k: Kernel, gfp_mask: Gfp, order: Order): Page {
  if (order === 0) return NULL;
  k.emit({ kind: 'direct-compact', order, gfp: gfp_mask });
  return NULL;
}

/** Frees pages that can be had again. Left out: try_to_free_pages (none is found). */
function __perform_reclaim(k: Kernel, gfp_mask: Gfp, order: Order): ULong {
  k.emit({ kind: 'direct-reclaim', order, gfp: gfp_mask });
  return 0;
}

/** Reclaims, and tries once more if that freed anything. Left out: psi_memstall_enter. */
function __alloc_pages_direct_reclaim(
  k: Kernel,
  gfp_mask: Gfp,
  order: Order,
  alloc_flags: AllocFlags,
  ac: AllocContext,
  did_some_progress: Out<ULong>,
): Page {
  let page: Page;
  let drained = false;
  did_some_progress.value = __perform_reclaim(k, gfp_mask, order);
  if (did_some_progress.value === 0) return NULL;

  retry: for (;;) {
    page = get_page_from_freelist(k, gfp_mask, order, alloc_flags, ac);
    // The pages may wait on per-cpu lists or in the atomic reserve: those are emptied, once.
    if (page === NULL && !drained) {
      unreserve_highatomic_pageblock(k, ac, false);
      drain_all_pages(k, NULL);
      drained = true;
      continue retry;
    }
    return page;
  }
}

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
 * Whether another round makes sense: some zone would pass if all its reclaimable pages were free.
 * Left out: schedule_timeout_uninterruptible, cond_resched (no time passes here, and no worker waits for this).
 */
function should_reclaim_retry(
  k: Kernel,
  order: Order,
  ac: AllocContext,
  alloc_flags: AllocFlags,
  did_some_progress: boolean,
  no_progress_loops: Out<Int>,
): boolean {
  let ret = false;

  // For a large block single pages that became free are no progress.
  if (did_some_progress && order <= k.PAGE_ALLOC_COSTLY_ORDER) no_progress_loops.value = 0;
  else no_progress_loops.value++;

  out: {
    if (no_progress_loops.value > MAX_RECLAIM_RETRIES) break out;

    for (
      let z: Zoneref = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx),
        zone: Zone = zonelist_zone(k, z);
      zone !== NULL;
      z = next_zones_zonelist(k, z, ac.highest_zoneidx), zone = zonelist_zone(k, z)
    ) {
      const min_wmark: ULong = min_wmark_pages(k, zone);
      const reclaimable: ULong = zone_reclaimable_pages(k, zone);
      const available: ULong = reclaimable + zone_page_state_snapshot(k, zone, k.NR_FREE_PAGES);
      if (
        __zone_watermark_ok(k, zone, order, min_wmark, ac.highest_zoneidx, alloc_flags, available)
      ) {
        ret = true;
        break;
      }
    }
  }
  // out:
  // Before tasks are killed the atomic reserve is used up.
  if (!ret) return unreserve_highatomic_pageblock(k, ac, true);
  return ret;
}

/** With these rights, first in the task's own nodes, then in all. Without cpusets there is no difference. */
function __alloc_pages_cpuset_fallback(
  k: Kernel,
  gfp_mask: Gfp,
  order: Order,
  alloc_flags: AllocFlags,
  ac: AllocContext,
): Page {
  let page: Page = get_page_from_freelist(k, gfp_mask, order, alloc_flags | k.ALLOC_CPUSET, ac);
  if (page === NULL) page = get_page_from_freelist(k, gfp_mask, order, alloc_flags, ac);
  return page;
}

/**
 * A last look at the lists, then the OOM killer.
 * Left out: oom_lock, PF_DUMPCORE, pm_suspended_storage; out_of_memory (an event: there is no task to be killed yet).
 */
function __alloc_pages_may_oom(
  k: Kernel,
  gfp_mask: Gfp,
  order: Order,
  ac: AllocContext,
  did_some_progress: Out<ULong>,
): Page {
  did_some_progress.value = 0;

  out: {
    // With the HIGH mark: only a task that was killed meanwhile can have freed so much. No reclaim, which would come back here.
    let page: Page = get_page_from_freelist(
      k,
      (gfp_mask | k.__GFP_HARDWALL) & ~k.__GFP_DIRECT_RECLAIM,
      order,
      k.ALLOC_WMARK_HIGH | k.ALLOC_CPUSET,
      ac,
    );
    if (page !== NULL) return page;

    // The pages of a killed task do not make large blocks,
    if (order > k.PAGE_ALLOC_COSTLY_ORDER) break out;
    // this caller has something else it can do,
    if ((gfp_mask & (k.__GFP_RETRY_MAYFAIL | k.__GFP_THISNODE)) !== 0) break out;
    // and tasks seldom have memory in the low zones.
    if (ac.highest_zoneidx < k.ZONE_NORMAL) break out;

    k.emit({ kind: 'out-of-memory', order, gfp: gfp_mask });
    const nofail = (gfp_mask & k.__GFP_NOFAIL) !== 0;
    if (
      WARN_ON_ONCE_GFP(
        k,
        nofail,
        gfp_mask,
        '__alloc_pages_may_oom: __GFP_NOFAIL, and no task to kill',
      )
    ) {
      did_some_progress.value = 1;
      // One that must not fail may use everything there is.
      page = __alloc_pages_cpuset_fallback(k, gfp_mask, order, k.ALLOC_NO_WATERMARKS, ac);
      return page;
    }
  }
  // out:
  return NULL;
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
  const no_progress_loops: Out<Int> = { value: 0 };

  // The fast path asked with the LOW mark and nothing else: these are the request's full rights.
  let alloc_flags: AllocFlags = gfp_to_alloc_flags(k, gfp_mask, order);

  nopage: {
    ac.preferred_zoneref = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx);
    if (zonelist_zone(k, ac.preferred_zoneref) === NULL) break nopage;

    if ((alloc_flags & k.ALLOC_KSWAPD) !== 0) wake_all_kswapds(k, order, ac);

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

      const reserve_flags: AllocFlags = __gfp_pfmemalloc_flags(k, gfp_mask);
      if (reserve_flags !== 0)
        alloc_flags =
          gfp_to_alloc_flags_cma(k, gfp_mask, reserve_flags) | (alloc_flags & k.ALLOC_KSWAPD);

      // The system's own requests do not care for a task's memory policy.
      if ((alloc_flags & k.ALLOC_CPUSET) === 0 || reserve_flags !== 0)
        ac.preferred_zoneref = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx);

      page = get_page_from_freelist(k, gfp_mask, order, alloc_flags, ac);
      if (page !== NULL) return page;

      if (!can_direct_reclaim) break nopage;
      // It is reclaiming already.
      if ((current_flags(k) & PF_MEMALLOC) !== 0) break nopage;

      page = __alloc_pages_direct_reclaim(k, gfp_mask, order, alloc_flags, ac, did_some_progress);
      if (page !== NULL) return page;

      page = __alloc_pages_direct_compact(k, gfp_mask, order);
      if (page !== NULL) return page;

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
  fail: if ((gfp_mask & k.__GFP_NOFAIL) !== 0) {
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
      (current_flags(k) & PF_MEMALLOC) !== 0,
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
  // fail:
  const migratetype: Migratetype = ac.migratetype;
  const highest_zoneidx: ZoneType = ac.highest_zoneidx;
  const gfp: Gfp = gfp_mask;
  k.emit({ kind: 'allocation-failed', order, gfp, migratetype, alloc_flags, highest_zoneidx });
  warn_alloc(k, gfp_mask, `page allocation failure: order:${order}`);
  // got_pg:
  return page;
}
