/**
 * Freeing to a SLAB cache: to the CPU's array, whose oldest batch goes back to its slabs when it is full.
 *
 *     array  ->  slabs_partial (tail)  or  slabs_free (head)
 *
 * Free slabs are given back when more objects than free_limit are free.
 * Source: Linux 6.1 mm/slab.c: do_drain() to __kmem_cache_shutdown(), free_block() to ___cache_free(), kmem_cache_free_bulk().
 */
import type {
  ArrayCache,
  Int,
  KmemCache,
  KmemCacheNode,
  ListHead,
  Slab,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import {
  list_add,
  list_add_tail,
  list_del,
  list_empty,
  list_last_entry,
  list_move,
} from '../../include/linux/list.h.js';
import { trace_kmem_cache_free } from '../../include/trace/events/kmem.h.js';
import { get_node, virt_to_slab } from '../slab.h.js';
import { __free_one, cpu_cache_get, entryAt, moveDown } from './array_cache.js';
import { drain_freelist, localList, slabs_destroy } from './grow.js';
import { slab_put_obj } from './slab_mgmt.js';

const INT_MAX = 0x7fffffff;

/** Gives the first `nr_objects` of the array back to their slabs. Slabs beyond the limit go to `list`. Left out: statistics. */
export function free_block(
  k: Kernel,
  cachep: KmemCache,
  ac: ArrayCache,
  nr_objects: Int,
  list: ListHead,
): void {
  const n: KmemCacheNode = get_node(k, cachep);
  const slabs_free = (n + k.kmem_cache_node.slabs_free) as ListHead;
  k.add_long(n + k.kmem_cache_node.free_objects, nr_objects);

  for (let i: Int = 0; i < nr_objects; i++) {
    const objp: VirtAddr = k.read_va(entryAt(k, ac, i));
    const slab: Slab = virt_to_slab(k, objp);
    list_del(k, slab + k.slab.slab_list);
    slab_put_obj(k, cachep, slab, objp);

    if (k.words[slab + k.slab.active] === 0) {
      list_add(k, slab + k.slab.slab_list, slabs_free);
      k.add_long(n + k.kmem_cache_node.free_slabs, 1);
    } else {
      // To the tail: the longest time for its other objects to come back, too.
      list_add_tail(k, slab + k.slab.slab_list, n + k.kmem_cache_node.slabs_partial);
    }
  }

  let rounds = 0;
  while (
    k.read_ulong(n + k.kmem_cache_node.free_objects) > k.words[n + k.kmem_cache_node.free_limit]! &&
    !list_empty(k, slabs_free)
  ) {
    k.watchdog(++rounds << 10);
    k.add_long(n + k.kmem_cache_node.free_objects, -k.words[cachep + k.kmem_cache.num]!);
    const slab: Slab = list_last_entry(k, slabs_free, k.slab.slab_list);
    list_move(k, slab + k.slab.slab_list, list);
    k.add_long(n + k.kmem_cache_node.free_slabs, -1);
    k.add_long(n + k.kmem_cache_node.total_slabs, -1);
  }
}

/** The array is full: its oldest batch goes back. Left out: shared arrays (one node). */
function cache_flusharray(k: Kernel, cachep: KmemCache, ac: ArrayCache): void {
  const list: ListHead = localList(k, cachep);
  const batchcount: Int = k.words[k.plus(ac, k.array_cache.batchcount)]!;
  free_block(k, cachep, ac, batchcount, list);

  const avail: Int = k.words[k.plus(ac, k.array_cache.avail)]!;
  k.write(k.plus(ac, k.array_cache.avail), avail - batchcount);
  moveDown(k, ac, batchcount);
  // Behind the array's change: destroying a slab may free an object of this very cache.
  slabs_destroy(k, cachep, list);
}

/** Left out: alien arrays (one node), pfmemalloc, statistics, kmemleak, cache_free_debugcheck. */
function ___cache_free(k: Kernel, cachep: KmemCache, objp: VirtAddr): void {
  const ac: ArrayCache = cpu_cache_get(k, cachep);
  const limit: Int = k.words[k.plus(ac, k.array_cache.limit)]!;
  if (k.words[k.plus(ac, k.array_cache.avail)]! >= limit) cache_flusharray(k, cachep, ac);
  __free_one(k, ac, objp);
}

/** Left out: memcg, kfence, kasan, init_on_free. */
function __cache_free(k: Kernel, cachep: KmemCache, objp: VirtAddr): void {
  ___cache_free(k, cachep, objp);
}

/** For kfree(). */
export function __kmem_cache_free(k: Kernel, cachep: KmemCache, objp: VirtAddr): void {
  __cache_free(k, cachep, objp);
}

/** Left out: cache_from_obj, which looks whether the object is of that cache where debugging is on. */
export function kmem_cache_free(k: Kernel, cachep: KmemCache, objp: VirtAddr): void {
  trace_kmem_cache_free(k, objp, cachep);
  __cache_free(k, cachep, objp);
}

export function kmem_cache_free_bulk(k: Kernel, s: KmemCache, size: Int, p: VirtAddr[]): void {
  for (let i: Int = 0; i < size; i++) __cache_free(k, s, p[i]!);
}

// --- shrinking ---------------------------------------------------------------------------------------------------------

/** All of this CPU's array goes back to the slabs. */
function do_drain(k: Kernel, cachep: KmemCache): void {
  const list: ListHead = localList(k, cachep);
  const ac: ArrayCache = cpu_cache_get(k, cachep);
  free_block(k, cachep, ac, k.words[k.plus(ac, k.array_cache.avail)]!, list);
  k.write(k.plus(ac, k.array_cache.avail), 0);
  slabs_destroy(k, cachep, list);
}

/** The arrays of all CPUs: there is one. Left out: shared and alien arrays. */
function drain_cpu_caches(k: Kernel, cachep: KmemCache): void {
  do_drain(k, cachep);
}

/** 1 when slabs with objects are left. */
export function __kmem_cache_shrink(k: Kernel, cachep: KmemCache): Int {
  drain_cpu_caches(k, cachep);

  const n: KmemCacheNode = get_node(k, cachep);
  drain_freelist(k, cachep, n, INT_MAX);
  return !list_empty(k, n + k.kmem_cache_node.slabs_full) ||
    !list_empty(k, n + k.kmem_cache_node.slabs_partial)
    ? 1
    : 0;
}

export function __kmem_cache_shutdown(k: Kernel, cachep: KmemCache): Int {
  return __kmem_cache_shrink(k, cachep);
}
