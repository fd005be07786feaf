/**
 * The slow path: a request that the LOW watermark refused tries again with all its rights, then asks for memory to be made
 * free.
 *
 * Reclaim, compaction and the OOM killer are entered but do nothing yet: each says so with an event, and finds no memory.
 * What does not need them is the kernel's: which passes are made, with which rights, and when a request gives up.
 * Source: Linux 6.1 mm/page_alloc.c: __alloc_pages_slowpath() and what it calls.
 */
import {
  type AllocFlags,
  type Gfp,
  type Int,
  NULL,
  type Order,
  type Page,
  type ULong,
  type Zone,
} from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { failure_reason } from '../../../verdict/reason.js';
import { currentFlags } from '../../arch/x86/include/asm/current.h.js';
import { gfp_compaction_allowed } from '../../include/linux/gfp.h.js';
import { managed_zone, min_wmark_pages, zonelist_zone } from '../../include/linux/mmzone.h.js';
import { zone_page_state_snapshot } from '../../include/linux/vmstat.h.js';
import type { AllocContext } from '../internal.h.js';
import { first_zones_zonelist, next_zones_zonelist } from '../mmzone.js';
import { wakeup_kswapd } from '../vmscan.js';
import {
  __gfp_pfmemalloc_flags,
  gfp_pfmemalloc_allowed,
  gfp_to_alloc_flags,
  gfp_to_alloc_flags_cma,
  PF_MEMALLOC,
} from './alloc_flags.js';
import { unreserve_highatomic_pageblock } from './highatomic.js';
import { get_page_from_freelist } from './page_alloc.js';
import { drain_all_pages } from './pcp.js';
import { warn_alloc } from './warn_alloc.js';
import { __zone_watermark_ok } from './watermark.js';

/** Rounds of reclaim without progress before the OOM killer. Source: mm/internal.h */
export const MAX_RECLAIM_RETRIES = 16;

/** Moves pages together for a block of this order. Does not happen yet: as if every zone had been skipped. */
function __alloc_pages_direct_compact(k: Kernel, gfp_mask: Gfp, order: Order): Page {
  if (order === 0) return NULL;
  k.emit({ kind: 'direct-compact', order, gfp: gfp_mask });
  return NULL;
}

/** Frees pages that can be had again. Does not happen yet: none is found. */
function __perform_reclaim(k: Kernel, gfp_mask: Gfp, order: Order): ULong {
  k.emit({ kind: 'direct-reclaim', order, gfp: gfp_mask });
  return 0;
}

/** Reclaims, and tries once more if that freed anything. */
function __alloc_pages_direct_reclaim(
  k: Kernel,
  gfp_mask: Gfp,
  order: Order,
  alloc_flags: AllocFlags,
  ac: AllocContext,
): Page {
  const did_some_progress: ULong = __perform_reclaim(k, gfp_mask, order);
  if (did_some_progress === 0) return NULL;

  let page: Page = get_page_from_freelist(k, gfp_mask, order, alloc_flags, ac);
  if (page === NULL) {
    // The pages may wait on per-cpu lists or in the atomic reserve.
    unreserve_highatomic_pageblock(k, ac, false);
    drain_all_pages(k, NULL);
    page = get_page_from_freelist(k, gfp_mask, order, alloc_flags, ac);
  }
  return page;
}

/** Pages that reclaim could free: those of files. (There is no swap for the others.) */
function zone_reclaimable_pages(k: Kernel, zone: Zone): ULong {
  return (
    zone_page_state_snapshot(k, zone, k.NR_ZONE_INACTIVE_FILE) +
    zone_page_state_snapshot(k, zone, k.NR_ZONE_ACTIVE_FILE)
  );
}

/** Whether another round makes sense: some zone would pass if all its reclaimable pages were free. */
function should_reclaim_retry(
  k: Kernel,
  order: Order,
  ac: AllocContext,
  alloc_flags: AllocFlags,
  no_progress_loops: Int,
): boolean {
  if (no_progress_loops <= MAX_RECLAIM_RETRIES) {
    let z = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx);
    for (
      let zone: Zone = zonelist_zone(k, z);
      zone !== NULL;
      z = next_zones_zonelist(k, z, ac.highest_zoneidx), zone = zonelist_zone(k, z)
    ) {
      const min_wmark: ULong = min_wmark_pages(k, zone);
      const available: ULong =
        zone_reclaimable_pages(k, zone) + zone_page_state_snapshot(k, zone, k.NR_FREE_PAGES);
      if (
        __zone_watermark_ok(k, zone, order, min_wmark, ac.highest_zoneidx, alloc_flags, available)
      )
        return true;
    }
  }
  // Before tasks are killed the atomic reserve is used up.
  return unreserve_highatomic_pageblock(k, ac, true);
}

/** A last look at the lists, then the OOM killer: which finds nobody yet. */
function __alloc_pages_may_oom(k: Kernel, gfp_mask: Gfp, order: Order, ac: AllocContext): Page {
  const gfp: Gfp = (gfp_mask | k.__GFP_HARDWALL) & ~k.__GFP_DIRECT_RECLAIM;
  const page: Page = get_page_from_freelist(k, gfp, order, k.ALLOC_WMARK_HIGH | k.ALLOC_CPUSET, ac);
  if (page !== NULL) return page;
  if (order > k.PAGE_ALLOC_COSTLY_ORDER) return NULL;
  if ((gfp_mask & (k.__GFP_RETRY_MAYFAIL | k.__GFP_THISNODE)) !== 0) return NULL;
  if (ac.highest_zoneidx < k.ZONE_NORMAL) return NULL;
  if ((gfp_mask & k.__GFP_NOFAIL) === 0) return NULL;
  return get_page_from_freelist(k, gfp_mask, order, k.ALLOC_NO_WATERMARKS, ac);
}

export function __alloc_pages_slowpath(
  k: Kernel,
  gfp_mask: Gfp,
  order: Order,
  ac: AllocContext,
): Page {
  const can_direct_reclaim = (gfp_mask & k.__GFP_DIRECT_RECLAIM) !== 0;
  const can_compact = gfp_compaction_allowed(k, gfp_mask);
  const costly_order = order > k.PAGE_ALLOC_COSTLY_ORDER;
  let no_progress_loops: Int = 0;

  // Who cannot wait must not say that it can.
  if (can_direct_reclaim && (gfp_mask & k.__GFP_ATOMIC) !== 0) gfp_mask &= ~k.__GFP_ATOMIC;

  let alloc_flags: AllocFlags = gfp_to_alloc_flags(k, gfp_mask, order);
  ac.preferred_zoneref = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx);
  if (zonelist_zone(k, ac.preferred_zoneref) === NULL)
    return nopage(k, gfp_mask, order, alloc_flags, ac);

  if ((alloc_flags & k.ALLOC_KSWAPD) !== 0) wake_all_kswapds(k, order, ac);
  let page: Page = get_page_from_freelist(k, gfp_mask, order, alloc_flags, ac);
  if (page !== NULL) return page;

  // Blocks that are hard to get by reclaim, and those that would fragment memory, are worth a compaction first.
  if (
    can_direct_reclaim &&
    can_compact &&
    (costly_order || (order > 0 && ac.migratetype !== k.MIGRATE_MOVABLE)) &&
    !gfp_pfmemalloc_allowed(k, gfp_mask)
  ) {
    page = __alloc_pages_direct_compact(k, gfp_mask, order);
    if (page !== NULL) return page;
    if (costly_order && (gfp_mask & k.__GFP_NORETRY) !== 0)
      return nopage(k, gfp_mask, order, alloc_flags, ac);
  }

  for (;;) {
    if ((alloc_flags & k.ALLOC_KSWAPD) !== 0) wake_all_kswapds(k, order, ac);

    const reserve_flags: AllocFlags = __gfp_pfmemalloc_flags(k, gfp_mask);
    if (reserve_flags !== 0)
      alloc_flags =
        gfp_to_alloc_flags_cma(k, gfp_mask, reserve_flags) | (alloc_flags & k.ALLOC_KSWAPD);
    if ((alloc_flags & k.ALLOC_CPUSET) === 0 || reserve_flags !== 0)
      ac.preferred_zoneref = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx);

    page = get_page_from_freelist(k, gfp_mask, order, alloc_flags, ac);
    if (page !== NULL) return page;
    if (!can_direct_reclaim) break;
    if ((currentFlags(k) & PF_MEMALLOC) !== 0) break;

    page = __alloc_pages_direct_reclaim(k, gfp_mask, order, alloc_flags, ac);
    if (page !== NULL) return page;
    page = __alloc_pages_direct_compact(k, gfp_mask, order);
    if (page !== NULL) return page;

    if ((gfp_mask & k.__GFP_NORETRY) !== 0) break;
    if (costly_order && (!can_compact || (gfp_mask & k.__GFP_RETRY_MAYFAIL) === 0)) break;
    no_progress_loops++;
    if (should_reclaim_retry(k, order, ac, alloc_flags, no_progress_loops)) continue;

    page = __alloc_pages_may_oom(k, gfp_mask, order, ac);
    if (page !== NULL) return page;
    break;
  }
  return nopage(k, gfp_mask, order, alloc_flags, ac);
}

/** The end of a request that found nothing. One that must not fail gets a part of the reserves; then nobody can help. */
function nopage(
  k: Kernel,
  gfp_mask: Gfp,
  order: Order,
  alloc_flags: AllocFlags,
  ac: AllocContext,
): Page {
  if ((gfp_mask & k.__GFP_NOFAIL) !== 0 && (gfp_mask & k.__GFP_DIRECT_RECLAIM) !== 0) {
    const page: Page = get_page_from_freelist(k, gfp_mask, order, k.ALLOC_MIN_RESERVE, ac);
    if (page !== NULL) return page;
    // The kernel would go on for ever: nothing that could free memory runs.
    throw new KernelFault(`__GFP_NOFAIL allocation of order ${order} can never succeed`);
  }
  const reason = failure_reason(k, gfp_mask, order, alloc_flags, ac);
  k.emit({
    kind: 'allocation-failed',
    order,
    gfp: gfp_mask,
    migratetype: ac.migratetype,
    reason,
  });
  warn_alloc(k, gfp_mask, `page allocation failure: order:${order}`);
  return NULL;
}

/** Once a node, through its first zone that has pages. */
export function wake_all_kswapds(k: Kernel, order: Order, ac: AllocContext): void {
  let z = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx);
  for (
    let zone: Zone = zonelist_zone(k, z);
    zone !== NULL;
    z = next_zones_zonelist(k, z, ac.highest_zoneidx), zone = zonelist_zone(k, z)
  ) {
    if (!managed_zone(k, zone)) continue;
    wakeup_kswapd(k, zone, order, ac.highest_zoneidx);
    return;
  }
}
