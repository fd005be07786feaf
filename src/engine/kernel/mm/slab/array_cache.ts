/**
 * struct array_cache: a CPU's stack of free objects of a cache. Objects are taken from its end and put there; the oldest go
 * back to their slabs when it is full.
 *
 *     avail | limit | batchcount | touched | entry[0] ... entry[avail - 1] | stale pointers
 *
 * It lies in per-CPU memory and may straddle frames.
 * Source: Linux 6.1 mm/slab.c: init_arraycache(), cpu_cache_get(), __free_one(); the memmove() of cache_flusharray().
 */
import type { ArrayCache, Int, KmemCache } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';
import { raw_cpu_ptr } from '../../include/linux/percpu-defs.h.js';

/** this_cpu_ptr(cachep->cpu_cache) */
export const cpu_cache_get = (k: Kernel, cachep: KmemCache): ArrayCache =>
  raw_cpu_ptr(k, cachep + k.kmem_cache.cpu_cache);

/** &ac->entry[i] */
export const entryAt = (k: Kernel, ac: ArrayCache, i: Int): Cell =>
  k.plus(ac, k.array_cache.entry + i * k.ptr_words);

export function init_arraycache(k: Kernel, ac: ArrayCache, limit: Int, batch: Int): void {
  k.write(k.plus(ac, k.array_cache.avail), 0);
  k.write(k.plus(ac, k.array_cache.limit), limit);
  k.write(k.plus(ac, k.array_cache.batchcount), batch);
  k.write(k.plus(ac, k.array_cache.touched), 0);
}

/** ac->entry[ac->avail++] = objp. Left out: the check that it is not full. */
export function __free_one(k: Kernel, ac: ArrayCache, objp: VirtAddr): void {
  const avail: Int = k.words[k.plus(ac, k.array_cache.avail)]!;
  k.write(k.plus(ac, k.array_cache.avail), avail + 1);
  k.write_va(entryAt(k, ac, avail), objp);
}

/** ac->entry[--ac->avail] */
export const takeLast = (k: Kernel, ac: ArrayCache): VirtAddr => {
  const avail: Int = k.words[k.plus(ac, k.array_cache.avail)]! - 1;
  k.write(k.plus(ac, k.array_cache.avail), avail);
  return k.read_va(entryAt(k, ac, avail));
};

/** memmove(ac->entry, &ac->entry[nr], sizeof(void *) * ac->avail) */
export const moveDown = (k: Kernel, ac: ArrayCache, nr: Int): void => {
  for (let i: Int = 0; i < k.words[k.plus(ac, k.array_cache.avail)]!; i++) {
    k.watchdog(i);
    k.write_va(entryAt(k, ac, i), k.read_va(entryAt(k, ac, nr + i)));
  }
};
