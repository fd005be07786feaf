/**
 * The slabs of a SLAB cache: made from pages of the page allocator, put on the lists of the node, and given back.
 *
 *     slabs_full       all objects are out or in CPU arrays
 *     slabs_partial    some are
 *     slabs_free       none is
 *
 * Source: Linux 6.1 mm/slab.c: kmem_getpages() to slabs_destroy(), kmem_rcu_free(), drain_freelist(), cache_grow_begin(), cache_grow_end(),
 * fixup_slab_list().
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
import { asCell, asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { WARN_ON_ONCE } from '../../include/asm-generic/bug.h.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_add_tail,
  list_del,
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_last_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { page_mapcount_reset } from '../../include/linux/mm.h.js';
import {
  __folio_clear_slab,
  __folio_set_slab,
  PageSlab,
} from '../../include/linux/page-flags.h.js';
import { call_rcu, functionNamed, linkCallback } from '../../kernel/rcu/tiny.js';
import { GFP_CONSTRAINT_MASK, GFP_RECLAIM_MASK, GFP_SLAB_BUG_MASK } from '../internal.h.js';
import { __free_pages, alloc_pages } from '../page_alloc/api.js';
import { __slab_clear_pfmemalloc, folio_slab, get_node, slab_folio } from '../slab.h.js';
import { account_slab, unaccount_slab } from '../slab_common/account.js';
import { kfree, kmalloc_fix_flags } from '../slab_common/kmalloc.js';
import { countReclaimedSlab } from '../vmscan/reclaim_state.js';
import { OBJFREELIST_SLAB, OFF_SLAB } from './order.js';
import { alloc_slabmgmt, cache_init_objs } from './slab_mgmt.js';

// --- pages -------------------------------------------------------------------------------------------------------------

/** Left out: the node that was asked for, slab_out_of_memory (DEBUG), pfmemalloc (no sockets use the reserves). */
function kmem_getpages(k: Kernel, cachep: KmemCache, flags: Gfp): Slab {
  flags |= k.words[cachep + k.kmem_cache.allocflags]!;

  const folio: Page = alloc_pages(k, flags, k.words[cachep + k.kmem_cache.gfporder]!);
  if (folio === NULL) return NULL;

  const slab: Slab = folio_slab(folio);
  account_slab(k, k.words[cachep + k.kmem_cache.gfporder]!, cachep);
  __folio_set_slab(k, folio);
  return slab;
}

function kmem_freepages(k: Kernel, cachep: KmemCache, slab: Slab): void {
  const order: Int = k.words[cachep + k.kmem_cache.gfporder]!;
  const folio: Page = slab_folio(slab);

  if (!PageSlab(k, folio)) {
    const text = 'kernel BUG at mm/slab.c: kmem_freepages()';
    k.emit({ kind: 'slab-corruption', cache: k.va_of(cachep), text });
    throw new KernelFault(text);
  }
  __slab_clear_pfmemalloc(k, slab);
  __folio_clear_slab(k, folio);
  // `active` lies where the page allocator has _mapcount.
  page_mapcount_reset(k, folio);
  k.write_long(folio + k.page.mapping, 0);
  countReclaimedSlab(k, 1 << order);
  unaccount_slab(k, order, cachep);
  __free_pages(k, folio, order);
}

/** The grace period of a slab is over. */
function kmem_rcu_free(k: Kernel, head: Cell): void {
  const slab = (head - k.slab.callback_head) as Slab;
  kmem_freepages(k, k.read_ptr(slab + k.slab.slab_cache), slab);
}
linkCallback('kmem_rcu_free', kmem_rcu_free);

/** Readers may still look at objects of a SLAB_TYPESAFE_BY_RCU slab: it goes when they are gone. */
function slab_destroy(k: Kernel, cachep: KmemCache, slab: Slab): void {
  const freelist: VirtAddr = k.read_va(slab + k.slab.freelist);
  if ((k.words[cachep + k.kmem_cache.flags]! & k.SLAB_TYPESAFE_BY_RCU) !== 0)
    call_rcu(k, asCell(slab + k.slab.callback_head), functionNamed(k, 'kmem_rcu_free'));
  else kmem_freepages(k, cachep, slab);
  // It was an object of its own.
  if (OFF_SLAB(k, cachep)) kfree(k, freelist);
}

/**
 * LIST_HEAD(list): slabs to be destroyed, in a local variable there. Destroying a slab of an OFF_SLAB cache frees an object of
 * another one, which never is OFF_SLAB itself: two lists are enough.
 */
export const localList = (k: Kernel, cachep: KmemCache): ListHead => {
  const list: ListHead = k.machine.register(
    OFF_SLAB(k, cachep) ? 'slabs_list_off_slab' : 'slabs_list',
  );
  INIT_LIST_HEAD(k, list);
  return list;
};

export function slabs_destroy(k: Kernel, cachep: KmemCache, list: ListHead): void {
  for (
    let slab: Slab = list_first_entry(k, list, k.slab.slab_list),
      n: Slab = list_next_entry(k, slab, k.slab.slab_list);
    !list_entry_is_head(k, slab, list, k.slab.slab_list);
    slab = n, n = list_next_entry(k, n, k.slab.slab_list)
  ) {
    list_del(k, slab + k.slab.slab_list);
    slab_destroy(k, cachep, slab);
  }
}

/** Destroys up to `tofree` free slabs of a node, the longest free first. How many. */
export function drain_freelist(k: Kernel, cache: KmemCache, n: KmemCacheNode, tofree: Int): Int {
  const slabs_free = (n + k.kmem_cache_node.slabs_free) as ListHead;
  let nr_freed: Int = 0;

  while (nr_freed < tofree && !list_empty(k, slabs_free)) {
    const slab: Slab = list_last_entry(k, slabs_free, k.slab.slab_list);
    list_del(k, slab + k.slab.slab_list);
    k.add_long(n + k.kmem_cache_node.free_slabs, -1);
    k.add_long(n + k.kmem_cache_node.total_slabs, -1);
    // It is no longer the cache's, so that the lock need not be held for what follows.
    k.add_long(n + k.kmem_cache_node.free_objects, -k.words[cache + k.kmem_cache.num]!);
    slab_destroy(k, cache, slab);
    nr_freed++;
  }
  return nr_freed;
}

// --- growing -----------------------------------------------------------------------------------------------------------

/** Makes a new slab, which is on no list yet. NULL without memory. Left out: kasan, interrupts. */
export function cache_grow_begin(k: Kernel, cachep: KmemCache, flags: Gfp): Slab {
  if ((flags & GFP_SLAB_BUG_MASK(k)) !== 0) flags = kmalloc_fix_flags(k, flags);
  // Clearing would undo the constructor's work.
  WARN_ON_ONCE(
    k,
    k.read_va(cachep + k.kmem_cache.ctor) !== 0 && (flags & k.__GFP_ZERO) !== 0,
    'cache_grow_begin: __GFP_ZERO of objects with a constructor',
  );
  const local_flags: Gfp = flags & (GFP_CONSTRAINT_MASK(k) | GFP_RECLAIM_MASK(k));

  failed: {
    const slab: Slab = kmem_getpages(k, cachep, local_flags);
    if (slab === NULL) break failed;

    // The next colour.
    const n: KmemCacheNode = get_node(k, cachep);
    const colour: Int = k.read_ulong(cachep + k.kmem_cache.colour);
    let offset: Int = k.words[n + k.kmem_cache_node.colour_next]! + 1;
    if (offset >= colour) offset = 0;
    k.write(n + k.kmem_cache_node.colour_next, offset);
    offset *= k.words[cachep + k.kmem_cache.colour_off]!;

    const mgmt_flags: Gfp = local_flags & ~GFP_CONSTRAINT_MASK(k);
    const freelist: VirtAddr = alloc_slabmgmt(k, cachep, slab, offset, mgmt_flags);
    if (OFF_SLAB(k, cachep) && freelist === 0) {
      // opps1:
      kmem_freepages(k, cachep, slab);
      break failed;
    }

    k.write_ptr(slab + k.slab.slab_cache, cachep);
    k.write_va(slab + k.slab.freelist, freelist);
    cache_init_objs(k, cachep, slab);
    return slab;
  }

  // failed:
  return NULL;
}

/** Puts a new slab, from which objects may have been taken already, on the list it belongs to. Left out: statistics. */
export function cache_grow_end(k: Kernel, cachep: KmemCache, slab: Slab): void {
  if (slab === NULL) return;

  INIT_LIST_HEAD(k, slab + k.slab.slab_list);
  const n: KmemCacheNode = get_node(k, cachep);
  k.add_long(n + k.kmem_cache_node.total_slabs, 1);
  if (k.words[slab + k.slab.active] === 0) {
    list_add_tail(k, slab + k.slab.slab_list, n + k.kmem_cache_node.slabs_free);
    k.add_long(n + k.kmem_cache_node.free_slabs, 1);
  } else {
    fixup_slab_list(k, cachep, n, slab);
  }
  const num: Int = k.words[cachep + k.kmem_cache.num]!;
  k.add_long(n + k.kmem_cache_node.free_objects, num - k.words[slab + k.slab.active]!);
}

/** Objects have been taken from a slab: it belongs to the full or to the partial ones. Left out: poisoning (DEBUG). */
export function fixup_slab_list(k: Kernel, cachep: KmemCache, n: KmemCacheNode, slab: Slab): void {
  list_del(k, slab + k.slab.slab_list);
  if (k.words[slab + k.slab.active] === k.words[cachep + k.kmem_cache.num]) {
    list_add(k, slab + k.slab.slab_list, n + k.kmem_cache_node.slabs_full);
    // The object that held it is out.
    if (OBJFREELIST_SLAB(k, cachep)) k.write_va(slab + k.slab.freelist, asVirt(0));
  } else {
    list_add(k, slab + k.slab.slab_list, n + k.kmem_cache_node.slabs_partial);
  }
}
