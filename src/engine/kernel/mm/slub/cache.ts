/**
 * Making and ending SLUB caches: what a cache needs besides its own object (a node, an area for each CPU), and its flags.
 *
 * Source: Linux 6.1 mm/slub.c: init_kmem_cache_node() to kmem_cache_open(), __kmem_cache_release(),
 * __kmem_cache_alias(), __kmem_cache_create().
 */
import {
  type Int,
  type KmemCache,
  type KmemCacheCpu,
  type KmemCacheNode,
  NULL,
  type Slab,
  type SlabFlags,
} from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { cpu_possible, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import { EINVAL } from '../../include/linux/errno.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { ilog2 } from '../../include/linux/log2.h.js';
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { SLAB_TRACE } from '../../include/linux/slab.h.js';
import { __alloc_percpu, free_percpu } from '../percpu/percpu.js';
import { get_node } from '../slab.h.js';
import { find_mergeable } from '../slab_common/merge.js';
import { kmem_cache_alloc } from './alloc.js';
import { debugfs_slab_add } from './debugfs.js';
import { inc_slabs_node, new_slab } from './allocate_slab.js';
import { calculate_sizes, set_cpu_partial } from './calculate_sizes.js';
import { kmem_cache_free } from './free.js';
import { get_freepointer, init_tid } from './freelist.js';
import { __add_partial, DEACTIVATE_TO_HEAD } from './node_list.js';
import { DEBUG_METADATA_FLAGS, kmem_cache_flags } from './slub_debug.js';
import { sysfs_slab_add, sysfs_slab_alias } from './sysfs.js';

/** Slabs that a node keeps though they are empty. */
const MIN_PARTIAL = 5;
const MAX_PARTIAL = 10;
/** Internal flag of a cache: one instruction changes freelist and counters of its slabs. */
const __CMPXCHG_DOUBLE: SlabFlags = 0x40000000;

/** Flags of debugging that need a lock for a slab's two words. */
const SLAB_NO_CMPXCHG = (k: Kernel): SlabFlags =>
  k.SLAB_CONSISTENCY_CHECKS | k.SLAB_STORE_USER | SLAB_TRACE;

// --- node and CPUs -----------------------------------------------------------------------------------------------------

/** A node without slabs. Only debug caches have any on n->full. */
function init_kmem_cache_node(k: Kernel, n: KmemCacheNode): void {
  k.write_long(n + k.kmem_cache_node.nr_partial, 0);
  k.write(n + k.kmem_cache_node.list_lock, 0);
  INIT_LIST_HEAD(k, n + k.kmem_cache_node.partial);
  k.write_long(n + k.kmem_cache_node.nr_slabs, 0);
  k.write_long(n + k.kmem_cache_node.total_objects, 0);
  INIT_LIST_HEAD(k, n + k.kmem_cache_node.full);
}

/**
 * The first node of all, that of the cache for nodes: it lies in the first slab of this very cache, which is taken apart by
 * hand. Left out: init_object (SLUB_DEBUG's patterns), init_tracking, kasan, messages about other nodes.
 */
function early_kmem_cache_node_alloc(k: Kernel): void {
  const kmem_cache_node: KmemCache = k.read_ptr(k.globals.kmem_cache_node);
  const slab: Slab = new_slab(k, kmem_cache_node, k.GFP_NOWAIT);
  if (slab === NULL)
    throw new KernelFault('kernel BUG at mm/slub.c: early_kmem_cache_node_alloc()');
  inc_slabs_node(k, kmem_cache_node, k.read_bits(slab, k.slab.objects));

  const object: VirtAddr = k.read_va(slab + k.slab.freelist);
  k.write_va(slab + k.slab.freelist, get_freepointer(k, kmem_cache_node, object));
  k.write(slab + k.slab.counters, k.with_bits(k.words[slab + k.slab.counters]!, k.slab.inuse, 1));
  const n: KmemCacheNode = k.cell_at(object);
  k.write_ptr(kmem_cache_node + k.kmem_cache.node, n);
  init_kmem_cache_node(k, n);
  // Only now there is a node that can count it.
  inc_slabs_node(k, kmem_cache_node, k.read_bits(slab, k.slab.objects));
  __add_partial(k, n, slab, DEACTIVATE_TO_HEAD);
}

/** Left out: other nodes. */
function init_kmem_cache_nodes(k: Kernel, s: KmemCache): boolean {
  if (k.words[k.globals.slab_state] === k.DOWN) {
    early_kmem_cache_node_alloc(k);
    return true;
  }
  const object: VirtAddr = kmem_cache_alloc(k, k.read_ptr(k.globals.kmem_cache_node), k.GFP_KERNEL);
  if (object === 0) return false;
  const n: KmemCacheNode = k.cell_at(object);
  init_kmem_cache_node(k, n);
  k.write_ptr(s + k.kmem_cache.node, n);
  return true;
}

function free_kmem_cache_nodes(k: Kernel, s: KmemCache): void {
  const n: KmemCacheNode = get_node(k, s);
  if (n === NULL) return;
  // No way may lead to the node when it goes.
  k.write_ptr(s + k.kmem_cache.node, NULL);
  kmem_cache_free(k, k.read_ptr(k.globals.kmem_cache_node), k.va_of(n));
}

/** No CPU has a slab yet: their areas are zero but for tid. */
function init_kmem_cache_cpus(k: Kernel, s: KmemCache): void {
  for (let cpu: Int = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    const c: KmemCacheCpu = per_cpu_ptr(k, s + k.kmem_cache.cpu_slab, cpu);
    k.write_long(k.plus(c, k.kmem_cache_cpu.tid), init_tid(cpu));
  }
}

/** An area for each CPU. False without memory. */
function alloc_kmem_cache_cpus(k: Kernel, s: KmemCache): boolean {
  // Two pointers are aligned as one, so that one instruction can change freelist and tid.
  const align: Int = 2 * k.ptr_words * 4;
  const cpu_slab: VirtAddr = __alloc_percpu(k, k.sizeof.kmem_cache_cpu, align);
  if (cpu_slab === 0) return false;
  k.write_va(s + k.kmem_cache.cpu_slab, cpu_slab);
  init_kmem_cache_cpus(k, s);
  return true;
}

/** Gives back what the cache has besides its own object. Left out: cache_random_seq_destroy. */
export function __kmem_cache_release(k: Kernel, s: KmemCache): void {
  free_percpu(k, k.read_va(s + k.kmem_cache.cpu_slab));
  free_kmem_cache_nodes(k, s);
}

// --- making ------------------------------------------------------------------------------------------------------------

/** Left out: NUMA's defrag ratio, init_cache_random_seq. 0 or -EINVAL. */
function kmem_cache_open(k: Kernel, s: KmemCache, flags: SlabFlags): Int {
  k.write(s + k.kmem_cache.flags, kmem_cache_flags(k, flags, k.read_va(s + k.kmem_cache.name)));

  error: {
    if (!calculate_sizes(k, s)) break error;
    if (k.machine.disable_higher_order_debug) {
      const size: Int = k.words[s + k.kmem_cache.size]!;
      // Larger slabs would be had less easily than those of a kernel that does not debug.
      if (get_order(k, size) > get_order(k, k.words[s + k.kmem_cache.object_size]!)) {
        const without: SlabFlags = k.words[s + k.kmem_cache.flags]! & ~DEBUG_METADATA_FLAGS(k);
        k.write(s + k.kmem_cache.flags, without);
        k.write(s + k.kmem_cache.offset, 0);
        if (!calculate_sizes(k, s)) break error;
      }
    }

    // A debug cache takes a lock for each change anyway.
    if ((k.words[s + k.kmem_cache.flags]! & SLAB_NO_CMPXCHG(k)) === 0)
      k.write(s + k.kmem_cache.flags, k.words[s + k.kmem_cache.flags]! | __CMPXCHG_DOUBLE);

    // The larger the objects, the more a node keeps: to get pages costs a cache of large ones more often.
    const min_partial: Int = Math.min(MAX_PARTIAL, ilog2(k.words[s + k.kmem_cache.size]!) >>> 1);
    k.write_long(s + k.kmem_cache.min_partial, Math.max(MIN_PARTIAL, min_partial));
    set_cpu_partial(k, s);

    if (!init_kmem_cache_nodes(k, s)) break error;
    if (alloc_kmem_cache_cpus(k, s)) return 0;
  }

  // error:
  // Right after any of the steps: parts that were not made yet are 0, and passed over.
  __kmem_cache_release(k, s);
  return -EINVAL;
}

/** An existing cache that serves as well has one user more, and a link in sysfs with the new name. */
export function __kmem_cache_alias(
  k: Kernel,
  name: string | VirtAddr,
  size: Int,
  align: Int,
  flags: SlabFlags,
  ctor: VirtAddr,
): KmemCache {
  const s: KmemCache = find_mergeable(k, size, align, flags, name, ctor);
  if (s !== NULL) {
    if (sysfs_slab_alias(k, s, name) !== 0) return NULL;
    k.write(s + k.kmem_cache.refcount, k.words[s + k.kmem_cache.refcount]! + 1);
    // So that all of the larger object is cleared when that is asked for. Where the free pointer lies stays.
    k.write(s + k.kmem_cache.object_size, Math.max(k.words[s + k.kmem_cache.object_size]!, size));
    const inuse: Int = Math.max(k.words[s + k.kmem_cache.inuse]!, ALIGN(size, k.ptr_words * 4));
    k.write(s + k.kmem_cache.inuse, inuse);
  }
  return s;
}

/** Works out a new cache and gives it its files. 0 or an errno. Left out: boot. */
export function __kmem_cache_create(k: Kernel, s: KmemCache, flags: SlabFlags): Int {
  let err: Int = kmem_cache_open(k, s, flags);
  if (err !== 0) return err;
  // slab_sysfs_init() will give files to the caches that boot made before it.
  if (k.words[k.globals.slab_state]! <= k.UP) return 0;
  err = sysfs_slab_add(k, s);
  if (err !== 0) {
    __kmem_cache_release(k, s);
    return err;
  }
  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_STORE_USER) !== 0) debugfs_slab_add(k);
  return 0;
}
