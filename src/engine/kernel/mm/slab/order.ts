/**
 * Where the freelist of a SLAB cache's slabs lies, an array with one index for each object, and how large its slabs are.
 *
 *     OBJFREELIST   | colour | object 0 | object 1 | ... | object num - 1: the freelist, while it is free |
 *     OFF_SLAB      | colour | object 0 | object 1 | ...                     the freelist is a kmalloc object
 *     on-slab       | colour | object 0 | object 1 | ...                                       | freelist |
 *
 * An index is a byte (freelist_idx_t), so a freelist is as long as the slab has objects.
 * Source: Linux 6.1 mm/slab.c: cache_estimate(), calculate_slab_order().
 */
import {
  type Int,
  type KmemCache,
  NULL,
  type Order,
  type SlabFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE } from '../../../memory/address.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { KMALLOC_MAX_CACHE_SIZE } from '../../include/linux/slab.h.js';
import { kmalloc_slab } from '../slab_common/kmalloc.js';

/** The freelist's place, in cachep->flags. */
export const CFLGS_OBJFREELIST_SLAB: SlabFlags = 0x40000000;
export const CFLGS_OFF_SLAB: SlabFlags = 0x80000000 | 0;

export const OBJFREELIST_SLAB = (k: Kernel, x: KmemCache): boolean =>
  (k.words[x + k.kmem_cache.flags]! & CFLGS_OBJFREELIST_SLAB) !== 0;
export const OFF_SLAB = (k: Kernel, x: KmemCache): boolean =>
  (k.words[x + k.kmem_cache.flags]! & CFLGS_OFF_SLAB) !== 0;

/** sizeof(freelist_idx_t) */
const SIZEOF_IDX = 1;
const SLAB_OBJ_MAX_NUM = 255;
const SLAB_MAX_ORDER_HI = 1;
const SLAB_MAX_ORDER_LO = 0;

/** Larger slabs only on machines with more than 32 MiB. Differs: what boot found counts as yes or no. */
const slabMaxOrder = (k: Kernel): Order =>
  k.words[k.globals.slab_max_order]! > 0 ? SLAB_MAX_ORDER_HI : SLAB_MAX_ORDER_LO;

/** Objects of a slab of an order, and the bytes that are left over. */
function cache_estimate(
  gfporder: Order,
  buffer_size: Int,
  flags: SlabFlags,
): { readonly num: Int; readonly left_over: Int } {
  const slab_size: Int = PAGE_SIZE << gfporder;
  // On the slab, each object needs its index as well.
  if ((flags & (CFLGS_OBJFREELIST_SLAB | CFLGS_OFF_SLAB)) === 0) buffer_size += SIZEOF_IDX;
  return { num: Math.floor(slab_size / buffer_size), left_over: slab_size % buffer_size };
}

/** Chooses the order of a cache's slabs; sets num and gfporder. The bytes that are left over. */
export function calculate_slab_order(
  k: Kernel,
  cachep: KmemCache,
  size: Int,
  flags: SlabFlags,
): Int {
  let left_over: Int = 0;

  for (let gfporder: Order = 0; gfporder < k.MAX_ORDER; gfporder++) {
    const { num, left_over: remainder } = cache_estimate(gfporder, size, flags);
    if (num === 0) continue;

    // An index must name each of them.
    if (num > SLAB_OBJ_MAX_NUM) break;

    if ((flags & CFLGS_OFF_SLAB) !== 0) {
      const freelist_size: Int = num * SIZEOF_IDX;
      let freelist_cache_size: Int;
      if (freelist_size > KMALLOC_MAX_CACHE_SIZE) {
        freelist_cache_size = PAGE_SIZE << get_order(k, freelist_size);
      } else {
        const freelist_cache: KmemCache = kmalloc_slab(k, freelist_size, 0);
        if (freelist_cache === NULL) continue;
        freelist_cache_size = k.words[freelist_cache + k.kmem_cache.size]!;
        // Growing one cache would need the other to grow, and that this one.
        if (OFF_SLAB(k, freelist_cache)) continue;
      }
      // It must not cost more than half an object.
      if (freelist_cache_size > Math.floor(k.words[cachep + k.kmem_cache.size]! / 2)) continue;
    }

    // This one would do.
    k.write(cachep + k.kmem_cache.num, num);
    k.write(cachep + k.kmem_cache.gfporder, gfporder);
    left_over = remainder;

    // Objects that reclaim frees are mostly allocated where memory is tight: no order that could not be had.
    if ((flags & k.SLAB_RECLAIM_ACCOUNT) !== 0) break;
    // Many objects are good, but large orders are hard to get.
    if (gfporder >= slabMaxOrder(k)) break;
    // Is so much waste acceptable? Up to an eighth.
    if (left_over * 8 <= PAGE_SIZE << gfporder) break;
  }
  return left_over;
}
