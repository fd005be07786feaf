/**
 * The CPU arrays of a SLAB cache, by the size of its objects, and its node. Until kmem_cache_init_late() an array holds one object.
 *
 * These builds have one memory node and no arrays that CPUs share (those are for machines with several).
 * Source: Linux 6.1 mm/slab.c: kmem_cache_node_init(), init_cache_node(), set_up_node(), alloc_kmem_cache_cpus(), __kmem_cache_release(),
 * setup_kmem_cache_nodes() to enable_cpucache(), setup_cpu_cache().
 */
import {
  type ArrayCache,
  type Gfp,
  type Int,
  type KmemCache,
  type KmemCacheNode,
  type ListHead,
  NULL,
  type ULong,
} from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { cpu_possible, nr_cpu_ids, num_online_cpus } from '../../include/linux/cpumask.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { __alloc_percpu, free_percpu } from '../percpu/percpu.js';
import { get_node } from '../slab.h.js';
import { kfree, kmalloc } from '../slab_common/kmalloc.js';
import { cpu_cache_get, init_arraycache } from './array_cache.js';
import { free_block } from './free.js';
import { localList, slabs_destroy } from './grow.js';

/** Ticks after which a node's free slabs are looked at: 4 s. */
const REAPTIMEOUT_NODE = (k: Kernel): Int => 4 * k.CONFIG_HZ;

// --- the node ----------------------------------------------------------------------------------------------------------

export function kmem_cache_node_init(k: Kernel, parent: KmemCacheNode): void {
  INIT_LIST_HEAD(k, parent + k.kmem_cache_node.slabs_full);
  INIT_LIST_HEAD(k, parent + k.kmem_cache_node.slabs_partial);
  INIT_LIST_HEAD(k, parent + k.kmem_cache_node.slabs_free);
  k.write_long(parent + k.kmem_cache_node.total_slabs, 0);
  k.write_long(parent + k.kmem_cache_node.free_slabs, 0);
  k.write_ptr(parent + k.kmem_cache_node.shared, NULL);
  k.write_ptr(parent + k.kmem_cache_node.alien, NULL);
  k.write(parent + k.kmem_cache_node.colour_next, 0);
  k.write_long(parent + k.kmem_cache_node.free_objects, 0);
  k.write(parent + k.kmem_cache_node.free_touched, 0);
}

/** ((unsigned long)cachep) % REAPTIMEOUT_NODE: so the caches are not all looked at in one tick. */
const reapOffset = (k: Kernel, cachep: KmemCache): Int => {
  const address = BigInt.asUintN(k.ptr_words * 32, BigInt(k.va_of(cachep)));
  return Number(address % BigInt(REAPTIMEOUT_NODE(k)));
};

/** The place in init_kmem_cache_node[] of the node of kmem_cache, and of that of the cache for nodes. */
export const CACHE_CACHE = 0;
export const SIZE_NODE = 1;
/** How many objects an array of boot's holds. */
const BOOT_CPUCACHE_ENTRIES = 1;

/** jiffies + REAPTIMEOUT_NODE + ((unsigned long)cachep) % REAPTIMEOUT_NODE */
const nextReap = (k: Kernel, cachep: KmemCache): ULong =>
  k.read_ulong(k.globals.jiffies) + REAPTIMEOUT_NODE(k) + reapOffset(k, cachep);

/** A node in the kernel's own data. */
function set_up_node(k: Kernel, cachep: KmemCache, index: Int): void {
  const n: KmemCacheNode = k.plus(k.globals.init_kmem_cache_node, index * k.stride.kmem_cache_node);
  k.write_ptr(cachep + k.kmem_cache.node, n);
  k.write_long(n + k.kmem_cache_node.next_reap, nextReap(k, cachep));
}

/** Gives the cache a node, and the node its limit. 0 or -ENOMEM. Left out: list_lock. */
function init_cache_node(k: Kernel, cachep: KmemCache, gfp: Gfp): Int {
  const batchcount: Int = k.words[cachep + k.kmem_cache.batchcount]!;
  // What fills the arrays of all CPUs, and a slab more, may stay free.
  const free_limit: Int =
    (1 + num_online_cpus(k)) * batchcount + k.words[cachep + k.kmem_cache.num]!;
  let n: KmemCacheNode = get_node(k, cachep);
  if (n !== NULL) {
    k.write(n + k.kmem_cache_node.free_limit, free_limit);
    return 0;
  }

  const object: VirtAddr = kmalloc(k, k.sizeof.kmem_cache_node, gfp);
  if (object === 0) return -ENOMEM;
  n = k.cell_at(object);

  kmem_cache_node_init(k, n);
  k.write_long(n + k.kmem_cache_node.next_reap, nextReap(k, cachep));
  k.write(n + k.kmem_cache_node.free_limit, free_limit);
  // Whole before others can find it.
  k.write_ptr(cachep + k.kmem_cache.node, n);
  return 0;
}

/** Left out: shared and alien arrays (one node). */
function setup_kmem_cache_node(k: Kernel, cachep: KmemCache, gfp: Gfp): Int {
  return init_cache_node(k, cachep, gfp);
}

/** Left out: what it takes back after an error, as __kmem_cache_create() gives back all of the cache. */
function setup_kmem_cache_nodes(k: Kernel, cachep: KmemCache, gfp: Gfp): Int {
  return setup_kmem_cache_node(k, cachep, gfp);
}

// --- the CPUs' arrays --------------------------------------------------------------------------------------------------

/** Arrays of `entries` for all CPUs. 0 without memory. */
function alloc_kmem_cache_cpus(k: Kernel, cachep: KmemCache, entries: Int, batch: Int): VirtAddr {
  const size: Int = k.ptr_words * 4 * entries + k.sizeof.array_cache;
  const cpu_cache: VirtAddr = __alloc_percpu(k, size, k.ptr_words * 4);
  if (cpu_cache === 0) return cpu_cache;

  // Stored first: per_cpu_ptr() follows the pointer where it lies.
  k.write_va(cachep + k.kmem_cache.cpu_cache, cpu_cache);
  for (let cpu: Int = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    init_arraycache(k, per_cpu_ptr(k, cachep + k.kmem_cache.cpu_cache, cpu), entries, batch);
  }
  return cpu_cache;
}

/** Gives a cache its arrays and its node; what older arrays held goes back to the slabs. 0 or an errno. Left out: other CPUs (boot has one). */
function do_tune_cpucache(
  k: Kernel,
  cachep: KmemCache,
  limit: Int,
  batchcount: Int,
  shared: Int,
  gfp: Gfp,
): Int {
  const prev: VirtAddr = k.read_va(cachep + k.kmem_cache.cpu_cache);
  const ac: ArrayCache = prev === 0 ? NULL : cpu_cache_get(k, cachep);
  const cpu_cache: VirtAddr = alloc_kmem_cache_cpus(k, cachep, limit, batchcount);
  if (cpu_cache === 0) return -ENOMEM;

  k.write(cachep + k.kmem_cache.batchcount, batchcount);
  k.write(cachep + k.kmem_cache.limit, limit);
  k.write(cachep + k.kmem_cache.shared, shared);

  if (prev !== 0) {
    const list: ListHead = localList(k, cachep);
    free_block(k, cachep, ac, k.words[k.plus(ac, k.array_cache.avail)]!, list);
    slabs_destroy(k, cachep, list);
    free_percpu(k, prev);
  }

  // setup_node:
  return setup_kmem_cache_nodes(k, cachep, gfp);
}

/** Arrays are the longer, the smaller the objects: large ones would hold much memory. Left out: shared (one CPU), random freelists. */
export function enable_cpucache(k: Kernel, cachep: KmemCache, gfp: Gfp): Int {
  const size: Int = k.words[cachep + k.kmem_cache.size]!;
  let limit: Int;
  if (size > 131072) limit = 1;
  else if (size > PAGE_SIZE) limit = 8;
  else if (size > 1024) limit = 24;
  else if (size > 256) limit = 54;
  else limit = 120;

  // Half of the array moves at a time, so that it serves both ways afterwards.
  const batchcount: Int = (limit + 1) >> 1;
  return do_tune_cpucache(k, cachep, limit, batchcount, 0, gfp);
}

/** While boot makes the first caches, what a cache needs is smaller, or lies in the kernel's own data. */
export function setup_cpu_cache(k: Kernel, cachep: KmemCache, gfp: Gfp): Int {
  const slab_state: Int = k.words[k.globals.slab_state]!;
  if (slab_state >= k.FULL) return enable_cpucache(k, cachep, gfp);

  if (alloc_kmem_cache_cpus(k, cachep, 1, 1) === 0) return 1;
  if (slab_state === k.DOWN) {
    set_up_node(k, k.read_ptr(k.globals.kmem_cache), CACHE_CACHE);
  } else if (slab_state === k.PARTIAL) {
    // The cache that nodes come from.
    set_up_node(k, cachep, SIZE_NODE);
  } else {
    const object: VirtAddr = kmalloc(k, k.sizeof.kmem_cache_node, gfp);
    if (object === 0) throw new KernelFault('kernel BUG at mm/slab.c: setup_cpu_cache()');
    k.write_ptr(cachep + k.kmem_cache.node, k.cell_at(object));
    kmem_cache_node_init(k, get_node(k, cachep));
  }
  k.write_long(get_node(k, cachep) + k.kmem_cache_node.next_reap, nextReap(k, cachep));

  // The array of this CPU: alloc_kmem_cache_cpus() has emptied it.
  k.write(cachep + k.kmem_cache.batchcount, 1);
  k.write(cachep + k.kmem_cache.limit, BOOT_CPUCACHE_ENTRIES);
  return 0;
}

/** Gives back a cache's arrays and its node. */
export function __kmem_cache_release(k: Kernel, cachep: KmemCache): void {
  free_percpu(k, k.read_va(cachep + k.kmem_cache.cpu_cache));

  const n: KmemCacheNode = get_node(k, cachep);
  if (n === NULL) return;
  kfree(k, k.va_of(n));
  k.write_ptr(cachep + k.kmem_cache.node, NULL);
}
