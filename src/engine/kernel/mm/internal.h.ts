/**
 * What the files of mm/ share: the context of an allocation, the control of a scan, buddies.
 *
 * Source: Linux 6.1 mm/internal.h.
 */
import {
  type Gfp,
  type Int,
  type ListHead,
  type Migratetype,
  NULL,
  type Order,
  type Page,
  type Zone,
  type Zonelist,
  type Zoneref,
  type ZoneType,
  type Pfn,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { page_zonenum } from '../include/linux/mm.h.js';
import { VM_BUG_ON_PAGE } from '../include/linux/mmdebug.h.js';
import { PageBuddy, PageTail } from '../include/linux/page-flags.h.js';
import { page_ref_count, set_page_count } from '../include/linux/page_ref.h.js';

export interface AllocContext {
  zonelist: Zonelist;
  preferred_zoneref: Zoneref;
  migratetype: Migratetype;
  /** Highest zone the request may use: the index into lowmem_reserve[] of every zone it tries. */
  highest_zoneidx: ZoneType;
  /** Pages to be written through the page cache: stay below the dirty limit. */
  spread_dirty_pages: boolean;
}

/** `struct alloc_context ac = { };` */
export const newAllocContext = (): AllocContext => ({
  zonelist: NULL,
  preferred_zoneref: NULL,
  migratetype: 0,
  highest_zoneidx: 0,
  spread_dirty_pages: false,
});

export interface CompactControl {
  readonly zone: Zone;
  readonly gfp_mask: Gfp;
  nr_freepages: Int;
  /** Pages taken off their lists to be migrated. */
  readonly migratepages: ListHead;
  nr_migratepages: Int;
  /** Where the search for pages to migrate goes on. */
  migrate_pfn: Pfn;
}

/** Rounds of reclaim without progress before the OOM killer. */
export const MAX_RECLAIM_RETRIES = 16;

/** From 0 to the caller's one reference. */
export function set_page_refcounted(k: Kernel, page: Page): void {
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_PAGE(PageTail(k, page), page, 'mm/internal.h', 'PageTail(page)');
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_PAGE(page_ref_count(k, page) !== 0, page, 'mm/internal.h', 'page_ref_count(page)');
  set_page_count(k, page, 1);
}

/** Valid for PageBuddy pages, with zone->lock held. */
export function buddy_order(k: Kernel, page: Page): Order {
  return k.words[page + k.page.private]!;
}

export function is_migrate_highatomic(k: Kernel, migratetype: Migratetype): boolean {
  return migratetype === k.MIGRATE_HIGHATOMIC;
}

// --- what of a request's flags a slab's pages are asked for with ----------------------------------------------------------

export const GFP_RECLAIM_MASK = (k: Kernel): Gfp =>
  k.__GFP_DIRECT_RECLAIM |
  k.__GFP_KSWAPD_RECLAIM |
  k.__GFP_HIGH |
  k.__GFP_IO |
  k.__GFP_FS |
  k.__GFP_NOWARN |
  k.__GFP_RETRY_MAYFAIL |
  k.__GFP_NOFAIL |
  k.__GFP_NORETRY |
  k.__GFP_MEMALLOC |
  k.__GFP_NOMEMALLOC |
  k.__GFP_ATOMIC;

export const GFP_CONSTRAINT_MASK = (k: Kernel): Gfp => k.__GFP_HARDWALL | k.__GFP_THISNODE;

/** What makes no sense for an object: memory without an address, and bits that are none. */
export const GFP_SLAB_BUG_MASK = (k: Kernel): Gfp =>
  k.__GFP_DMA32 | k.__GFP_HIGHMEM | ~k.__GFP_BITS_MASK;

// --- buddies -----------------------------------------------------------------------------------------------------------

/** Whether `buddy` is a free block of this order in the zone of `page`. */
function page_is_buddy(k: Kernel, page: Page, buddy: Page, order: Order): boolean {
  if (!PageBuddy(k, buddy)) return false;
  if (buddy_order(k, buddy) !== order) return false;
  // The buddy of a zone's first or last block may be another zone's: the two must not be joined.
  return page_zonenum(k, page) === page_zonenum(k, buddy);
}

/** The two halves of a block of order + 1 differ in this one bit of their numbers. */
export function __find_buddy_pfn(page_pfn: Pfn, order: Order): Pfn {
  return page_pfn ^ (1 << order);
}

/** The buddy of the block at `pfn`, if they can be joined; else NULL. */
export function find_buddy_page_pfn(k: Kernel, page: Page, pfn: Pfn, order: Order): Page {
  const buddy: Page = k.pfn_to_page(__find_buddy_pfn(pfn, order));
  return buddy !== NULL && page_is_buddy(k, page, buddy, order) ? buddy : NULL;
}
