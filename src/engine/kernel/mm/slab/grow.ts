/**
 * The slabs of a SLAB cache: made from pages of the page allocator, and given back to it.
 *
 *     page words    flags PG_slab | lru: list of the node | mapping: the cache | index: freelist | private: first object
 *                   _mapcount: number of objects that are out or in CPU arrays
 *
 * freelist[active .. num) are the indexes of the slab's free objects.
 * Source: Linux 6.1 mm/slab.c: cache_grow_begin(), cache_grow_end(), kmem_getpages(), kmem_freepages(), slab_destroy().
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  type KmemCacheNode,
  type ListHead,
  NULL,
  type Page,
  type Slab,
} from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_add_tail,
  list_del,
  list_empty,
  list_last,
  list_next,
} from '../../include/linux/list.h.js';
import { page_mapcount_reset } from '../../include/linux/mm.h.js';
import { clear_page_flags, PageSlab, set_page_flags } from '../../include/linux/page-flags.h.js';
import {
  GFP_CONSTRAINT_MASK,
  GFP_RECLAIM_MASK,
  GFP_SLAB_BUG_MASK,
  kmalloc_fix_flags,
} from '../../include/linux/slab.h.js';
import { read_byte, write_byte } from '../../lib/string.js';
import { page_address } from '../highmem/page_address.js';
import { __free_pages, alloc_pages } from '../page_alloc/api.js';
import { account_slab, folio_slab, get_node, slab_folio } from '../slab.h.js';
import { kfree, kmalloc } from '../slab_common/kmalloc.js';
import { OBJFREELIST_SLAB, OFF_SLAB } from './geometry.js';

// --- words of a slab ---------------------------------------------------------------------------------------------------

export const slab_active = (k: Kernel, slab: Slab): Int => k.words[slab + k.slab.active]!;

export const slab_list = (k: Kernel, slab: Slab): ListHead => (slab + k.slab.slab_list) as ListHead;

/** The slab that an entry of a node's list belongs to. */
export const slab_of_entry = (k: Kernel, entry: ListHead): Slab =>
  (entry - k.slab.slab_list) as Slab;

const cache_num = (k: Kernel, cachep: KmemCache): Int => k.words[cachep + k.kmem_cache.num]!;

function index_to_obj(k: Kernel, cachep: KmemCache, slab: Slab, idx: Int): VirtAddr {
  return asVirt(k.read_va(slab + k.slab.s_mem) + k.words[cachep + k.kmem_cache.size]! * idx);
}

/** Which object of the slab an address lies in. */
function obj_to_index(k: Kernel, cachep: KmemCache, slab: Slab, obj: VirtAddr): Int {
  const offset = (obj - k.read_va(slab + k.slab.s_mem)) >>> 0;
  return Math.floor(offset / k.words[cachep + k.kmem_cache.size]!);
}

function get_free_obj(k: Kernel, slab: Slab, idx: Int): Int {
  return read_byte(k, asVirt(k.read_va(slab + k.slab.freelist) + idx));
}

function set_free_obj(k: Kernel, slab: Slab, idx: Int, val: Int): void {
  write_byte(k, asVirt(k.read_va(slab + k.slab.freelist) + idx), val & 0xff);
}

/** Takes the next free object of a slab. */
export function slab_get_obj(k: Kernel, cachep: KmemCache, slab: Slab): VirtAddr {
  const active: Int = slab_active(k, slab);
  const objp: VirtAddr = index_to_obj(k, cachep, slab, get_free_obj(k, slab, active));
  k.write(slab + k.slab.active, active + 1);
  return objp;
}

/** Gives an object back to its slab. In a full OBJFREELIST slab it becomes the freelist. */
export function slab_put_obj(k: Kernel, cachep: KmemCache, slab: Slab, objp: VirtAddr): void {
  const objnr: Int = obj_to_index(k, cachep, slab, objp);
  k.write(slab + k.slab.active, slab_active(k, slab) - 1);
  if (k.read_va(slab + k.slab.freelist) === 0) k.write_va(slab + k.slab.freelist, objp);
  set_free_obj(k, slab, slab_active(k, slab), objnr);
}

// --- pages -------------------------------------------------------------------------------------------------------------

function kmem_getpages(k: Kernel, cachep: KmemCache, flags: Gfp): Slab {
  flags |= k.words[cachep + k.kmem_cache.allocflags]!;
  const order: Int = k.words[cachep + k.kmem_cache.gfporder]!;
  const folio: Page = alloc_pages(k, flags, order);
  if (folio === NULL) return NULL;
  account_slab(k, cachep, order, 1);
  set_page_flags(k, folio, 1 << k.PG_slab);
  return folio_slab(folio);
}

function kmem_freepages(k: Kernel, cachep: KmemCache, slab: Slab): void {
  const order: Int = k.words[cachep + k.kmem_cache.gfporder]!;
  const folio: Page = slab_folio(slab);
  if (!PageSlab(k, folio)) throw new KernelFault('kernel BUG at mm/slab.c: kmem_freepages()');
  // PG_active of a slab: from the reserves, for freeing memory.
  clear_page_flags(k, folio, (1 << k.PG_active) | (1 << k.PG_slab));
  page_mapcount_reset(k, folio);
  k.write_long(folio + k.page.mapping, 0);
  account_slab(k, cachep, order, -1);
  __free_pages(k, folio, order);
}

/** Gives a slab's memory back. One whose readers RCU protects would wait for them; there are none. */
export function slab_destroy(k: Kernel, cachep: KmemCache, slab: Slab): void {
  const freelist: VirtAddr = k.read_va(slab + k.slab.freelist);
  kmem_freepages(k, cachep, slab);
  if (OFF_SLAB(k, cachep)) kfree(k, freelist);
}

/**
 * A list of slabs to be destroyed, which is a local variable in the kernel. Destroying a slab of an OFF_SLAB cache frees an
 * object of another one, which never is OFF_SLAB itself: two lists are enough.
 */
export function slabs_list(k: Kernel, cachep: KmemCache): ListHead {
  const list: ListHead = k.machine.register(
    OFF_SLAB(k, cachep) ? 'slabs_list_off_slab' : 'slabs_list',
  );
  INIT_LIST_HEAD(k, list);
  return list;
}

export function slabs_destroy(k: Kernel, cachep: KmemCache, list: ListHead): void {
  let next: ListHead;
  for (let entry: ListHead = list_next(k, list); entry !== list; entry = next) {
    next = list_next(k, entry);
    list_del(k, entry);
    slab_destroy(k, cachep, slab_of_entry(k, entry));
  }
}

/** Destroys up to `tofree` free slabs of a node, the longest free first. How many. */
export function drain_freelist(k: Kernel, cache: KmemCache, n: KmemCacheNode, tofree: Int): Int {
  const slabs_free = (n + k.kmem_cache_node.slabs_free) as ListHead;
  let nr_freed: Int = 0;
  while (nr_freed < tofree && !list_empty(k, slabs_free)) {
    const slab: Slab = slab_of_entry(k, list_last(k, slabs_free));
    list_del(k, slab_list(k, slab));
    k.add_long(n + k.kmem_cache_node.free_slabs, -1);
    k.add_long(n + k.kmem_cache_node.total_slabs, -1);
    k.add_long(n + k.kmem_cache_node.free_objects, -cache_num(k, cache));
    slab_destroy(k, cache, slab);
    nr_freed++;
  }
  return nr_freed;
}

// --- growing -----------------------------------------------------------------------------------------------------------

/** Sets where the slab's objects begin. The place of its freelist: 0 when that is not known yet, or could not be had. */
function alloc_slabmgmt(
  k: Kernel,
  cachep: KmemCache,
  slab: Slab,
  colour_off: Int,
  local_flags: Gfp,
): VirtAddr {
  const addr: VirtAddr = page_address(k, slab_folio(slab));
  const freelist_size: Int = k.words[cachep + k.kmem_cache.freelist_size]!;
  k.write_va(slab + k.slab.s_mem, asVirt(addr + colour_off));
  k.write(slab + k.slab.active, 0);
  if (OBJFREELIST_SLAB(k, cachep)) return asVirt(0);
  if (OFF_SLAB(k, cachep)) return kmalloc(k, freelist_size, local_flags);
  // The last bytes of the slab.
  return asVirt(addr + (PAGE_SIZE << k.words[cachep + k.kmem_cache.gfporder]!) - freelist_size);
}

/** All objects are free, in the order of their addresses. Constructors do nothing here. */
function cache_init_objs(k: Kernel, cachep: KmemCache, slab: Slab): void {
  const num: Int = cache_num(k, cachep);
  if (OBJFREELIST_SLAB(k, cachep))
    k.write_va(slab + k.slab.freelist, index_to_obj(k, cachep, slab, num - 1));
  for (let i = 0; i < num; i++) set_free_obj(k, slab, i, i);
}

/** The next colour of the node's slabs, in bytes. */
function next_colour(k: Kernel, cachep: KmemCache, n: KmemCacheNode): Int {
  const colour: Int = k.read_ulong(cachep + k.kmem_cache.colour);
  let colour_next: Int = k.words[n + k.kmem_cache_node.colour_next]! + 1;
  if (colour_next >= colour) colour_next = 0;
  k.write(n + k.kmem_cache_node.colour_next, colour_next);
  return colour_next * k.words[cachep + k.kmem_cache.colour_off]!;
}

/** Makes a new slab, which is on no list yet. NULL without memory. */
export function cache_grow_begin(k: Kernel, cachep: KmemCache, flags: Gfp): Slab {
  if ((flags & GFP_SLAB_BUG_MASK(k)) !== 0) flags = kmalloc_fix_flags(k, flags);
  if (k.read_va(cachep + k.kmem_cache.ctor) !== 0 && (flags & k.__GFP_ZERO) !== 0)
    k.emit({ kind: 'warn', text: 'cache_grow_begin: __GFP_ZERO of objects with a constructor' });
  const local_flags: Gfp = flags & (GFP_CONSTRAINT_MASK(k) | GFP_RECLAIM_MASK(k));

  const slab: Slab = kmem_getpages(k, cachep, local_flags);
  if (slab === NULL) return NULL;
  const offset: Int = next_colour(k, cachep, get_node(k, cachep));
  const mgmt_flags: Gfp = local_flags & ~GFP_CONSTRAINT_MASK(k);
  const freelist: VirtAddr = alloc_slabmgmt(k, cachep, slab, offset, mgmt_flags);
  if (OFF_SLAB(k, cachep) && freelist === 0) {
    kmem_freepages(k, cachep, slab);
    return NULL;
  }
  k.write_ptr(slab + k.slab.slab_cache, cachep);
  k.write_va(slab + k.slab.freelist, freelist);
  cache_init_objs(k, cachep, slab);
  return slab;
}

/** Puts a new slab, from which objects may have been taken already, on the list it belongs to. */
export function cache_grow_end(k: Kernel, cachep: KmemCache, slab: Slab): void {
  if (slab === NULL) return;
  const n: KmemCacheNode = get_node(k, cachep);
  INIT_LIST_HEAD(k, slab_list(k, slab));
  k.add_long(n + k.kmem_cache_node.total_slabs, 1);
  if (slab_active(k, slab) === 0) {
    list_add_tail(k, slab_list(k, slab), (n + k.kmem_cache_node.slabs_free) as ListHead);
    k.add_long(n + k.kmem_cache_node.free_slabs, 1);
  } else {
    fixup_slab_list(k, cachep, n, slab);
  }
  k.add_long(n + k.kmem_cache_node.free_objects, cache_num(k, cachep) - slab_active(k, slab));
}

/** Objects have been taken from a slab: it belongs to the full or to the partial ones. */
export function fixup_slab_list(k: Kernel, cachep: KmemCache, n: KmemCacheNode, slab: Slab): void {
  list_del(k, slab_list(k, slab));
  if (slab_active(k, slab) === cache_num(k, cachep)) {
    list_add(k, slab_list(k, slab), (n + k.kmem_cache_node.slabs_full) as ListHead);
    // The object that held it is out.
    if (OBJFREELIST_SLAB(k, cachep)) k.write_va(slab + k.slab.freelist, asVirt(0));
  } else {
    list_add(k, slab_list(k, slab), (n + k.kmem_cache_node.slabs_partial) as ListHead);
  }
}
