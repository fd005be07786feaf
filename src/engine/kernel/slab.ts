/**
 * Objects: what callers of the slab allocator use, whichever of the two this build has.
 *
 * The address of an object is a VirtAddr (0 is NULL): objects have any alignment. A cache, a slab and a node are cells like
 * all kernel pointers here.
 *
 * Source: Linux 6.1 include/linux/slab.h; mm/slab.h: slab_pre_alloc_hook(), slab_post_alloc_hook(), account_slab().
 */
import type { Cell, VirtAddr } from '../memory/address.js';
import { virt_to_page } from './api.js';
import { KernelFault } from './events.js';
import { list_next } from './list.js';
import type { Mm } from './mm.js';
import { __mod_node_page_state } from './node_stat.js';
import { compound_head, PageSlab } from './page_flags.js';
import { SLAB_ALLOCATOR } from './slab_slab.js';
import {
  NULL,
  type Gfp,
  type Int,
  type KmemCache,
  type KmemCacheNode,
  type ListHead,
  type NodeStatItem,
  type Order,
  type Page,
  type Slab,
  type SlabFlags,
} from './types.js';

export {
  kfree,
  kmalloc,
  kmem_cache_create,
  kmem_cache_destroy,
  kmem_cache_shrink,
  ksize,
  kzalloc,
  ZERO_SIZE_PTR,
} from './slab_common.js';

/** What mm/slab.c and mm/slub.c each have their own of. */
export interface SlabAllocator {
  /** Flags that kmem_cache_create() heeds; others are dropped. */
  readonly CACHE_CREATE_MASK: (k: Mm) => SlabFlags;
  readonly slab_alloc: (k: Mm, s: KmemCache, gfpflags: Gfp) => VirtAddr;
  readonly slab_free: (k: Mm, s: KmemCache, object: VirtAddr) => void;
  readonly kmem_cache_alloc_bulk: (
    k: Mm,
    s: KmemCache,
    flags: Gfp,
    size: Int,
    p: VirtAddr[],
  ) => Int;
  readonly kmem_cache_free_bulk: (k: Mm, s: KmemCache, size: Int, p: readonly VirtAddr[]) => void;
  /** Works out the geometry of a cache whose name, sizes, alignment and constructor are set. 0 or an errno. */
  readonly __kmem_cache_create: (k: Mm, s: KmemCache, flags: SlabFlags) => Int;
  readonly __kmem_cache_shrink: (k: Mm, s: KmemCache) => Int;
  readonly __kmem_cache_shutdown: (k: Mm, s: KmemCache) => Int;
  readonly __kmem_cache_release: (k: Mm, s: KmemCache) => void;
  /** What a cache that took another's place changes besides object_size. */
  readonly kmem_cache_alias: (k: Mm, s: KmemCache, size: Int) => void;
  readonly slab_ksize: (k: Mm, s: KmemCache) => Int;
}

/** The allocator that this build was configured with. */
export function slab_allocator(k: Mm): SlabAllocator {
  if (k.constant('CONFIG_SLAB') !== 0) return SLAB_ALLOCATOR;
  throw new KernelFault(`${k.profile.name} has another slab allocator than SLAB`);
}

// --- objects -----------------------------------------------------------------------------------------------------------

export function kmem_cache_alloc(k: Mm, s: KmemCache, gfpflags: Gfp): VirtAddr {
  return slab_allocator(k).slab_alloc(k, s, gfpflags);
}

export function kmem_cache_zalloc(k: Mm, s: KmemCache, flags: Gfp): VirtAddr {
  return kmem_cache_alloc(k, s, flags | k.__GFP_ZERO);
}

export function kmem_cache_free(k: Mm, s: KmemCache, object: VirtAddr): void {
  slab_allocator(k).slab_free(k, s, object);
}

/** Fills `p` with `nr` objects, or with none: how many. */
export function kmem_cache_alloc_bulk(
  k: Mm,
  s: KmemCache,
  flags: Gfp,
  nr: Int,
  p: VirtAddr[],
): Int {
  return slab_allocator(k).kmem_cache_alloc_bulk(k, s, flags, nr, p);
}

export function kmem_cache_free_bulk(k: Mm, s: KmemCache, nr: Int, p: readonly VirtAddr[]): void {
  slab_allocator(k).kmem_cache_free_bulk(k, s, nr, p);
}

// --- caches ------------------------------------------------------------------------------------------------------------

/** Every cache, newest first. */
export function* for_each_cache(k: Mm): Generator<KmemCache> {
  const head: ListHead = k.slab.slab_caches;
  for (let entry = list_next(k, head); entry !== head; entry = list_next(k, entry))
    yield (entry - k.slab.list) as KmemCache;
}

/** The cache of a name; NULL when there is none. */
export function find_cache(k: Mm, name: string): KmemCache {
  for (const s of for_each_cache(k)) if (cache_name(k, s) === name) return s;
  return NULL;
}

/** s->name */
export function cache_name(k: Mm, s: KmemCache): string {
  const at = k.read_va(s + k.slab.name);
  let name = '';
  for (let i = 0; ; i++) {
    const byte = read_byte(k, (at + i) as VirtAddr);
    if (byte === 0) return name;
    name += String.fromCharCode(byte);
  }
}

// --- slabs -------------------------------------------------------------------------------------------------------------

/** A slab is the head of its pages, with other names for its words. */
export const slab_folio = (slab: Slab): Page => slab as Cell;
export const folio_slab = (folio: Page): Slab => folio as Cell;

/** The slab that an object lies in; NULL when its page is no slab. */
export function virt_to_slab(k: Mm, object: VirtAddr): Slab {
  const page = virt_to_page(k, object);
  return page !== NULL && PageSlab(k, page) ? folio_slab(compound_head(k, page)) : NULL;
}

/** s->node[0] */
export const get_node = (k: Mm, s: KmemCache): KmemCacheNode => k.read_ptr(s + k.slab.node);

/** Counts the pages of a slab that came (1) or went (-1). The counters are of bytes by name only: they count pages. */
export function account_slab(k: Mm, s: KmemCache, order: Order, way: 1 | -1): void {
  const reclaimable = k.words[s + k.slab.flags]! & k.constant('SLAB_RECLAIM_ACCOUNT');
  const idx: NodeStatItem = k.constant(
    reclaimable !== 0 ? 'NR_SLAB_RECLAIMABLE_B' : 'NR_SLAB_UNRECLAIMABLE_B',
  );
  __mod_node_page_state(k, idx, way * (1 << order));
}

// --- what both do around an allocation ---------------------------------------------------------------------------------

/** The objects of a constructed cache are never cleared. */
export function slab_want_init_on_alloc(k: Mm, flags: Gfp, s: KmemCache): boolean {
  return (flags & k.__GFP_ZERO) !== 0 && k.read_va(s + k.slab.ctor) === 0;
}

export function slab_post_alloc_hook(
  k: Mm,
  s: KmemCache,
  flags: Gfp,
  objects: readonly VirtAddr[],
): void {
  if (!slab_want_init_on_alloc(k, flags, s)) return;
  const size: Int = k.words[s + k.slab.object_size]!;
  for (const object of objects) if (object !== 0) memset(k, object, 0, size);
}

// --- bytes of objects --------------------------------------------------------------------------------------------------

export function read_byte(k: Mm, at: VirtAddr): Int {
  const cell = k.cell_at(at);
  return k.read8(cell, at & 3);
}

export function write_byte(k: Mm, at: VirtAddr, value: Int): void {
  k.write8(k.cell_at(at), at & 3, value);
}

/** memset(): whole words where it can. */
export function memset(k: Mm, start: VirtAddr, value: Int, size: Int): void {
  const word = (value & 0xff) * 0x01010101;
  for (let done = 0; done < size;) {
    const at = (start + done) as VirtAddr;
    if ((at & 3) === 0 && size - done >= 4) {
      k.write(k.cell_at(at), word);
      done += 4;
    } else {
      write_byte(k, at, value);
      done++;
    }
  }
}
