/**
 * The node's list of slabs with free objects, and the CPU's own such list (CONFIG_SLUB_CPU_PARTIAL): slabs that are frozen
 * for it but not the one it allocates from.
 *
 *     n->partial      next to be taken first
 *     c->partial      newest first; each slab's `slabs` says how many the list has from it on
 *
 * Source: Linux 6.1 mm/slub.c: add_partial(), put_cpu_partial(), __unfreeze_partials(), deactivate_slab().
 */
import {
  type Int,
  type KmemCache,
  type KmemCacheCpu,
  type KmemCacheNode,
  type ListHead,
  NULL,
  type Slab,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { list_add, list_add_tail, list_del } from '../../include/linux/list.h.js';
import { get_node } from '../slab.h.js';
import {
  discard_slab,
  get_freepointer,
  set_counters,
  set_freepointer,
  set_slab_freelist,
  slab_freelist,
  slab_inuse,
} from './pages.js';
import { kmem_cache_debug } from './slub_debug.js';

export const DEACTIVATE_TO_HEAD = false;
export const DEACTIVATE_TO_TAIL = true;

export const slab_list = (k: Kernel, slab: Slab): ListHead => (slab + k.slab.slab_list) as ListHead;
/** The slab that an entry of a node's list belongs to. */
export const slab_of_entry = (k: Kernel, entry: ListHead): Slab =>
  (entry - k.slab.slab_list) as Slab;
export const partial_list = (k: Kernel, n: KmemCacheNode): ListHead =>
  (n + k.kmem_cache_node.partial) as ListHead;
export const nr_partial = (k: Kernel, n: KmemCacheNode): ULong =>
  k.read_ulong(n + k.kmem_cache_node.nr_partial);
export const min_partial = (k: Kernel, s: KmemCache): ULong =>
  k.read_ulong(s + k.kmem_cache.min_partial);

export function kmem_cache_has_cpu_partial(k: Kernel, s: KmemCache): boolean {
  return k.kmem_cache.cpu_partial >= 0 && !kmem_cache_debug(k, s);
}

/** A field of a kmem_cache_cpu, which may straddle frames. */
export const cpu_field = (k: Kernel, c: KmemCacheCpu, member: number): number => k.plus(c, member);

/** tid = next_tid(tid): every change of c->freelist is another transaction. TID_STEP is 1 without preemption. */
export function bump_tid(k: Kernel, c: KmemCacheCpu): void {
  k.add_long(cpu_field(k, c, k.kmem_cache_cpu.tid), 1);
}

// --- the node's list ---------------------------------------------------------------------------------------------------

export function add_partial(k: Kernel, n: KmemCacheNode, slab: Slab, tail: boolean): void {
  k.add_long(n + k.kmem_cache_node.nr_partial, 1);
  if (tail === DEACTIVATE_TO_TAIL) list_add_tail(k, slab_list(k, slab), partial_list(k, n));
  else list_add(k, slab_list(k, slab), partial_list(k, n));
}

export function remove_partial(k: Kernel, n: KmemCacheNode, slab: Slab): void {
  list_del(k, slab_list(k, slab));
  k.add_long(n + k.kmem_cache_node.nr_partial, -1);
}

// --- the CPU's list ----------------------------------------------------------------------------------------------------

/** Puts a slab that was just frozen on the CPU's list. With `drain` a list that is long enough goes to the node first. */
export function put_cpu_partial(
  k: Kernel,
  s: KmemCache,
  c: KmemCacheCpu,
  slab: Slab,
  drain: boolean,
): void {
  if (k.kmem_cache_cpu.partial < 0) return;
  const partial = cpu_field(k, c, k.kmem_cache_cpu.partial);
  let oldslab: Slab = k.read_ptr(partial);
  let slab_to_unfreeze: Slab = NULL;
  let slabs: Int = 0;
  if (oldslab !== NULL) {
    const old_slabs: Int = k.words[oldslab + k.slab.slabs]!;
    if (drain && old_slabs >= k.words[s + k.kmem_cache.cpu_partial_slabs]!) {
      slab_to_unfreeze = oldslab;
      oldslab = NULL;
    } else {
      slabs = old_slabs;
    }
  }
  slabs++;
  k.write(slab + k.slab.slabs, slabs);
  k.write_ptr(slab + k.slab.next, oldslab);
  k.write_ptr(partial, slab);
  if (slab_to_unfreeze !== NULL) __unfreeze_partials(k, s, slab_to_unfreeze);
}

/** Gives a CPU's list to the node. What is empty beyond min_partial is freed, the last found first. */
function __unfreeze_partials(k: Kernel, s: KmemCache, partial_slab: Slab): void {
  const n: KmemCacheNode = get_node(k, s);
  let slab_to_discard: Slab = NULL;
  while (partial_slab !== NULL) {
    const slab: Slab = partial_slab;
    partial_slab = k.read_ptr(slab + k.slab.next);
    const inuse: Int = slab_inuse(k, slab);
    set_counters(k, slab, inuse, false);
    if (inuse === 0 && nr_partial(k, n) >= min_partial(k, s)) {
      k.write_ptr(slab + k.slab.next, slab_to_discard);
      slab_to_discard = slab;
    } else {
      add_partial(k, n, slab, DEACTIVATE_TO_TAIL);
    }
  }
  while (slab_to_discard !== NULL) {
    const slab: Slab = slab_to_discard;
    slab_to_discard = k.read_ptr(slab_to_discard + k.slab.next);
    discard_slab(k, s, slab);
  }
}

export function unfreeze_partials(k: Kernel, s: KmemCache, c: KmemCacheCpu): void {
  if (k.kmem_cache_cpu.partial < 0) return;
  const partial = cpu_field(k, c, k.kmem_cache_cpu.partial);
  const partial_slab: Slab = k.read_ptr(partial);
  k.write_ptr(partial, NULL);
  if (partial_slab !== NULL) __unfreeze_partials(k, s, partial_slab);
}

// --- the slab that a CPU allocates from --------------------------------------------------------------------------------

/**
 * A CPU lets its slab go: the CPU's freelist goes before the slab's own, and the slab to where it belongs: the head of the
 * node's list; the tail when other CPUs freed objects of it, who may do so again. (Debug caches never have such a slab.)
 */
export function deactivate_slab(k: Kernel, s: KmemCache, slab: Slab, freelist: VirtAddr): void {
  const n: KmemCacheNode = get_node(k, s);
  const remote: VirtAddr = slab_freelist(k, slab);
  const tail = remote !== 0 ? DEACTIVATE_TO_TAIL : DEACTIVATE_TO_HEAD;

  let free_delta: Int = 0;
  let freelist_tail = 0 as VirtAddr;
  let freelist_iter: VirtAddr = freelist;
  while (freelist_iter !== 0) {
    const nextfree: VirtAddr = get_freepointer(k, s, freelist_iter);
    freelist_tail = freelist_iter;
    free_delta++;
    freelist_iter = nextfree;
  }

  let inuse: Int = slab_inuse(k, slab);
  let new_freelist: VirtAddr = remote;
  if (freelist_tail !== 0) {
    inuse -= free_delta;
    set_freepointer(k, s, freelist_tail, remote);
    new_freelist = freelist;
  }
  set_slab_freelist(k, slab, new_freelist);
  set_counters(k, slab, inuse, false);

  if (inuse === 0 && nr_partial(k, n) >= min_partial(k, s)) discard_slab(k, s, slab);
  else if (new_freelist !== 0) add_partial(k, n, slab, tail);
  // A full slab is on no list.
}

/** flush_slab() and unfreeze_partials(): everything that the CPU holds goes to the node. */
export function flush_cpu_slab(k: Kernel, s: KmemCache, c: KmemCacheCpu): void {
  const slab: Slab = k.read_ptr(cpu_field(k, c, k.kmem_cache_cpu.slab));
  if (slab !== NULL) {
    const freelist: VirtAddr = k.read_va(cpu_field(k, c, k.kmem_cache_cpu.freelist));
    k.write_ptr(cpu_field(k, c, k.kmem_cache_cpu.slab), NULL);
    k.write_va(cpu_field(k, c, k.kmem_cache_cpu.freelist), 0 as VirtAddr);
    bump_tid(k, c);
    deactivate_slab(k, s, slab, freelist);
  }
  unfreeze_partials(k, s, c);
}
