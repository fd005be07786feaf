/**
 * The node's limit of dirty pages: requests for pages to be written (`__GFP_WRITE`) pass over a node that has too many. And pages that
 * are being written, in their flags and counters.
 *
 * Source: Linux 6.1 mm/page-writeback.c: node_dirty_ok(), node_dirty_limit(), node_dirtyable_memory(), __folio_start_writeback(),
 * __folio_end_writeback(); mm/folio-compat.c: set_page_writeback().
 */
import type { Page, ULong } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { test_and_clear_bit, test_and_set_bit } from '../arch/x86/include/asm/bitops.h.js';
import { page_zone } from '../include/linux/mm.h.js';
import { page_folio } from '../include/linux/page-flags.h.js';
import { global_node_page_state, zone_page_state } from '../include/linux/vmstat.h.js';
import { __mod_node_page_state } from './vmstat/node_stat.js';
import { __mod_zone_page_state } from './vmstat/vmstat.js';

/** Pages that could be dirty: free ones beyond the reserve, and those of the page cache. */
function node_dirtyable_memory(k: Kernel): ULong {
  let nr_pages: ULong = 0;
  for (const zone of k.zones) nr_pages += zone_page_state(k, zone, k.NR_FREE_PAGES);
  // What no user may count on.
  const reserve: ULong = k.read_ulong(
    k.globals.contig_page_data + k.pglist_data.totalreserve_pages,
  );
  nr_pages -= Math.min(nr_pages, reserve);
  nr_pages += global_node_page_state(k, k.NR_INACTIVE_FILE);
  nr_pages += global_node_page_state(k, k.NR_ACTIVE_FILE);
  return nr_pages;
}

/** Left out: vm_dirty_bytes, the quarter more that a realtime task has. */
function node_dirty_limit(k: Kernel): ULong {
  const vm_dirty_ratio = k.words[k.globals.vm_dirty_ratio]!;
  return Math.floor((vm_dirty_ratio * node_dirtyable_memory(k)) / 100);
}

/** Whether the node has room for another page to be written. */
export function node_dirty_ok(k: Kernel): boolean {
  const dirty: ULong = global_node_page_state(k, k.NR_FILE_DIRTY);
  const writeback: ULong = global_node_page_state(k, k.NR_WRITEBACK);
  return dirty + writeback <= node_dirty_limit(k);
}

// --- writing a page ------------------------------------------------------------------------------------------------------

/** The page is being written from here on; whether it was before. Left out: the mapping's tags, the account of its device. */
export function __folio_start_writeback(k: Kernel, folio: Page): boolean {
  const ret = test_and_set_bit(k, k.PG_writeback, folio + k.page.flags);
  if (!ret) {
    __mod_node_page_state(k, k.NR_WRITEBACK, 1);
    __mod_zone_page_state(k, page_zone(k, folio), k.NR_ZONE_WRITE_PENDING, 1);
  }
  return ret;
}

/** It has been written; whether it was being. */
export function __folio_end_writeback(k: Kernel, folio: Page): boolean {
  const ret = test_and_clear_bit(k, k.PG_writeback, folio + k.page.flags);
  if (ret) {
    __mod_node_page_state(k, k.NR_WRITEBACK, -1);
    __mod_zone_page_state(k, page_zone(k, folio), k.NR_ZONE_WRITE_PENDING, -1);
    __mod_node_page_state(k, k.NR_WRITTEN, 1);
  }
  return ret;
}

export function set_page_writeback(k: Kernel, page: Page): boolean {
  return __folio_start_writeback(k, page_folio(k, page));
}
