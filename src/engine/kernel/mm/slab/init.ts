/**
 * How SLAB comes up: the cache for caches lies in the kernel's own data for good; its node, and that of the cache which nodes come
 * from, lie there until kmalloc() works.
 *
 *     slab_state    DOWN ─ kmem_cache ─> PARTIAL ─ the cache for nodes ─> PARTIAL_NODE ─ all sizes ─> UP ─ long arrays ─> FULL
 *
 * Source: Linux 6.1 mm/slab.c: MAKE_LIST(), init_list(), kmem_cache_init(), kmem_cache_init_late().
 */
import type { Int, KmemCache, KmemCacheNode, ListHead } from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
  list_splice,
} from '../../include/linux/list.h.js';
import { totalram_pages } from '../../include/linux/mm.h.js';
import { kmalloc_index } from '../../include/linux/slab.h.js';
import { memcpy, readByte } from '../../lib/string.js';
import { get_node } from '../slab.h.js';
import {
  create_boot_cache,
  create_kmalloc_cache,
  create_kmalloc_caches,
  kmallocCacheAt,
  kmallocInfoName,
  kmallocInfoSize,
} from '../slab_common/boot.js';
import { kmalloc, setup_kmalloc_cache_index_table } from '../slab_common/kmalloc.js';
import { CACHE_CACHE, enable_cpucache, kmem_cache_node_init, SIZE_NODE } from './cpucache.js';

/** Larger slabs than one page: of machines with more memory than this. */
const SMALL_MACHINE_PAGES = (32 << 20) >> 12;
const SLAB_MAX_ORDER_HI = 1;
/** For init_kmem_cache_node[]: one node. */
const NUM_INIT_LISTS = 2;

/** slab_max_order_set: a byte. */
const slabMaxOrderSet = (k: Kernel): boolean => {
  const at = k.profile.symbol('slab_max_order_set')?.address;
  return at !== undefined && readByte(k, at) !== 0;
};

const ARCH_KMALLOC_FLAGS = (k: Kernel): Int => k.SLAB_HWCACHE_ALIGN;

/** A list moves to the node's copy. */
function MAKE_LIST(k: Kernel, listp: ListHead, old: ListHead): void {
  INIT_LIST_HEAD(k, listp);
  list_splice(k, old, listp);
}

/** Gives a cache a node of its own for the one in the kernel's data. */
function init_list(k: Kernel, cachep: KmemCache, list: KmemCacheNode): void {
  const object: VirtAddr = kmalloc(k, k.sizeof.kmem_cache_node, k.GFP_NOWAIT);
  if (object === 0) throw new KernelFault('kernel BUG at mm/slab.c: init_list()');
  memcpy(k, object, k.va_of(list), k.sizeof.kmem_cache_node);

  // MAKE_ALL_LISTS()
  const ptr: KmemCacheNode = k.cell_at(object);
  const node: KmemCacheNode = get_node(k, cachep);
  MAKE_LIST(k, ptr + k.kmem_cache_node.slabs_full, node + k.kmem_cache_node.slabs_full);
  MAKE_LIST(k, ptr + k.kmem_cache_node.slabs_partial, node + k.kmem_cache_node.slabs_partial);
  MAKE_LIST(k, ptr + k.kmem_cache_node.slabs_free, node + k.kmem_cache_node.slabs_free);
  k.write_ptr(cachep + k.kmem_cache.node, ptr);
}

/** Left out: other nodes. */
export function kmem_cache_init(k: Kernel): void {
  const { init_kmem_cache_node, kmem_cache_boot } = k.globals;
  k.write_ptr(k.globals.kmem_cache, kmem_cache_boot);
  // One node: no objects of others.
  k.write(k.globals.use_alien_caches, 0);
  for (let i: Int = 0; i < NUM_INIT_LISTS; i++)
    kmem_cache_node_init(k, k.plus(init_kmem_cache_node, i * k.stride.kmem_cache_node));

  if (!slabMaxOrderSet(k) && totalram_pages(k) > SMALL_MACHINE_PAGES)
    k.write(k.globals.slab_max_order, SLAB_MAX_ORDER_HI);

  // 1) kmem_cache: offsetof(struct kmem_cache, node) and one node.
  const cacheSize: Int = (k.kmem_cache.node + k.ptr_words) * 4;
  const flags: Int = k.SLAB_HWCACHE_ALIGN;
  create_boot_cache(k, kmem_cache_boot, k.machine.literal('kmem_cache'), cacheSize, flags, 0, 0);
  list_add(k, kmem_cache_boot + k.kmem_cache.list, k.globals.slab_caches);
  k.write(k.globals.slab_state, k.PARTIAL);

  // 2) The cache that nodes come from: without it no other can be made.
  const INDEX_NODE: Int = kmalloc_index(k, k.sizeof.kmem_cache_node);
  const name: VirtAddr = kmallocInfoName(k, INDEX_NODE, k.KMALLOC_NORMAL);
  const size: Int = kmallocInfoSize(k, INDEX_NODE);
  const cachep: KmemCache = create_kmalloc_cache(k, name, size, ARCH_KMALLOC_FLAGS(k), 0, size);
  k.write_ptr(kmallocCacheAt(k, k.KMALLOC_NORMAL, INDEX_NODE), cachep);
  k.write(k.globals.slab_state, k.PARTIAL_NODE);
  setup_kmalloc_cache_index_table(k);

  // 5) Their nodes become objects.
  init_list(k, kmem_cache_boot, k.plus(init_kmem_cache_node, CACHE_CACHE));
  init_list(k, cachep, k.plus(init_kmem_cache_node, SIZE_NODE * k.stride.kmem_cache_node));

  // 3) All other sizes.
  create_kmalloc_caches(k, ARCH_KMALLOC_FLAGS(k));
}

/** 6) Arrays as long as they are to be, for all caches that there are. */
export function kmem_cache_init_late(k: Kernel): void {
  for (
    let cachep: KmemCache = list_first_entry(k, k.globals.slab_caches, k.kmem_cache.list);
    !list_entry_is_head(k, cachep, k.globals.slab_caches, k.kmem_cache.list);
    cachep = list_next_entry(k, cachep, k.kmem_cache.list)
  )
    if (enable_cpucache(k, cachep, k.GFP_NOWAIT) !== 0)
      throw new KernelFault('kernel BUG at mm/slab.c: kmem_cache_init_late()');
  k.write(k.globals.slab_state, k.FULL);
}
