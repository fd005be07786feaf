/**
 * SLAB, the older of the two slab allocators: objects go through a CPU's array; slabs stand on three lists of the node.
 *
 *     alloc   array, refilled at once with a batch   <-  slabs_partial  <-  slabs_free  <-  a new slab
 *     free    array, whose oldest batch goes to      ->  slabs_partial (tail) or slabs_free (head)
 *
 * Free slabs are given back when more objects than free_limit are free.
 * Source: Linux 6.1 mm/slab.c, as built without NUMA, DEBUG_SLAB and random or hardened freelists.
 */
import {
  type ArrayCache,
  type Gfp,
  type Int,
  type KmemCache,
  type KmemCacheNode,
  type ListHead,
  NULL,
  type Slab,
  type SlabFlags,
} from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import {
  list_add,
  list_add_tail,
  list_del,
  list_empty,
  list_last,
  list_move,
  list_next,
} from '../../include/linux/list.h.js';
import { SLAB_CORE_FLAGS } from '../../include/linux/slab.h.js';
import { get_node, slab_post_alloc_hook, virt_to_slab } from '../slab.h.js';
import type { SlabAllocator } from '../slab_common/api.js';
import { slab_kmem_cache_release } from '../slab_common/slab_common.js';
import {
  ac_avail,
  ac_drop_oldest,
  ac_get,
  ac_object,
  ac_pop,
  ac_push,
  ac_set,
  cpu_cache_get,
} from './array_cache.js';
import { __kmem_cache_release } from './cpucache.js';
import { __kmem_cache_create } from './geometry.js';
import {
  cache_grow_begin,
  cache_grow_end,
  drain_freelist,
  fixup_slab_list,
  slab_active,
  slab_get_obj,
  slab_list,
  slab_of_entry,
  slab_put_obj,
  slabs_destroy,
  slabs_list,
} from './grow.js';

/** A refill of an array that was not used lately is no larger than this. */
const BATCHREFILL_LIMIT = 16;

// --- allocating --------------------------------------------------------------------------------------------------------

/** The slab to take objects from: the first partial one, else the first free one. */
function get_first_slab(k: Kernel, n: KmemCacheNode): Slab {
  const partial: ListHead = (n + k.kmem_cache_node.slabs_partial) as ListHead;
  if (!list_empty(k, partial)) return slab_of_entry(k, list_next(k, partial));
  k.write(n + k.kmem_cache_node.free_touched, 1);
  const free: ListHead = (n + k.kmem_cache_node.slabs_free) as ListHead;
  if (list_empty(k, free)) return NULL;
  k.add_long(n + k.kmem_cache_node.free_slabs, -1);
  return slab_of_entry(k, list_next(k, free));
}

/** Moves up to `batchcount` objects of a slab to the array. How many of the batch are still wanted. */
function alloc_block(
  k: Kernel,
  cachep: KmemCache,
  ac: ArrayCache,
  slab: Slab,
  batchcount: Int,
): Int {
  const num: Int = k.words[cachep + k.kmem_cache.num]!;
  if (slab_active(k, slab) >= num) throw new KernelFault('kernel BUG at mm/slab.c: alloc_block()');
  while (slab_active(k, slab) < num && batchcount > 0) {
    batchcount--;
    ac_push(k, ac, slab_get_obj(k, cachep, slab));
  }
  return batchcount;
}

/** Fills the empty array with a batch and takes an object from it. */
function cache_alloc_refill(k: Kernel, cachep: KmemCache, flags: Gfp): VirtAddr {
  const ac: ArrayCache = cpu_cache_get(k, cachep);
  let batchcount: Int = ac_get(k, ac, k.array_cache.batchcount);
  if (ac_get(k, ac, k.array_cache.touched) === 0 && batchcount > BATCHREFILL_LIMIT)
    batchcount = BATCHREFILL_LIMIT;
  const n: KmemCacheNode = get_node(k, cachep);

  if (k.read_ulong(n + k.kmem_cache_node.free_objects) !== 0) {
    while (batchcount > 0) {
      const slab: Slab = get_first_slab(k, n);
      if (slab === NULL) break;
      batchcount = alloc_block(k, cachep, ac, slab, batchcount);
      fixup_slab_list(k, cachep, n, slab);
    }
    k.add_long(n + k.kmem_cache_node.free_objects, -ac_avail(k, ac));
  }

  if (ac_avail(k, ac) === 0) {
    const slab: Slab = cache_grow_begin(k, cachep, flags & ~k.__GFP_NOFAIL);
    // Growing may have put objects into the array: an OFF_SLAB freelist of the same size.
    if (ac_avail(k, ac) === 0 && slab !== NULL) alloc_block(k, cachep, ac, slab, batchcount);
    cache_grow_end(k, cachep, slab);
    if (ac_avail(k, ac) === 0) return 0 as VirtAddr;
  }
  ac_set(k, ac, k.array_cache.touched, 1);
  return ac_pop(k, ac);
}

function ____cache_alloc(k: Kernel, cachep: KmemCache, flags: Gfp): VirtAddr {
  const ac: ArrayCache = cpu_cache_get(k, cachep);
  if (ac_avail(k, ac) === 0) return cache_alloc_refill(k, cachep, flags);
  ac_set(k, ac, k.array_cache.touched, 1);
  return ac_pop(k, ac);
}

function slab_alloc(k: Kernel, cachep: KmemCache, flags: Gfp): VirtAddr {
  flags &= k.words[k.globals.gfp_allowed_mask]!;
  const objp: VirtAddr = ____cache_alloc(k, cachep, flags);
  slab_post_alloc_hook(k, cachep, flags, [objp]);
  return objp;
}

/** One object after the other; without memory for all, none. */
function kmem_cache_alloc_bulk(k: Kernel, s: KmemCache, flags: Gfp, size: Int, p: VirtAddr[]): Int {
  for (let i = 0; i < size; i++) {
    const objp: VirtAddr = ____cache_alloc(k, s, flags);
    if (objp === 0) {
      kmem_cache_free_bulk(k, s, i, p);
      return 0;
    }
    p[i] = objp;
  }
  slab_post_alloc_hook(k, s, flags, p.slice(0, size));
  return size;
}

// --- freeing -----------------------------------------------------------------------------------------------------------

/** Gives the first `nr_objects` of the array back to their slabs. Slabs beyond the limit go to `list`. */
function free_block(
  k: Kernel,
  cachep: KmemCache,
  ac: ArrayCache,
  nr_objects: Int,
  list: ListHead,
): void {
  const n: KmemCacheNode = get_node(k, cachep);
  const slabs_free = (n + k.kmem_cache_node.slabs_free) as ListHead;
  k.add_long(n + k.kmem_cache_node.free_objects, nr_objects);

  for (let i = 0; i < nr_objects; i++) {
    const objp: VirtAddr = ac_object(k, ac, i);
    const slab: Slab = virt_to_slab(k, objp);
    list_del(k, slab_list(k, slab));
    slab_put_obj(k, cachep, slab, objp);
    if (slab_active(k, slab) === 0) {
      list_add(k, slab_list(k, slab), slabs_free);
      k.add_long(n + k.kmem_cache_node.free_slabs, 1);
    } else {
      // To the tail: the longest time for its other objects to come back, too.
      list_add_tail(k, slab_list(k, slab), (n + k.kmem_cache_node.slabs_partial) as ListHead);
    }
  }

  const num: Int = k.words[cachep + k.kmem_cache.num]!;
  const free_limit: Int = k.words[n + k.kmem_cache_node.free_limit]!;
  while (
    k.read_ulong(n + k.kmem_cache_node.free_objects) > free_limit &&
    !list_empty(k, slabs_free)
  ) {
    k.add_long(n + k.kmem_cache_node.free_objects, -num);
    list_move(k, list_last(k, slabs_free), list);
    k.add_long(n + k.kmem_cache_node.free_slabs, -1);
    k.add_long(n + k.kmem_cache_node.total_slabs, -1);
  }
}

/** The array is full: its oldest batch goes back. */
function cache_flusharray(k: Kernel, cachep: KmemCache, ac: ArrayCache): void {
  const list: ListHead = slabs_list(k, cachep);
  const batchcount: Int = ac_get(k, ac, k.array_cache.batchcount);
  free_block(k, cachep, ac, batchcount, list);
  ac_drop_oldest(k, ac, batchcount);
  slabs_destroy(k, cachep, list);
}

function ___cache_free(k: Kernel, cachep: KmemCache, objp: VirtAddr): void {
  const ac: ArrayCache = cpu_cache_get(k, cachep);
  if (ac_avail(k, ac) >= ac_get(k, ac, k.array_cache.limit)) cache_flusharray(k, cachep, ac);
  ac_push(k, ac, objp);
}

function kmem_cache_free_bulk(k: Kernel, s: KmemCache, size: Int, p: readonly VirtAddr[]): void {
  for (let i = 0; i < size; i++) ___cache_free(k, s, p[i]!);
}

// --- shrinking ---------------------------------------------------------------------------------------------------------

/** All of this CPU's array goes back to the slabs. */
function do_drain(k: Kernel, cachep: KmemCache): void {
  const list: ListHead = slabs_list(k, cachep);
  const ac: ArrayCache = cpu_cache_get(k, cachep);
  free_block(k, cachep, ac, ac_avail(k, ac), list);
  ac_set(k, ac, k.array_cache.avail, 0);
  slabs_destroy(k, cachep, list);
}

/** 1 when slabs with objects are left. */
function __kmem_cache_shrink(k: Kernel, cachep: KmemCache): Int {
  do_drain(k, cachep);
  const n: KmemCacheNode = get_node(k, cachep);
  drain_freelist(k, cachep, n, Infinity);
  const none_full = list_empty(k, (n + k.kmem_cache_node.slabs_full) as ListHead);
  return none_full && list_empty(k, (n + k.kmem_cache_node.slabs_partial) as ListHead) ? 0 : 1;
}

const CACHE_CREATE_MASK = (k: Kernel): SlabFlags =>
  SLAB_CORE_FLAGS(k) |
  k.SLAB_MEM_SPREAD |
  k.SLAB_NOLEAKTRACE |
  k.SLAB_RECLAIM_ACCOUNT |
  k.SLAB_ACCOUNT;

export const SLAB_ALLOCATOR: SlabAllocator = {
  CACHE_CREATE_MASK,
  slab_alloc,
  slab_free: ___cache_free,
  kmem_cache_alloc_bulk,
  kmem_cache_free_bulk,
  __kmem_cache_create,
  __kmem_cache_shrink,
  __kmem_cache_shutdown: __kmem_cache_shrink,
  __kmem_cache_release,
  kmem_cache_release: slab_kmem_cache_release,
  kmem_cache_alias: () => undefined,
  slab_ksize: (k, s) => k.words[s + k.kmem_cache.object_size]!,
};
