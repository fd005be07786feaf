/**
 * The node's limit of dirty pages: requests for pages to be written (`__GFP_WRITE`) pass over a node that has too many.
 *
 * Source: Linux 6.1 mm/page-writeback.c: node_dirty_ok(), node_dirty_limit(), node_dirtyable_memory().
 */
import type { ULong } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { global_node_page_state, zone_page_state } from '../include/linux/vmstat.h.js';

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
