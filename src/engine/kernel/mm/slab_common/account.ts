/**
 * The node's counters of slab pages. Their names speak of bytes (`_B`), but on the node they count pages.
 *
 * Source: Linux 6.1 mm/slab.h: cache_vmstat_idx(), account_slab(), unaccount_slab(), which call mm/vmstat.c.
 */
import type { KmemCache, NodeStatItem, Order } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';

/** Reclaimable or not: shrinkers can free the objects of the one. */
function cache_vmstat_idx(k: Kernel, s: KmemCache): NodeStatItem {
  return (k.words[s + k.kmem_cache.flags]! & k.SLAB_RECLAIM_ACCOUNT) !== 0
    ? k.NR_SLAB_RECLAIMABLE_B
    : k.NR_SLAB_UNRECLAIMABLE_B;
}

/** The pages of a slab came. Left out: memcg_alloc_slab_cgroups (memcg). */
export function account_slab(k: Kernel, order: Order, s: KmemCache): void {
  __mod_node_page_state(k, cache_vmstat_idx(k, s), 1 << order);
}

/** They went. Left out: memcg_free_slab_cgroups (memcg). */
export function unaccount_slab(k: Kernel, order: Order, s: KmemCache): void {
  __mod_node_page_state(k, cache_vmstat_idx(k, s), -(1 << order));
}
