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
  type Migratetype,
  NULL,
  type Order,
  type Page,
  type ULong,
  type Zone,
} from '../../../machine/ctypes.js';
import type { KernelEvent } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { gfp_migratetype, gfp_zone, node_zonelist } from '../../include/linux/gfp.h.js';
import { clear_highpages } from '../../include/linux/highmem.h.js';
import { wmark_pages, zone_idx, zonelist_zone } from '../../include/linux/mmzone.h.js';
import { trace_mm_page_alloc } from '../../include/trace/events/kmem.h.js';
import type { AllocContext } from '../internal.h.js';
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

/** Takes one block from a zone that can spare it. */
export function rmqueue(
  k: Kernel,
  zone: Zone,
  order: Order,
  gfp_flags: Gfp,
  alloc_flags: AllocFlags,
  migratetype: Migratetype,
): Page {
  if ((gfp_flags & k.__GFP_NOFAIL) !== 0 && order > 1)
    k.emit({ kind: 'warn', text: 'rmqueue: __GFP_NOFAIL with order > 1' });

  let page: Page = NULL;
  // The movable list may hold pages of CMA blocks: it is for requests that may use those.
  if (
    pcp_allowed_order(k, order) &&
    ((alloc_flags & k.ALLOC_CMA) !== 0 || migratetype !== k.MIGRATE_MOVABLE)
  )
    page = rmqueue_pcplist(k, zone, order, migratetype, alloc_flags);
  if (page === NULL) page = rmqueue_buddy(k, zone, order, alloc_flags, migratetype);

  const boosted = 1 << k.ZONE_BOOSTED_WATERMARK;
  if ((k.words[zone + k.zone.flags]! & boosted) !== 0) {
    k.write(zone + k.zone.flags, k.words[zone + k.zone.flags]! & ~boosted);
    wakeup_kswapd(k, zone, 0, zone_idx(k, zone));
  }
  return page;
}

/** One reference, and a page full of zeros if asked for. */
export function post_alloc_hook(k: Kernel, page: Page, order: Order, gfp_flags: Gfp): void {
  k.write_long(page + k.page.private, 0);
  k.write(page + k.page._refcount, 1);
  if ((gfp_flags & k.__GFP_ZERO) !== 0) clear_highpages(k, page, 1 << order);
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

  // set_page_pfmemalloc(): bit 1 of lru.next marks a page that only the reserves could give.
  const pfmemalloc = (alloc_flags & k.ALLOC_NO_WATERMARKS) !== 0;
  k.write_long(page + k.page.lru, pfmemalloc ? 2 : 0);
}

/** Goes through the zones, the preferred one first, and takes a block from the first that is above its watermark. */
export function get_page_from_freelist(
  k: Kernel,
  gfp_mask: Gfp,
  order: Order,
  alloc_flags: AllocFlags,
  ac: AllocContext,
): Page {
  for (;;) {
    const no_fallback = (alloc_flags & k.ALLOC_NOFRAGMENT) !== 0;
    let z = ac.preferred_zoneref;
    for (
      let zone: Zone = zonelist_zone(k, z);
      zone !== NULL;
      z = next_zones_zonelist(k, z, ac.highest_zoneidx), zone = zonelist_zone(k, z)
    ) {
      if (ac.spread_dirty_pages && !node_dirty_ok(k)) continue;

      const mark: ULong = wmark_pages(k, zone, alloc_flags & k.ALLOC_WMARK_MASK);
      if (
        !zone_watermark_fast(k, zone, order, mark, ac.highest_zoneidx, alloc_flags, gfp_mask) &&
        (alloc_flags & k.ALLOC_NO_WATERMARKS) === 0
      )
        continue;

      const page: Page = rmqueue(k, zone, order, gfp_mask, alloc_flags, ac.migratetype);
      if (page !== NULL) {
        prep_new_page(k, page, order, gfp_mask, alloc_flags);
        if ((alloc_flags & k.ALLOC_HIGHATOMIC) !== 0) reserve_highatomic_pageblock(k, page, zone);
        return page;
      }
    }
    // All zones are fragmented: once more, then, mixing types.
    if (!no_fallback) return NULL;
    alloc_flags &= ~k.ALLOC_NOFRAGMENT;
  }
}

/** What the request's flags say about where to look. */
export function prepare_alloc_pages(k: Kernel, gfp_mask: Gfp): AllocContext {
  const highest_zoneidx = gfp_zone(k, gfp_mask);
  const zonelist = node_zonelist(k);
  return {
    zonelist,
    preferred_zoneref: first_zones_zonelist(k, zonelist, highest_zoneidx),
    migratetype: gfp_migratetype(k, gfp_mask),
    highest_zoneidx,
    spread_dirty_pages: (gfp_mask & k.__GFP_WRITE) !== 0,
  };
}

/** Nothing is looked at and nothing is said: that it failed is all there is to tell. */
const order_too_large = (k: Kernel, gfp: Gfp, order: Order): KernelEvent => ({
  kind: 'allocation-failed',
  order,
  gfp,
  migratetype: gfp_migratetype(k, gfp),
  reason: `no block is larger than order ${k.MAX_ORDER - 1}`,
});

/** Allocates 2^order pages. NULL when the request cannot be met. */
export function __alloc_pages(k: Kernel, gfp: Gfp, order: Order): Page {
  if (order >= k.MAX_ORDER) {
    if ((gfp & k.__GFP_NOWARN) === 0)
      k.emit({ kind: 'warn', text: `__alloc_pages: order ${order} >= MAX_ORDER` });
    k.emit(order_too_large(k, gfp, order));
    return NULL;
  }

  gfp &= k.words[k.globals.gfp_allowed_mask]!;
  const ac: AllocContext = prepare_alloc_pages(k, gfp);
  let alloc_flags: AllocFlags = gfp_to_alloc_flags_cma(k, gfp, k.ALLOC_WMARK_LOW);
  alloc_flags |= alloc_flags_nofragment(k, zonelist_zone(k, ac.preferred_zoneref), gfp);

  let page: Page = get_page_from_freelist(k, gfp, order, alloc_flags, ac);
  if (page === NULL) {
    ac.spread_dirty_pages = false;
    page = __alloc_pages_slowpath(k, gfp, order, ac);
  }
  trace_mm_page_alloc(k, page, order, gfp, ac.migratetype);
  return page;
}
