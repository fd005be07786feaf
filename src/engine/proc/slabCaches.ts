/**
 * The caches of the slab allocator by their names, as /proc/slabinfo lists them.
 */
import { stringAt } from '../kernel/lib/string.js';
import { slab_is_available } from '../kernel/mm/slab_common/slab_common.js';
import { list_entry } from '../kernel/include/linux/list.h.js';
import { type KmemCache, type ListHead, NULL } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';

/** Every cache, newest first; none before the allocator is set up. */
export function* slabCaches(k: Kernel): Generator<KmemCache> {
  if (!slab_is_available(k)) return;
  const head: ListHead = k.globals.slab_caches;
  for (let pos: ListHead = k.read_ptr(head); pos !== head; pos = k.read_ptr(pos))
    yield list_entry(k, pos, k.kmem_cache.list);
}

export const cacheName = (k: Kernel, s: KmemCache): string =>
  stringAt(k, k.read_va(s + k.kmem_cache.name));

/** The cache of a name; NULL when there is none. */
export function findCache(k: Kernel, name: string): KmemCache {
  for (const s of slabCaches(k)) if (cacheName(k, s) === name) return s;
  return NULL;
}
