/**
 * SLUB: what mm/slub.c gives to the rest of the kernel. Slabs carry their free objects as a list through the objects; a CPU
 * allocates from a slab of its own, without a lock.
 *
 *     freelist.ts           the words of slabs, objects and CPUs
 *     allocate_slab.ts      slabs from and to the page allocator
 *     node_list.ts          n->partial
 *     partial.ts            what CPUs take from it
 *     cpu_partial.ts        c->partial
 *     deactivate.ts         what CPUs give back
 *     alloc.ts free.ts bulk.ts out_of_memory.ts
 *     calculate_sizes.ts calculate_order.ts cache.ts shrink.ts sysfs.ts slab_attrs.ts debugfs.ts init.ts
 *     object_layout.ts check_object.ts object_report.ts debug_processing.ts validate.ts     debug caches
 *
 * Source: Linux 6.1 mm/slub.c, as built without NUMA, memcg, KASAN and random or hardened freelists.
 */
import { linkSlabAllocator } from '../../include/linux/slab.h.js';
import { __kmem_cache_alloc_node, kmem_cache_alloc } from './alloc.js';
import { kmem_cache_alloc_bulk, kmem_cache_free_bulk } from './bulk.js';
import { __kmem_cache_alias, __kmem_cache_create, __kmem_cache_release } from './cache.js';
import { __kmem_cache_free, kmem_cache_free } from './free.js';
import { kmem_cache_init, kmem_cache_init_late } from './init.js';
import { __kmem_cache_shrink, __kmem_cache_shutdown } from './shrink.js';
import { debugfs_slab_release } from './debugfs.js';
import { slab_sysfs_init, sysfs_slab_release, sysfs_slab_unlink } from './sysfs.js';

linkSlabAllocator('CONFIG_SLUB', {
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
  slab_sysfs_init,
  sysfs_slab_unlink,
  sysfs_slab_release,
  debugfs_slab_release,
});
