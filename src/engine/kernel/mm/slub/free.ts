/**
 * Freeing to a SLUB cache: onto the CPU's freelist when the object is of its slab, else onto the slab's own.
 *
 *     slab is            becomes                                    and goes
 *     frozen             frozen                                     nowhere: it is some CPU's
 *     full               partly free; SMP: frozen                   to the node's list, tail; SMP: to the CPU's list
 *     partly free        partly free                                nowhere
 *     partly free        empty, n->nr_partial >= s->min_partial     back to the page allocator
 *
 * Source: Linux 6.1 mm/slub.c: slab_free_freelist_hook(), __slab_free() to kmem_cache_free().
 */
import {
  type Int,
  type KmemCache,
  type KmemCacheCpu,
  type KmemCacheNode,
  NULL,
  type Slab,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { retIp } from '../../include/linux/instruction_pointer.h.js';
import { raw_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { trace_kmem_cache_free } from '../../include/trace/events/kmem.h.js';
import { get_node, virt_to_slab } from '../slab.h.js';
import { cache_from_obj } from '../slab_common/cache_from_obj.js';
import { discard_slab } from './allocate_slab.js';
import { put_cpu_partial } from './cpu_partial.js';
import { free_to_partial_list } from './debug_processing.js';
import {
  __cmpxchg_double_slab,
  countersWith,
  get_freepointer,
  kmem_cache_debug,
  kmem_cache_has_cpu_partial,
  set_freepointer,
  TID_STEP,
} from './freelist.js';
import { add_partial, DEACTIVATE_TO_TAIL, remove_partial } from './node_list.js';

/** Free objects, linked by their free pointers from `head` to `tail`. */
interface ObjectChain {
  head: VirtAddr;
  tail: VirtAddr;
}

/**
 * Links the objects anew, in the opposite order: the hook may hold some back.
 * Left out: slab_free_hook (kasan, kmsan, init_on_free), which here never holds one back.
 */
function slab_free_freelist_hook(k: Kernel, s: KmemCache, chain: ObjectChain): void {
  const old_tail: VirtAddr = chain.tail;
  let object: VirtAddr;
  let next: VirtAddr = chain.head;

  chain.head = asVirt(0);
  chain.tail = asVirt(0);
  do {
    object = next;
    next = get_freepointer(k, s, object);
    set_freepointer(k, s, object, chain.head);
    chain.head = object;
    if (chain.tail === 0) chain.tail = object;
  } while (object !== old_tail);
}

/** The slab is not the one this CPU allocates from. Left out: kfence, list_lock, stat(). */
function __slab_free(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  head: VirtAddr,
  tail: VirtAddr,
  cnt: Int,
  addr: VirtAddr,
): void {
  if (kmem_cache_debug(k, s)) {
    free_to_partial_list(k, s, slab, head, tail, cnt, addr);
    return;
  }

  let n: KmemCacheNode = NULL;
  const prior: VirtAddr = k.read_va(slab + k.slab.freelist);
  const counters: ULong = k.words[slab + k.slab.counters]!;
  // In front of the slab's own: the last objects freed are still in the CPU's cache, and are used first.
  set_freepointer(k, s, tail, prior);
  const was_frozen: boolean = k.read_bits(slab, k.slab.frozen) !== 0;
  let frozen: boolean = was_frozen;
  const inuse: Int = k.read_bits(slab, k.slab.inuse) - cnt;
  if ((inuse === 0 || prior === 0) && !was_frozen) {
    // It was full, so on no list. Rather than to the node, which costs its lock, it goes to this CPU.
    if (kmem_cache_has_cpu_partial(k, s) && prior === 0) frozen = true;
    // It must leave a list of the node, or come to one.
    else n = get_node(k, s);
  }
  __cmpxchg_double_slab(k, slab, head, countersWith(k, counters, inuse, frozen));

  if (n === NULL) {
    // Frozen before: it stays that CPU's, which will find the objects.
    if (!was_frozen && frozen) put_cpu_partial(k, s, slab, true);
    return;
  }

  slab_empty: {
    const nr_partial: ULong = k.read_ulong(n + k.kmem_cache_node.nr_partial);
    if (inuse === 0 && nr_partial >= k.read_ulong(s + k.kmem_cache.min_partial)) break slab_empty;

    // It has its first free objects: now it belongs on the list.
    if (!kmem_cache_has_cpu_partial(k, s) && prior === 0)
      add_partial(k, n, slab, DEACTIVATE_TO_TAIL);
    return;
  }

  // slab_empty:
  // A full slab, all of whose objects were freed at once, is on no list.
  if (prior !== 0) remove_partial(k, n, slab);
  discard_slab(k, s, slab);
}

/** Frees a chain of objects of one slab. Left out: memcg, local_lock, stat(). */
function do_slab_free(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  head: VirtAddr,
  tail: VirtAddr,
  cnt: Int,
  addr: VirtAddr,
): void {
  const c: KmemCacheCpu = raw_cpu_ptr(k, s + k.kmem_cache.cpu_slab);
  // c->freelist has objects of the CPU's slab only: those of another one go to their own slab, some CPU's or nobody's.
  if (slab === NULL || !k.ptr_is(k.plus(c, k.kmem_cache_cpu.slab), slab)) {
    __slab_free(k, s, slab, head, tail, cnt, addr);
    return;
  }

  const freelist: Cell = k.plus(c, k.kmem_cache_cpu.freelist);
  // set_freepointer()
  k.copy_ptr(k.cell_at(asVirt(tail + k.words[s + k.kmem_cache.offset]!)), freelist);
  k.write_va(freelist, head);
  // next_tid()
  k.add_long(k.plus(c, k.kmem_cache_cpu.tid), TID_STEP);
}

/** Frees `cnt` objects of one slab, linked from `head` to `tail`. */
export function slab_free(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  head: VirtAddr,
  tail: VirtAddr,
  cnt: Int,
  addr: VirtAddr,
): void {
  // One alone has no order, and do_slab_free() writes its pointer.
  if (head === tail && !kmem_cache_debug(k, s)) {
    do_slab_free(k, s, slab, head, tail, cnt, addr);
    return;
  }
  const chain: ObjectChain = { head, tail };
  slab_free_freelist_hook(k, s, chain);
  do_slab_free(k, s, slab, chain.head, chain.tail, cnt, addr);
}

/** For kfree(). */
export function __kmem_cache_free(k: Kernel, s: KmemCache, x: VirtAddr, caller: VirtAddr): void {
  slab_free(k, s, virt_to_slab(k, x), x, x, 1, caller);
}

export function kmem_cache_free(k: Kernel, s: KmemCache, x: VirtAddr): void {
  s = cache_from_obj(k, s, x);
  if (s === NULL) return;
  trace_kmem_cache_free(k, x, s);
  slab_free(k, s, virt_to_slab(k, x), x, x, 1, retIp(k));
}
