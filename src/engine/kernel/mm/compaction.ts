/**
 * What compaction lends to contiguous allocation: taking the free blocks of a range as single pages, and looking through a
 * range for pages to migrate.
 *
 *     isolate_freepages_range     block after block off its free list, all or nothing (strict)
 *       split_map_pages           single pages, each with one reference, linked by lru, the highest first
 *     isolate_migratepages_range  finds what must move; a pageblock with nothing to take is marked PB_migrate_skip
 *
 * The lists are local variables of the kernel, here registers, and the pages of a range that succeeds are never unlinked:
 * their lru goes on pointing to their neighbours and to where the list was.
 *
 * Nothing is migrated: a page on an LRU list is reported ('migrate') and stays where it is.
 * Source: Linux 6.1 mm/compaction.c.
 */
import {
  type Int,
  type ListHead,
  NULL,
  type Order,
  type Page,
  type ULong,
  type Zone,
  type Pfn,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_add_tail,
  list_del,
  list_next,
  list_splice,
} from '../include/linux/list.h.js';
import { compound_order, page_mapcount_word, page_zone } from '../include/linux/mm.h.js';
import { __PageMovable, PageBuddy, PageCompound, PageLRU } from '../include/linux/page-flags.h.js';
import { page_ref_count } from '../include/linux/page_ref.h.js';
import {
  pageblock_aligned,
  pageblock_end_pfn,
  pageblock_start_pfn,
} from '../include/linux/pageblock-flags.h.js';
import { __count_vm_events } from '../include/linux/vmstat.h.js';
import { buddy_order, type CompactControl } from './internal.h.js';
import { __free_page, split_page } from './page_alloc/api.js';
import { __isolate_free_page } from './page_alloc/isolate_free_page.js';
import { post_alloc_hook } from './page_alloc/page_alloc.js';
import { set_pageblock_skip } from './page_alloc/pageblock.js';

const lru = (k: Kernel, page: Page): ListHead => (page + k.page.lru) as ListHead;
const page_of = (k: Kernel, entry: ListHead): Page => (entry - k.page.lru) as Page;

// --- free pages ----------------------------------------------------------------------------------------------------------

/** Frees the single pages of a list. */
function release_freepages(k: Kernel, freelist: ListHead): void {
  let next: ListHead;
  for (let entry: ListHead = list_next(k, freelist); entry !== freelist; entry = next) {
    next = list_next(k, entry);
    list_del(k, entry);
    __free_page(k, page_of(k, entry));
  }
}

/** Makes single pages, in use, of the blocks on a list; `private` is their order. */
function split_map_pages(k: Kernel, list: ListHead): void {
  const tmp_list: ListHead = k.machine.register('tmp_list');
  INIT_LIST_HEAD(k, tmp_list);
  let next: ListHead;
  for (let entry: ListHead = list_next(k, list); entry !== list; entry = next) {
    next = list_next(k, entry);
    const page: Page = page_of(k, entry);
    list_del(k, entry);

    const order: Order = k.words[page + k.page.private]!;
    const nr_pages: ULong = 1 << order;
    post_alloc_hook(k, page, order, k.__GFP_MOVABLE);
    if (order !== 0) split_page(k, page, order);

    const pfn: Pfn = k.page_to_pfn(page);
    for (let i = 0; i < nr_pages; i++) list_add(k, lru(k, k.pfn_to_page(pfn + i)), tmp_list);
  }
  list_splice(k, tmp_list, list);
}

/** pageblock_pfn_to_page(): the first page, where the whole stretch of a pageblock is memory of the zone; else NULL. */
function pageblock_pfn_to_page(k: Kernel, start_pfn: Pfn, end_pfn: Pfn, zone: Zone): Page {
  const start_page: Page = k.pfn_to_page(start_pfn);
  if (k.read8(zone, k.zone.contiguous) !== 0) return start_page;
  const end_page: Page = k.pfn_to_page(end_pfn - 1);
  if (start_page === NULL || end_page === NULL) return NULL;
  return page_zone(k, start_page) === zone && page_zone(k, end_page) === zone ? start_page : NULL;
}

/**
 * Takes the free blocks of [start_pfn, end_pfn), which lies in one pageblock (the last block may reach out of it), onto
 * `freelist`; how many pages. Strict: 0 when a page in between is not free.
 */
function isolate_freepages_block(
  k: Kernel,
  cc: CompactControl,
  start_pfn: Pfn,
  end_pfn: Pfn,
  freelist: ListHead,
): Int {
  let blockpfn: Pfn = start_pfn;
  let total_isolated: Int = 0;
  while (blockpfn < end_pfn) {
    const page: Page = k.pfn_to_page(blockpfn);
    if (PageCompound(k, page) || !PageBuddy(k, page)) break;

    const order: Order = buddy_order(k, page);
    const isolated: Int = __isolate_free_page(k, page, order);
    if (isolated === 0) break;
    k.write_long(page + k.page.private, order);

    total_isolated += isolated;
    cc.nr_freepages += isolated;
    list_add_tail(k, lru(k, page), freelist);
    blockpfn += isolated;
  }
  if (blockpfn < end_pfn) total_isolated = 0;
  if (total_isolated !== 0) __count_vm_events(k, k.COMPACTISOLATED, total_isolated);
  return total_isolated;
}

/** Takes all pages of the range, which must be free: behind the last one taken, or 0, and then none is. */
export function isolate_freepages_range(
  k: Kernel,
  cc: CompactControl,
  start_pfn: Pfn,
  end_pfn: Pfn,
): ULong {
  const freelist: ListHead = k.machine.register('freelist');
  INIT_LIST_HEAD(k, freelist);
  const zone_start_pfn: Pfn = k.read_ulong(cc.zone + k.zone.zone_start_pfn);
  let pfn: Pfn = start_pfn;
  let block_start_pfn: Pfn = Math.max(pageblock_start_pfn(k, pfn), zone_start_pfn);
  let block_end_pfn: Pfn = pageblock_end_pfn(k, pfn);

  while (pfn < end_pfn) {
    block_end_pfn = Math.min(block_end_pfn, end_pfn);
    // The last block was larger than a pageblock.
    if (pfn >= block_end_pfn) {
      block_start_pfn = pageblock_start_pfn(k, pfn);
      block_end_pfn = Math.min(pageblock_end_pfn(k, pfn), end_pfn);
    }
    if (pageblock_pfn_to_page(k, block_start_pfn, block_end_pfn, cc.zone) === NULL) break;

    const isolated: ULong = isolate_freepages_block(k, cc, pfn, block_end_pfn, freelist);
    if (isolated === 0) break;
    pfn += isolated;
    block_start_pfn = block_end_pfn;
    block_end_pfn += k.pageblock_nr_pages;
  }

  split_map_pages(k, freelist);
  if (pfn < end_pfn) {
    release_freepages(k, freelist);
    return 0;
  }
  return pfn;
}

// --- pages to migrate ----------------------------------------------------------------------------------------------------

/** Whether the kernel would take the page off its list to migrate it. Of other pages nobody knows who uses them. */
function can_be_migrated(k: Kernel, page: Page): boolean {
  if (__PageMovable(k, page)) return true;
  if (!PageLRU(k, page) || page_ref_count(k, page) === 0) return false;
  // An anonymous page with more references than mappings and the scanner's is pinned.
  const PAGE_MAPPING_ANON = 1;
  const mapping = k.words[page + k.page.mapping]!;
  const anonymous = mapping === 0 || (mapping & PAGE_MAPPING_ANON) !== 0;
  return !anonymous || page_ref_count(k, page) <= page_mapcount_word(k, page) + 1;
}

/**
 * Looks through [low_pfn, end_pfn) of a pageblock for pages that can be migrated. `cc.migrate_pfn` says how far it came.
 * (The caller ignores PB_migrate_skip, and yet the scan sets it where it took nothing.)
 */
function isolate_migratepages_block(
  k: Kernel,
  cc: CompactControl,
  low_pfn: Pfn,
  end_pfn: Pfn,
): void {
  const nr_isolated: Int = 0;
  let valid_page: Page = NULL;
  for (; low_pfn < end_pfn; low_pfn++) {
    const page: Page = k.pfn_to_page(low_pfn);
    if (valid_page === NULL && pageblock_aligned(k, low_pfn)) valid_page = page;

    if (PageBuddy(k, page)) {
      low_pfn += (1 << buddy_order(k, page)) - 1;
      continue;
    }
    if (!can_be_migrated(k, page)) continue;
    k.emit({ kind: 'migrate', pfn: k.page_to_pfn(page) });
    if (PageCompound(k, page)) low_pfn += (1 << compound_order(k, page)) - 1;
  }
  low_pfn = Math.min(low_pfn, end_pfn);
  if (nr_isolated === 0 && valid_page !== NULL) set_pageblock_skip(k, valid_page);
  cc.migrate_pfn = low_pfn;
}

/** Looks through a range for pages to migrate, pageblock by pageblock. */
export function isolate_migratepages_range(
  k: Kernel,
  cc: CompactControl,
  start_pfn: Pfn,
  end_pfn: Pfn,
): void {
  const zone_start_pfn: Pfn = k.read_ulong(cc.zone + k.zone.zone_start_pfn);
  let pfn: Pfn = start_pfn;
  let block_start_pfn: Pfn = Math.max(pageblock_start_pfn(k, pfn), zone_start_pfn);
  let block_end_pfn: Pfn = pageblock_end_pfn(k, pfn);
  while (pfn < end_pfn) {
    block_end_pfn = Math.min(block_end_pfn, end_pfn);
    if (pageblock_pfn_to_page(k, block_start_pfn, block_end_pfn, cc.zone) !== NULL)
      isolate_migratepages_block(k, cc, pfn, block_end_pfn);
    pfn = block_end_pfn;
    block_start_pfn = block_end_pfn;
    block_end_pfn += k.pageblock_nr_pages;
  }
}
