/**
 * The slabs of SLUB: made from pages of the page allocator, and given back to it.
 *
 * A new slab has all its objects on its freelist, by rising address.
 * Source: Linux 6.1 mm/slub.c: inc_slabs_node(), setup_object(), allocate_slab() to discard_slab().
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  type KmemCacheNode,
  NULL,
  type Order,
  type Page,
  type Slab,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { WARN_ON_ONCE } from '../../include/asm-generic/bug.h.js';
import { folio_order, page_is_pfmemalloc } from '../../include/linux/mm.h.js';
import { __folio_clear_slab, __folio_set_slab } from '../../include/linux/page-flags.h.js';
import { SLUB_RED_INACTIVE } from '../../include/linux/poison.h.js';
import { callConstructor } from '../../include/linux/slab.h.js';
import { call_rcu, functionNamed, linkCallback } from '../../kernel/rcu/tiny.js';
import { page_address } from '../highmem/page_address.js';
import { GFP_CONSTRAINT_MASK, GFP_RECLAIM_MASK, GFP_SLAB_BUG_MASK } from '../internal.h.js';
import { __free_pages, alloc_pages } from '../page_alloc/api.js';
import {
  __slab_clear_pfmemalloc,
  folio_slab,
  get_node,
  kmem_cache_debug_flags,
  slab_folio,
  slab_set_pfmemalloc,
} from '../slab.h.js';
import { account_slab, unaccount_slab } from '../slab_common/account.js';
import { kmalloc_fix_flags } from '../slab_common/kmalloc.js';
import { countReclaimedSlab } from '../vmscan/reclaim_state.js';
import { check_object, slab_pad_check } from './check_object.js';
import { fixup_red_left, oo_objects, oo_order, set_freepointer } from './freelist.js';
import { setup_object_debug, setup_slab_debug } from './object_layout.js';

// --- the node's count of slabs -----------------------------------------------------------------------------------------

/** Counts a new slab, which is on no list as long as it is a CPU's. */
export function inc_slabs_node(k: Kernel, s: KmemCache, objects: Int): void {
  const n: KmemCacheNode = get_node(k, s);
  // While boot makes the first nodes, kmem_cache_node has none itself.
  if (n === NULL) return;
  k.add_long(n + k.kmem_cache_node.nr_slabs, 1);
  k.add_long(n + k.kmem_cache_node.total_objects, objects);
}

/** The slab's pages are about to go. */
export function dec_slabs_node(k: Kernel, s: KmemCache, objects: Int): void {
  const n: KmemCacheNode = get_node(k, s);
  k.add_long(n + k.kmem_cache_node.nr_slabs, -1);
  k.add_long(n + k.kmem_cache_node.total_objects, -objects);
}

// --- making ------------------------------------------------------------------------------------------------------------

/** Left out: kasan. */
function setup_object(k: Kernel, s: KmemCache, object: VirtAddr): VirtAddr {
  setup_object_debug(k, s, object);
  if (k.read_va(s + k.kmem_cache.ctor) !== 0) callConstructor(k, s, object);
  return object;
}

/** The pages of a slab. Left out: the node that was asked for (one node). */
function alloc_slab_page(k: Kernel, flags: Gfp, oo: Int): Slab {
  const order: Order = oo_order(oo);
  const folio: Page = alloc_pages(k, flags, order);
  if (folio === NULL) return NULL;

  const slab: Slab = folio_slab(folio);
  // From here on the words of struct page are those of struct slab.
  __folio_set_slab(k, folio);
  // Pages of the reserves: their objects, too, are only for requests that help to free memory.
  if (page_is_pfmemalloc(k, folio)) slab_set_pfmemalloc(k, slab);
  return slab;
}

/** NULL without memory. Left out: shuffle_freelist (SLAB_FREELIST_RANDOM), kasan_poison_slab, stat(). */
function allocate_slab(k: Kernel, s: KmemCache, flags: Gfp): Slab {
  let oo: Int = k.words[s + k.kmem_cache.oo]!;
  const min: Int = k.words[s + k.kmem_cache.min]!;

  flags &= k.words[k.globals.gfp_allowed_mask]!;
  flags |= k.words[s + k.kmem_cache.allocflags]!;

  // The order that the cache likes best may fail, as a smaller one is tried next: no effort, no warning, no reserves for it.
  let alloc_gfp: Gfp = (flags | k.__GFP_NOWARN | k.__GFP_NORETRY) & ~k.__GFP_NOFAIL;
  if ((alloc_gfp & k.__GFP_DIRECT_RECLAIM) !== 0 && oo_order(oo) > oo_order(min))
    alloc_gfp =
      (alloc_gfp | k.__GFP_NOMEMALLOC) & ~(k.__GFP_DIRECT_RECLAIM | k.__GFP_KSWAPD_RECLAIM);

  let slab: Slab = alloc_slab_page(k, alloc_gfp, oo);
  if (slab === NULL) {
    // Memory may be there in smaller pieces: the smallest order that holds one object, with all that the caller allows.
    oo = min;
    alloc_gfp = flags;
    slab = alloc_slab_page(k, alloc_gfp, oo);
    if (slab === NULL) return NULL;
  }

  // Neither inuse nor frozen: all in one word.
  let counters: ULong = 0;
  counters = k.with_bits(counters, k.slab.objects, oo_objects(oo));
  k.write(slab + k.slab.counters, counters);
  account_slab(k, oo_order(oo), s);
  // By this kfree() finds the cache of an object.
  k.write_ptr(slab + k.slab.slab_cache, s);

  // Constructors run only now: users free objects in the state in which they were constructed.
  let start: VirtAddr = page_address(k, slab_folio(slab));
  setup_slab_debug(k, s, slab, start);
  start = fixup_red_left(k, s, start);
  start = setup_object(k, s, start);
  k.write_va(slab + k.slab.freelist, start);
  let p: VirtAddr = start;
  for (let idx: Int = 0; idx < k.read_bits(slab, k.slab.objects) - 1; idx++) {
    let next: VirtAddr = asVirt(p + k.words[s + k.kmem_cache.size]!);
    next = setup_object(k, s, next);
    set_freepointer(k, s, p, next);
    p = next;
  }
  set_freepointer(k, s, p, asVirt(0));
  return slab;
}

/** A slab whose objects are all free, on no list; NULL without memory. */
export function new_slab(k: Kernel, s: KmemCache, flags: Gfp): Slab {
  if ((flags & GFP_SLAB_BUG_MASK(k)) !== 0) flags = kmalloc_fix_flags(k, flags);
  // Clearing would undo the constructor's work.
  WARN_ON_ONCE(
    k,
    k.read_va(s + k.kmem_cache.ctor) !== 0 && (flags & k.__GFP_ZERO) !== 0,
    'new_slab: __GFP_ZERO of objects with a constructor',
  );

  // Zone and effort are for the page allocator. __GFP_ZERO is not: each object is cleared when it is given out.
  return allocate_slab(k, s, flags & (GFP_RECLAIM_MASK(k) | GFP_CONSTRAINT_MASK(k)));
}

// --- giving back -------------------------------------------------------------------------------------------------------

function __free_slab(k: Kernel, s: KmemCache, slab: Slab): void {
  const folio: Page = slab_folio(slab);
  const order: Order = folio_order(k, folio);
  if (kmem_cache_debug_flags(k, s, k.SLAB_CONSISTENCY_CHECKS)) {
    slab_pad_check(k, s, slab);
    const size: Int = k.words[s + k.kmem_cache.size]!;
    const first: VirtAddr = fixup_red_left(k, s, page_address(k, folio));
    for (let i = 0; i < k.read_bits(slab, k.slab.objects); i++)
      check_object(k, s, slab, asVirt(first + i * size), SLUB_RED_INACTIVE);
  }

  // All marks of a slab go, or bad_page() would report the pages. page->mapping was the slab's cache.
  __slab_clear_pfmemalloc(k, slab);
  __folio_clear_slab(k, folio);
  k.write_long(folio + k.page.mapping, 0);
  countReclaimedSlab(k, 1 << order);
  unaccount_slab(k, order, s);
  __free_pages(k, folio, order);
}

/** The grace period of a slab is over. */
function rcu_free_slab(k: Kernel, h: Cell): void {
  const slab = (h - k.slab.callback_head) as Slab;
  __free_slab(k, k.read_ptr(slab + k.slab.slab_cache), slab);
}
linkCallback('rcu_free_slab', rcu_free_slab);

/** Readers may still look at objects of a SLAB_TYPESAFE_BY_RCU slab: it goes when they are gone. */
export function free_slab(k: Kernel, s: KmemCache, slab: Slab): void {
  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_TYPESAFE_BY_RCU) !== 0)
    call_rcu(k, asCell(slab + k.slab.callback_head), functionNamed(k, 'rcu_free_slab'));
  else __free_slab(k, s, slab);
}

/** Gives back a slab that no CPU and no list has any more. */
export function discard_slab(k: Kernel, s: KmemCache, slab: Slab): void {
  dec_slabs_node(k, s, k.read_bits(slab, k.slab.objects));
  free_slab(k, s, slab);
}
