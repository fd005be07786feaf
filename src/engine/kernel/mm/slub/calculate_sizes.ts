/**
 * How a SLUB cache lays its objects out.
 *
 *     cell    [left red zone] object .. inuse [free pointer, if outside] [two tracks] [red zone] to size
 *
 * Source: Linux 6.1 mm/slub.c: slub_set_cpu_partial(), set_cpu_partial(), calculate_sizes().
 */
import type { Gfp, Int, KmemCache, Order, SlabFlags } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE } from '../../../memory/address.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { ALIGN, ALIGN_DOWN } from '../../include/linux/align.h.js';
import { SLAB_CACHE_DMA32, SLAB_KMALLOC } from '../../include/linux/slab.h.js';
import { reciprocal_value } from '../../lib/math/reciprocal_div.js';
import { calculate_order } from './calculate_order.js';
import { kmem_cache_has_cpu_partial, oo_make, oo_objects } from './freelist.js';

/** Internal flag of a cache: the object itself is poisoned. */
export const __OBJECT_POISON: SlabFlags = 0x80000000 | 0;

/** In slabs, as their objects on a CPU's list are not counted: each is taken to be half full. */
export function slub_set_cpu_partial(k: Kernel, s: KmemCache, nr_objects: Int): void {
  k.write(s + k.kmem_cache.cpu_partial, nr_objects);
  const nr_slabs: Int = Math.ceil((nr_objects * 2) / oo_objects(k.words[s + k.kmem_cache.oo]!));
  k.write(s + k.kmem_cache.cpu_partial_slabs, nr_slabs);
}

/** How much a CPU keeps on its own list: of large objects less, as they would hold much memory. */
export function set_cpu_partial(k: Kernel, s: KmemCache): void {
  if (k.kmem_cache.cpu_partial < 0) return;
  let nr_objects: Int;
  if (!kmem_cache_has_cpu_partial(k, s)) nr_objects = 0;
  else if (k.words[s + k.kmem_cache.size]! >= PAGE_SIZE) nr_objects = 6;
  else if (k.words[s + k.kmem_cache.size]! >= 1024) nr_objects = 24;
  else if (k.words[s + k.kmem_cache.size]! >= 256) nr_objects = 52;
  else nr_objects = 120;
  slub_set_cpu_partial(k, s, nr_objects);
}

/** Whether a slab can hold such an object. Left out: kasan_cache_create, SLAB_STORE_USER's data of kasan. */
export function calculate_sizes(k: Kernel, s: KmemCache): boolean {
  const flags: SlabFlags = k.words[s + k.kmem_cache.flags]!;
  const object_size: Int = k.words[s + k.kmem_cache.object_size]!;
  const ctor: boolean = k.read_va(s + k.kmem_cache.ctor) !== 0;
  const word: Int = k.ptr_words * 4;

  // The free pointer must be aligned.
  let size: Int = ALIGN(object_size, word);

  // Who may still read an object, or relies on what the constructor made, must not find poison in it.
  if ((flags & k.SLAB_POISON) !== 0 && (flags & k.SLAB_TYPESAFE_BY_RCU) === 0 && !ctor)
    k.write(s + k.kmem_cache.flags, flags | __OBJECT_POISON);
  else k.write(s + k.kmem_cache.flags, flags & ~__OBJECT_POISON);

  // The red zone needs a byte at least behind the object.
  if ((flags & k.SLAB_RED_ZONE) !== 0 && size === object_size) size += word;
  k.write(s + k.kmem_cache.inuse, size);

  if (
    (flags & (k.SLAB_TYPESAFE_BY_RCU | k.SLAB_POISON)) !== 0 ||
    ((flags & k.SLAB_RED_ZONE) !== 0 && object_size < word) ||
    ctor
  ) {
    // Freeing must not write into the object: the free pointer comes behind it.
    k.write(s + k.kmem_cache.offset, size);
    size += word;
  } else {
    // In the middle of the object, far from what overflows from its neighbours.
    k.write(s + k.kmem_cache.offset, ALIGN_DOWN(object_size >>> 1, word));
  }

  // Who allocated the object and who freed it; of kmalloc caches also how much was asked for.
  if ((flags & k.SLAB_STORE_USER) !== 0) {
    size += 2 * k.sizeof.track;
    if ((flags & SLAB_KMALLOC) !== 0) size += 4;
  }
  if ((flags & k.SLAB_RED_ZONE) !== 0) {
    // A word behind, and before the object as much as keeps it aligned.
    const red_left_pad: Int = ALIGN(word, k.words[s + k.kmem_cache.align]!);
    k.write(s + k.kmem_cache.red_left_pad, red_left_pad);
    size += word + red_left_pad;
  }

  // SLUB puts one object right behind the other, so each must be as long as its alignment.
  size = ALIGN(size, k.words[s + k.kmem_cache.align]!);
  k.write(s + k.kmem_cache.size, size);
  reciprocal_value(k, size, s + k.kmem_cache.reciprocal_size);
  const order: Order = calculate_order(k, size);
  if (order < 0) return false;

  let allocflags: Gfp = 0;
  // An object may lie in any of several pages: from each, the head must be found.
  if (order !== 0) allocflags |= k.__GFP_COMP;
  if ((flags & k.SLAB_CACHE_DMA) !== 0) allocflags |= k.GFP_DMA;
  if ((flags & SLAB_CACHE_DMA32) !== 0) allocflags |= k.GFP_DMA32;
  if ((flags & k.SLAB_RECLAIM_ACCOUNT) !== 0) allocflags |= k.__GFP_RECLAIMABLE;
  k.write(s + k.kmem_cache.allocflags, allocflags);

  // The order that is tried first, and the smallest that holds one object.
  k.write(s + k.kmem_cache.oo, oo_make(order, size));
  k.write(s + k.kmem_cache.min, oo_make(get_order(k, size), size));
  return oo_objects(k.words[s + k.kmem_cache.oo]!) !== 0;
}
