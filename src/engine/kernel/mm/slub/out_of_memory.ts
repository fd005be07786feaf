/**
 * What SLUB reports when it gets no pages for a slab.
 *
 * Source: Linux 6.1 mm/slub.c: count_free(), node_nr_slabs(), node_nr_objs(), count_partial(), slab_out_of_memory().
 */
import type {
  Gfp,
  Int,
  KmemCache,
  KmemCacheNode,
  ListHead,
  Slab,
  ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import {
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { pr_warn } from '../../include/linux/printk.h.js';
import { stringAt } from '../../lib/string.js';
import { gfpText } from '../../lib/vsprintf.js';
import { get_node } from '../slab.h.js';
import { oo_order } from './freelist.js';

/** Free objects of a slab. Those on a CPU's freelist count as in use. */
export function count_free(k: Kernel, slab: Slab): Int {
  return k.read_bits(slab, k.slab.objects) - k.read_bits(slab, k.slab.inuse);
}

const node_nr_slabs = (k: Kernel, n: KmemCacheNode): ULong =>
  k.read_ulong(n + k.kmem_cache_node.nr_slabs);
const node_nr_objs = (k: Kernel, n: KmemCacheNode): ULong =>
  k.read_ulong(n + k.kmem_cache_node.total_objects);

/** The sum of what `get_count` says of the slabs on the node's list. */
export function count_partial(
  k: Kernel,
  n: KmemCacheNode,
  get_count: (k: Kernel, slab: Slab) => Int,
): ULong {
  let x: ULong = 0;
  const partial = (n + k.kmem_cache_node.partial) as ListHead;
  for (
    let slab: Slab = list_first_entry(k, partial, k.slab.slab_list);
    !list_entry_is_head(k, slab, partial, k.slab.slab_list);
    slab = list_next_entry(k, slab, k.slab.slab_list)
  )
    x += get_count(k, slab);
  return x;
}

/** Differs: reports without a rate limit, as no time passes. */
export function slab_out_of_memory(k: Kernel, s: KmemCache, gfpflags: Gfp): void {
  if ((gfpflags & k.__GFP_NOWARN) !== 0) return;

  const gfp = (gfpflags >>> 0).toString(16);
  pr_warn(k, `SLUB: Unable to allocate memory on node -1, gfp=0x${gfp}(${gfpText(k, gfpflags)})`);
  const name: string = stringAt(k, k.read_va(s + k.kmem_cache.name));
  const object_size: Int = k.words[s + k.kmem_cache.object_size]!;
  const size: Int = k.words[s + k.kmem_cache.size]!;
  const order: Int = oo_order(k.words[s + k.kmem_cache.oo]!);
  const min_order: Int = oo_order(k.words[s + k.kmem_cache.min]!);
  pr_warn(
    k,
    `  cache: ${name}, object size: ${object_size}, buffer size: ${size}, ` +
      `default order: ${order}, min order: ${min_order}`,
  );

  // Red zones and tracks have made a cell so much larger than its object.
  if (min_order > get_order(k, object_size))
    pr_warn(k, `  ${name} debugging increased min order, use slub_debug=O to disable.`);

  const n: KmemCacheNode = get_node(k, s);
  // Counted through on the spot, as no counter is kept; slabs that CPUs have are not on the list.
  const nr_free: ULong = count_partial(k, n, count_free);
  const nr_slabs: ULong = node_nr_slabs(k, n);
  const nr_objs: ULong = node_nr_objs(k, n);
  pr_warn(k, `  node 0: slabs: ${nr_slabs}, objs: ${nr_objs}, free: ${nr_free}`);
}
