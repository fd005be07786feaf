/**
 * What the files of a SLUB cache below /sys/kernel/slab count, and what is done when one is written to.
 *
 * Differs: what is written is a number already. Texts are made elsewhere (proc/slabFiles.ts).
 * Source: Linux 6.1 mm/slub.c: show_slab_objects(), min_partial_store() to shrink_store().
 */
import {
  type Int,
  type KmemCache,
  type KmemCacheCpu,
  type KmemCacheNode,
  NULL,
  type Slab,
  type UInt,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { cpu_possible, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import { EINVAL } from '../../include/linux/errno.h.js';
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { get_node } from '../slab.h.js';
import { kmem_cache_shrink } from '../slab_common/slab_common.js';
import { slub_set_cpu_partial } from './calculate_sizes.js';
import { slub_percpu_partial } from './cpu_partial.js';
import { flush_all } from './deactivate.js';
import { kmem_cache_debug, kmem_cache_has_cpu_partial } from './freelist.js';
import { count_free, count_partial } from './out_of_memory.js';
import { validate_slab_cache } from './validate.js';

export const SO_ALL = 1;
export const SO_PARTIAL = 2;
export const SO_CPU = 4;
export const SO_OBJECTS = 8;
export const SO_TOTAL = 16;

const count_inuse = (k: Kernel, slab: Slab): Int => k.read_bits(slab, k.slab.inuse);
const count_total = (k: Kernel, slab: Slab): Int => k.read_bits(slab, k.slab.objects);

/** How many slabs, or objects of slabs, of the kinds that `flags` names. */
export function show_slab_objects(k: Kernel, s: KmemCache, flags: Int): ULong {
  let total: ULong = 0;
  if ((flags & SO_CPU) !== 0) {
    for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
      if (!cpu_possible(k, cpu)) continue;
      const c: KmemCacheCpu = per_cpu_ptr(k, s + k.kmem_cache.cpu_slab, cpu);
      if (k.read_ptr(k.plus(c, k.kmem_cache_cpu.slab)) === NULL) continue;
      total++;
      const slab: Slab = slub_percpu_partial(k, c);
      if (slab !== NULL) total += k.read_int(slab + k.slab.slabs);
    }
  }

  const n: KmemCacheNode = get_node(k, s);
  if ((flags & SO_ALL) !== 0) {
    if ((flags & SO_TOTAL) !== 0) total += k.read_ulong(n + k.kmem_cache_node.total_objects);
    else if ((flags & SO_OBJECTS) !== 0)
      total += k.read_ulong(n + k.kmem_cache_node.total_objects) - count_partial(k, n, count_free);
    else total += k.read_ulong(n + k.kmem_cache_node.nr_slabs);
  } else if ((flags & SO_PARTIAL) !== 0) {
    if ((flags & SO_TOTAL) !== 0) total += count_partial(k, n, count_total);
    else if ((flags & SO_OBJECTS) !== 0) total += count_partial(k, n, count_inuse);
    else total += k.read_ulong(n + k.kmem_cache_node.nr_partial);
  }
  return total;
}

export function min_partial_store(k: Kernel, s: KmemCache, min: ULong): Int {
  k.write_long(s + k.kmem_cache.min_partial, min);
  return 0;
}

/** How many objects a CPU may keep on its list. */
export function cpu_partial_store(k: Kernel, s: KmemCache, objects: UInt): Int {
  if (objects !== 0 && !kmem_cache_has_cpu_partial(k, s)) return -EINVAL;
  if (k.kmem_cache.cpu_partial >= 0) slub_set_cpu_partial(k, s, objects);
  flush_all(k, s);
  return 0;
}

/** 1 checks every object; the log says what is wrong. */
export function validate_store(k: Kernel, s: KmemCache, value: ULong): Int {
  if (value !== 1 || !kmem_cache_debug(k, s)) return -EINVAL;
  const ret: Int = validate_slab_cache(k, s);
  return ret < 0 ? ret : 0;
}

/** 1 gives back the slabs that nobody uses. */
export function shrink_store(k: Kernel, s: KmemCache, value: ULong): Int {
  if (value !== 1) return -EINVAL;
  kmem_cache_shrink(k, s);
  return 0;
}
