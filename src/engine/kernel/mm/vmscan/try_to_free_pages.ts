/**
 * Direct reclaim: a request for memory frees some itself. The lower the priority, the larger the part of all objects that shrinkers are
 * asked for; pages of slabs that become free meanwhile are counted, and enough of them end it.
 *
 * Left out: the lists of pages (nothing is taken off them here), compaction instead of reclaim, throttling, ALLOCSTALL, kswapd.
 * Source: Linux 6.1 mm/vmscan.c: try_to_free_pages(), do_try_to_free_pages(), shrink_zones(), shrink_node(); include/linux/swap.h:
 * struct reclaim_state.
 */
import type { Gfp, Int, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { endReclaim, beginReclaim, reclaimedSlab } from './reclaim_state.js';
import { shrink_slab } from './shrink_slab.js';

const DEF_PRIORITY = 12;
const SWAP_CLUSTER_MAX = 32;

/** struct scan_control */
interface ScanControl {
  nr_to_reclaim: ULong;
  nr_reclaimed: ULong;
  gfp_mask: Gfp;
  priority: Int;
}

/** One node. */
function shrink_node(k: Kernel, sc: ScanControl): void {
  // shrink_node_memcgs():
  shrink_slab(k, sc.gfp_mask, 0, sc.priority);
  sc.nr_reclaimed += reclaimedSlab(k);
  beginReclaim(k);
}

function do_try_to_free_pages(k: Kernel, sc: ScanControl): ULong {
  do {
    shrink_node(k, sc);
    if (sc.nr_reclaimed >= sc.nr_to_reclaim) break;
    sc.priority--;
  } while (sc.priority >= 0);
  return sc.nr_reclaimed;
}

/** How many pages of slabs were freed. */
export function try_to_free_pages(k: Kernel, gfp_mask: Gfp): ULong {
  const sc: ScanControl = {
    nr_to_reclaim: SWAP_CLUSTER_MAX,
    nr_reclaimed: 0,
    gfp_mask,
    priority: DEF_PRIORITY,
  };
  beginReclaim(k);
  const nr_reclaimed: ULong = do_try_to_free_pages(k, sc);
  endReclaim(k);
  return nr_reclaimed;
}
