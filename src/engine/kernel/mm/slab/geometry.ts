/**
 * The geometry of a SLAB cache: how large a slab is, how many objects it holds, and where its freelist lies, an array with one
 * index for each object.
 *
 *     OBJFREELIST   | colour | object 0 | object 1 | ... | object num - 1: the freelist, while it is free |
 *     OFF_SLAB      | colour | object 0 | object 1 | ...                     the freelist is a kmalloc object
 *     on-slab       | colour | object 0 | object 1 | ...                                       | freelist |
 *
 * Source: Linux 6.1 mm/slab.c: __kmem_cache_create(), calculate_slab_order(), cache_estimate().
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  NULL,
  type SlabFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE } from '../../../memory/address.js';
import { cache_line_size } from '../../arch/x86/include/asm/cache.h.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { E2BIG } from '../../include/linux/errno.h.js';
import { KMALLOC_MAX_CACHE_SIZE, SLAB_CACHE_DMA32 } from '../../include/linux/slab.h.js';
import { write_reciprocal_value } from '../../lib/math/reciprocal_div.js';
import { kmalloc_slab } from '../slab_common/kmalloc.js';
import { setup_cpu_cache } from './cpucache.js';

/** The freelist's place, in cachep->flags. Source: mm/slab.c. */
export const CFLGS_OBJFREELIST_SLAB: SlabFlags = 0x40000000;
export const CFLGS_OFF_SLAB: SlabFlags = 0x80000000 | 0;
/** An index is a byte. */
const SLAB_OBJ_MAX_NUM = 255;
/** So that no more objects than that fit a page. */
const SLAB_OBJ_MIN_SIZE = 16;
const SLAB_MAX_ORDER_HI = 1;
const SLAB_MAX_ORDER_LO = 0;

export const OBJFREELIST_SLAB = (k: Kernel, cachep: KmemCache): boolean =>
  (k.words[cachep + k.kmem_cache.flags]! & CFLGS_OBJFREELIST_SLAB) !== 0;

export const OFF_SLAB = (k: Kernel, cachep: KmemCache): boolean =>
  (k.words[cachep + k.kmem_cache.flags]! & CFLGS_OFF_SLAB) !== 0;

/** Objects of a slab of an order, and the bytes that are left over. */
function cache_estimate(
  gfporder: Int,
  buffer_size: Int,
  flags: SlabFlags,
): { readonly num: Int; readonly left_over: Int } {
  const slab_size: Int = PAGE_SIZE << gfporder;
  const elsewhere = (flags & (CFLGS_OBJFREELIST_SLAB | CFLGS_OFF_SLAB)) !== 0;
  // On the slab, each object needs its index as well.
  const each: Int = elsewhere ? buffer_size : buffer_size + 1;
  return { num: Math.floor(slab_size / each), left_over: slab_size % each };
}

/** Larger slabs only on machines with more than 32 MiB; `slab_max_order` is what boot found. */
const slab_max_order = (k: Kernel): Int => {
  const at = k.globals.slab_max_order;
  return k.words[at]! > 0 ? SLAB_MAX_ORDER_HI : SLAB_MAX_ORDER_LO;
};

/** Whether a freelist of its own is worth it: it must not cost more than half an object. */
function off_slab_has_benefit(k: Kernel, cachep: KmemCache, freelist_size: Int): boolean {
  let freelist_cache_size: Int = PAGE_SIZE << get_order(freelist_size);
  if (freelist_size <= KMALLOC_MAX_CACHE_SIZE) {
    const freelist_cache: KmemCache = kmalloc_slab(k, freelist_size, 0);
    if (freelist_cache === NULL) return false;
    freelist_cache_size = k.words[freelist_cache + k.kmem_cache.size]!;
    // Else growing one cache could need the other to grow.
    if (OFF_SLAB(k, freelist_cache)) return false;
  }
  return freelist_cache_size <= k.words[cachep + k.kmem_cache.size]! / 2;
}

/** Chooses the order of a cache's slabs; sets num and gfporder. The bytes that are left over. */
function calculate_slab_order(k: Kernel, cachep: KmemCache, size: Int, flags: SlabFlags): Int {
  let left_over: Int = 0;
  for (let gfporder = 0; gfporder < k.MAX_ORDER; gfporder++) {
    const estimate = cache_estimate(gfporder, size, flags);
    if (estimate.num === 0) continue;
    if (estimate.num > SLAB_OBJ_MAX_NUM) break;
    if ((flags & CFLGS_OFF_SLAB) !== 0 && !off_slab_has_benefit(k, cachep, estimate.num)) continue;

    k.write(cachep + k.kmem_cache.num, estimate.num);
    k.write(cachep + k.kmem_cache.gfporder, gfporder);
    left_over = estimate.left_over;

    // Objects that reclaim frees are mostly allocated where memory is tight.
    if ((flags & k.SLAB_RECLAIM_ACCOUNT) !== 0) break;
    if (gfporder >= slab_max_order(k)) break;
    // Is so much waste acceptable?
    if (left_over * 8 <= PAGE_SIZE << gfporder) break;
  }
  return left_over;
}

const num_of = (k: Kernel, cachep: KmemCache): Int => k.words[cachep + k.kmem_cache.num]!;

/** Differently coloured slabs put their objects on different cache lines. */
function set_colour(k: Kernel, cachep: KmemCache, left: Int): void {
  const colour_off: Int = k.words[cachep + k.kmem_cache.colour_off]!;
  k.write_long(cachep + k.kmem_cache.colour, Math.floor(left / colour_off));
}

function set_objfreelist_slab_cache(
  k: Kernel,
  cachep: KmemCache,
  size: Int,
  flags: SlabFlags,
): boolean {
  k.write(cachep + k.kmem_cache.num, 0);
  // The freelist would overwrite what a constructor made, or what RCU readers still look at.
  if (k.read_va(cachep + k.kmem_cache.ctor) !== 0) return false;
  if ((flags & k.SLAB_TYPESAFE_BY_RCU) !== 0) return false;
  const left: Int = calculate_slab_order(k, cachep, size, flags | CFLGS_OBJFREELIST_SLAB);
  if (num_of(k, cachep) === 0) return false;
  if (num_of(k, cachep) > k.words[cachep + k.kmem_cache.object_size]!) return false;
  set_colour(k, cachep, left);
  return true;
}

function set_off_slab_cache(k: Kernel, cachep: KmemCache, size: Int, flags: SlabFlags): boolean {
  k.write(cachep + k.kmem_cache.num, 0);
  if ((flags & k.SLAB_NOLEAKTRACE) !== 0) return false;
  const left: Int = calculate_slab_order(k, cachep, size, flags | CFLGS_OFF_SLAB);
  if (num_of(k, cachep) === 0) return false;
  // There is room for the freelist on the slab.
  if (left >= num_of(k, cachep)) return false;
  set_colour(k, cachep, left);
  return true;
}

function set_on_slab_cache(k: Kernel, cachep: KmemCache, size: Int, flags: SlabFlags): boolean {
  k.write(cachep + k.kmem_cache.num, 0);
  const left: Int = calculate_slab_order(k, cachep, size, flags);
  if (num_of(k, cachep) === 0) return false;
  set_colour(k, cachep, left);
  return true;
}

/** The flags with the freelist's place; undefined when no slab is large enough. */
function choose_freelist(
  k: Kernel,
  cachep: KmemCache,
  size: Int,
  flags: SlabFlags,
): SlabFlags | undefined {
  if (set_objfreelist_slab_cache(k, cachep, size, flags)) return flags | CFLGS_OBJFREELIST_SLAB;
  if (set_off_slab_cache(k, cachep, size, flags)) return flags | CFLGS_OFF_SLAB;
  if (set_on_slab_cache(k, cachep, size, flags)) return flags;
  return undefined;
}

/** What a slab's pages are asked for with, besides what the caller says. */
function allocflags_of(k: Kernel, flags: SlabFlags): Gfp {
  let allocflags: Gfp = k.__GFP_COMP;
  if ((flags & k.SLAB_CACHE_DMA) !== 0) allocflags |= k.__GFP_DMA;
  if ((flags & SLAB_CACHE_DMA32) !== 0) allocflags |= k.__GFP_DMA32;
  if ((flags & k.SLAB_RECLAIM_ACCOUNT) !== 0) allocflags |= k.__GFP_RECLAIMABLE;
  return allocflags;
}

/** Works out a cache's geometry and gives it its CPU arrays and its node. 0 or an errno. */
export function __kmem_cache_create(k: Kernel, cachep: KmemCache, flags: SlabFlags): Int {
  const BYTES_PER_WORD: Int = k.ptr_words * 4;
  const ralign: Int = Math.max(BYTES_PER_WORD, k.words[cachep + k.kmem_cache.align]!);
  let size: Int = ALIGN(k.words[cachep + k.kmem_cache.size]!, BYTES_PER_WORD);

  k.write(cachep + k.kmem_cache.align, ralign);
  // A multiple of the alignment.
  k.write(cachep + k.kmem_cache.colour_off, Math.max(cache_line_size(k), ralign));

  size = ALIGN(size, ralign);
  if (size < SLAB_OBJ_MIN_SIZE) size = ALIGN(SLAB_OBJ_MIN_SIZE, ralign);

  const chosen = choose_freelist(k, cachep, size, flags);
  if (chosen === undefined) return -E2BIG;

  k.write(cachep + k.kmem_cache.freelist_size, num_of(k, cachep));
  k.write(cachep + k.kmem_cache.flags, chosen);
  k.write(cachep + k.kmem_cache.allocflags, allocflags_of(k, chosen));
  k.write(cachep + k.kmem_cache.size, size);
  write_reciprocal_value(k, cachep + k.kmem_cache.reciprocal_buffer_size, size);
  return setup_cpu_cache(k, cachep, k.GFP_KERNEL);
}
