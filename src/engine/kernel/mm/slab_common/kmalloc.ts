/**
 * kmalloc(): caches by size, and whole pages beyond the largest.
 *
 * Source: Linux 6.1 mm/slab_common.c: kmalloc_slab(), kfree(), ksize(), kmalloc_large().
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
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { fls } from '../../include/linux/bitops.h.js';
import { folio_order } from '../../include/linux/mm.h.js';
import { compound_head, PageSlab } from '../../include/linux/page-flags.h.js';
import {
  GFP_SLAB_BUG_MASK,
  kmalloc_fix_flags,
  KMALLOC_MAX_CACHE_SIZE,
  kmalloc_type,
  ZERO_OR_NULL_PTR,
  ZERO_SIZE_PTR,
} from '../../include/linux/slab.h.js';
import { trace_kfree, trace_kmalloc } from '../../include/trace/events/kmem.h.js';
import { read_byte, write_byte } from '../../lib/string.js';
import { page_address } from '../highmem/page_address.js';
import { __free_pages, alloc_pages } from '../page_alloc/api.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { slab_allocator } from './api.js';

/** The kmalloc cache for `size` bytes, by `size_index[]` up to 192. */
export function kmalloc_slab(k: Kernel, size: Int, flags: Gfp): KmemCache {
  const kmalloc_caches = k.globals.kmalloc_caches;
  const kmalloc_row = k.KMALLOC_SHIFT_HIGH + 1;
  const index: Int = size <= 192 ? size_index(k, size) : fls(size - 1);
  return k.read_ptr(kmalloc_caches + (kmalloc_type(k, flags) * kmalloc_row + index) * k.ptr_words);
}

/** Where kmalloc_caches[] has the cache for 8, 16, ... 192 bytes: 1 is for 96 bytes, 2 for 192. */
const SIZE_INDEX = [3, 4, 5, 5, 6, 6, 6, 6, 1, 1, 1, 1, 7, 7, 7, 7, 2, 2, 2, 2, 2, 2, 2, 2];

/** Writes size_index[]: sizes for which this build has no cache take the smallest that there is. */
export function setup_kmalloc_cache_index_table(k: Kernel): void {
  const first: VirtAddr = k.profile.symbol('size_index')?.address ?? asVirt(0);
  const smallest: Int = (k.KMALLOC_MIN_SIZE - 8) >> 3;
  for (let elem = 0; elem < SIZE_INDEX.length; elem++) {
    const index: Int = elem < smallest ? k.KMALLOC_SHIFT_LOW : SIZE_INDEX[elem]!;
    write_byte(k, asVirt(first + elem), index);
  }
}

/** size_index[(size - 1) / 8] */
function size_index(k: Kernel, size: Int): Int {
  const elem: Int = (size - 1) >> 3;
  const first: VirtAddr = k.profile.symbol('size_index')?.address ?? asVirt(0);
  return read_byte(k, asVirt(first + elem));
}

export function kmalloc(k: Kernel, size: Int, flags: Gfp): VirtAddr {
  if (size > KMALLOC_MAX_CACHE_SIZE) return kmalloc_large(k, size, flags);
  if (size === 0) return ZERO_SIZE_PTR;
  const s: KmemCache = kmalloc_slab(k, size, flags);
  if (s === NULL) return asVirt(0);
  const ret: VirtAddr = slab_allocator(k).slab_alloc(k, s, flags);
  trace_kmalloc(k, ret, size, k.words[s + k.kmem_cache.size]!, flags);
  return ret;
}

export function kzalloc(k: Kernel, size: Int, flags: Gfp): VirtAddr {
  return kmalloc(k, size, flags | k.__GFP_ZERO);
}

/** A compound block, so that kfree() finds its order. */
function kmalloc_large(k: Kernel, size: Int, flags: Gfp): VirtAddr {
  const order: Order = get_order(size);
  if ((flags & GFP_SLAB_BUG_MASK(k)) !== 0) flags = kmalloc_fix_flags(k, flags);
  const page: Page = alloc_pages(k, flags | k.__GFP_COMP, order);
  let ptr: VirtAddr = asVirt(0);
  if (page !== NULL) {
    ptr = page_address(k, page);
    __mod_node_page_state(k, k.NR_SLAB_UNRECLAIMABLE_B, 1 << order);
  }
  trace_kmalloc(k, ptr, size, PAGE_SIZE << order, flags);
  return ptr;
}

function free_large_kmalloc(k: Kernel, folio: Page): void {
  const order: Order = folio_order(k, folio);
  if (order === 0) k.emit({ kind: 'warn', text: 'free_large_kmalloc: order 0' });
  __mod_node_page_state(k, k.NR_SLAB_UNRECLAIMABLE_B, -(1 << order));
  __free_pages(k, folio, order);
}

export function kfree(k: Kernel, object: VirtAddr): void {
  trace_kfree(k, object);
  if (ZERO_OR_NULL_PTR(object)) return;
  const folio: Page = compound_head(k, virt_to_page(k, object));
  if (!PageSlab(k, folio)) {
    free_large_kmalloc(k, folio);
    return;
  }
  slab_allocator(k).slab_free(k, k.read_ptr(folio + k.slab.slab_cache), object);
}

/** How many bytes of an object may be used. */
export function ksize(k: Kernel, object: VirtAddr): Int {
  if (ZERO_OR_NULL_PTR(object)) return 0;
  const folio: Page = compound_head(k, virt_to_page(k, object));
  if (!PageSlab(k, folio)) return PAGE_SIZE << folio_order(k, folio);
  return slab_allocator(k).slab_ksize(k, k.read_ptr(folio + k.slab.slab_cache));
}
