/**
 * Allocating from a SLAB cache: from the CPU's array, which is refilled with a batch at once.
 *
 *     array  <-  slabs_partial  <-  slabs_free  <-  a new slab
 *
 * Source: Linux 6.1 mm/slab.c: get_first_slab(), alloc_block() to kmem_cache_alloc(), kmem_cache_alloc_bulk().
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
} from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { list_first_entry_or_null } from '../../include/linux/list.h.js';
import { trace_kmem_cache_alloc } from '../../include/trace/events/kmem.h.js';
import { get_node, slab_post_alloc_hook, slab_want_init_on_alloc } from '../slab.h.js';
import { __free_one, cpu_cache_get, takeLast } from './array_cache.js';
import { kmem_cache_free_bulk } from './free.js';
import { cache_grow_begin, cache_grow_end, fixup_slab_list } from './grow.js';
import { slab_get_obj } from './slab_mgmt.js';

/** A refill of an array that was not used lately is no larger than this. */
const BATCHREFILL_LIMIT = 16;

/** The slab to take objects from: the first partial one, else the first free one. Left out: pfmemalloc. */
function get_first_slab(k: Kernel, n: KmemCacheNode): Slab {
  const slabs_partial = (n + k.kmem_cache_node.slabs_partial) as ListHead;
  const slabs_free = (n + k.kmem_cache_node.slabs_free) as ListHead;

  let slab: Slab = list_first_entry_or_null(k, slabs_partial, k.slab.slab_list);
  if (slab === NULL) {
    // Free slabs are in demand: the reaper leaves them alone.
    k.write(n + k.kmem_cache_node.free_touched, 1);
    slab = list_first_entry_or_null(k, slabs_free, k.slab.slab_list);
    if (slab !== NULL) k.add_long(n + k.kmem_cache_node.free_slabs, -1);
  }
  return slab;
}

/** Moves up to `batchcount` objects of a slab to the array. How many of the batch are still wanted. Left out: statistics. */
function alloc_block(
  k: Kernel,
  cachep: KmemCache,
  ac: ArrayCache,
  slab: Slab,
  batchcount: Int,
): Int {
  const num: Int = k.words[cachep + k.kmem_cache.num]!;
  if (k.words[slab + k.slab.active]! >>> 0 >= num) {
    const text = 'kernel BUG at mm/slab.c: alloc_block()';
    k.emit({ kind: 'slab-corruption', cache: k.va_of(cachep), text });
    throw new KernelFault(text);
  }

  while (k.words[slab + k.slab.active]! >>> 0 < num && batchcount-- > 0)
    __free_one(k, ac, slab_get_obj(k, cachep, slab));
  return batchcount;
}

/** Fills the empty array with a batch and takes an object from it. Left out: shared arrays (one node), pfmemalloc. */
function cache_alloc_refill(k: Kernel, cachep: KmemCache, flags: Gfp): VirtAddr {
  const ac: ArrayCache = cpu_cache_get(k, cachep);
  let batchcount: Int = k.words[k.plus(ac, k.array_cache.batchcount)]!;
  // A cache that is hardly used shall not have many objects in arrays.
  if (k.words[k.plus(ac, k.array_cache.touched)] === 0 && batchcount > BATCHREFILL_LIMIT)
    batchcount = BATCHREFILL_LIMIT;
  const n: KmemCacheNode = get_node(k, cachep);
  let slab: Slab;

  direct_grow: {
    if (k.read_ulong(n + k.kmem_cache_node.free_objects) === 0) break direct_grow;

    must_grow: {
      while (batchcount > 0) {
        slab = get_first_slab(k, n);
        if (slab === NULL) break must_grow;
        batchcount = alloc_block(k, cachep, ac, slab, batchcount);
        fixup_slab_list(k, cachep, n, slab);
      }
    }
    // must_grow:
    k.add_long(n + k.kmem_cache_node.free_objects, -k.words[k.plus(ac, k.array_cache.avail)]!);
  }

  // direct_grow:
  if (k.words[k.plus(ac, k.array_cache.avail)] === 0) {
    // gfp_exact_node(): what cannot fail could not go on to another node.
    slab = cache_grow_begin(k, cachep, flags & ~k.__GFP_NOFAIL);

    // Growing may have put objects into the array: an OFF_SLAB freelist of the same size.
    if (k.words[k.plus(ac, k.array_cache.avail)] === 0 && slab !== NULL)
      alloc_block(k, cachep, ac, slab, batchcount);
    cache_grow_end(k, cachep, slab);
    if (k.words[k.plus(ac, k.array_cache.avail)] === 0) return asVirt(0);
  }
  k.write(k.plus(ac, k.array_cache.touched), 1);
  return takeLast(k, ac);
}

/** Left out: statistics, kmemleak. */
function ____cache_alloc(k: Kernel, cachep: KmemCache, flags: Gfp): VirtAddr {
  const ac: ArrayCache = cpu_cache_get(k, cachep);
  if (k.words[k.plus(ac, k.array_cache.avail)] !== 0) {
    k.write(k.plus(ac, k.array_cache.touched), 1);
    return takeLast(k, ac);
  }
  return cache_alloc_refill(k, cachep, flags);
}

/** Left out: memcg, kfence, interrupts, cache_alloc_debugcheck_after. */
function slab_alloc_node(k: Kernel, cachep: KmemCache, flags: Gfp): VirtAddr {
  flags &= k.words[k.globals.gfp_allowed_mask]!;
  const objp: VirtAddr = ____cache_alloc(k, cachep, flags);
  slab_post_alloc_hook(k, cachep, 1, [objp], slab_want_init_on_alloc(k, flags, cachep));
  return objp;
}

export function kmem_cache_alloc(k: Kernel, cachep: KmemCache, flags: Gfp): VirtAddr {
  const ret: VirtAddr = slab_alloc_node(k, cachep, flags);
  trace_kmem_cache_alloc(k, ret, cachep, flags);
  return ret;
}

/** For kmalloc(). */
export function __kmem_cache_alloc_node(k: Kernel, cachep: KmemCache, flags: Gfp): VirtAddr {
  return slab_alloc_node(k, cachep, flags);
}

/** One object after the other; without memory for all, none. Left out: memcg, kfence, interrupts. */
export function kmem_cache_alloc_bulk(
  k: Kernel,
  s: KmemCache,
  flags: Gfp,
  size: Int,
  p: VirtAddr[],
): Int {
  for (let i: Int = 0; i < size; i++) {
    const objp: VirtAddr = ____cache_alloc(k, s, flags);
    if (objp === 0) {
      // error:
      kmem_cache_free_bulk(k, s, i, p);
      return 0;
    }
    p[i] = objp;
  }
  slab_post_alloc_hook(k, s, size, p, slab_want_init_on_alloc(k, flags, s));
  return size;
}
