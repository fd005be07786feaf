/**
 * The first caches, which boot makes: without merging, without copies of their names, and before kmalloc() works.
 *
 *     kmalloc_caches[type][index]     index 1: 96 bytes, 2: 192, else the logarithm of the size
 *
 * Source: Linux 6.1 mm/slab_common.c: create_boot_cache() to create_kmalloc_cache(), new_kmalloc_cache(), create_kmalloc_caches().
 */
import { type Int, type KmemCache, NULL, type SlabFlags } from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell, type VirtAddr } from '../../../memory/address.js';
import { list_add } from '../../include/linux/list.h.js';
import { is_power_of_2 } from '../../include/linux/log2.h.js';
import { kmem_cache_zalloc, SLAB_KMALLOC, slabAllocator } from '../../include/linux/slab.h.js';
import { stringAt } from '../../lib/string.js';
import { calculate_alignment } from './merge.js';

/** Works out a cache whose object is there already. A kernel without its first caches cannot go on. */
export function create_boot_cache(
  k: Kernel,
  s: KmemCache,
  name: VirtAddr,
  size: Int,
  flags: SlabFlags,
  useroffset: Int,
  usersize: Int,
): void {
  let align: Int = k.ARCH_KMALLOC_MINALIGN;
  k.write_va(s + k.kmem_cache.name, name);
  k.write(s + k.kmem_cache.size, size);
  k.write(s + k.kmem_cache.object_size, size);

  // kmalloc() promises that an object of such a size does not straddle what is as large.
  if (is_power_of_2(size)) align = Math.max(align, size);
  k.write(s + k.kmem_cache.align, calculate_alignment(k, flags, align, size));
  k.write(s + k.kmem_cache.useroffset, useroffset);
  k.write(s + k.kmem_cache.usersize, usersize);

  const err: Int = slabAllocator(k).__kmem_cache_create(k, s, flags);
  if (err !== 0) {
    const text = `Creation of kmalloc slab ${stringAt(k, name)} size=${size} failed. Reason ${err}`;
    throw new KernelFault(`Kernel panic - not syncing: ${text}`);
  }
  // Nothing is merged with it, for now.
  k.write(s + k.kmem_cache.refcount, -1);
}

export function create_kmalloc_cache(
  k: Kernel,
  name: VirtAddr,
  size: Int,
  flags: SlabFlags,
  useroffset: Int,
  usersize: Int,
): KmemCache {
  const object: VirtAddr = kmem_cache_zalloc(k, k.read_ptr(k.globals.kmem_cache), k.GFP_NOWAIT);
  if (object === 0) {
    const text = `Out of memory when creating slab ${stringAt(k, name)}`;
    throw new KernelFault(`Kernel panic - not syncing: ${text}`);
  }
  const s: KmemCache = k.cell_at(object);
  create_boot_cache(k, s, name, size, flags | SLAB_KMALLOC, useroffset, usersize);
  list_add(k, s + k.kmem_cache.list, k.globals.slab_caches);
  k.write(s + k.kmem_cache.refcount, 1);
  return s;
}

/** &kmalloc_info[idx] */
const kmallocInfoAt = (k: Kernel, idx: Int): Cell =>
  k.plus(k.globals.kmalloc_info, idx * k.stride.kmalloc_info_struct);

export const kmallocInfoSize = (k: Kernel, idx: Int): Int =>
  k.words[k.plus(kmallocInfoAt(k, idx), k.kmalloc_info_struct.size)]!;

export const kmallocInfoName = (k: Kernel, idx: Int, type: Int): VirtAddr =>
  k.read_va(k.plus(kmallocInfoAt(k, idx), k.kmalloc_info_struct.name + type * k.ptr_words));

/** &kmalloc_caches[type][idx] */
export const kmallocCacheAt = (k: Kernel, type: Int, idx: Int): Cell =>
  asCell(k.globals.kmalloc_caches + (type * (k.KMALLOC_SHIFT_HIGH + 1) + idx) * k.ptr_words);

/** Left out: KMALLOC_CGROUP (memcg). */
function new_kmalloc_cache(k: Kernel, idx: Int, type: Int, flags: SlabFlags): void {
  if (type === k.KMALLOC_RECLAIM) flags |= k.SLAB_RECLAIM_ACCOUNT;
  else if (type === k.KMALLOC_DMA) flags |= k.SLAB_CACHE_DMA;

  const name: VirtAddr = kmallocInfoName(k, idx, type);
  const size: Int = kmallocInfoSize(k, idx);
  k.write_ptr(kmallocCacheAt(k, type, idx), create_kmalloc_cache(k, name, size, flags, 0, size));
}

/** All that are not there yet; kmalloc() works from here on. */
export function create_kmalloc_caches(k: Kernel, flags: SlabFlags): void {
  const missing = (type: Int, idx: Int): boolean =>
    k.read_ptr(kmallocCacheAt(k, type, idx)) === NULL;
  for (let type: Int = k.KMALLOC_NORMAL; type < k.NR_KMALLOC_TYPES; type++) {
    for (let i: Int = k.KMALLOC_SHIFT_LOW; i <= k.KMALLOC_SHIFT_HIGH; i++) {
      if (missing(type, i)) new_kmalloc_cache(k, i, type, flags);
      // Right behind the power of two that is below: those after it may need them already.
      if (k.KMALLOC_MIN_SIZE <= 32 && i === 6 && missing(type, 1))
        new_kmalloc_cache(k, 1, type, flags);
      if (k.KMALLOC_MIN_SIZE <= 64 && i === 7 && missing(type, 2))
        new_kmalloc_cache(k, 2, type, flags);
    }
  }
  k.write(k.globals.slab_state, k.UP);
}
