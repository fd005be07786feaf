/**
 * Objects: what callers of the slab allocator use, whichever of the two this build has.
 *
 * The address of an object is a VirtAddr (0 is NULL): objects have any alignment. A cache, a slab and a node are cells like
 * all kernel pointers here.
 *
 * Source: Linux 6.1 include/linux/slab.h; mm/slab.h: slab_pre_alloc_hook(), slab_post_alloc_hook(), account_slab().
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  type KmemCacheNode,
  type ListHead,
  type NodeStatItem,
  NULL,
  type Order,
  type Page,
  type Slab,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../memory/address.js';
import { virt_to_page } from '../arch/x86/include/asm/page.h.js';
import { list_next } from '../include/linux/list.h.js';
import { compound_head, PageSlab } from '../include/linux/page-flags.h.js';
import { memset, read_byte } from '../lib/string.js';
import { __mod_node_page_state } from './vmstat/node_stat.js';

// --- caches ------------------------------------------------------------------------------------------------------------

/** Whether the list of caches is set up: not in machines that were rebuilt without their caches, or only booted. */
export const slab_is_available = (k: Kernel): boolean => k.words[k.globals.slab_caches] !== 0;

/** Every cache, newest first; none before kmem_cache_init(). */
export function* for_each_cache(k: Kernel): Generator<KmemCache> {
  const head: ListHead = k.globals.slab_caches;
  if (!slab_is_available(k)) return;
  for (let entry = list_next(k, head); entry !== head; entry = list_next(k, entry))
    yield (entry - k.kmem_cache.list) as KmemCache;
}

/** The cache of a name; NULL when there is none. */
export function find_cache(k: Kernel, name: string): KmemCache {
  for (const s of for_each_cache(k)) if (cache_name(k, s) === name) return s;
  return NULL;
}

/** s->name */
export function cache_name(k: Kernel, s: KmemCache): string {
  const at = k.read_va(s + k.kmem_cache.name);
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
export function virt_to_slab(k: Kernel, object: VirtAddr): Slab {
  const page = virt_to_page(k, object);
  return page !== NULL && PageSlab(k, page) ? folio_slab(compound_head(k, page)) : NULL;
}

/** s->node[0] */
export const get_node = (k: Kernel, s: KmemCache): KmemCacheNode =>
  k.read_ptr(s + k.kmem_cache.node);

/** Counts the pages of a slab that came (1) or went (-1). The counters are of bytes by name only: they count pages. */
export function account_slab(k: Kernel, s: KmemCache, order: Order, way: 1 | -1): void {
  const reclaimable = k.words[s + k.kmem_cache.flags]! & k.SLAB_RECLAIM_ACCOUNT;
  const idx: NodeStatItem = reclaimable !== 0 ? k.NR_SLAB_RECLAIMABLE_B : k.NR_SLAB_UNRECLAIMABLE_B;
  __mod_node_page_state(k, idx, way * (1 << order));
}

// --- what both do around an allocation ---------------------------------------------------------------------------------

/** The objects of a constructed cache are never cleared. */
export function slab_want_init_on_alloc(k: Kernel, flags: Gfp, s: KmemCache): boolean {
  return (flags & k.__GFP_ZERO) !== 0 && k.read_va(s + k.kmem_cache.ctor) === 0;
}

export function slab_post_alloc_hook(
  k: Kernel,
  s: KmemCache,
  flags: Gfp,
  objects: readonly VirtAddr[],
): void {
  if (!slab_want_init_on_alloc(k, flags, s)) return;
  const size: Int = k.words[s + k.kmem_cache.object_size]!;
  for (const object of objects) if (object !== 0) memset(k, object, 0, size);
}

export const is_rcu_cache = (k: Kernel, s: KmemCache): boolean =>
  (k.words[s + k.kmem_cache.flags]! & k.SLAB_TYPESAFE_BY_RCU) !== 0;
