/**
 * kmalloc(): caches by size, and whole pages beyond the largest.
 *
 *     size    1 .. 192       size_index[(size - 1) / 8], as 96 and 192 have caches of their own
 *             193 .. 8192    the next power of two
 *             larger         a compound block of the page allocator
 *
 * Source: Linux 6.1 mm/slab_common.c: kmalloc_slab() to ksize(), kmalloc_size_roundup(), kmalloc_large(); include/linux/slab.h: kmalloc(), kzalloc().
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  NULL,
  type Order,
  type Page,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { WARN_ON_ONCE } from '../../include/asm-generic/bug.h.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { fls } from '../../include/linux/bitops.h.js';
import { retIp } from '../../include/linux/instruction_pointer.h.js';
import { folio_order, virt_to_head_page } from '../../include/linux/mm.h.js';
import { PageSlab } from '../../include/linux/page-flags.h.js';
import { pr_warn, pr_warn_once } from '../../include/linux/printk.h.js';
import {
  KMALLOC_MAX_CACHE_SIZE,
  kmalloc_type,
  slabAllocator,
  ZERO_OR_NULL_PTR,
  ZERO_SIZE_PTR,
} from '../../include/linux/slab.h.js';
import { trace_kfree, trace_kmalloc } from '../../include/trace/events/kmem.h.js';
import { gfpText, pointer } from '../../lib/vsprintf.js';
import { page_address } from '../highmem/page_address.js';
import { GFP_SLAB_BUG_MASK } from '../internal.h.js';
import { __free_pages, alloc_pages } from '../page_alloc/api.js';
import { slab_ksize } from '../slab.h.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';

// --- the cache of a size -----------------------------------------------------------------------------------------------

/** What size_index[] says before sizes are taken out: 1 is the cache for 96 bytes, 2 that for 192, else the logarithm. */
const SIZE_INDEX = [3, 4, 5, 5, 6, 6, 6, 6, 1, 1, 1, 1, 7, 7, 7, 7, 2, 2, 2, 2, 2, 2, 2, 2];

/** The entry of size_index[] for a size up to 192. */
const size_index_elem = (bytes: Int): Int => (bytes - 1) >> 3;

/**
 * Writes size_index[]: sizes for which this build has no cache take the smallest that there is.
 * Left out: minimum sizes of 64 bytes and more, which no build here has.
 */
export function setup_kmalloc_cache_index_table(k: Kernel): void {
  const smallest: Int = size_index_elem(k.KMALLOC_MIN_SIZE);
  for (let elem = 0; elem < SIZE_INDEX.length; elem++) {
    const index: Int = elem < smallest ? k.KMALLOC_SHIFT_LOW : SIZE_INDEX[elem]!;
    k.write8(k.globals.size_index, elem, index);
  }
}

/** The kmalloc cache for `size` bytes. */
export function kmalloc_slab(k: Kernel, size: Int, flags: Gfp): KmemCache {
  let index: Int;
  if (size <= 192) index = k.read8(k.globals.size_index, size_index_elem(size));
  else index = fls(size - 1);

  const kmalloc_row: Int = k.KMALLOC_SHIFT_HIGH + 1;
  return k.read_ptr(
    k.globals.kmalloc_caches + (kmalloc_type(k, flags) * kmalloc_row + index) * k.ptr_words,
  );
}

/** The request without what makes no sense for an object, which is reported. Left out: dump_stack. */
export function kmalloc_fix_flags(k: Kernel, flags: Gfp): Gfp {
  const invalid_mask: Gfp = flags & GFP_SLAB_BUG_MASK(k);
  flags &= ~invalid_mask;
  const hex = (gfp: Gfp): string => `0x${(gfp >>> 0).toString(16)} (${gfpText(k, gfp)})`;
  const text = `Unexpected gfp: ${hex(invalid_mask)}. Fixing up to gfp: ${hex(flags)}. Fix your code!`;
  pr_warn(k, text);
  return flags;
}

// --- allocating --------------------------------------------------------------------------------------------------------

/** Whole pages: a compound block, so that kfree() finds its order. Left out: kasan, kmemleak, kmsan. */
function __kmalloc_large_node(k: Kernel, size: Int, flags: Gfp): VirtAddr {
  const order: Order = get_order(k, size);
  if ((flags & GFP_SLAB_BUG_MASK(k)) !== 0) flags = kmalloc_fix_flags(k, flags);

  flags |= k.__GFP_COMP;
  const page: Page = alloc_pages(k, flags, order);
  if (page === NULL) return asVirt(0);

  // It belongs to no slab, but to its user it is an object like any other: it is counted with them.
  __mod_node_page_state(k, k.NR_SLAB_UNRECLAIMABLE_B, 1 << order);
  return page_address(k, page);
}

/** Whole pages, whatever the size. */
export function kmalloc_large(k: Kernel, size: Int, flags: Gfp): VirtAddr {
  const ret: VirtAddr = __kmalloc_large_node(k, size, flags);
  trace_kmalloc(k, ret, size, PAGE_SIZE << get_order(k, size), flags);
  return ret;
}

/** Left out: kasan_kmalloc. */
function __do_kmalloc_node(k: Kernel, size: Int, flags: Gfp): VirtAddr {
  let ret: VirtAddr;
  if (size > KMALLOC_MAX_CACHE_SIZE) {
    ret = asVirt(__kmalloc_large_node(k, size, flags));
    trace_kmalloc(k, ret, size, PAGE_SIZE << get_order(k, size), flags);
    return ret;
  }
  // kmalloc_slab() has no cache for nothing. The address that stands for it is not NULL: the request did not fail.
  if (size === 0) return ZERO_SIZE_PTR;

  const s: KmemCache = kmalloc_slab(k, size, flags);
  if (s === NULL) return asVirt(0);
  ret = slabAllocator(k).__kmem_cache_alloc_node(k, s, flags, size, retIp(k));
  trace_kmalloc(k, ret, size, k.words[s + k.kmem_cache.size]!, flags);
  return ret;
}

export function __kmalloc(k: Kernel, size: Int, flags: Gfp): VirtAddr {
  return __do_kmalloc_node(k, size, flags);
}

/** Differs: a size that the compiler knows goes the same way; it leads to the same cache. */
export function kmalloc(k: Kernel, size: Int, flags: Gfp): VirtAddr {
  return __kmalloc(k, size, flags);
}

/** Memory that is zero. */
export function kzalloc(k: Kernel, size: Int, flags: Gfp): VirtAddr {
  return kmalloc(k, size, flags | k.__GFP_ZERO);
}

// --- freeing -----------------------------------------------------------------------------------------------------------

/** Left out: kmemleak_free, kasan_kfree_large, kmsan_kfree_large. */
function free_large_kmalloc(k: Kernel, folio: Page, object: VirtAddr): void {
  const order: Order = folio_order(k, folio);
  // One page is no large object: the address is of memory that kmalloc() never gave.
  if (order === 0) {
    const text = `free_large_kmalloc: object pointer: 0x${pointer(k, object)}`;
    k.emit({ kind: 'slab-corruption', cache: asVirt(0), text });
  }
  if (WARN_ON_ONCE(k, order === 0, 'free_large_kmalloc: order 0'))
    pr_warn_once(k, `object pointer: 0x${pointer(k, object)}`);

  __mod_node_page_state(k, k.NR_SLAB_UNRECLAIMABLE_B, -(1 << order));
  __free_pages(k, folio, order);
}

/** The page says where an object came from: a slab names its cache, anything else is whole pages. */
export function kfree(k: Kernel, object: VirtAddr): void {
  trace_kfree(k, object);
  if (ZERO_OR_NULL_PTR(object)) return;

  const folio: Page = virt_to_head_page(k, object);
  if (!PageSlab(k, folio)) {
    free_large_kmalloc(k, folio, object);
    return;
  }
  // What is freed says which cache it is of: a page that is damaged leads anywhere.
  const first_read: Int = k.CONFIG_SLAB !== 0 ? k.kmem_cache.cpu_cache : k.kmem_cache.offset;
  const s: KmemCache = k.read_ptr_to_read(folio + k.slab.slab_cache, first_read);
  slabAllocator(k).__kmem_cache_free(k, s, object, retIp(k));
}

/** How many bytes a request of that size would get. Left out: SIZE_MAX, which no number here is. */
export function kmalloc_size_roundup(k: Kernel, size: Int): Int {
  if (size === 0) return 0;
  if (size > KMALLOC_MAX_CACHE_SIZE) return PAGE_SIZE << get_order(k, size);
  const c: KmemCache = kmalloc_slab(k, size, k.GFP_KERNEL);
  return c === NULL ? 0 : k.words[c + k.kmem_cache.object_size]!;
}

/** Left out: the warnings about an address inside a large object. */
function __ksize(k: Kernel, object: VirtAddr): Int {
  const folio: Page = virt_to_head_page(k, object);
  if (!PageSlab(k, folio)) return PAGE_SIZE << folio_order(k, folio);
  return slab_ksize(k, k.read_ptr_to_read(folio + k.slab.slab_cache, k.kmem_cache.flags));
}

/** How many bytes of an object may be used. Left out: kfence, kasan. */
export function ksize(k: Kernel, objp: VirtAddr): Int {
  if (ZERO_OR_NULL_PTR(objp)) return 0;
  return __ksize(k, objp);
}
