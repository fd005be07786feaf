/**
 * /proc/slabinfo: a line for each cache, newest first.
 *
 * Active objects are those that the allocator's lists do not have: what a CPU keeps for itself counts as active.
 * Source: Linux 6.1 mm/slab_common.c: print_slabinfo_header(), cache_show(), slab_show(); mm/slub.c, mm/slab.c: get_slabinfo().
 */
import { get_node } from '../kernel/mm/slab.h.js';
import { oo_order } from '../kernel/mm/slub/freelist.js';
import type { Int, KmemCache, KmemCacheNode } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { cacheName, slabCaches } from './slabCaches.js';
import { freeOnPartial, objectsPerSlab } from './slabUse.js';

interface SlabInfo {
  readonly active_objs: Int;
  readonly num_objs: Int;
  readonly active_slabs: Int;
  readonly num_slabs: Int;
  readonly limit: Int;
  readonly batchcount: Int;
  readonly shared: Int;
  readonly objects_per_slab: Int;
  readonly cache_order: Int;
}

const HEADER = [
  'slabinfo - version: 2.1',
  '# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>' +
    ' : tunables <limit> <batchcount> <sharedfactor>' +
    ' : slabdata <active_slabs> <num_slabs> <sharedavail>',
];

/** Left out: arrays that CPUs share (SLAB; one node), statistics. */
function get_slabinfo(k: Kernel, s: KmemCache): SlabInfo {
  const n: KmemCacheNode = get_node(k, s);
  const objects_per_slab: Int = objectsPerSlab(k, s);
  if (k.CONFIG_SLAB === 0) {
    const num_objs: Int = k.read_ulong(n + k.kmem_cache_node.total_objects);
    const num_slabs: Int = k.read_ulong(n + k.kmem_cache_node.nr_slabs);
    return {
      active_objs: num_objs - freeOnPartial(k, s),
      num_objs,
      active_slabs: num_slabs,
      num_slabs,
      limit: 0,
      batchcount: 0,
      shared: 0,
      objects_per_slab,
      cache_order: oo_order(k.words[s + k.kmem_cache.oo]!),
    };
  }
  const num_slabs: Int = k.read_ulong(n + k.kmem_cache_node.total_slabs);
  const num_objs: Int = num_slabs * objects_per_slab;
  return {
    active_objs: num_objs - k.read_ulong(n + k.kmem_cache_node.free_objects),
    num_objs,
    active_slabs: num_slabs - k.read_ulong(n + k.kmem_cache_node.free_slabs),
    num_slabs,
    limit: k.words[s + k.kmem_cache.limit]!,
    batchcount: k.words[s + k.kmem_cache.batchcount]!,
    shared: k.words[s + k.kmem_cache.shared]!,
    objects_per_slab,
    cache_order: k.words[s + k.kmem_cache.gfporder]!,
  };
}

function cache_show(k: Kernel, s: KmemCache): string {
  const info = get_slabinfo(k, s);
  const right = (value: Int, width: number): string => String(value).padStart(width);
  return [
    `${cacheName(k, s).padEnd(17)} ${right(info.active_objs, 6)} ${right(info.num_objs, 6)}`,
    ` ${right(k.words[s + k.kmem_cache.size]!, 6)} ${right(info.objects_per_slab, 4)}`,
    ` ${right(1 << info.cache_order, 4)}`,
    ` : tunables ${right(info.limit, 4)} ${right(info.batchcount, 4)} ${right(info.shared, 4)}`,
    ` : slabdata ${right(info.active_slabs, 6)} ${right(info.num_slabs, 6)} ${right(0, 6)}`,
  ].join('');
}

export function slab_show(k: Kernel): string[] {
  const lines = [...slabCaches(k)].map((s) => cache_show(k, s));
  return lines.length === 0 ? [] : [...HEADER, ...lines];
}
