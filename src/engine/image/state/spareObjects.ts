/**
 * Objects for what a program makes the kernel allocate: enough of them that no cache grows, and one of each slab is in use, so that none
 * is given back. When the recorded caches grew, the trace tells.
 */
import {
  compound_head,
  kfree,
  kmalloc,
  kmem_cache_alloc,
  kmem_cache_free,
  virt_to_page,
} from '../../entry/functions.js';
import type { Page } from '../../machine/ctypes.js';
import { NULL } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { PAGE_SIZE } from '../../memory/address.js';
import { findCache } from '../../proc/slabCaches.js';

/** By cache, how many objects a program may have at once, with room to spare. */
const SPARE: Readonly<Record<string, number>> = {
  vm_area_struct: 250,
  anon_vma: 150,
  anon_vma_chain: 300,
  maple_node: 600,
  radix_tree_node: 80,
  mm_struct: 8,
  task_struct: 6,
  pgd_cache: 8,
  shmem_inode_cache: 8,
  dentry: 20,
  filp: 16,
  hugetlbfs_inode_cache: 4,
  khugepaged_mm_slot: 8,
  'kmalloc-32': 20,
  'kmalloc-64': 20,
  'kmalloc-96': 20,
  'kmalloc-128': 20,
  'kmalloc-192': 10,
};

/** What caches and areas are made of. */
export const SPARE_FOR_AREAS = { kmem_cache: 40, kmem_cache_node: 40, vmap_area: 60 };

/** Of each size that kmalloc() has a cache for. */
const NR_OF_SIZE = 24;

export function spareObjects(k: Kernel, wanted: Readonly<Record<string, number>> = SPARE): void {
  for (const [name, nr] of Object.entries(wanted)) {
    const cache = findCache(k, name);
    if (cache === NULL) continue;
    const kept = new Set<Page>();
    const objects = Array.from({ length: nr }, () => kmem_cache_alloc(k, cache, k.GFP_KERNEL));
    for (const object of objects) {
      const slab = object === 0 ? NULL : compound_head(k, virt_to_page(k, object));
      if (slab === NULL) continue;
      if (kept.has(slab)) kmem_cache_free(k, cache, object);
      else kept.add(slab);
    }
  }
}

/** Objects of each size, one of which stays in use, so that no slab of these is given back. */
export function spareSizes(k: Kernel): void {
  for (let bytes = 8; bytes <= 2 * PAGE_SIZE; bytes *= 2)
    for (const size of bytes === 64 || bytes === 128 ? [bytes, bytes * 1.5] : [bytes]) {
      const objects = Array.from({ length: NR_OF_SIZE }, () => kmalloc(k, size, k.GFP_KERNEL));
      for (const [i, object] of objects.entries())
        if (i % 4 !== 0 && object !== 0) kfree(k, object);
    }
}
