/**
 * struct array_cache: a CPU's stack of free objects of a cache. Objects are taken from its end and put there; the oldest go
 * back to their slabs when it is full.
 *
 *     avail | limit | batchcount | touched | entry[0] ... entry[avail - 1] | stale pointers
 *
 * It lies in per-CPU memory and may straddle frames.
 * Source: Linux 6.1 mm/slab.c: cpu_cache_get(), init_arraycache(), transfer of entries.
 */
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import type { ArrayCache, Int, KmemCache } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';

/** this_cpu_ptr(cachep->cpu_cache) */
export const cpu_cache_get = (k: Kernel, cachep: KmemCache): ArrayCache =>
  per_cpu_ptr(k, cachep + k.kmem_cache.cpu_cache, k.cpu);

export function ac_get(k: Kernel, ac: ArrayCache, member: number): Int {
  const at = k.plus(ac, member);
  return k.words[at]!;
}

export function ac_set(k: Kernel, ac: ArrayCache, member: number, value: Int): void {
  k.write(k.plus(ac, member), value);
}

export const ac_avail = (k: Kernel, ac: ArrayCache): Int => ac_get(k, ac, k.array_cache.avail);

/** &ac->entry[i] */
export const ac_entry = (k: Kernel, ac: ArrayCache, i: Int): Cell =>
  k.plus(ac, k.array_cache.entry + i * k.ptr_words);

/** ac->entry[ac->avail++] = objp */
export function ac_push(k: Kernel, ac: ArrayCache, objp: VirtAddr): void {
  const avail: Int = ac_avail(k, ac);
  ac_set(k, ac, k.array_cache.avail, avail + 1);
  k.write_va(ac_entry(k, ac, avail), objp);
}

/** ac->entry[--ac->avail] */
export function ac_pop(k: Kernel, ac: ArrayCache): VirtAddr {
  const avail: Int = ac_avail(k, ac) - 1;
  ac_set(k, ac, k.array_cache.avail, avail);
  return ac_object(k, ac, avail);
}

/** ac->entry[i] */
export function ac_object(k: Kernel, ac: ArrayCache, i: Int): VirtAddr {
  const at = ac_entry(k, ac, i);
  return k.read_va(at);
}

/** Takes the oldest `nr` entries away and moves the others down. */
export function ac_drop_oldest(k: Kernel, ac: ArrayCache, nr: Int): void {
  const avail: Int = ac_avail(k, ac) - nr;
  ac_set(k, ac, k.array_cache.avail, avail);
  for (let i = 0; i < avail; i++) {
    const objp: VirtAddr = ac_object(k, ac, nr + i);
    k.write_va(ac_entry(k, ac, i), objp);
  }
}

export function init_arraycache(k: Kernel, ac: ArrayCache, limit: Int, batch: Int): void {
  ac_set(k, ac, k.array_cache.avail, 0);
  ac_set(k, ac, k.array_cache.limit, limit);
  ac_set(k, ac, k.array_cache.batchcount, batch);
  ac_set(k, ac, k.array_cache.touched, 0);
}
