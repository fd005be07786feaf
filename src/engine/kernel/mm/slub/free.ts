/**
 * Freeing to a SLUB cache: onto the CPU's freelist when the object is of its slab, else onto the slab's own.
 *
 *     slab is            becomes                                    and goes
 *     frozen             frozen                                     nowhere: it is some CPU's
 *     full               partly free; SMP: frozen                   to the node's list, tail; SMP: to the CPU's list
 *     partly free        partly free                                nowhere
 *     partly free        empty, n->nr_partial >= s->min_partial     back to the page allocator
 *
 * Source: Linux 6.1 mm/slub.c: slab_free(), slab_free_freelist_hook(), do_slab_free(), __slab_free().
 */
import {
  type Int,
  type KmemCache,
  type KmemCacheCpu,
  type KmemCacheNode,
  NULL,
  type Slab,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { get_node, virt_to_slab } from '../slab.h.js';
import { this_cpu_slab } from './alloc.js';
import {
  discard_slab,
  get_freepointer,
  set_counters,
  set_freepointer,
  set_slab_freelist,
  slab_freelist,
  slab_frozen,
  slab_inuse,
} from './pages.js';
import {
  add_partial,
  bump_tid,
  cpu_field,
  DEACTIVATE_TO_TAIL,
  kmem_cache_has_cpu_partial,
  min_partial,
  nr_partial,
  put_cpu_partial,
  remove_partial,
} from './partial.js';

/** Free objects, linked by their free pointers from `head` to `tail`. */
export interface ObjectChain {
  head: VirtAddr;
  tail: VirtAddr;
}

/** Reverses the chain, which costs an object its free pointer in any case. */
function slab_free_freelist_hook(k: Kernel, s: KmemCache, chain: ObjectChain): void {
  const old_tail: VirtAddr = chain.tail;
  let next: VirtAddr = chain.head;
  let object: VirtAddr;
  let head = 0 as VirtAddr;
  const tail: VirtAddr = chain.head;
  do {
    object = next;
    next = get_freepointer(k, s, object);
    set_freepointer(k, s, object, head);
    head = object;
  } while (object !== old_tail);
  chain.head = head;
  chain.tail = tail;
}

/** The slab is not this CPU's. */
function __slab_free(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  head: VirtAddr,
  tail: VirtAddr,
  cnt: Int,
  c: KmemCacheCpu,
): void {
  const prior: VirtAddr = slab_freelist(k, slab);
  set_freepointer(k, s, tail, prior);
  const was_frozen: boolean = slab_frozen(k, slab);
  const inuse: Int = slab_inuse(k, slab) - cnt;
  const has_cpu_partial: boolean = kmem_cache_has_cpu_partial(k, s);
  // It was on no list and now has free objects: rather than to the node it goes to this CPU.
  const freeze: boolean = !was_frozen && prior === 0 && has_cpu_partial;
  set_slab_freelist(k, slab, head);
  set_counters(k, slab, inuse, was_frozen || freeze);

  if (was_frozen) return;
  if (freeze) {
    put_cpu_partial(k, s, c, slab, true);
    return;
  }
  if (inuse !== 0 && prior !== 0) return;

  const n: KmemCacheNode = get_node(k, s);
  if (inuse === 0 && nr_partial(k, n) >= min_partial(k, s)) {
    if (prior !== 0) remove_partial(k, n, slab);
    discard_slab(k, s, slab);
    return;
  }
  if (!has_cpu_partial && prior === 0) add_partial(k, n, slab, DEACTIVATE_TO_TAIL);
}

function do_slab_free(k: Kernel, s: KmemCache, slab: Slab, chain: ObjectChain, cnt: Int): void {
  const { head, tail } = chain;
  const c: KmemCacheCpu = this_cpu_slab(k, s);
  if (slab === NULL || slab !== k.read_ptr(cpu_field(k, c, k.kmem_cache_cpu.slab))) {
    __slab_free(k, s, slab, head, tail, cnt, c);
    return;
  }
  const c_freelist = cpu_field(k, c, k.kmem_cache_cpu.freelist);
  set_freepointer(k, s, tail, k.read_va(c_freelist));
  k.write_va(c_freelist, head);
  bump_tid(k, c);
}

/** Frees a chain of `cnt` objects of one slab. */
export function slab_free(k: Kernel, s: KmemCache, slab: Slab, chain: ObjectChain, cnt: Int): void {
  slab_free_freelist_hook(k, s, chain);
  do_slab_free(k, s, slab, chain, cnt);
}

export function __kmem_cache_free(k: Kernel, s: KmemCache, x: VirtAddr): void {
  slab_free(k, s, virt_to_slab(k, x), { head: x, tail: x }, 1);
}
