/**
 * The node's list of slabs that have free objects.
 *
 *     n->partial      the slab to be taken next comes first
 *
 * Source: Linux 6.1 mm/slub.c: __add_partial(), add_partial(), remove_partial().
 */
import type { KmemCacheNode, Slab } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { list_add, list_add_tail, list_del } from '../../include/linux/list.h.js';

/** The end of n->partial that a slab comes to. */
export const DEACTIVATE_TO_HEAD = false;
export const DEACTIVATE_TO_TAIL = true;

export function __add_partial(k: Kernel, n: KmemCacheNode, slab: Slab, tail: boolean): void {
  k.add_long(n + k.kmem_cache_node.nr_partial, 1);
  // At the tail a slab waits longest: time for its other objects to come back, too.
  if (tail === DEACTIVATE_TO_TAIL)
    list_add_tail(k, slab + k.slab.slab_list, n + k.kmem_cache_node.partial);
  else list_add(k, slab + k.slab.slab_list, n + k.kmem_cache_node.partial);
}

export function add_partial(k: Kernel, n: KmemCacheNode, slab: Slab, tail: boolean): void {
  __add_partial(k, n, slab, tail);
}

/** The caller has to freeze or to free the slab: the node knows it no longer. */
export function remove_partial(k: Kernel, n: KmemCacheNode, slab: Slab): void {
  list_del(k, slab + k.slab.slab_list);
  k.add_long(n + k.kmem_cache_node.nr_partial, -1);
}
