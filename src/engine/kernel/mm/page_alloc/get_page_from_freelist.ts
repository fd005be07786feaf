/**
 * A pass over the zones that a request may use: the first one that can spare a block gives it, and it is made the requester's.
 *
 * Source: Linux 6.1 mm/page_alloc.c: get_page_from_freelist(), rmqueue(), prep_new_page().
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
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { clear_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { WARN_ON_ONCE } from '../../include/asm-generic/bug.h.js';
import { clear_highpage } from '../../include/linux/highmem.h.js';
import { wmark_pages, zone_idx, zonelist_zone } from '../../include/linux/mmzone.h.js';
import { clear_page_pfmemalloc, nth_page, set_page_pfmemalloc } from '../../include/linux/mm.h.js';
import { type AllocContext, set_page_refcounted } from '../internal.h.js';
import { next_zones_zonelist } from '../mmzone.js';
import { node_dirty_ok } from '../page-writeback.js';
import { wakeup_kswapd } from '../vmscan/vmscan.js';
import { prep_compound_page } from './compound.js';
import { reserve_highatomic_pageblock } from './highatomic.js';
import { pcp_allowed_order, rmqueue_pcplist } from './pcp.js';
import { rmqueue_buddy } from './rmqueue.js';
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
  // Such a caller may wait for ever: nothing promises that several pages in a row become free.
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
  // Also for small orders: this may take from the atomic reserve, which no refill of a per-CPU list does.
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
  // Only on request: the pages of a plain block do not know of each other.
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
    // A pass that must not mix types gets a second one, which may.
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
    // Not the last word: the slow path comes back with more rights.
    return NULL;
  }
}
