/**
 * The slabs of SLUB: made from pages of the page allocator, given back to it; their words and the free pointers in objects.
 *
 *     page words    flags PG_slab | lru: partial list, or next and slabs | mapping: the cache | index: freelist | private: counters
 *     counters      31 frozen | 30:16 objects | 15:0 inuse
 *     free object   [ ....... | free pointer at s->offset | ... ]   to the next free object of the slab; NULL at the end
 *
 * Invariant: a frozen slab belongs to a CPU and is on no list of the node.
 * Source: Linux 6.1 mm/slub.c: allocate_slab(), new_slab(), discard_slab(), get_freepointer(), set_freepointer().
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  NULL,
  type Order,
  type Page,
  type Slab,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { compound_order } from '../../include/linux/mm.h.js';
import { clear_page_flags, set_page_flags } from '../../include/linux/page-flags.h.js';
import {
  GFP_CONSTRAINT_MASK,
  GFP_RECLAIM_MASK,
  GFP_SLAB_BUG_MASK,
  kmalloc_fix_flags,
} from '../../include/linux/slab.h.js';
import { radix_tree_node_ctor } from '../../lib/radix-tree.js';
import { page_address } from '../highmem/page_address.js';
import { __free_pages, alloc_pages } from '../page_alloc/api.js';
import { account_slab, folio_slab, get_node, slab_folio } from '../slab.h.js';

// --- words of a slab ---------------------------------------------------------------------------------------------------

export const slab_objects = (k: Kernel, slab: Slab): Int => k.read_bits(slab, k.slab.objects);

export const slab_inuse = (k: Kernel, slab: Slab): Int => k.read_bits(slab, k.slab.inuse);

export const slab_frozen = (k: Kernel, slab: Slab): boolean =>
  k.read_bits(slab, k.slab.frozen) !== 0;

/** Sets inuse and frozen; objects never changes. */
export function set_counters(k: Kernel, slab: Slab, inuse: Int, frozen: boolean): void {
  let counters: Int = k.words[slab + k.slab.counters]!;
  counters = k.with_bits(counters, k.slab.inuse, inuse);
  counters = k.with_bits(counters, k.slab.frozen, frozen ? 1 : 0);
  k.write(slab + k.slab.counters, counters);
}

export const slab_freelist = (k: Kernel, slab: Slab): VirtAddr => k.read_va(slab + k.slab.freelist);

export function set_slab_freelist(k: Kernel, slab: Slab, freelist: VirtAddr): void {
  k.write_va(slab + k.slab.freelist, freelist);
}

/** Slabs that came from the reserves serve only who may use them. PG_active of a slab says so. */
const slab_test_pfmemalloc = (k: Kernel, slab: Slab): boolean =>
  (k.words[slab + k.page.flags]! & (1 << k.PG_active)) !== 0;

export function pfmemalloc_match(k: Kernel, slab: Slab, gfpflags: Gfp): boolean {
  if (!slab_test_pfmemalloc(k, slab)) return true;
  return (gfpflags & (k.__GFP_MEMALLOC | k.__GFP_NOMEMALLOC)) === k.__GFP_MEMALLOC;
}

// --- free pointers -----------------------------------------------------------------------------------------------------

export function get_freepointer(k: Kernel, s: KmemCache, object: VirtAddr): VirtAddr {
  return k.read_va(k.cell_at(asVirt(object + k.words[s + k.kmem_cache.offset]!)));
}

export function set_freepointer(k: Kernel, s: KmemCache, object: VirtAddr, fp: VirtAddr): void {
  const at = k.cell_at(asVirt(object + k.words[s + k.kmem_cache.offset]!));
  k.write_va(at, fp);
}

/** Where the first object begins: behind the left red zone. */
export const fixup_red_left = (k: Kernel, s: KmemCache, p: VirtAddr): VirtAddr =>
  asVirt(p + k.words[s + k.kmem_cache.red_left_pad]!);

// --- order and number of objects, in one word --------------------------------------------------------------------------

const OO_SHIFT = 16;
const OO_MASK = (1 << OO_SHIFT) - 1;

export const oo_make = (order: Order, size: Int): Int =>
  (order << OO_SHIFT) + Math.floor((4096 << order) / size);
export const oo_order = (x: Int): Order => x >>> OO_SHIFT;
export const oo_objects = (x: Int): Int => x & OO_MASK;

// --- making --------------------------------------------------------------------------------------------------------------

function alloc_slab_page(k: Kernel, flags: Gfp, oo: Int): Slab {
  const folio: Page = alloc_pages(k, flags, oo_order(oo));
  if (folio === NULL) return NULL;
  set_page_flags(k, folio, 1 << k.PG_slab);
  // page_is_pfmemalloc(): bit 1 of the word that lru.next is.
  if ((k.words[folio + k.page.lru]! & 2) !== 0) set_page_flags(k, folio, 1 << k.PG_active);
  return folio_slab(folio);
}

/** Constructors that do something: of kernel caches from which something here is allocated. */
const CONSTRUCTORS: readonly {
  readonly symbol: string;
  readonly construct: (k: Kernel, object: Cell) => void;
}[] = [{ symbol: 'radix_tree_node_ctor', construct: radix_tree_node_ctor }];

function setup_object(k: Kernel, s: KmemCache, object: VirtAddr): void {
  const ctor: VirtAddr = k.read_va(s + k.kmem_cache.ctor);
  if (ctor === 0) return;
  const row = CONSTRUCTORS.find(({ symbol }) => k.profile.symbol(symbol)?.address === ctor);
  row?.construct(k, k.cell_at(object));
}

/** Pages for a slab, with all objects on its freelist by rising address. NULL without memory. */
function allocate_slab(k: Kernel, s: KmemCache, flags: Gfp): Slab {
  let oo: Int = k.words[s + k.kmem_cache.oo]!;
  const min: Int = k.words[s + k.kmem_cache.min]!;
  flags &= k.words[k.globals.gfp_allowed_mask]!;
  flags |= k.words[s + k.kmem_cache.allocflags]!;

  // A high order may fail: one object less hungry for memory follows.
  let alloc_gfp: Gfp = (flags | k.__GFP_NOWARN | k.__GFP_NORETRY) & ~k.__GFP_NOFAIL;
  if ((alloc_gfp & k.__GFP_DIRECT_RECLAIM) !== 0 && oo_order(oo) > oo_order(min))
    alloc_gfp =
      (alloc_gfp | k.__GFP_NOMEMALLOC) & ~(k.__GFP_DIRECT_RECLAIM | k.__GFP_KSWAPD_RECLAIM);

  let slab: Slab = alloc_slab_page(k, alloc_gfp, oo);
  if (slab === NULL) {
    oo = min;
    alloc_gfp = flags;
    slab = alloc_slab_page(k, alloc_gfp, oo);
    if (slab === NULL) return NULL;
  }

  const objects: Int = oo_objects(oo);
  k.write(slab + k.slab.counters, k.with_bits(0, k.slab.objects, objects));
  account_slab(k, s, oo_order(oo), 1);
  k.write_ptr(slab + k.slab.slab_cache, s);

  const address: VirtAddr = page_address(k, slab_folio(slab));
  const size: Int = k.words[s + k.kmem_cache.size]!;
  let p: VirtAddr = fixup_red_left(k, s, address);
  setup_object(k, s, p);
  set_slab_freelist(k, slab, p);
  for (let idx = 0; idx < objects - 1; idx++) {
    const next: VirtAddr = asVirt(p + size);
    setup_object(k, s, next);
    set_freepointer(k, s, p, next);
    p = next;
  }
  set_freepointer(k, s, p, asVirt(0));
  return slab;
}

export function new_slab(k: Kernel, s: KmemCache, flags: Gfp): Slab {
  if ((flags & GFP_SLAB_BUG_MASK(k)) !== 0) flags = kmalloc_fix_flags(k, flags);
  if (k.read_va(s + k.kmem_cache.ctor) !== 0 && (flags & k.__GFP_ZERO) !== 0)
    k.emit({ kind: 'warn', text: 'new_slab: __GFP_ZERO of objects with a constructor' });
  return allocate_slab(k, s, flags & (GFP_RECLAIM_MASK(k) | GFP_CONSTRAINT_MASK(k)));
}

// --- giving back -------------------------------------------------------------------------------------------------------

/** One whose readers RCU protects would wait for them; there are none. */
export function free_slab(k: Kernel, s: KmemCache, slab: Slab): void {
  const folio: Page = slab_folio(slab);
  const order: Order = compound_order(k, folio);
  clear_page_flags(k, folio, (1 << k.PG_active) | (1 << k.PG_slab));
  k.write_long(folio + k.page.mapping, 0);
  account_slab(k, s, order, -1);
  __free_pages(k, folio, order);
}

export function discard_slab(k: Kernel, s: KmemCache, slab: Slab): void {
  dec_slabs_node(k, s, slab_objects(k, slab));
  free_slab(k, s, slab);
}

// --- the node's count of slabs -------------------------------------------------------------------------------------------

export function inc_slabs_node(k: Kernel, s: KmemCache, objects: Int): void {
  const n = get_node(k, s);
  if (n === NULL) return;
  k.add_long(n + k.kmem_cache_node.nr_slabs, 1);
  k.add_long(n + k.kmem_cache_node.total_objects, objects);
}

export function dec_slabs_node(k: Kernel, s: KmemCache, objects: Int): void {
  const n = get_node(k, s);
  k.add_long(n + k.kmem_cache_node.nr_slabs, -1);
  k.add_long(n + k.kmem_cache_node.total_objects, -objects);
}
