/**
 * Slab caches: SLUB's, and SLAB's of kernels before 6.8. Counts are those of /proc/slabinfo at the dump's instant.
 *
 * Source: Linux 6.1 mm/slub.c: get_slabinfo(), count_partial(); mm/slab.c: get_slabinfo(); mm/slab_common.c.
 */
import type { VirtAddr } from '../memory/address.js';
import type { Inspected, Problems } from './inspected.js';
import { listEntries } from './list.js';

export interface CacheView {
  readonly name: string;
  readonly at: VirtAddr;
  readonly size: number;
  readonly object_size: number;
  /** Order and objects of a slab, as SLUB packs them; undefined for SLAB. */
  readonly oo: number | undefined;
}

export interface SlabUse {
  readonly active_objs: number;
  readonly num_objs: number;
  readonly active_slabs: number;
  readonly num_slabs: number;
  readonly objects_per_slab: number;
  readonly cache_order: number;
}

/** `oo`: the order above so many bits of the number of objects. */
const OO_SHIFT = 16;
/** `struct slab`, until 5.17 (d122019bf061) a part of `struct page`. */
export const slabTag = (k: Inspected): string => (k.struct('slab') === undefined ? 'page' : 'slab');

/** In the order of `slab_caches`: the newest first. */
export function cachesOf(k: Inspected, problems: Problems): CacheView[] {
  const caches: CacheView[] = [];
  problems.tried(
    'slab_caches',
    () => {
      for (const at of listEntries(k, k.global('slab_caches'), 0, 'kmem_cache', 'list'))
        caches.push(cacheAt(k, at));
    },
    undefined,
  );
  return caches;
}

export function cacheAt(k: Inspected, at: VirtAddr): CacheView {
  return {
    name: k.space.text(k.pointer(at, 'kmem_cache', 'name'), 0, 128),
    at,
    size: k.number(at, 'kmem_cache', 'size'),
    object_size: k.number(at, 'kmem_cache', 'object_size'),
    oo: k.has('kmem_cache', 'oo') ? k.number(at, 'kmem_cache', 'oo.x') : undefined,
  };
}

/** `get_node(s, node)` of each node there is. */
export function cacheNodes(k: Inspected, cache: CacheView): VirtAddr[] {
  const offset = k.offset('kmem_cache', 'node');
  const nrNodes = nodesIn(k);
  return Array.from({ length: nrNodes }, (_, node) =>
    k.space.pointer(cache.at, offset + node * k.pointerSize),
  ).filter((at) => at !== 0);
}

/** nr_node_ids, where there can be several. */
function nodesIn(k: Inspected): number {
  const at = k.findGlobal('nr_node_ids');
  return at === undefined ? 1 : Math.min(k.space.u32(at), 1024);
}

export function useOf(k: Inspected, cache: CacheView, problems: Problems): SlabUse {
  return cache.oo === undefined
    ? slabUse(k, cache, problems)
    : slubUse(k, cache, cache.oo, problems);
}

function slubUse(k: Inspected, cache: CacheView, oo: number, problems: Problems): SlabUse {
  const tag = slabTag(k);
  const inuse = k.place(tag, 'inuse');
  const objects = k.place(tag, 'objects');
  let slabs = 0;
  let total = 0;
  let free = 0;
  for (const node of cacheNodes(k, cache)) {
    slabs += k.number(node, 'kmem_cache_node', 'nr_slabs');
    total += k.number(node, 'kmem_cache_node', 'total_objects');
    problems.tried(
      `cache ${cache.name}, partial slabs`,
      () => {
        for (const slab of partialSlabs(k, node))
          free += k.numberAt(slab, objects) - k.numberAt(slab, inuse);
      },
      undefined,
    );
  }
  return {
    active_objs: total - free,
    num_objs: total,
    active_slabs: slabs,
    num_slabs: slabs,
    objects_per_slab: oo & ((1 << OO_SHIFT) - 1),
    cache_order: oo >>> OO_SHIFT,
  };
}

/** `n->partial`, in order. */
export function* partialSlabs(k: Inspected, node: VirtAddr): Generator<VirtAddr> {
  const tag = slabTag(k);
  const member = k.either(tag, 'slab_list', 'lru');
  yield* listEntries(k, node, k.offset('kmem_cache_node', 'partial'), tag, member);
}

function slabUse(k: Inspected, cache: CacheView, problems: Problems): SlabUse {
  const perSlab = k.number(cache.at, 'kmem_cache', 'num');
  let slabs = 0;
  let freeSlabs = 0;
  let free = 0;
  for (const node of cacheNodes(k, cache)) {
    const read = (name: string): number => k.number(node, 'kmem_cache_node', name);
    slabs += read('total_slabs');
    freeSlabs += read('free_slabs');
    free += read('free_objects');
    const shared = k.pointer(node, 'kmem_cache_node', 'shared');
    if (shared !== 0)
      free += problems.tried(
        `cache ${cache.name}, shared array`,
        () => k.number(shared, 'array_cache', 'avail'),
        0,
      );
  }
  return {
    active_objs: slabs * perSlab - free,
    num_objs: slabs * perSlab,
    active_slabs: slabs - freeSlabs,
    num_slabs: slabs,
    objects_per_slab: perSlab,
    cache_order: k.number(cache.at, 'kmem_cache', 'gfporder'),
  };
}
