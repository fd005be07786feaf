/**
 * What compaction lends to contiguous allocation: taking the free blocks of a range as single pages. (isolate_migratepages.ts takes those
 * that are in use.)
 *
 *     isolate_freepages_range     block after block off its free list, all or nothing (strict)
 *       split_map_pages           single pages, each with one reference, linked by lru, the highest first
 *
 * The lists are local variables of the kernel, here registers, and the pages of a range that succeeds are never unlinked:
 * their lru goes on pointing to their neighbours and to where the list was.
 * Source: Linux 6.1 mm/compaction.c; mm/internal.h: pageblock_pfn_to_page().
 */
import {
  type Int,
  type ListHead,
  NULL,
  type Order,
  type Out,
  type Page,
  type Pfn,
  type UInt,
  type ULong,
  type Zone,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_add_tail,
  list_del,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
  list_splice,
} from '../../include/linux/list.h.js';
import { compound_order, nth_page } from '../../include/linux/mm.h.js';
import { PageBuddy, PageCompound } from '../../include/linux/page-flags.h.js';
import { pageblock_end_pfn, pageblock_start_pfn } from '../../include/linux/pageblock-flags.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { trace_mm_compaction_isolate_freepages } from '../../include/trace/events/compaction.h.js';
import { buddy_order, type CompactControl } from '../internal.h.js';
import { __free_page, split_page } from '../page_alloc/api.js';
import { __isolate_free_page } from '../page_alloc/isolate_free_page.js';
import { __pageblock_pfn_to_page } from '../page_alloc/mm_init.js';
import { post_alloc_hook } from '../page_alloc/get_page_from_freelist.js';

/** Frees the single pages of a list. Left out: high_pfn, which only compaction's scanner asks for. */
function release_freepages(k: Kernel, freelist: ListHead): void {
  for (
    let page: Page = list_first_entry(k, freelist, k.page.lru),
      next: Page = list_next_entry(k, page, k.page.lru);
    !list_entry_is_head(k, page, freelist, k.page.lru);
    page = next, next = list_next_entry(k, next, k.page.lru)
  ) {
    list_del(k, page + k.page.lru);
    __free_page(k, page);
  }
}

/** Makes single pages, in use, of the blocks on a list; `private` is their order. */
function split_map_pages(k: Kernel, list: ListHead): void {
  const tmp_list: ListHead = k.machine.register('tmp_list');
  INIT_LIST_HEAD(k, tmp_list);
  for (
    let page: Page = list_first_entry(k, list, k.page.lru),
      next: Page = list_next_entry(k, page, k.page.lru);
    !list_entry_is_head(k, page, list, k.page.lru);
    page = next, next = list_next_entry(k, next, k.page.lru)
  ) {
    list_del(k, page + k.page.lru);

    const order: Order = k.words[page + k.page.private]!;
    const nr_pages: UInt = 1 << order;
    // They may be used from here on, as movable pages: whoever migrates into them asks for no more than that.
    post_alloc_hook(k, page, order, k.__GFP_MOVABLE);
    if (order !== 0) split_page(k, page, order);

    for (let i = 0; i < nr_pages; i++) list_add(k, nth_page(k, page, i) + k.page.lru, tmp_list);
  }
  list_splice(k, tmp_list, list);
}

/** The first page, where the whole stretch of a pageblock is memory of the zone; else NULL. An inline of mm/internal.h. */
export function pageblock_pfn_to_page(k: Kernel, start_pfn: Pfn, end_pfn: Pfn, zone: Zone): Page {
  if (k.read8(zone, k.zone.contiguous) !== 0) return k.pfn_to_page(start_pfn);
  return __pageblock_pfn_to_page(k, start_pfn, end_pfn, zone);
}

/**
 * Takes the free blocks of [*start_pfn, end_pfn), which lies in one pageblock (the last block may reach out of it), onto `freelist`;
 * how many pages. `*start_pfn` is then where it stopped. Strict: it stops at the first page that is not free, and 0 says so.
 * Left out: zone->lock, which it takes anew now and then; fatal signals; stride (faster scans of direct compaction).
 */
function isolate_freepages_block(
  k: Kernel,
  cc: CompactControl,
  start_pfn: Out<Pfn>,
  end_pfn: Pfn,
  freelist: ListHead,
  strict: boolean,
): ULong {
  let total_isolated: Int = 0;
  let blockpfn: Pfn = start_pfn.value;
  const start: Pfn = blockpfn;
  let nr_scanned: Int = 0;

  for (; blockpfn < end_pfn; blockpfn++) {
    nr_scanned++;
    const page: Page = k.pfn_to_page(blockpfn);

    isolate_fail: {
      // None of its pages is free: they are skipped at once.
      if (PageCompound(k, page)) {
        // Read without a lock, it may be garbage: an impossible order is not believed.
        const order: Order = compound_order(k, page);
        if (order < k.MAX_ORDER) {
          blockpfn += (1 << order) - 1;
          nr_scanned += (1 << order) - 1;
        }
        break isolate_fail;
      }

      if (!PageBuddy(k, page)) break isolate_fail;

      const order: Order = buddy_order(k, page);
      const isolated: Int = __isolate_free_page(k, page, order);
      // The zone has too little left.
      if (isolated === 0) break;
      // So that split_map_pages() knows how many pages it is: off the list no flag says so.
      k.write_long(page + k.page.private, order);

      nr_scanned += isolated - 1;
      total_isolated += isolated;
      cc.nr_freepages += isolated;
      list_add_tail(k, page + k.page.lru, freelist);

      // Compaction has enough when there is a place for each page that it migrates.
      if (!strict && cc.nr_migratepages <= cc.nr_freepages) {
        blockpfn += isolated;
        break;
      }
      blockpfn += isolated - 1;
      continue;
    }
    // isolate_fail:
    if (strict) break;
  }

  // The order of a compound page was read without a lock, and may have led out of the pageblock. A free block that reaches out of
  // it is counted as a whole.
  if (blockpfn > end_pfn) blockpfn = end_pfn;
  start_pfn.value = blockpfn;

  // CMA asked for all of it: some is of no use.
  if (strict && blockpfn < end_pfn) total_isolated = 0;
  trace_mm_compaction_isolate_freepages(k, start, blockpfn, nr_scanned, total_isolated);
  if (total_isolated !== 0) __count_vm_events(k, k.COMPACTISOLATED, total_isolated);
  return total_isolated;
}

/** Takes all pages of the range, which must be free: behind the last one taken, or 0, and then none is. */
export function isolate_freepages_range(
  k: Kernel,
  cc: CompactControl,
  start_pfn: Pfn,
  end_pfn: Pfn,
): Pfn {
  const freelist: ListHead = k.machine.register('freelist');
  INIT_LIST_HEAD(k, freelist);
  let pfn: Pfn = start_pfn;
  let block_start_pfn: Pfn = pageblock_start_pfn(k, pfn);
  const zone_start_pfn: Pfn = k.read_ulong(cc.zone + k.zone.zone_start_pfn);
  if (block_start_pfn < zone_start_pfn) block_start_pfn = zone_start_pfn;
  let block_end_pfn: Pfn = pageblock_end_pfn(k, pfn);
  let isolated!: ULong;
  for (
    ;
    pfn < end_pfn;
    pfn += isolated, block_start_pfn = block_end_pfn, block_end_pfn += k.pageblock_nr_pages
  ) {
    // `pfn` advances by the pages taken, which may be more than the pageblock has.
    const isolate_start_pfn: Out<Pfn> = { value: pfn };
    block_end_pfn = Math.min(block_end_pfn, end_pfn);

    // The last block was larger than a pageblock.
    if (pfn >= block_end_pfn) {
      block_start_pfn = pageblock_start_pfn(k, pfn);
      block_end_pfn = Math.min(pageblock_end_pfn(k, pfn), end_pfn);
    }

    if (pageblock_pfn_to_page(k, block_start_pfn, block_end_pfn, cc.zone) === NULL) break;

    isolated = isolate_freepages_block(k, cc, isolate_start_pfn, block_end_pfn, freelist, true);
    if (isolated === 0) break;
  }

  // Off the lists they are not yet anybody's.
  split_map_pages(k, freelist);

  // All or nothing: a gap makes the rest useless.
  if (pfn < end_pfn) {
    release_freepages(k, freelist);
    return 0;
  }
  return pfn;
}
