/**
 * What a request tries that found nothing: compaction, reclaim, more rounds of both, and in the end the OOM killer.
 *
 * All are entered, and each is an event. Compaction and the OOM killer do nothing yet; reclaim asks shrinkers, and takes no page itself.
 * Source: Linux 6.1 mm/page_alloc.c: __alloc_pages_direct_compact(), __alloc_pages_direct_reclaim(), should_reclaim_retry(),
 * __alloc_pages_may_oom().
 */
import {
  type AllocFlags,
  type Gfp,
  type Int,
  NULL,
  type Order,
  type Out,
  type Page,
  type ULong,
  type Zone,
  type Zoneref,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { currentFlags, setCurrentFlags } from '../../arch/x86/include/asm/current.h.js';
import { WARN_ON_ONCE_GFP } from '../../include/asm-generic/bug.h.js';
import { min_wmark_pages, zonelist_zone } from '../../include/linux/mmzone.h.js';
import { PF_MEMALLOC } from '../../include/linux/sched.h.js';
import { zone_page_state_snapshot } from '../../include/linux/vmstat.h.js';
import { type AllocContext, MAX_RECLAIM_RETRIES } from '../internal.h.js';
import { first_zones_zonelist, next_zones_zonelist } from '../mmzone.js';
import { try_to_free_pages } from '../vmscan/try_to_free_pages.js';
import { zone_reclaimable_pages } from '../vmscan/vmscan.js';
import { unreserve_highatomic_pageblock } from './highatomic.js';
import { get_page_from_freelist } from './get_page_from_freelist.js';
import { drain_all_pages } from './pcp.js';
import { __zone_watermark_ok } from './watermark.js';

/** Moves pages together for a block of this order. Left out: try_to_compact_pages (as if every zone had been skipped). */
export function __alloc_pages_direct_compact(k: Kernel, gfp_mask: Gfp, order: Order): Page {
  // A single page needs no free neighbours.
  if (order === 0) return NULL;
  k.emit({ kind: 'direct-compact', order, gfp: gfp_mask });
  return NULL;
}

/** Frees pages that can be had again: how many of slabs. What the shrinkers ask for meanwhile reclaims nothing itself. */
function __perform_reclaim(k: Kernel, gfp_mask: Gfp, order: Order): ULong {
  k.emit({ kind: 'direct-reclaim', order, gfp: gfp_mask });
  // memalloc_noreclaim_save():
  const flags: Int = currentFlags(k);
  setCurrentFlags(k, flags | PF_MEMALLOC);
  const progress: ULong = try_to_free_pages(k, gfp_mask);
  setCurrentFlags(k, flags);
  return progress;
}

/** Reclaims, and tries once more if that freed anything. Left out: psi_memstall_enter. */
export function __alloc_pages_direct_reclaim(
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
  // Nothing was freed: the lists are as the caller found them.
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

/**
 * Whether another round makes sense: some zone would pass if all its reclaimable pages were free.
 * Left out: schedule_timeout_uninterruptible, cond_resched (no time passes here, and no worker waits for this).
 */
export function should_reclaim_retry(
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
    // Reclaim was in vain so often that more of it would only put off the OOM killer.
    if (no_progress_loops.value > MAX_RECLAIM_RETRIES) break out;

    for (
      let z: Zoneref = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx),
        zone: Zone = zonelist_zone(k, z);
      zone !== NULL;
      z = next_zones_zonelist(k, z, ac.highest_zoneidx), zone = zonelist_zone(k, z)
    ) {
      // The best case: all that could be reclaimed counts as free. If even that does not do, reclaim is no use.
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
export function __alloc_pages_cpuset_fallback(
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
export function __alloc_pages_may_oom(
  k: Kernel,
  gfp_mask: Gfp,
  order: Order,
  ac: AllocContext,
  did_some_progress: Out<ULong>,
): Page {
  // Progress here is a task that was killed: then the caller tries again.
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
