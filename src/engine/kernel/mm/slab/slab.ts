/**
 * SLAB, the older of the two slab allocators: objects go through a CPU's array; slabs stand on three lists of the node.
 *
 *     alloc   array, refilled at once with a batch   <-  slabs_partial  <-  slabs_free  <-  a new slab
 *     free    array, whose oldest batch goes to      ->  slabs_partial (tail) or slabs_free (head)
 *
 *     array_cache.ts          a CPU's array
 *     slab_mgmt.ts            a slab from inside
 *     grow.ts                 slabs from and to the page allocator and the lists
 *     alloc.ts free.ts        objects
 *     order.ts create.ts cpucache.ts    caches
 *     init.ts                 how it comes up
 *
 * Source: Linux 6.1 mm/slab.c, as built without NUMA, DEBUG_SLAB and random or hardened freelists.
 */
import { linkSlabAllocator } from '../../include/linux/slab.h.js';
import { __kmem_cache_alloc_node, kmem_cache_alloc, kmem_cache_alloc_bulk } from './alloc.js';
import { __kmem_cache_release } from './cpucache.js';
import { __kmem_cache_alias, __kmem_cache_create } from './create.js';
import { kmem_cache_init, kmem_cache_init_late } from './init.js';
import {
  __kmem_cache_free,
  __kmem_cache_shrink,
  __kmem_cache_shutdown,
  kmem_cache_free,
  kmem_cache_free_bulk,
} from './free.js';

linkSlabAllocator('CONFIG_SLAB', {
  kmem_cache_alloc,
  kmem_cache_free,
  kmem_cache_alloc_bulk,
  kmem_cache_free_bulk,
  __kmem_cache_alloc_node,
  __kmem_cache_free,
  __kmem_cache_create,
  __kmem_cache_alias,
  __kmem_cache_shrink,
  __kmem_cache_shutdown,
  __kmem_cache_release,
  kmem_cache_init,
  kmem_cache_init_late,
});
