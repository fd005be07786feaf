/** Blocks that a request may not take although they are free: its rights decide, by the type of the pageblock. */
import type { AllocFlags, Migratetype, Order } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';

/** Why a request with these rights may not take blocks of a type; undefined when it may. */
export function unusableType(
  k: Kernel,
  mt: Migratetype,
  order: Order,
  alloc_flags: AllocFlags,
): string | undefined {
  switch (mt) {
    case k.MIGRATE_CMA:
      return (alloc_flags & k.ALLOC_CMA) !== 0 ? undefined : 'without __GFP_MOVABLE';
    case k.MIGRATE_HIGHATOMIC: {
      let rights: AllocFlags = k.ALLOC_HIGHATOMIC | k.ALLOC_OOM;
      // rmqueue_buddy() would give one to whoever cannot wait, but above order 0 the watermark test sees none for him.
      if (order === 0 || (alloc_flags & k.ALLOC_NO_WATERMARKS) !== 0) rights |= k.ALLOC_NON_BLOCK;
      return (alloc_flags & rights) !== 0 ? undefined : 'without ALLOC_HIGHATOMIC';
    }
    case k.MIGRATE_ISOLATE:
      return 'while they are isolated';
    default:
      return undefined;
  }
}
