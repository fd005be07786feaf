/**
 * How a SLUB cache lays its objects out, and how many make a slab.
 *
 *     cell    [left red zone] object .. inuse [free pointer, if outside] [two tracks] [red zone] to size
 *
 * Source: Linux 6.1 mm/slub.c: calculate_sizes(), calculate_order(), set_cpu_partial(), kmem_cache_flags().
 */
import type { Gfp, Int, KmemCache, Order, SlabFlags } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE } from '../../../memory/address.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { ALIGN, ALIGN_DOWN } from '../../include/linux/align.h.js';
import { fls } from '../../include/linux/bitops.h.js';
import { ilog2 } from '../../include/linux/log2.h.js';
import { SLAB_CACHE_DMA32, SLAB_KMALLOC, SLAB_NO_USER_FLAGS } from '../../include/linux/slab.h.js';
import { write_reciprocal_value } from '../../lib/math/reciprocal_div.js';
import { oo_make, oo_objects } from './pages.js';
import { kmem_cache_has_cpu_partial } from './partial.js';

/** Slabs that a node keeps though they are empty. */
const MIN_PARTIAL = 5;
const MAX_PARTIAL = 10;
/** objects is a field of 15 bits. */
const MAX_OBJS_PER_PAGE = 32767;
/** Internal flags of a cache: the object itself is poisoned; freelist and counters change together. */
const __OBJECT_POISON = 0x80000000 | 0;
const __CMPXCHG_DOUBLE = 0x40000000;
const order_objects = (order: Order, size: Int): Int => Math.floor((PAGE_SIZE << order) / size);

// --- order ---------------------------------------------------------------------------------------------------------------

const int_global = (k: Kernel, name: string): Int => {
  const cell = k.symbol(name);
  return k.words[cell]!;
};

/** The smallest order with at least `min_objects` objects that wastes at most 1/fract_leftover; beyond max_order: none. */
function calc_slab_order(
  k: Kernel,
  size: Int,
  min_objects: Int,
  max_order: Order,
  fract_leftover: Int,
): Order {
  const min_order: Order = int_global(k, 'slub_min_order');
  if (order_objects(min_order, size) > MAX_OBJS_PER_PAGE)
    return get_order(size * MAX_OBJS_PER_PAGE) - 1;
  let order: Order = Math.max(min_order, get_order(min_objects * size));
  for (; order <= max_order; order++) {
    const slab_size: Int = PAGE_SIZE << order;
    if (slab_size % size <= Math.floor(slab_size / fract_leftover)) break;
  }
  return order;
}

/** As many CPUs as there can ever be; those that are present are no more here. */
const nr_possible_cpus = (k: Kernel): Int => (k.smp ? int_global(k, 'nr_cpu_ids') : 1);

/** First more waste is accepted, then fewer objects. -1 when not even one fits. */
function calculate_order(k: Kernel, size: Int): Order {
  const slub_max_order: Order = int_global(k, 'slub_max_order');
  let min_objects: Int = int_global(k, 'slub_min_objects');
  if (min_objects === 0) min_objects = 4 * (fls(nr_possible_cpus(k)) + 1);
  min_objects = Math.min(min_objects, order_objects(slub_max_order, size));
  for (; min_objects > 1; min_objects--) {
    for (let fraction = 16; fraction >= 4; fraction /= 2) {
      const order: Order = calc_slab_order(k, size, min_objects, slub_max_order, fraction);
      if (order <= slub_max_order) return order;
    }
  }
  let order: Order = calc_slab_order(k, size, 1, slub_max_order, 1);
  if (order <= slub_max_order) return order;
  order = calc_slab_order(k, size, 1, k.MAX_ORDER, 1);
  return order < k.MAX_ORDER ? order : -1;
}

// --- sizes ---------------------------------------------------------------------------------------------------------------

/** False when no slab can hold such an object. */
function calculate_sizes(k: Kernel, s: KmemCache): boolean {
  const word: Int = k.ptr_words * 4;
  const flags: SlabFlags = k.words[s + k.kmem_cache.flags]!;
  const object_size: Int = k.words[s + k.kmem_cache.object_size]!;
  const align: Int = k.words[s + k.kmem_cache.align]!;
  const has_ctor: boolean = k.read_va(s + k.kmem_cache.ctor) !== 0;
  const has = (mask: SlabFlags): boolean => (flags & mask) !== 0;
  let size: Int = ALIGN(object_size, word);

  const poison: boolean = has(k.SLAB_POISON) && !has(k.SLAB_TYPESAFE_BY_RCU) && !has_ctor;
  k.write(s + k.kmem_cache.flags, poison ? flags | __OBJECT_POISON : flags & ~__OBJECT_POISON);
  // The red zone needs a byte at least.
  if (has(k.SLAB_RED_ZONE) && size === object_size) size += word;
  k.write(s + k.kmem_cache.inuse, size);

  const outside: boolean =
    has(k.SLAB_TYPESAFE_BY_RCU) ||
    has(k.SLAB_POISON) ||
    (has(k.SLAB_RED_ZONE) && object_size < word) ||
    has_ctor;
  if (outside) {
    // Who frees an object must not write into it.
    k.write(s + k.kmem_cache.offset, size);
    size += word;
  } else {
    // In the middle, far from what overflows from neighbours.
    k.write(s + k.kmem_cache.offset, ALIGN_DOWN(object_size >>> 1, word));
  }

  if (has(k.SLAB_STORE_USER)) {
    size += 2 * k.sizeof.track;
    if ((flags & SLAB_KMALLOC) !== 0) size += 4;
  }
  if (has(k.SLAB_RED_ZONE)) {
    const red_left_pad: Int = ALIGN(word, align);
    k.write(s + k.kmem_cache.red_left_pad, red_left_pad);
    size += word + red_left_pad;
  }

  size = ALIGN(size, align);
  k.write(s + k.kmem_cache.size, size);
  write_reciprocal_value(k, s + k.kmem_cache.reciprocal_size, size);
  const order: Order = calculate_order(k, size);
  if (order < 0) return false;

  let allocflags: Gfp = order > 0 ? k.__GFP_COMP : 0;
  if (has(k.SLAB_CACHE_DMA)) allocflags |= k.GFP_DMA;
  if ((flags & SLAB_CACHE_DMA32) !== 0) allocflags |= k.GFP_DMA32;
  if (has(k.SLAB_RECLAIM_ACCOUNT)) allocflags |= k.__GFP_RECLAIMABLE;
  k.write(s + k.kmem_cache.allocflags, allocflags);

  const oo: Int = oo_make(order, size);
  k.write(s + k.kmem_cache.oo, oo);
  k.write(s + k.kmem_cache.min, oo_make(get_order(size), size));
  return oo_objects(oo) > 0;
}

/** How many objects, and so slabs, a CPU keeps on its own list. */
function set_cpu_partial(k: Kernel, s: KmemCache): void {
  if (k.kmem_cache.cpu_partial < 0) return;
  const size: Int = k.words[s + k.kmem_cache.size]!;
  let nr_objects: Int = 120;
  if (!kmem_cache_has_cpu_partial(k, s)) nr_objects = 0;
  else if (size >= PAGE_SIZE) nr_objects = 6;
  else if (size >= 1024) nr_objects = 24;
  else if (size >= 256) nr_objects = 52;
  k.write(s + k.kmem_cache.cpu_partial, nr_objects);
  // A slab is taken to be half full.
  const objects: Int = oo_objects(k.words[s + k.kmem_cache.oo]!);
  k.write(s + k.kmem_cache.cpu_partial_slabs, Math.ceil((nr_objects * 2) / objects));
}

/** What `slub_debug` adds. (Lists of caches in it are not heeded.) */
function kmem_cache_flags(k: Kernel, flags: SlabFlags): SlabFlags {
  if ((flags & SLAB_NO_USER_FLAGS) !== 0) return flags;
  let slub_debug: SlabFlags = int_global(k, 'slub_debug');
  if ((flags & k.SLAB_NOLEAKTRACE) !== 0) slub_debug &= ~k.SLAB_STORE_USER;
  return flags | slub_debug;
}

/** Sets all that follows from the sizes, the alignment and the flags of a cache. False when it cannot be. */
export function set_geometry(k: Kernel, s: KmemCache, flags: SlabFlags): boolean {
  k.write(s + k.kmem_cache.flags, kmem_cache_flags(k, flags));
  if (!calculate_sizes(k, s)) return false;
  const NO_CMPXCHG: SlabFlags = k.SLAB_CONSISTENCY_CHECKS | k.SLAB_STORE_USER;
  const cache_flags: SlabFlags = k.words[s + k.kmem_cache.flags]!;
  if ((cache_flags & NO_CMPXCHG) === 0)
    k.write(s + k.kmem_cache.flags, cache_flags | __CMPXCHG_DOUBLE);
  const size: Int = k.words[s + k.kmem_cache.size]!;
  const min_partial: Int = Math.max(MIN_PARTIAL, Math.min(MAX_PARTIAL, ilog2(size) >>> 1));
  k.write_long(s + k.kmem_cache.min_partial, min_partial);
  set_cpu_partial(k, s);
  return true;
}
