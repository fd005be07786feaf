/**
 * Many objects at once.
 *
 * Source: Linux 6.1 mm/slub.c: build_detached_freelist(), kmem_cache_free_bulk(), kmem_cache_alloc_bulk().
 */
import type {
  Gfp,
  Int,
  KmemCache,
  KmemCacheCpu,
  Slab,
  UInt,
  ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { retIp } from '../../include/linux/instruction_pointer.h.js';
import { raw_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { slab_post_alloc_hook, slab_want_init_on_alloc, virt_to_slab } from '../slab.h.js';
import { cache_from_obj } from '../slab_common/cache_from_obj.js';
import { ___slab_alloc } from './alloc.js';
import { slab_free } from './free.js';
import { get_freepointer, next_tid, set_freepointer } from './freelist.js';

/** struct detached_freelist: objects of one slab, as a chain. */
interface DetachedFreelist {
  slab: Slab;
  tail: VirtAddr;
  freelist: VirtAddr;
  cnt: Int;
  s: KmemCache;
}

/**
 * Takes the array's last object and those before it that are of the same slab, so that they can be freed as one. How many are
 * left in the array. Left out: objects of any cache (kfree_bulk), kfence.
 */
function build_detached_freelist(
  k: Kernel,
  s: KmemCache,
  size: Int,
  p: VirtAddr[],
  df: DetachedFreelist,
): Int {
  // The search passes over so few objects of other slabs: it shall not cost more than it saves.
  let lookahead: Int = 3;
  let object: VirtAddr = p[--size]!;
  df.slab = virt_to_slab(k, object);
  df.s = cache_from_obj(k, s, object);
  df.tail = object;
  df.freelist = object;
  df.cnt = 1;
  // The chain grows at its head: this object stays the last one.
  set_freepointer(k, df.s, object, asVirt(0));

  let same: Int = size;
  while (size !== 0) {
    object = p[--size]!;
    if (df.slab === virt_to_slab(k, object)) {
      set_freepointer(k, df.s, object, df.freelist);
      df.freelist = object;
      df.cnt++;
      same--;
      // The one that was passed over takes its place: what is left stays in one piece.
      if (size !== same) [p[size], p[same]] = [p[same]!, p[size]!];
      continue;
    }
    if (--lookahead === 0) break;
  }
  return same;
}

/** Frees an array of objects, which is reordered: those of one slab go together. */
export function kmem_cache_free_bulk(k: Kernel, s: KmemCache, size: Int, p: VirtAddr[]): void {
  if (size === 0) return;
  do {
    const df = {} as DetachedFreelist;
    size = build_detached_freelist(k, s, size, p, df);
    slab_free(k, df.s, df.slab, df.freelist, df.tail, df.cnt, retIp(k));
  } while (size !== 0);
}

/** Fills `p`, or gives back what it has got: how many. Left out: memcg, kfence, init_on_free, local_lock. */
export function kmem_cache_alloc_bulk(
  k: Kernel,
  s: KmemCache,
  flags: Gfp,
  size: Int,
  p: VirtAddr[],
): Int {
  const c: KmemCacheCpu = raw_cpu_ptr(k, s + k.kmem_cache.cpu_slab);
  let tid: ULong;

  for (let i: Int = 0; i < size; i++) {
    const object: VirtAddr = k.read_va(k.plus(c, k.kmem_cache_cpu.freelist));
    if (object === 0) {
      // Objects may have been taken since the last change of tid, and ___slab_alloc() may let others run.
      tid = k.read_ulong(k.plus(c, k.kmem_cache_cpu.tid));
      k.write_long(k.plus(c, k.kmem_cache_cpu.tid), next_tid(tid));

      const object_size: UInt = k.words[s + k.kmem_cache.object_size]!;
      p[i] = ___slab_alloc(k, s, flags, retIp(k), c, object_size);
      if (p[i] === 0) {
        // error:
        kmem_cache_free_bulk(k, s, i, p);
        return 0;
      }
      continue;
    }
    // Without a new tid each time: the kernel has interrupts disabled, and one change at the end does.
    k.write_va(k.plus(c, k.kmem_cache_cpu.freelist), get_freepointer(k, s, object));
    p[i] = object;
  }
  tid = k.read_ulong(k.plus(c, k.kmem_cache_cpu.tid));
  k.write_long(k.plus(c, k.kmem_cache_cpu.tid), next_tid(tid));

  slab_post_alloc_hook(k, s, size, p, slab_want_init_on_alloc(k, flags, s));
  return size;
}
