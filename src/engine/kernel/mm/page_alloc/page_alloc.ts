/**
 * The heart of the zoned buddy allocator: a request walks the zones it may use and takes a block from the first one that
 * can spare it.
 *
 *     __alloc_pages           fast path with the LOW mark, else
 *       __alloc_pages_slowpath   the request's full rights, reclaim, compaction (slowpath.ts)
 *         get_page_from_freelist   zone by zone: watermark? then
 *           rmqueue                  from the per-cpu lists (pcp.ts), else from the buddy lists (rmqueue.ts)
 *           prep_new_page            the block becomes the requester's
 *
 * Source: Linux 6.1 mm/page_alloc.c.
 */
import {
  type AllocFlags,
  type Gfp,
  type Int,
  type Migratetype,
  NULL,
  type Order,
  type Page,
  type ULong,
  type Zone,
  type Zoneref,
  type ZoneType,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { clear_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { WARN_ON_ONCE, WARN_ON_ONCE_GFP } from '../../include/asm-generic/bug.h.js';
import { gfp_migratetype, gfp_zone, node_zonelist } from '../../include/linux/gfp.h.js';
import { clear_highpage } from '../../include/linux/highmem.h.js';
import { wmark_pages, zone_idx, zonelist_zone } from '../../include/linux/mmzone.h.js';
import { trace_mm_page_alloc } from '../../include/trace/events/kmem.h.js';
import { clear_page_pfmemalloc, nth_page, set_page_pfmemalloc } from '../../include/linux/mm.h.js';
import { type AllocContext, newAllocContext, set_page_refcounted } from '../internal.h.js';
import { first_zones_zonelist, next_zones_zonelist } from '../mmzone.js';
import { node_dirty_ok } from '../page-writeback.js';
import { wakeup_kswapd } from '../vmscan.js';
import { alloc_flags_nofragment, gfp_to_alloc_flags_cma } from './alloc_flags.js';
import { prep_compound_page } from './compound.js';
import { reserve_highatomic_pageblock } from './highatomic.js';
import { pcp_allowed_order, rmqueue_pcplist } from './pcp.js';
import { rmqueue_buddy } from './rmqueue.js';
import { __alloc_pages_slowpath } from './slowpath.js';
import { zone_watermark_fast } from './watermark.js';

/** Takes one block from a zone that can spare it. Left out: preferred_zone (zone_statistics: one node). */
export function rmqueue(
  k: Kernel,
  zone: Zone,
  order: Order,
  gfp_flags: Gfp,
  alloc_flags: AllocFlags,
  migratetype: Migratetype,
): Page {
  WARN_ON_ONCE(
    k,
    (gfp_flags & k.__GFP_NOFAIL) !== 0 && order > 1,
    'rmqueue: __GFP_NOFAIL with order > 1',
  );

  let page: Page = NULL;
  // The movable list may hold pages of CMA blocks: it is for requests that may use those.
  if (
    pcp_allowed_order(k, order) &&
    ((alloc_flags & k.ALLOC_CMA) !== 0 || migratetype !== k.MIGRATE_MOVABLE)
  )
    page = rmqueue_pcplist(k, zone, order, migratetype, alloc_flags);
  if (page === NULL) page = rmqueue_buddy(k, zone, order, alloc_flags, migratetype);

  // out:
  // The marks were raised to have more memory freed: kswapd is told now that zone->lock is released.
  if (test_bit(k, k.ZONE_BOOSTED_WATERMARK, zone + k.zone.flags)) {
    clear_bit(k, k.ZONE_BOOSTED_WATERMARK, zone + k.zone.flags);
    wakeup_kswapd(k, zone, 0, zone_idx(k, zone));
  }
  return page;
}

/**
 * One reference, and a page full of zeros if asked for.
 * Left out: init_on_alloc, debug_pagealloc, page poisoning, KASAN, page_owner, page_table_check.
 */
export function post_alloc_hook(k: Kernel, page: Page, order: Order, gfp_flags: Gfp): void {
  k.write_long(page + k.page.private, 0);
  set_page_refcounted(k, page);
  if ((gfp_flags & k.__GFP_ZERO) !== 0) kernel_init_pages(k, page, 1 << order);
}

/** Fills pages with zeros. */
function kernel_init_pages(k: Kernel, page: Page, numpages: Int): void {
  for (let i = 0; i < numpages; i++) clear_highpage(k, nth_page(k, page, i));
}

/** Makes the block its requester's. */
export function prep_new_page(
  k: Kernel,
  page: Page,
  order: Order,
  gfp_flags: Gfp,
  alloc_flags: AllocFlags,
): void {
  post_alloc_hook(k, page, order, gfp_flags);
  if (order !== 0 && (gfp_flags & k.__GFP_COMP) !== 0) prep_compound_page(k, page, order);

  // A page that only the reserves could give is to be used for freeing memory: who gets it is told.
  if ((alloc_flags & k.ALLOC_NO_WATERMARKS) !== 0) set_page_pfmemalloc(k, page);
  else clear_page_pfmemalloc(k, page);
}

/**
 * Goes through the zones, the preferred one first, and takes a block from the first that is above its watermark.
 * Left out: cpuset, node_reclaim, last_pgdat, ALLOC_NOFRAGMENT's other nodes (one node), deferred struct pages.
 */
export function get_page_from_freelist(
  k: Kernel,
  gfp_mask: Gfp,
  order: Order,
  alloc_flags: AllocFlags,
  ac: AllocContext,
): Page {
  retry: for (;;) {
    const no_fallback = (alloc_flags & k.ALLOC_NOFRAGMENT) !== 0;
    for (
      let z: Zoneref = ac.preferred_zoneref, zone: Zone = zonelist_zone(k, z);
      zone !== NULL;
      z = next_zones_zonelist(k, z, ac.highest_zoneidx), zone = zonelist_zone(k, z)
    ) {
      // Pages of files to be written are spread: a node that has too many of them already gives none.
      if (ac.spread_dirty_pages && !node_dirty_ok(k)) continue;

      const mark: ULong = wmark_pages(k, zone, alloc_flags & k.ALLOC_WMARK_MASK);
      if (
        !zone_watermark_fast(k, zone, order, mark, ac.highest_zoneidx, alloc_flags, gfp_mask) &&
        // Asked here, where it is rare: with this right the mark does not matter.
        (alloc_flags & k.ALLOC_NO_WATERMARKS) === 0
      )
        continue;

      // try_this_zone:
      const page: Page = rmqueue(k, zone, order, gfp_mask, alloc_flags, ac.migratetype);
      if (page !== NULL) {
        prep_new_page(k, page, order, gfp_mask, alloc_flags);
        // Who asks like this asks again: the rest of the pageblock is kept for the next time.
        if ((alloc_flags & k.ALLOC_HIGHATOMIC) !== 0) reserve_highatomic_pageblock(k, page, zone);
        return page;
      }
    }
    // All zones are fragmented: once more, then, mixing types.
    if (no_fallback) {
      alloc_flags &= ~k.ALLOC_NOFRAGMENT;
      continue retry;
    }
    return NULL;
  }
}

/**
 * What the request's flags say about where to look, and with which rights. Differs: there is memory in some zone for each request, so
 * it cannot fail. Left out: cpuset, fail_page_alloc (no fault injection), might_alloc.
 */
export function prepare_alloc_pages(
  k: Kernel,
  gfp_mask: Gfp,
  ac: AllocContext,
  alloc_flags: AllocFlags,
): AllocFlags {
  ac.highest_zoneidx = gfp_zone(k, gfp_mask);
  ac.zonelist = node_zonelist(k);
  ac.migratetype = gfp_migratetype(k, gfp_mask);
  ac.spread_dirty_pages = (gfp_mask & k.__GFP_WRITE) !== 0;
  // The preferred zone is for statistics, and where the search begins: it may be reset there for requests that may go anywhere.
  ac.preferred_zoneref = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx);
  return gfp_to_alloc_flags_cma(k, gfp_mask, alloc_flags);
}

/**
 * Allocates 2^order pages: the heart of it all. NULL when the request cannot be met.
 * Left out: preferred_nid and nodemask (one node), current_gfp_context (PF_MEMALLOC_NOIO and its like), memcg, kmsan.
 */
export function __alloc_pages(k: Kernel, gfp: Gfp, order: Order): Page {
  // A caller that computed the order did not expect this: there are no such blocks, and no use in trying.
  if (WARN_ON_ONCE_GFP(k, order >= k.MAX_ORDER, gfp, '__alloc_pages: order >= MAX_ORDER')) {
    const migratetype: Migratetype = gfp_migratetype(k, gfp);
    const highest_zoneidx: ZoneType = gfp_zone(k, gfp);
    k.emit({ kind: 'allocation-failed', order, gfp, migratetype, alloc_flags: 0, highest_zoneidx });
    return NULL;
  }

  // Early in boot not every request may wait: what it asks for in vain falls away.
  gfp &= k.words[k.globals.gfp_allowed_mask]!;
  const ac: AllocContext = newAllocContext();
  let alloc_flags: AllocFlags = prepare_alloc_pages(k, gfp, ac, k.ALLOC_WMARK_LOW);

  // The first pass does not mix types.
  alloc_flags |= alloc_flags_nofragment(k, zonelist_zone(k, ac.preferred_zoneref), gfp);

  let page: Page = get_page_from_freelist(k, gfp, order, alloc_flags, ac);
  if (page === NULL) {
    // Reclaim comes next, which the limit of dirty pages must not be a reason for.
    ac.spread_dirty_pages = false;
    page = __alloc_pages_slowpath(k, gfp, order, ac);
  }
  // out:
  trace_mm_page_alloc(k, page, order, gfp, ac.migratetype);
  return page;
}
