/**
 * What users of the slab allocator see: flags of a cache, and the functions that mm/slab.c and mm/slub.c both define.
 *
 * Which of the two a kernel has, its build decides: the linker there, {@link linkSlabAllocator} here. So this header needs neither,
 * and either may call what needs objects itself (kmalloc(), kernfs).
 *
 * An object's address is a VirtAddr (0 is NULL): objects have any alignment. A cache is a cell like all kernel pointers here.
 * Source: Linux 6.1 include/linux/slab.h. kmalloc() and kzalloc() are in mm/slab_common.c's room.
 */
import type { Gfp, Int, KmemCache, SlabFlags, UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type Cell, type VirtAddr } from '../../../memory/address.js';
import { order_base_2 } from './log2.h.js';

// --- flags of a cache --------------------------------------------------------------------------------------------------

/** Flags that no profile has, for no header that was recorded names them. */
export const SLAB_KMALLOC: SlabFlags = 0x1000;
export const SLAB_CACHE_DMA32: SlabFlags = 0x8000;
export const SLAB_TRACE: SlabFlags = 0x200000;
export const SLAB_NO_USER_FLAGS: SlabFlags = 0x10000000;

// --- addresses ---------------------------------------------------------------------------------------------------------

/** What kmalloc(0) returns: an address that must not be followed. */
export const ZERO_SIZE_PTR = asVirt(16);

export const ZERO_OR_NULL_PTR = (x: VirtAddr): boolean => x >= 0 && x <= ZERO_SIZE_PTR;

// --- kmalloc -----------------------------------------------------------------------------------------------------------

/** Two pages: beyond that, memory comes from the page allocator. */
export const KMALLOC_MAX_CACHE_SIZE = 2 * PAGE_SIZE;

/** The kmalloc caches for memory of a kind: DMA wins over reclaimable. Left out: KMALLOC_CGROUP (memcg). */
export function kmalloc_type(k: Kernel, flags: Gfp): Int {
  // Most requests want neither: one test finds that out.
  if ((flags & (k.__GFP_DMA | k.__GFP_RECLAIMABLE)) === 0) return k.KMALLOC_NORMAL;
  if ((flags & k.__GFP_DMA) !== 0) return k.KMALLOC_DMA;
  return k.KMALLOC_RECLAIM;
}

/** The index of a size in kmalloc_caches[]. */
export function kmalloc_index(k: Kernel, size: Int): Int {
  if (size === 0) return 0;
  if (size <= k.KMALLOC_MIN_SIZE) return k.KMALLOC_SHIFT_LOW;
  if (k.KMALLOC_MIN_SIZE <= 32 && size > 64 && size <= 96) return 1;
  if (k.KMALLOC_MIN_SIZE <= 64 && size > 128 && size <= 192) return 2;
  return Math.max(3, order_base_2(size));
}

// --- the two allocators ------------------------------------------------------------------------------------------------

/** What mm/slab.c and mm/slub.c each have their own of. */
export interface SlabAllocator {
  readonly kmem_cache_alloc: (k: Kernel, s: KmemCache, flags: Gfp) => VirtAddr;
  readonly kmem_cache_free: (k: Kernel, s: KmemCache, x: VirtAddr) => void;
  readonly kmem_cache_alloc_bulk: (
    k: Kernel,
    s: KmemCache,
    flags: Gfp,
    size: Int,
    p: VirtAddr[],
  ) => Int;
  readonly kmem_cache_free_bulk: (k: Kernel, s: KmemCache, size: Int, p: VirtAddr[]) => void;
  readonly __kmem_cache_alloc_node: (
    k: Kernel,
    s: KmemCache,
    flags: Gfp,
    orig_size: UInt,
    caller: VirtAddr,
  ) => VirtAddr;
  readonly __kmem_cache_free: (k: Kernel, s: KmemCache, x: VirtAddr, caller: VirtAddr) => void;
  readonly __kmem_cache_create: (k: Kernel, s: KmemCache, flags: SlabFlags) => Int;
  readonly __kmem_cache_alias: (
    k: Kernel,
    name: string | VirtAddr,
    size: Int,
    align: Int,
    flags: SlabFlags,
    ctor: VirtAddr,
  ) => KmemCache;
  readonly __kmem_cache_shrink: (k: Kernel, s: KmemCache) => Int;
  readonly __kmem_cache_shutdown: (k: Kernel, s: KmemCache) => Int;
  readonly __kmem_cache_release: (k: Kernel, s: KmemCache) => void;
  readonly kmem_cache_init: (k: Kernel) => void;
  readonly kmem_cache_init_late: (k: Kernel) => void;
  /** SLAB_SUPPORTS_SYSFS: SLUB only. */
  readonly slab_sysfs_init?: (k: Kernel) => void;
  readonly sysfs_slab_unlink?: (k: Kernel, s: KmemCache) => void;
  readonly sysfs_slab_release?: (k: Kernel, s: KmemCache) => void;
  readonly debugfs_slab_release?: (k: Kernel, s: KmemCache) => void;
}

const linked: Partial<Record<'CONFIG_SLAB' | 'CONFIG_SLUB', SlabAllocator>> = {};

/** Called by mm/slab.c and mm/slub.c when they are loaded. */
export const linkSlabAllocator = (
  option: 'CONFIG_SLAB' | 'CONFIG_SLUB',
  allocator: SlabAllocator,
): void => void (linked[option] = allocator);

/** The allocator that this build was configured with. */
export const slabAllocator = (k: Kernel): SlabAllocator => {
  const allocator = k.CONFIG_SLAB !== 0 ? linked.CONFIG_SLAB : linked.CONFIG_SLUB;
  if (allocator === undefined) throw new Error('no slab allocator is linked into this program');
  return allocator;
};

export const kmem_cache_init = (k: Kernel): void => slabAllocator(k).kmem_cache_init(k);

export const kmem_cache_init_late = (k: Kernel): void => slabAllocator(k).kmem_cache_init_late(k);

export const kmem_cache_alloc = (k: Kernel, s: KmemCache, flags: Gfp): VirtAddr =>
  slabAllocator(k).kmem_cache_alloc(k, s, flags);

export const kmem_cache_free = (k: Kernel, s: KmemCache, x: VirtAddr): void =>
  slabAllocator(k).kmem_cache_free(k, s, x);

/** Fills `p` with `size` objects, or with none: how many. */
export const kmem_cache_alloc_bulk = (
  k: Kernel,
  s: KmemCache,
  flags: Gfp,
  size: Int,
  p: VirtAddr[],
): Int => slabAllocator(k).kmem_cache_alloc_bulk(k, s, flags, size, p);

/** May change the order of what is in `p`. */
export const kmem_cache_free_bulk = (k: Kernel, s: KmemCache, size: Int, p: VirtAddr[]): void =>
  slabAllocator(k).kmem_cache_free_bulk(k, s, size, p);

export function kmem_cache_zalloc(k: Kernel, s: KmemCache, flags: Gfp): VirtAddr {
  return kmem_cache_alloc(k, s, flags | k.__GFP_ZERO);
}

// --- constructors ------------------------------------------------------------------------------------------------------

type Constructor = (k: Kernel, object: Cell) => void;
const constructors = new Map<string, Constructor>();

/** A function whose address a cache's `ctor` may hold, by its symbol. Others are run by who offers them, or do nothing. */
export const linkConstructor = (symbol: string, ctor: Constructor): void =>
  void constructors.set(symbol, ctor);

/** s->ctor(object) */
export const callConstructor = (k: Kernel, s: KmemCache, object: VirtAddr): void => {
  const address = k.read_va(s + k.kmem_cache.ctor);
  for (const [symbol, ctor] of constructors)
    if (k.profile.symbol(symbol)?.address === address) {
      ctor(k, k.cell_at(object));
      return;
    }
  k.callOut?.(address, [object]);
};
