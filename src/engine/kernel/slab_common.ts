/**
 * What both slab allocators share: creating and destroying caches, and kmalloc.
 *
 * Source: Linux 6.1 mm/slab_common.c.
 */
import { asVirt, PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import { __free_pages, alloc_pages, get_order, virt_to_page } from './api.js';
import { compound_order } from './compound.js';
import { list_add, list_del } from './list.js';
import type { Mm } from './mm.js';
import { __mod_node_page_state } from './node_stat.js';
import { page_address } from './page_address.js';
import { compound_head, PageSlab } from './page_flags.js';
import {
  cache_name as name_of,
  kmem_cache_zalloc,
  read_byte,
  slab_allocator,
  write_byte,
} from './slab.js';
import { GFP_SLAB_BUG_MASK, kmalloc_fix_flags, SLAB_FLAGS_PERMITTED } from './slab_flags.js';
import { find_mergeable } from './slab_merge.js';
import {
  NULL,
  type Gfp,
  type Int,
  type KmemCache,
  type ListHead,
  type Order,
  type Page,
  type SlabFlags,
} from './types.js';

const EINVAL = 22;
const ENOMEM = 12;
const EBUSY = 16;
/** What kmalloc(0) returns: an address that must not be followed. */
export const ZERO_SIZE_PTR = asVirt(16);

const ZERO_OR_NULL_PTR = (x: VirtAddr): boolean => x >= 0 && x <= ZERO_SIZE_PTR;

/** cache_line_size(): what the boot CPU reports. */
export function cache_line_size(k: Mm): Int {
  const at = k.byteOffset('cpuinfo_x86', 'x86_cache_alignment');
  const cell = k.plus(k.symbol('boot_cpu_data'), at >> 2);
  // A machine that was rebuilt from dumps has no CPU's data: then what this build's recorded machine reported.
  return k.words[cell]! || k.constant('cache_line_size()');
}

export const ALIGN = (value: Int, align: Int): Int => Math.ceil(value / align) * align;

/** The alignment of a cache's objects: at least what was asked for; whole cache lines where that was, if they are so large. */
export function calculate_alignment(k: Mm, flags: SlabFlags, align: Int, size: Int): Int {
  if ((flags & k.constant('SLAB_HWCACHE_ALIGN')) !== 0) {
    let ralign: Int = cache_line_size(k);
    while (size <= ralign / 2) ralign /= 2;
    align = Math.max(align, ralign);
  }
  align = Math.max(align, k.constant('ARCH_SLAB_MINALIGN'));
  return ALIGN(align, k.ptr_words * 4);
}

// --- creating ----------------------------------------------------------------------------------------------------------

/** kstrdup(): a copy of a string, in an object of its own. */
function kstrdup(k: Mm, s: string, gfp: Gfp): VirtAddr {
  const buf: VirtAddr = kmalloc(k, s.length + 1, gfp);
  if (buf === 0) return buf;
  for (let i = 0; i < s.length; i++) write_byte(k, asVirt(buf + i), s.charCodeAt(i));
  write_byte(k, asVirt(buf + s.length), 0);
  return buf;
}

/** Makes a cache whose name is in memory already. NULL, and why, when it cannot be. */
function create_cache(
  k: Mm,
  name: VirtAddr,
  object_size: Int,
  align: Int,
  flags: SlabFlags,
  ctor: VirtAddr,
): { readonly s: KmemCache; readonly err: Int } {
  const { slab } = k;
  const kmem_cache: KmemCache = k.read_ptr(slab.kmem_cache);
  const object: VirtAddr = kmem_cache_zalloc(k, kmem_cache, k.constant('GFP_KERNEL'));
  if (object === 0) return { s: NULL, err: -ENOMEM };
  const s: KmemCache = k.cell_at(object);
  k.write_va(s + slab.name, name);
  k.write(s + slab.size, object_size);
  k.write(s + slab.object_size, object_size);
  k.write(s + slab.align, align);
  k.write_va(s + slab.ctor, ctor);
  k.write(s + slab.useroffset, 0);
  k.write(s + slab.usersize, 0);

  const err: Int = slab_allocator(k).__kmem_cache_create(k, s, flags);
  if (err !== 0) {
    slab_allocator(k).slab_free(k, kmem_cache, object);
    return { s: NULL, err };
  }
  k.write(s + slab.refcount, 1);
  list_add(k, (s + slab.list) as ListHead, slab.slab_caches);
  return { s, err: 0 };
}

/** A cache for objects of `size` bytes. `ctor` is the address of the constructor, which does nothing here; 0: none. */
export function kmem_cache_create(
  k: Mm,
  name: string,
  size: Int,
  align: Int,
  flags: SlabFlags,
  ctor: VirtAddr = asVirt(0),
): KmemCache {
  let err: Int = (flags & ~SLAB_FLAGS_PERMITTED(k)) !== 0 ? -EINVAL : 0;
  let s: KmemCache = NULL;
  if (err === 0) {
    flags &= slab_allocator(k).CACHE_CREATE_MASK(k);
    s = __kmem_cache_alias(k, size, align, flags, ctor);
    if (s !== NULL) return s;
    const gfp: Gfp = k.constant('GFP_KERNEL');
    const cache_name: VirtAddr = kstrdup(k, name, gfp);
    if (cache_name === 0) {
      err = -ENOMEM;
    } else {
      ({ s, err } = create_cache(
        k,
        cache_name,
        size,
        calculate_alignment(k, flags, align, size),
        flags,
        ctor,
      ));
      if (err !== 0) kfree(k, cache_name);
    }
  }
  if (err === 0) return s;
  const text = `kmem_cache_create_usercopy(${name}) failed with error ${err}`;
  k.emit({ kind: 'printk', level: 4, text });
  return NULL;
}

/** A cache that serves as well takes the new one's place. NULL when there is none. */
function __kmem_cache_alias(
  k: Mm,
  size: Int,
  align: Int,
  flags: SlabFlags,
  ctor: VirtAddr,
): KmemCache {
  const { slab } = k;
  const s: KmemCache = find_mergeable(k, size, align, flags, ctor);
  if (s === NULL) return s;
  k.write(s + slab.refcount, k.words[s + slab.refcount]! + 1);
  // So that all of the larger object is cleared when that is asked for.
  k.write(s + slab.object_size, Math.max(k.words[s + slab.object_size]!, size));
  slab_allocator(k).kmem_cache_alias(k, s, size);
  return s;
}

// --- destroying, shrinking ---------------------------------------------------------------------------------------------

function shutdown_cache(k: Mm, s: KmemCache): Int {
  if (slab_allocator(k).__kmem_cache_shutdown(k, s) !== 0) return -EBUSY;
  list_del(k, (s + k.slab.list) as ListHead);
  return 0;
}

function slab_kmem_cache_release(k: Mm, s: KmemCache): void {
  slab_allocator(k).__kmem_cache_release(k, s);
  kfree(k, k.read_va(s + k.slab.name));
  slab_allocator(k).slab_free(k, k.read_ptr(k.slab.kmem_cache), k.va_of(s));
}

/** Objects that are still out keep the cache. A cache whose slabs wait for RCU goes at once, too: nobody reads them. */
export function kmem_cache_destroy(k: Mm, s: KmemCache): void {
  if (s === NULL) return;
  k.write(s + k.slab.refcount, k.words[s + k.slab.refcount]! - 1);
  if (k.words[s + k.slab.refcount] !== 0) return;
  if (shutdown_cache(k, s) === 0) {
    slab_kmem_cache_release(k, s);
    return;
  }
  const text = `kmem_cache_destroy ${name_of(k, s)}: Slab cache still has objects`;
  k.emit({ kind: 'warn', text });
}

/** Gives back all slabs without objects. 0 when no others are left. */
export function kmem_cache_shrink(k: Mm, s: KmemCache): Int {
  return slab_allocator(k).__kmem_cache_shrink(k, s);
}

// --- kmalloc -----------------------------------------------------------------------------------------------------------

/** The kmalloc caches for memory of a kind: DMA wins over reclaimable. */
function kmalloc_type(k: Mm, flags: Gfp): Int {
  if ((flags & (k.__GFP_DMA | k.__GFP_RECLAIMABLE)) === 0) return k.constant('KMALLOC_NORMAL');
  return k.constant((flags & k.__GFP_DMA) !== 0 ? 'KMALLOC_DMA' : 'KMALLOC_RECLAIM');
}

const fls = (x: number): Int => 32 - Math.clz32(x);

/** The kmalloc cache for `size` bytes, by `size_index[]` up to 192. */
export function kmalloc_slab(k: Mm, size: Int, flags: Gfp): KmemCache {
  const { kmalloc_caches, kmalloc_row } = k.slab;
  const index: Int = size <= 192 ? size_index(k, size) : fls(size - 1);
  return k.read_ptr(kmalloc_caches + (kmalloc_type(k, flags) * kmalloc_row + index) * k.ptr_words);
}

/** size_index[(size - 1) / 8] */
function size_index(k: Mm, size: Int): Int {
  const elem: Int = (size - 1) >> 3;
  const first: VirtAddr = k.profile.symbol('size_index')?.address ?? asVirt(0);
  return read_byte(k, asVirt(first + elem));
}

/** Two pages: beyond that, memory comes from the page allocator. */
export const KMALLOC_MAX_CACHE_SIZE = 2 * PAGE_SIZE;

export function kmalloc(k: Mm, size: Int, flags: Gfp): VirtAddr {
  if (size > KMALLOC_MAX_CACHE_SIZE) return kmalloc_large(k, size, flags);
  if (size === 0) return ZERO_SIZE_PTR;
  const s: KmemCache = kmalloc_slab(k, size, flags);
  return s === NULL ? asVirt(0) : slab_allocator(k).slab_alloc(k, s, flags);
}

export function kzalloc(k: Mm, size: Int, flags: Gfp): VirtAddr {
  return kmalloc(k, size, flags | k.__GFP_ZERO);
}

/** A compound block, so that kfree() finds its order. */
function kmalloc_large(k: Mm, size: Int, flags: Gfp): VirtAddr {
  const order: Order = get_order(size);
  if ((flags & GFP_SLAB_BUG_MASK(k)) !== 0) flags = kmalloc_fix_flags(k, flags);
  const page: Page = alloc_pages(k, flags | k.__GFP_COMP, order);
  if (page === NULL) return asVirt(0);
  __mod_node_page_state(k, k.constant('NR_SLAB_UNRECLAIMABLE_B'), 1 << order);
  return page_address(k, page);
}

function free_large_kmalloc(k: Mm, folio: Page): void {
  const order: Order = folio_order(k, folio);
  if (order === 0) k.emit({ kind: 'warn', text: 'free_large_kmalloc: order 0' });
  __mod_node_page_state(k, k.constant('NR_SLAB_UNRECLAIMABLE_B'), -(1 << order));
  __free_pages(k, folio, order);
}

const folio_order = (k: Mm, folio: Page): Order => compound_order(k, folio);

export function kfree(k: Mm, object: VirtAddr): void {
  if (ZERO_OR_NULL_PTR(object)) return;
  const folio: Page = compound_head(k, virt_to_page(k, object));
  if (!PageSlab(k, folio)) {
    free_large_kmalloc(k, folio);
    return;
  }
  slab_allocator(k).slab_free(k, k.read_ptr(folio + k.slab.slab_cache), object);
}

/** How many bytes of an object may be used. */
export function ksize(k: Mm, object: VirtAddr): Int {
  if (ZERO_OR_NULL_PTR(object)) return 0;
  const folio: Page = compound_head(k, virt_to_page(k, object));
  if (!PageSlab(k, folio)) return PAGE_SIZE << folio_order(k, folio);
  return slab_allocator(k).slab_ksize(k, k.read_ptr(folio + k.slab.slab_cache));
}
