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
  type ZoneType,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { WARN_ON_ONCE_GFP } from '../../include/asm-generic/bug.h.js';
import { gfp_migratetype, gfp_zone, node_zonelist } from '../../include/linux/gfp.h.js';
import { zonelist_zone } from '../../include/linux/mmzone.h.js';
import { current_gfp_context } from '../../include/linux/sched/mm.h.js';
import { type AllocContext, newAllocContext } from '../internal.h.js';
import { first_zones_zonelist } from '../mmzone.js';
import { trace_mm_page_alloc } from '../../include/trace/events/kmem.h.js';
import { alloc_flags_nofragment, gfp_to_alloc_flags_cma } from './alloc_flags.js';
import { get_page_from_freelist } from './get_page_from_freelist.js';
import { __alloc_pages_slowpath } from './slowpath.js';

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
 * Left out: preferred_nid and nodemask (one node), memcg, kmsan.
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
  gfp = current_gfp_context(k, gfp);
  const ac: AllocContext = newAllocContext();
  // A zone below LOW needs kswapd, and to wake that is the slow path's business.
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
