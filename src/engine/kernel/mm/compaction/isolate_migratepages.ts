/**
 * What compaction lends to contiguous allocation: taking pages in use off their LRU lists, so that they can be migrated out of a range.
 * A pageblock with nothing to take is marked PB_migrate_skip.
 *
 * Left out: too_many_isolated, locks, fatal signals, PageHuge, drivers' movable pages (isolate_movable_page), and what direct compaction
 * asks for (skip_on_failure, isolate_mode_t, cached scanner positions).
 * Source: Linux 6.1 mm/compaction.c: isolate_migratepages_block(), isolate_migratepages_range().
 */
import { type Int, NULL, type Order, type Page, type Pfn } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { test_and_clear_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { list_add } from '../../include/linux/list.h.js';
import { compound_nr, folio_mapcount } from '../../include/linux/mm.h.js';
import {
  PAGE_MAPPING_ANON,
  PageBuddy,
  PageCompound,
  PageLRU,
} from '../../include/linux/page-flags.h.js';
import { page_ref_count, page_ref_inc } from '../../include/linux/page_ref.h.js';
import {
  pageblock_aligned,
  pageblock_end_pfn,
  pageblock_start_pfn,
} from '../../include/linux/pageblock-flags.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { trace_mm_compaction_isolate_migratepages } from '../../include/trace/events/compaction.h.js';
import { buddy_order, type CompactControl } from '../internal.h.js';
import { set_pageblock_skip } from '../page_alloc/pageblock.js';
import { folio_is_file_lru, lruvec_del_folio } from '../swap/lruvec.js';
import { put_page } from '../swap/swap.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { pageblock_pfn_to_page } from './compaction.js';

/** Pages that are migrated in one go. */
const COMPACT_CLUSTER_MAX = 32;

/**
 * Takes pages of [low_pfn, end_pfn), which lies in a pageblock, onto `cc.migratepages`, the highest first; `cc.migrate_pfn` says how far
 * it came. 0, or an error. (The caller ignores PB_migrate_skip, and yet the scan sets it where it took nothing.)
 */
function isolate_migratepages_block(
  k: Kernel,
  cc: CompactControl,
  low_pfn: Pfn,
  end_pfn: Pfn,
): Int {
  const start_pfn: Pfn = low_pfn;
  let nr_scanned: Int = 0;
  let nr_isolated: Int = 0;
  let valid_page: Page = NULL;
  cc.migrate_pfn = low_pfn;

  for (; low_pfn < end_pfn; low_pfn++) {
    nr_scanned++;
    const page: Page = k.pfn_to_page(low_pfn);
    // The first page of the pageblock stands for it. A scan that begins inside of it leaves its bit alone.
    if (valid_page === NULL && pageblock_aligned(k, low_pfn)) valid_page = page;

    // Free already.
    if (PageBuddy(k, page)) {
      const freepage_order: Order = buddy_order(k, page);
      // Read without the zone's lock: an impossible order is not followed.
      if (freepage_order > 0 && freepage_order < k.MAX_ORDER) low_pfn += (1 << freepage_order) - 1;
      continue;
    }

    // Who uses another page, nobody knows.
    if (!PageLRU(k, page)) continue;
    // It is being freed.
    if (page_ref_count(k, page) === 0) continue;
    page_ref_inc(k, page);
    isolate_fail_put: {
      // An anonymous page with more references than mappings (and the scanner's own) is pinned: to migrate it would fail.
      const mapping = k.words[page + k.page.mapping]!;
      const anonymous = mapping === 0 || (mapping & PAGE_MAPPING_ANON) !== 0;
      // total_mapcount():
      if (anonymous && page_ref_count(k, page) - 1 > folio_mapcount(k, page)) {
        k.emit({ kind: 'migrate', pfn: k.page_to_pfn(page), outcome: 'pinned' });
        break isolate_fail_put;
      }
      if ((cc.gfp_mask & k.__GFP_FS) === 0 && !anonymous) break isolate_fail_put;
      if (!test_and_clear_bit(k, k.PG_lru, page + k.page.flags)) break isolate_fail_put;

      // The whole page is taken off its list: its tails are not looked at.
      const nr_pages: Int = compound_nr(k, page);
      if (PageCompound(k, page)) low_pfn += nr_pages - 1;
      lruvec_del_folio(k, page);
      __mod_node_page_state(k, k.NR_ISOLATED_ANON + (folio_is_file_lru(k, page) ? 1 : 0), nr_pages);

      // isolate_success:
      list_add(k, page + k.page.lru, cc.migratepages);
      cc.nr_migratepages += nr_pages;
      nr_isolated += nr_pages;
      nr_scanned += nr_pages - 1;
      // Enough for one go.
      if (cc.nr_migratepages >= COMPACT_CLUSTER_MAX) {
        ++low_pfn;
        break;
      }
      continue;
    }
    // isolate_fail_put:
    put_page(k, page);
  }

  // The last page may have been one of many.
  if (low_pfn > end_pfn) low_pfn = end_pfn;
  // isolate_abort:
  if (low_pfn === end_pfn && nr_isolated === 0 && valid_page !== NULL)
    set_pageblock_skip(k, valid_page);
  trace_mm_compaction_isolate_migratepages(k, start_pfn, low_pfn, nr_scanned, nr_isolated);
  if (nr_isolated !== 0) __count_vm_events(k, k.COMPACTISOLATED, nr_isolated);
  cc.migrate_pfn = low_pfn;
  return 0;
}

/** Takes pages of a range to be migrated, pageblock by pageblock, until there are enough: 0, or an error. */
export function isolate_migratepages_range(
  k: Kernel,
  cc: CompactControl,
  start_pfn: Pfn,
  end_pfn: Pfn,
): Int {
  let ret: Int = 0;
  let pfn: Pfn = start_pfn;
  let block_start_pfn: Pfn = pageblock_start_pfn(k, pfn);
  const zone_start_pfn: Pfn = k.read_ulong(cc.zone + k.zone.zone_start_pfn);
  if (block_start_pfn < zone_start_pfn) block_start_pfn = zone_start_pfn;
  let block_end_pfn: Pfn = pageblock_end_pfn(k, pfn);
  for (
    ;
    pfn < end_pfn;
    pfn = block_end_pfn, block_start_pfn = block_end_pfn, block_end_pfn += k.pageblock_nr_pages
  ) {
    block_end_pfn = Math.min(block_end_pfn, end_pfn);
    if (pageblock_pfn_to_page(k, block_start_pfn, block_end_pfn, cc.zone) === NULL) continue;

    // The first and the last pageblock may be incomplete.
    ret = isolate_migratepages_block(k, cc, pfn, block_end_pfn);
    if (ret !== 0) break;
    // Those are migrated first.
    if (cc.nr_migratepages >= COMPACT_CLUSTER_MAX) break;
  }
  return ret;
}
