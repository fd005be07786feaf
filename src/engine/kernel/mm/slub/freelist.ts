/**
 * The words that SLUB's slabs, objects and CPUs are made of, and how they change.
 *
 *     page words    flags PG_slab | lru: partial list, or next and slabs | mapping: the cache | index: freelist | private: counters
 *     counters      31 frozen | 30:16 objects | 15:0 inuse
 *     free object   [ ....... | free pointer at s->offset | ... ]   to the next free object of the slab; NULL at the end
 *     tid           of a CPU's part of a cache: another one with each change of its freelist
 *
 * A slab's freelist and its counters always change together, so that they fit each other whenever another CPU looks.
 * Invariant: a frozen slab belongs to a CPU and is on no list of the node.
 * Source: Linux 6.1 mm/slub.c: get_freepointer() to oo_objects(), next_tid(), __cmpxchg_double_slab().
 */
import type { Int, KmemCache, Order, Slab, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { kmem_cache_debug_flags, SLAB_DEBUG_FLAGS } from '../slab.h.js';

/** Made with SLAB_CONSISTENCY_CHECKS, SLAB_RED_ZONE, SLAB_POISON, SLAB_STORE_USER or SLAB_TRACE. */
export function kmem_cache_debug(k: Kernel, s: KmemCache): boolean {
  return kmem_cache_debug_flags(k, s, SLAB_DEBUG_FLAGS(k));
}

/** CONFIG_SLUB_CPU_PARTIAL. A debug cache has each change of a slab checked, so none is left to a CPU. */
export function kmem_cache_has_cpu_partial(k: Kernel, s: KmemCache): boolean {
  return k.kmem_cache.cpu_partial >= 0 && !kmem_cache_debug(k, s);
}

// --- free pointers -----------------------------------------------------------------------------------------------------

/** Left out: freelist_dereference (CONFIG_SLAB_FREELIST_HARDENED). */
export function get_freepointer(k: Kernel, s: KmemCache, object: VirtAddr): VirtAddr {
  return k.read_va(k.cell_at(asVirt(object + k.words[s + k.kmem_cache.offset]!)));
}

/** Left out: freelist_ptr, the check for a double free (CONFIG_SLAB_FREELIST_HARDENED). */
export function set_freepointer(k: Kernel, s: KmemCache, object: VirtAddr, fp: VirtAddr): void {
  k.write_va(k.cell_at(asVirt(object + k.words[s + k.kmem_cache.offset]!)), fp);
}

/** Where the first object begins: behind the left red zone. A cache that lost its debugging to `slub_debug=O` still has its length. */
export function fixup_red_left(k: Kernel, s: KmemCache, p: VirtAddr): VirtAddr {
  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_RED_ZONE) === 0) return p;
  return asVirt(p + k.words[s + k.kmem_cache.red_left_pad]!);
}

// --- order and number of objects, in one word --------------------------------------------------------------------------

const OO_SHIFT = 16;
const OO_MASK = (1 << OO_SHIFT) - 1;

/** How many objects fit a slab. The order stands in the upper half of the word, their number in the lower one. */
export const order_objects = (order: Order, size: Int): Int =>
  Math.floor((PAGE_SIZE << order) / size);
export const oo_make = (order: Order, size: Int): Int =>
  (order << OO_SHIFT) + order_objects(order, size);
export const oo_order = (x: Int): Order => x >>> OO_SHIFT;
export const oo_objects = (x: Int): Int => x & OO_MASK;

// --- changing both words of a slab -------------------------------------------------------------------------------------

/** `counters` with other `inuse` and `frozen`; `objects` never changes. */
export const countersWith = (k: Kernel, counters: ULong, inuse: Int, frozen: boolean): ULong =>
  k.with_bits(k.with_bits(counters, k.slab.inuse, inuse), k.slab.frozen, frozen ? 1 : 0);

/** Changes freelist and counters. Always true: nothing else runs between a caller's look at them and this. */
export function __cmpxchg_double_slab(
  k: Kernel,
  slab: Slab,
  freelist_new: VirtAddr,
  counters_new: ULong,
): boolean {
  k.write_va(slab + k.slab.freelist, freelist_new);
  k.write(slab + k.slab.counters, counters_new);
  return true;
}

// --- transactions of a CPU ---------------------------------------------------------------------------------------------

/** Without preemption a CPU's numbers need not tell which CPU they are of. */
export const TID_STEP = 1;

export const next_tid = (tid: ULong): ULong => tid + TID_STEP;
/** CPUs begin with different numbers: with preemption, a task sees by them that it was moved to another CPU. */
export const init_tid = (cpu: Int): ULong => cpu;
