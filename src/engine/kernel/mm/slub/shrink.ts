/**
 * Giving back the slabs of a SLUB cache that are empty: while it lives, and when it ends.
 *
 * Source: Linux 6.1 mm/slub.c: free_partial(), __kmem_cache_shutdown(), __kmem_cache_do_shrink(), __kmem_cache_shrink().
 */
import type {
  Int,
  KmemCache,
  KmemCacheNode,
  ListHead,
  Slab,
  ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell } from '../../../memory/address.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_entry_is_head,
  list_first_entry,
  list_move,
  list_next_entry,
  list_splice,
} from '../../include/linux/list.h.js';
import { stringAt } from '../../lib/string.js';
import { get_node } from '../slab.h.js';
import { dec_slabs_node, discard_slab, free_slab } from './allocate_slab.js';
import { flush_all } from './deactivate.js';
import { remove_partial } from './node_list.js';
import { list_slab_objects } from './validate.js';

/** Slabs with at most so many free objects come first afterwards, the fullest before the others. */
const SHRINK_PROMOTE_MAX = 32;

const slabs_node = (k: Kernel, n: KmemCacheNode): ULong =>
  k.read_ulong(n + k.kmem_cache_node.nr_slabs);

/** 1 when slabs are left. */
function __kmem_cache_do_shrink(k: Kernel, s: KmemCache): Int {
  const n: KmemCacheNode = get_node(k, s);
  const partial = (n + k.kmem_cache_node.partial) as ListHead;
  // Both are local variables there.
  const discard: ListHead = k.machine.register('slabs_list');
  const promote: ListHead[] = [];

  INIT_LIST_HEAD(k, discard);
  for (let i: Int = 0; i < SHRINK_PROMOTE_MAX; i++) {
    promote[i] = asCell(k.machine.localLists + i * k.stride.list_head);
    INIT_LIST_HEAD(k, promote[i]!);
  }

  // promote[i] gets the slabs with i + 1 free objects. Those with more stay on the list, behind all others.
  let rounds = 0;
  for (
    let slab: Slab = list_first_entry(k, partial, k.slab.slab_list),
      t: Slab = list_next_entry(k, slab, k.slab.slab_list);
    !list_entry_is_head(k, slab, partial, k.slab.slab_list);
    slab = t, t = list_next_entry(k, t, k.slab.slab_list)
  ) {
    k.watchdog(++rounds);
    const objects: Int = k.read_bits(slab, k.slab.objects);
    const free: Int = objects - k.read_bits(slab, k.slab.inuse);
    if (free === objects) {
      list_move(k, slab + k.slab.slab_list, discard);
      k.add_long(n + k.kmem_cache_node.nr_partial, -1);
      dec_slabs_node(k, s, objects);
    } else if (free <= SHRINK_PROMOTE_MAX) {
      list_move(k, slab + k.slab.slab_list, promote[free - 1]!);
    }
  }

  // The fullest come to the head, so that the others have the time to become empty.
  for (let i: Int = SHRINK_PROMOTE_MAX - 1; i >= 0; i--) list_splice(k, promote[i]!, partial);

  // They have left nr_partial and the node's counts above, so that only the pages are left to give back.
  for (
    let slab: Slab = list_first_entry(k, discard, k.slab.slab_list),
      t: Slab = list_next_entry(k, slab, k.slab.slab_list);
    !list_entry_is_head(k, slab, discard, k.slab.slab_list);
    slab = t, t = list_next_entry(k, t, k.slab.slab_list)
  )
    free_slab(k, s, slab);

  return slabs_node(k, n) !== 0 ? 1 : 0;
}

/** 0 when no slabs are left. */
export function __kmem_cache_shrink(k: Kernel, s: KmemCache): Int {
  // The CPUs' slabs first: they are on no list, so they would not be seen.
  flush_all(k, s);
  return __kmem_cache_do_shrink(k, s);
}

/** Frees the slabs that are empty, the last on the list first, and reports the others. */
function free_partial(k: Kernel, s: KmemCache, n: KmemCacheNode): void {
  const partial = (n + k.kmem_cache_node.partial) as ListHead;
  const discard: ListHead = k.machine.register('slabs_list');
  const name = stringAt(k, k.read_va(s + k.kmem_cache.name));
  INIT_LIST_HEAD(k, discard);

  for (
    let slab: Slab = list_first_entry(k, partial, k.slab.slab_list),
      h: Slab = list_next_entry(k, slab, k.slab.slab_list);
    !list_entry_is_head(k, slab, partial, k.slab.slab_list);
    slab = h, h = list_next_entry(k, h, k.slab.slab_list)
  ) {
    if (k.read_bits(slab, k.slab.inuse) !== 0) {
      const text = `Objects remaining in ${name} on __kmem_cache_shutdown()`;
      list_slab_objects(k, s, slab, text);
      continue;
    }
    remove_partial(k, n, slab);
    list_add(k, slab + k.slab.slab_list, discard);
  }

  for (
    let slab: Slab = list_first_entry(k, discard, k.slab.slab_list),
      h: Slab = list_next_entry(k, slab, k.slab.slab_list);
    !list_entry_is_head(k, slab, discard, k.slab.slab_list);
    slab = h, h = list_next_entry(k, h, k.slab.slab_list)
  )
    discard_slab(k, s, slab);
}

/** 1 when objects are still out. */
export function __kmem_cache_shutdown(k: Kernel, s: KmemCache): Int {
  flush_all(k, s);
  const n: KmemCacheNode = get_node(k, s);
  free_partial(k, s, n);
  // A slab that is left has an object in use: on the node's list, or full and on none.
  return k.read_ulong(n + k.kmem_cache_node.nr_partial) !== 0 || slabs_node(k, n) !== 0 ? 1 : 0;
}
