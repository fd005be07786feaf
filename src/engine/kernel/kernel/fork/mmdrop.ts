/**
 * The end of an address space's structure, when nobody needs even that any more.
 *
 * Source: Linux 6.1 kernel/fork.c: __mmdrop(); include/linux/sched/mm.h: mmdrop().
 */
import type { Int, KmemCache, MmStruct } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { pgd_free } from '../../arch/x86/mm/pgtable/pgtable.js';
import { kmem_cache_free } from '../../include/linux/slab.h.js';

export const mmCache = (k: Kernel): KmemCache => k.read_ptr(k.globals.mm_cachep);

/** The last reference frees the structure. Left out: exit's accounting, check_mm. */
function __mmdrop(k: Kernel, mm: MmStruct): void {
  pgd_free(k, mm, k.read_ptr(k.plus(mm, k.mm_struct.pgd)));
  kmem_cache_free(k, mmCache(k), k.va_of(mm));
}

export function mmdrop(k: Kernel, mm: MmStruct): void {
  const mm_count = k.plus(mm, k.mm_struct.mm_count);
  const count: Int = k.read_int(mm_count) - 1;
  k.write(mm_count, count);
  if (count === 0) __mmdrop(k, mm);
}
