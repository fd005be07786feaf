/**
 * Objects for what a program makes the kernel allocate: enough of them that no cache grows, and one of each slab is in use, so that none
 * is given back. When the recorded caches grew, the trace tells.
 */
import {
  compound_head,
  kmem_cache_alloc,
  kmem_cache_free,
  virt_to_page,
} from '../../../engine/entry/functions.js';
import type { Page } from '../../../engine/machine/ctypes.js';
import { NULL } from '../../../engine/machine/ctypes.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { findCache } from '../../../engine/proc/slabCaches.js';

/** By cache, how many objects a program may have at once, with room to spare. */
const SPARE: Readonly<Record<string, number>> = {
  vm_area_struct: 250,
  anon_vma: 150,
  anon_vma_chain: 300,
  maple_node: 120,
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
