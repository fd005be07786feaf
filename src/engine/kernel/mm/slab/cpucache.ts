/**
 * The CPU arrays of a SLAB cache, by the size of its objects, and its node.
 *
 * These builds have one memory node and no arrays that CPUs share (those are for machines with several).
 * Source: Linux 6.1 mm/slab.c: enable_cpucache(), do_tune_cpucache(), alloc_kmem_cache_cpus(), init_cache_node().
 */
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import {
  type Gfp,
  type Int,
  type KmemCache,
  type KmemCacheNode,
  type ListHead,
  NULL,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { cpu_online, cpu_possible, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { __alloc_percpu, free_percpu } from '../percpu/percpu.js';
import { get_node } from '../slab.h.js';
import { kfree, kmalloc } from '../slab_common/kmalloc.js';
import { init_arraycache } from './array_cache.js';

/** Seconds after which a node's free slabs are looked at. */
const REAPTIMEOUT_NODE = 4;

const cpus_that = (k: Kernel, is: (k: Kernel, cpu: Int) => boolean): Int => {
  let nr: Int = 0;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) if (is(k, cpu)) nr++;
  return nr;
};

/** Gives a cache arrays of `entries` for each CPU. Whether there was memory. */
function alloc_kmem_cache_cpus(
  k: Kernel,
  cachep: KmemCache,
  entries: Int,
  batchcount: Int,
): boolean {
  const pointer_bytes: Int = k.ptr_words * 4;
  const size: Int = pointer_bytes * entries + k.sizeof.array_cache;
  const cpu_cache: VirtAddr = __alloc_percpu(k, size, pointer_bytes);
  if (cpu_cache === 0) return false;
  k.write_va(cachep + k.kmem_cache.cpu_cache, cpu_cache);
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    init_arraycache(k, per_cpu_ptr(k, cachep + k.kmem_cache.cpu_cache, cpu), entries, batchcount);
  }
  return true;
}

export function kmem_cache_node_init(k: Kernel, parent: KmemCacheNode): void {
  INIT_LIST_HEAD(k, (parent + k.kmem_cache_node.slabs_full) as ListHead);
  INIT_LIST_HEAD(k, (parent + k.kmem_cache_node.slabs_partial) as ListHead);
  INIT_LIST_HEAD(k, (parent + k.kmem_cache_node.slabs_free) as ListHead);
  k.write_long(parent + k.kmem_cache_node.total_slabs, 0);
  k.write_long(parent + k.kmem_cache_node.free_slabs, 0);
  k.write_ptr(parent + k.kmem_cache_node.shared, NULL);
  k.write_ptr(parent + k.kmem_cache_node.alien, NULL);
  k.write(parent + k.kmem_cache_node.colour_next, 0);
  k.write_long(parent + k.kmem_cache_node.free_objects, 0);
  k.write(parent + k.kmem_cache_node.free_touched, 0);
}

/** When a node is next looked at: the caches are spread over the time by their addresses. */
function next_reap(k: Kernel, cachep: KmemCache): number {
  const timeout = REAPTIMEOUT_NODE * k.CONFIG_HZ;
  const address = BigInt.asUintN(k.ptr_words * 32, BigInt(k.va_of(cachep)));
  return k.read_ulong(k.globals.jiffies) + timeout + Number(address % BigInt(timeout));
}

function init_cache_node(k: Kernel, cachep: KmemCache, gfp: Gfp): Int {
  const batchcount: Int = k.words[cachep + k.kmem_cache.batchcount]!;
  const nr_cpus_node: Int = cpus_that(k, cpu_online);
  const free_limit: Int = (1 + nr_cpus_node) * batchcount + k.words[cachep + k.kmem_cache.num]!;
  let n: KmemCacheNode = get_node(k, cachep);
  if (n === NULL) {
    const object: VirtAddr = kmalloc(k, k.sizeof.kmem_cache_node, gfp);
    if (object === 0) return -ENOMEM;
    n = k.cell_at(object);
    kmem_cache_node_init(k, n);
    k.write_long(n + k.kmem_cache_node.next_reap, next_reap(k, cachep));
    k.write_ptr(cachep + k.kmem_cache.node, n);
  }
  k.write(n + k.kmem_cache_node.free_limit, free_limit);
  return 0;
}

/** Gives a cache that has none its arrays and its node. 0 or an errno. */
function do_tune_cpucache(
  k: Kernel,
  cachep: KmemCache,
  limit: Int,
  batchcount: Int,
  gfp: Gfp,
): Int {
  if (!alloc_kmem_cache_cpus(k, cachep, limit, batchcount)) return -ENOMEM;
  k.write(cachep + k.kmem_cache.batchcount, batchcount);
  k.write(cachep + k.kmem_cache.limit, limit);
  k.write(cachep + k.kmem_cache.shared, 0);
  return init_cache_node(k, cachep, gfp);
}

/** Arrays are the longer, the smaller the objects. */
function cpucache_limit(size: Int): Int {
  if (size > 131072) return 1;
  if (size > PAGE_SIZE) return 8;
  if (size > 1024) return 24;
  if (size > 256) return 54;
  return 120;
}

function enable_cpucache(k: Kernel, cachep: KmemCache, gfp: Gfp): Int {
  const limit: Int = cpucache_limit(k.words[cachep + k.kmem_cache.size]!);
  const batchcount: Int = (limit + 1) >> 1;
  return do_tune_cpucache(k, cachep, limit, batchcount, gfp);
}

export function setup_cpu_cache(k: Kernel, cachep: KmemCache, gfp: Gfp): Int {
  const err: Int = enable_cpucache(k, cachep, gfp);
  if (err !== 0) __kmem_cache_release(k, cachep);
  return err;
}

/** Gives back a cache's arrays and its node. */
export function __kmem_cache_release(k: Kernel, cachep: KmemCache): void {
  free_percpu(k, k.read_va(cachep + k.kmem_cache.cpu_cache));
  const n: KmemCacheNode = get_node(k, cachep);
  if (n === NULL) return;
  kfree(k, k.va_of(n));
  k.write_ptr(cachep + k.kmem_cache.node, NULL);
}
