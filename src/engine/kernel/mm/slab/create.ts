/**
 * Making a SLAB cache: what its slabs look like, and its arrays and its node.
 *
 * Source: Linux 6.1 mm/slab.c: __kmem_cache_alias(), set_objfreelist_slab_cache() to set_on_slab_cache(), __kmem_cache_create().
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  NULL,
  type SlabFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { cache_line_size } from '../../arch/x86/include/asm/cache.h.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { E2BIG } from '../../include/linux/errno.h.js';
import { SLAB_CACHE_DMA32 } from '../../include/linux/slab.h.js';
import { reciprocal_value } from '../../lib/math/reciprocal_div.js';
import { find_mergeable } from '../slab_common/merge.js';
import { __kmem_cache_release, setup_cpu_cache } from './cpucache.js';
import { calculate_slab_order, CFLGS_OBJFREELIST_SLAB, CFLGS_OFF_SLAB } from './order.js';

/** So that no more objects fit a page than an index of a byte can name. */
const SLAB_OBJ_MIN_SIZE = 16;

/** What is left over puts the objects of different slabs on different cache lines. */
const setColour = (k: Kernel, cachep: KmemCache, left: Int): void => {
  const colour_off: Int = k.words[cachep + k.kmem_cache.colour_off]!;
  k.write_long(cachep + k.kmem_cache.colour, Math.floor(left / colour_off));
};

/** Left out: slab_want_init_on_free. */
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
  const num: Int = k.words[cachep + k.kmem_cache.num]!;
  if (num === 0) return false;
  // It must fit an object.
  if (num > k.words[cachep + k.kmem_cache.object_size]!) return false;

  setColour(k, cachep, left);
  return true;
}

function set_off_slab_cache(k: Kernel, cachep: KmemCache, size: Int, flags: SlabFlags): boolean {
  k.write(cachep + k.kmem_cache.num, 0);

  // kmemleak's own caches must not need kmalloc().
  if ((flags & k.SLAB_NOLEAKTRACE) !== 0) return false;

  const left: Int = calculate_slab_order(k, cachep, size, flags | CFLGS_OFF_SLAB);
  const num: Int = k.words[cachep + k.kmem_cache.num]!;
  if (num === 0) return false;
  // There is room for the freelist on the slab.
  if (left >= num) return false;

  setColour(k, cachep, left);
  return true;
}

function set_on_slab_cache(k: Kernel, cachep: KmemCache, size: Int, flags: SlabFlags): boolean {
  k.write(cachep + k.kmem_cache.num, 0);

  const left: Int = calculate_slab_order(k, cachep, size, flags);
  if (k.words[cachep + k.kmem_cache.num] === 0) return false;

  setColour(k, cachep, left);
  return true;
}

/**
 * Works out a cache and gives it its arrays and its node. 0 or an errno.
 * Left out: DEBUG (red zones, poison, user words), kasan.
 */
export function __kmem_cache_create(k: Kernel, cachep: KmemCache, flags: SlabFlags): Int {
  const BYTES_PER_WORD: Int = k.ptr_words * 4;
  let ralign: Int = BYTES_PER_WORD;
  let size: Int = k.words[cachep + k.kmem_cache.size]!;

  // Whole words, so that an index array behind the objects is aligned.
  size = ALIGN(size, BYTES_PER_WORD);
  if (ralign < k.words[cachep + k.kmem_cache.align]!)
    ralign = k.words[cachep + k.kmem_cache.align]!;

  k.write(cachep + k.kmem_cache.align, ralign);
  // A colour is a cache line, but keeps the objects aligned.
  k.write(cachep + k.kmem_cache.colour_off, Math.max(cache_line_size(k), ralign));

  size = ALIGN(size, ralign);
  if (size < SLAB_OBJ_MIN_SIZE) size = ALIGN(SLAB_OBJ_MIN_SIZE, ralign);

  done: {
    if (set_objfreelist_slab_cache(k, cachep, size, flags)) {
      flags |= CFLGS_OBJFREELIST_SLAB;
      break done;
    }
    if (set_off_slab_cache(k, cachep, size, flags)) {
      flags |= CFLGS_OFF_SLAB;
      break done;
    }
    if (set_on_slab_cache(k, cachep, size, flags)) break done;

    // No slab can hold one.
    return -E2BIG;
  }

  // done:
  k.write(cachep + k.kmem_cache.freelist_size, k.words[cachep + k.kmem_cache.num]!);
  k.write(cachep + k.kmem_cache.flags, flags);
  let allocflags: Gfp = k.__GFP_COMP;
  if ((flags & k.SLAB_CACHE_DMA) !== 0) allocflags |= k.GFP_DMA;
  if ((flags & SLAB_CACHE_DMA32) !== 0) allocflags |= k.GFP_DMA32;
  if ((flags & k.SLAB_RECLAIM_ACCOUNT) !== 0) allocflags |= k.__GFP_RECLAIMABLE;
  k.write(cachep + k.kmem_cache.allocflags, allocflags);
  k.write(cachep + k.kmem_cache.size, size);
  reciprocal_value(k, size, cachep + k.kmem_cache.reciprocal_buffer_size);

  // slab_is_available(): until then nobody may wait.
  const gfp: Gfp = k.words[k.globals.slab_state]! >= k.UP ? k.GFP_KERNEL : k.GFP_NOWAIT;
  const err: Int = setup_cpu_cache(k, cachep, gfp);
  if (err !== 0) __kmem_cache_release(k, cachep);
  return err;
}

/** An existing cache that serves as well has one user more. */
export function __kmem_cache_alias(
  k: Kernel,
  name: string | VirtAddr,
  size: Int,
  align: Int,
  flags: SlabFlags,
  ctor: VirtAddr,
): KmemCache {
  const cachep: KmemCache = find_mergeable(k, size, align, flags, name, ctor);
  if (cachep !== NULL) {
    k.write(cachep + k.kmem_cache.refcount, k.words[cachep + k.kmem_cache.refcount]! + 1);
    // So that all of the larger object is cleared when that is asked for.
    const object_size: Int = k.words[cachep + k.kmem_cache.object_size]!;
    k.write(cachep + k.kmem_cache.object_size, Math.max(object_size, size));
  }
  return cachep;
}
