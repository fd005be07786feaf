/**
 * Many objects at once.
 *
 * Source: Linux 6.1 mm/slub.c: kmem_cache_alloc_bulk(), kmem_cache_free_bulk(), build_detached_freelist().
 */
import type { Gfp, Int, KmemCache, KmemCacheCpu, Slab } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { slab_post_alloc_hook, virt_to_slab } from '../slab.h.js';
import { ___slab_alloc, this_cpu_slab } from './alloc.js';
import { slab_free } from './free.js';
import { get_freepointer, set_freepointer } from './pages.js';
import { bump_tid, cpu_field } from './partial.js';

/** Fills `p`, or gives back what it has got: how many. */
export function kmem_cache_alloc_bulk(
  k: Kernel,
  s: KmemCache,
  flags: Gfp,
  size: Int,
  p: VirtAddr[],
): Int {
  flags &= k.words[k.globals.gfp_allowed_mask]!;
  const c: KmemCacheCpu = this_cpu_slab(k, s);
  const c_freelist = cpu_field(k, c, k.kmem_cache_cpu.freelist);
  for (let i = 0; i < size; i++) {
    let object: VirtAddr = k.read_va(c_freelist);
    if (object === 0) {
      // Objects may have been taken since the last change of tid.
      bump_tid(k, c);
      object = ___slab_alloc(k, s, flags, c);
      if (object === 0) {
        kmem_cache_free_bulk(k, s, i, p);
        return 0;
      }
    } else {
      k.write_va(c_freelist, get_freepointer(k, s, object));
    }
    p[i] = object;
  }
  bump_tid(k, c);
  slab_post_alloc_hook(k, s, flags, p.slice(0, size));
  return size;
}

/** Objects of one slab, as a chain. */
interface DetachedFreelist {
  readonly slab: Slab;
  readonly tail: VirtAddr;
  freelist: VirtAddr;
  cnt: Int;
  /** Objects of the array that are left. */
  size: Int;
}

/** How many objects of other slabs the search passes over. */
const LOOKAHEAD = 3;

/** Takes the array's last object and those before it that are of the same slab, exchanging places where others lie between. */
function build_detached_freelist(
  k: Kernel,
  s: KmemCache,
  size: Int,
  p: VirtAddr[],
): DetachedFreelist {
  let lookahead: Int = LOOKAHEAD;
  let object: VirtAddr = p[--size]!;
  const df: DetachedFreelist = {
    slab: virt_to_slab(k, object),
    tail: object,
    freelist: object,
    cnt: 1,
    size,
  };
  set_freepointer(k, s, object, 0 as VirtAddr);
  let same: Int = size;
  while (size > 0) {
    object = p[--size]!;
    if (df.slab === virt_to_slab(k, object)) {
      set_freepointer(k, s, object, df.freelist);
      df.freelist = object;
      df.cnt++;
      same--;
      if (size !== same) [p[size], p[same]] = [p[same]!, p[size]!];
    } else if (--lookahead === 0) {
      break;
    }
  }
  df.size = same;
  return df;
}

export function kmem_cache_free_bulk(
  k: Kernel,
  s: KmemCache,
  size: Int,
  p: readonly VirtAddr[],
): void {
  const objects: VirtAddr[] = p.slice(0, size);
  while (size > 0) {
    const df = build_detached_freelist(k, s, size, objects);
    size = df.size;
    slab_free(k, s, df.slab, { head: df.freelist, tail: df.tail }, df.cnt);
  }
}
