/**
 * How SLUB comes up: two caches that lie in the kernel's own data make the first slabs, and then objects of themselves.
 *
 *     boot_kmem_cache_node   its first slab holds its own node        boot_kmem_cache   its first object is its own copy
 *
 * Source: Linux 6.1 mm/slub.c: bootstrap(), kmem_cache_init().
 */
import type { KmemCache, KmemCacheNode, Slab } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import {
  list_add,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { kmem_cache_zalloc } from '../../include/linux/slab.h.js';
import { memcpy } from '../../lib/string.js';
import { get_node } from '../slab.h.js';
import { create_boot_cache, create_kmalloc_caches } from '../slab_common/boot.js';
import { setup_kmalloc_cache_index_table } from '../slab_common/kmalloc.js';
import { __flush_cpu_slab } from './deactivate.js';

/** An object of kmem_cache takes the place of a cache in the kernel's data. Left out: lists of full slabs (none is debugged yet). */
function bootstrap(k: Kernel, static_cache: KmemCache): KmemCache {
  const kmem_cache: KmemCache = k.read_ptr(k.globals.kmem_cache);
  const object: VirtAddr = kmem_cache_zalloc(k, kmem_cache, k.GFP_NOWAIT);
  const s: KmemCache = k.cell_at(object);
  memcpy(k, object, k.va_of(static_cache), k.words[kmem_cache + k.kmem_cache.object_size]!);

  // No CPU may have a slab that leads to the old place; those on the list are led to the new one.
  __flush_cpu_slab(k, s, k.cpu);
  const n: KmemCacheNode = get_node(k, s);
  for (
    let p: Slab = list_first_entry(k, n + k.kmem_cache_node.partial, k.slab.slab_list);
    !list_entry_is_head(k, p, n + k.kmem_cache_node.partial, k.slab.slab_list);
    p = list_next_entry(k, p, k.slab.slab_list)
  )
    k.write_ptr(p + k.slab.slab_cache, s);
  list_add(k, s + k.kmem_cache.list, k.globals.slab_caches);
  return s;
}

/**
 * Left out: debug_guardpage_minorder, no_hash_pointers_enable, other nodes, hotplug, random freelists, the line in the log.
 */
export function kmem_cache_init(k: Kernel): void {
  const { boot_kmem_cache, boot_kmem_cache_node } = k.globals;
  k.write_ptr(k.globals.kmem_cache_node, boot_kmem_cache_node);
  k.write_ptr(k.globals.kmem_cache, boot_kmem_cache);
  const nodeSize: number = k.sizeof.kmem_cache_node;
  create_boot_cache(
    k,
    boot_kmem_cache_node,
    k.machine.literal('kmem_cache_node'),
    nodeSize,
    k.SLAB_HWCACHE_ALIGN,
    0,
    0,
  );

  // Nodes can be allocated now.
  k.write(k.globals.slab_state, k.PARTIAL);
  // offsetof(struct kmem_cache, node) and one node.
  const cacheSize: number = (k.kmem_cache.node + k.ptr_words) * 4;
  create_boot_cache(
    k,
    boot_kmem_cache,
    k.machine.literal('kmem_cache'),
    cacheSize,
    k.SLAB_HWCACHE_ALIGN,
    0,
    0,
  );

  k.write_ptr(k.globals.kmem_cache, bootstrap(k, boot_kmem_cache));
  k.write_ptr(k.globals.kmem_cache_node, bootstrap(k, boot_kmem_cache_node));

  setup_kmalloc_cache_index_table(k);
  create_kmalloc_caches(k, 0);
}

/** Left out: the workqueue that flushes CPUs' slabs, whose work is done at once here. */
export function kmem_cache_init_late(): void {
  // Nothing else.
}
