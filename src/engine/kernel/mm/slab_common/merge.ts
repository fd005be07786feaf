/**
 * Caches that are alike enough become one, unless the command line has `slab_nomerge`.
 *
 * Source: Linux 6.1 mm/slab_common.c: calculate_alignment(), slab_unmergeable(), find_mergeable().
 */
import { type Int, type KmemCache, NULL, type SlabFlags } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { cache_line_size } from '../../arch/x86/include/asm/cache.h.js';
import { ALIGN } from '../../include/linux/align.h.js';
import {
  list_entry_is_head,
  list_last_entry,
  list_prev_entry,
} from '../../include/linux/list.h.js';
import { SLAB_CACHE_DMA32, SLAB_TRACE } from '../../include/linux/slab.h.js';
import { readByte } from '../../lib/string.js';
import { kmem_cache_flags } from '../slub/slub_debug.js';

/** Caches with one of these never become one with another. Left out: SLAB_FAILSLAB, kasan. */
const SLAB_NEVER_MERGE = (k: Kernel): SlabFlags =>
  k.SLAB_RED_ZONE |
  k.SLAB_POISON |
  k.SLAB_STORE_USER |
  SLAB_TRACE |
  k.SLAB_TYPESAFE_BY_RCU |
  k.SLAB_NOLEAKTRACE;

/** What two caches must agree in to be one. */
const SLAB_MERGE_SAME = (k: Kernel): SlabFlags =>
  k.SLAB_RECLAIM_ACCOUNT | k.SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | k.SLAB_ACCOUNT;

/** The variable of the command line: a byte. */
const slabNomerge = (k: Kernel): boolean => {
  const address = k.profile.symbol('slab_nomerge')?.address;
  return address !== undefined && readByte(k, address) !== 0;
};

/** The alignment of a cache's objects: at least what was asked for. */
export function calculate_alignment(k: Kernel, flags: SlabFlags, align: Int, size: Int): Int {
  // Whole cache lines where that was asked for. Small objects share one, but none lies in two.
  if ((flags & k.SLAB_HWCACHE_ALIGN) !== 0) {
    let ralign: Int = cache_line_size(k);
    while (size <= ralign / 2) ralign /= 2;
    align = Math.max(align, ralign);
  }
  align = Math.max(align, k.ARCH_SLAB_MINALIGN);
  return ALIGN(align, k.ptr_words * 4);
}

/** Whether a cache must stay alone. */
export function slab_unmergeable(k: Kernel, s: KmemCache): boolean {
  if (slabNomerge(k) || (k.words[s + k.kmem_cache.flags]! & SLAB_NEVER_MERGE(k)) !== 0) return true;
  // Constructed objects are not another cache's, nor those that user space may copy parts of.
  if (k.read_va(s + k.kmem_cache.ctor) !== 0) return true;
  if (k.words[s + k.kmem_cache.usersize] !== 0) return true;
  // The caches of the allocator itself, from which boot kept others away.
  return k.words[s + k.kmem_cache.refcount]! < 0;
}

/** The oldest cache that serves for such objects as well; NULL when there is none. */
export function find_mergeable(
  k: Kernel,
  size: Int,
  align: Int,
  flags: SlabFlags,
  name: string | VirtAddr,
  ctor: VirtAddr,
): KmemCache {
  const word_bytes: Int = k.ptr_words * 4;
  if (slabNomerge(k)) return NULL;
  if (ctor !== 0) return NULL;

  size = ALIGN(size, word_bytes);
  align = calculate_alignment(k, flags, align, size);
  size = ALIGN(size, align);
  // SLAB has no slub_debug.
  if (k.CONFIG_SLAB === 0) flags = kmem_cache_flags(k, flags, name);
  if ((flags & SLAB_NEVER_MERGE(k)) !== 0) return NULL;

  for (
    let s: KmemCache = list_last_entry(k, k.globals.slab_caches, k.kmem_cache.list);
    !list_entry_is_head(k, s, k.globals.slab_caches, k.kmem_cache.list);
    s = list_prev_entry(k, s, k.kmem_cache.list)
  ) {
    if (slab_unmergeable(k, s)) continue;
    if (size > k.words[s + k.kmem_cache.size]!) continue;
    if (((flags ^ k.words[s + k.kmem_cache.flags]!) & SLAB_MERGE_SAME(k)) !== 0) continue;
    // Every object of it must be aligned as ours have to be.
    if (k.words[s + k.kmem_cache.size]! % align !== 0) continue;
    // A word or more would be lost with each object.
    if (k.words[s + k.kmem_cache.size]! - size >= word_bytes) continue;

    // SLAB keeps to what the cache was made with; SLUB's size tells as much.
    const s_align: Int = k.words[s + k.kmem_cache.align]!;
    if (k.CONFIG_SLAB !== 0 && align !== 0 && (align > s_align || s_align % align !== 0)) continue;
    return s;
  }
  return NULL;
}
