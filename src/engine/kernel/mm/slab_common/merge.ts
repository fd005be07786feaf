/**
 * Caches that are alike enough become one, unless the command line has `slab_nomerge`.
 *
 * Source: Linux 6.1 mm/slab_common.c: find_mergeable(), slab_unmergeable().
 */
import {
  type Int,
  type KmemCache,
  type ListHead,
  NULL,
  type SlabFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { list_last } from '../../include/linux/list.h.js';
import { SLAB_MERGE_SAME, SLAB_NEVER_MERGE } from '../../include/linux/slab.h.js';
import { read_byte } from '../../lib/string.js';
import { calculate_alignment } from './slab_common.js';

/** From the command line. */
function slab_nomerge(k: Kernel): boolean {
  const address = k.profile.symbol('slab_nomerge')?.address;
  return address !== undefined && read_byte(k, address) !== 0;
}

export function slab_unmergeable(k: Kernel, s: KmemCache): boolean {
  if (slab_nomerge(k)) return true;
  const flags = k.kmem_cache.flags;
  const ctor = k.kmem_cache.ctor;
  const usersize = k.kmem_cache.usersize;
  const refcount = k.kmem_cache.refcount;
  if ((k.words[s + flags]! & SLAB_NEVER_MERGE(k)) !== 0) return true;
  if (k.read_va(s + ctor) !== 0 || k.words[s + usersize] !== 0) return true;
  // Caches of the allocator itself.
  return k.words[s + refcount]! < 0;
}

/** The oldest cache that serves for such objects as well; NULL when there is none. */
export function find_mergeable(
  k: Kernel,
  size: Int,
  align: Int,
  flags: SlabFlags,
  ctor: VirtAddr,
): KmemCache {
  const word_bytes: Int = k.ptr_words * 4;
  if (slab_nomerge(k) || ctor !== 0) return NULL;
  size = ALIGN(size, word_bytes);
  align = calculate_alignment(k, flags, align, size);
  size = ALIGN(size, align);
  if ((flags & SLAB_NEVER_MERGE(k)) !== 0) return NULL;

  const head: ListHead = k.globals.slab_caches;
  for (let entry = list_last(k, head); entry !== head; entry = list_last(k, entry)) {
    const s = (entry - k.kmem_cache.list) as KmemCache;
    if (slab_unmergeable(k, s)) continue;
    const s_size: Int = k.words[s + k.kmem_cache.size]!;
    if (size > s_size) continue;
    if (((flags ^ k.words[s + k.kmem_cache.flags]!) & SLAB_MERGE_SAME(k)) !== 0) continue;
    if (s_size % align !== 0) continue;
    if (s_size - size >= word_bytes) continue;
    const s_align: Int = k.words[s + k.kmem_cache.align]!;
    if (k.CONFIG_SLAB !== 0 && (align > s_align || s_align % align !== 0)) continue;
    return s;
  }
  return NULL;
}
