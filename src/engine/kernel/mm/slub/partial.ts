/**
 * Taking slabs from the node: the first of its list for the CPU to allocate from, some more for the CPU's own list.
 *
 * Source: Linux 6.1 mm/slub.c: acquire_slab(), get_partial_node(), get_partial(); pfmemalloc_match().
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  type KmemCacheNode,
  type ListHead,
  NULL,
  type Slab,
  type UInt,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import {
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { get_node, slab_test_pfmemalloc } from '../slab.h.js';
import { put_cpu_partial } from './cpu_partial.js';
import { alloc_single_from_partial } from './debug_processing.js';
import {
  __cmpxchg_double_slab,
  countersWith,
  kmem_cache_debug,
  kmem_cache_has_cpu_partial,
} from './freelist.js';
import { remove_partial } from './node_list.js';

/** What get_partial() is asked for, and where it says which slab it took. */
export interface PartialContext {
  readonly flags: Gfp;
  slab: Slab;
  /** What was asked for, where that is less than an object. */
  readonly orig_size: UInt;
}

/** Slabs that came from the reserves serve only requests that may use them: __GFP_MEMALLOC. */
export function pfmemalloc_match(k: Kernel, slab: Slab, gfpflags: Gfp): boolean {
  // Left out of gfp_pfmemalloc_allowed(): PF_MEMALLOC, softirqs, OOM victims.
  if (slab_test_pfmemalloc(k, slab))
    return (gfpflags & (k.__GFP_MEMALLOC | k.__GFP_NOMEMALLOC)) === k.__GFP_MEMALLOC;
  return true;
}

/** Takes a slab off the node's list for a CPU: with its free objects (`mode`), or leaving them in it. */
function acquire_slab(k: Kernel, n: KmemCacheNode, slab: Slab, mode: boolean): VirtAddr {
  const freelist: VirtAddr = k.read_va(slab + k.slab.freelist);
  const counters: ULong = k.words[slab + k.slab.counters]!;
  // Frozen: from here on the slab is the CPU's, which counts objects on its own freelist as in use.
  if (mode) {
    const objects: Int = k.read_bits(slab, k.slab.objects);
    __cmpxchg_double_slab(k, slab, asVirt(0), countersWith(k, counters, objects, true));
  } else {
    const inuse: Int = k.read_bits(slab, k.slab.inuse);
    __cmpxchg_double_slab(k, slab, freelist, countersWith(k, counters, inuse, true));
  }

  remove_partial(k, n, slab);
  return freelist;
}

/** The first slab of the node's list; on SMP some more go to the CPU's own. Left out: stat(). */
function get_partial_node(k: Kernel, s: KmemCache, n: KmemCacheNode, pc: PartialContext): VirtAddr {
  let object: VirtAddr = asVirt(0);
  let partial_slabs: Int = 0;

  // Without the lock: if a slab comes just now, a new one is made instead, which does no harm.
  if (n === NULL || k.read_ulong(n + k.kmem_cache_node.nr_partial) === 0) return asVirt(0);

  const partial = (n + k.kmem_cache_node.partial) as ListHead;
  for (
    let slab: Slab = list_first_entry(k, partial, k.slab.slab_list),
      slab2: Slab = list_next_entry(k, slab, k.slab.slab_list);
    !list_entry_is_head(k, slab, partial, k.slab.slab_list);
    slab = slab2, slab2 = list_next_entry(k, slab2, k.slab.slab_list)
  ) {
    if (!pfmemalloc_match(k, slab, pc.flags)) continue;

    if (kmem_cache_debug(k, s)) {
      object = alloc_single_from_partial(k, s, n, slab, pc.orig_size);
      if (object !== 0) break;
      continue;
    }

    const t: VirtAddr = acquire_slab(k, n, slab, object === 0);
    // Nothing free in it after all: another CPU was faster.
    if (t === 0) break;

    if (object === 0) {
      // The first is the CPU's to allocate from. Those after it wait on its list.
      pc.slab = slab;
      object = t;
    } else {
      put_cpu_partial(k, s, slab, false);
      partial_slabs++;
    }
    // Half of what the CPU's list may hold: frees will add to it.
    if (
      !kmem_cache_has_cpu_partial(k, s) ||
      partial_slabs > k.words[s + k.kmem_cache.cpu_partial_slabs]! >>> 1
    )
      break;
  }
  return object;
}

/** The free objects of a slab of the node, pc->slab; 0 when no slab has any. Left out: get_any_partial (one node). */
export function get_partial(k: Kernel, s: KmemCache, pc: PartialContext): VirtAddr {
  return get_partial_node(k, s, get_node(k, s), pc);
}
