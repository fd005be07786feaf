/**
 * The CPU arrays of a SLAB cache, by the size of its objects, and its node.
 *
 * These builds have one memory node and no arrays that CPUs share (those are for machines with several).
 * Source: Linux 6.1 mm/slab.c: enable_cpucache(), do_tune_cpucache(), alloc_kmem_cache_cpus(), init_cache_node().
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  type KmemCacheNode,
  type ListHead,
  NULL,
} from '../../../machine/ctypes.js';
import type { Mm } from '../../../machine/mm.js';
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

const cpus_that = (k: Mm, is: (k: Mm, cpu: Int) => boolean): Int => {
  let nr: Int = 0;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) if (is(k, cpu)) nr++;
  return nr;
};

/** Gives a cache arrays of `entries` for each CPU. Whether there was memory. */
function alloc_kmem_cache_cpus(k: Mm, cachep: KmemCache, entries: Int, batchcount: Int): boolean {
  const pointer_bytes: Int = k.ptr_words * 4;
  const size: Int = pointer_bytes * entries + k.sizeBytes('array_cache');
  const cpu_cache: VirtAddr = __alloc_percpu(k, size, pointer_bytes);
  if (cpu_cache === 0) return false;
  k.write_va(cachep + k.slab.cpu_cache, cpu_cache);
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    init_arraycache(k, k.per_cpu_ptr(cachep + k.slab.cpu_cache, cpu), entries, batchcount);
  }
  return true;
}

export function kmem_cache_node_init(k: Mm, parent: KmemCacheNode): void {
  const { slab } = k;
  INIT_LIST_HEAD(k, (parent + slab.slabs_full) as ListHead);
  INIT_LIST_HEAD(k, (parent + slab.slabs_partial) as ListHead);
  INIT_LIST_HEAD(k, (parent + slab.slabs_free) as ListHead);
  k.write_long(parent + slab.total_slabs, 0);
  k.write_long(parent + slab.free_slabs, 0);
  k.write_ptr(parent + slab.node_shared, NULL);
  k.write_ptr(parent + slab.node_alien, NULL);
  k.write(parent + slab.colour_next, 0);
  k.write_long(parent + slab.free_objects, 0);
  k.write(parent + slab.free_touched, 0);
}

/** When a node is next looked at: the caches are spread over the time by their addresses. */
function next_reap(k: Mm, cachep: KmemCache): number {
  const timeout = REAPTIMEOUT_NODE * k.constant('CONFIG_HZ');
  const address = BigInt.asUintN(k.ptr_words * 32, BigInt(k.va_of(cachep)));
  return k.read_ulong(k.symbol('jiffies')) + timeout + Number(address % BigInt(timeout));
}

function init_cache_node(k: Mm, cachep: KmemCache, gfp: Gfp): Int {
  const { slab } = k;
  const batchcount: Int = k.words[cachep + slab.batchcount]!;
  const nr_cpus_node: Int = cpus_that(k, cpu_online);
  const free_limit: Int = (1 + nr_cpus_node) * batchcount + k.words[cachep + slab.num]!;
  let n: KmemCacheNode = get_node(k, cachep);
  if (n === NULL) {
    const object: VirtAddr = kmalloc(k, slab.kmem_cache_node_bytes, gfp);
    if (object === 0) return -ENOMEM;
    n = k.cell_at(object);
    kmem_cache_node_init(k, n);
    k.write_long(n + slab.next_reap, next_reap(k, cachep));
    k.write_ptr(cachep + slab.node, n);
  }
  k.write(n + slab.free_limit, free_limit);
  return 0;
}

/** Gives a cache that has none its arrays and its node. 0 or an errno. */
function do_tune_cpucache(k: Mm, cachep: KmemCache, limit: Int, batchcount: Int, gfp: Gfp): Int {
  if (!alloc_kmem_cache_cpus(k, cachep, limit, batchcount)) return -ENOMEM;
  k.write(cachep + k.slab.batchcount, batchcount);
  k.write(cachep + k.slab.limit, limit);
  k.write(cachep + k.slab.shared, 0);
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

function enable_cpucache(k: Mm, cachep: KmemCache, gfp: Gfp): Int {
  const limit: Int = cpucache_limit(k.words[cachep + k.slab.size]!);
  const batchcount: Int = (limit + 1) >> 1;
  return do_tune_cpucache(k, cachep, limit, batchcount, gfp);
}

export function setup_cpu_cache(k: Mm, cachep: KmemCache, gfp: Gfp): Int {
  const err: Int = enable_cpucache(k, cachep, gfp);
  if (err !== 0) __kmem_cache_release(k, cachep);
  return err;
}

/** Gives back a cache's arrays and its node. */
export function __kmem_cache_release(k: Mm, cachep: KmemCache): void {
  free_percpu(k, k.read_va(cachep + k.slab.cpu_cache));
  const n: KmemCacheNode = get_node(k, cachep);
  if (n === NULL) return;
  kfree(k, k.va_of(n));
  k.write_ptr(cachep + k.slab.node, NULL);
}
