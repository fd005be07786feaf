/**
 * A CPU's own list of slabs with free objects (CONFIG_SLUB_CPU_PARTIAL): frozen for it, but not the one it allocates from. It
 * saves a CPU the way to the node, whose lists all CPUs share.
 *
 *     c->partial      newest first; each slab's `slabs` says how many the list has from it on
 *
 * Source: Linux 6.1 mm/slub.c: __unfreeze_partials(), unfreeze_partials(), put_cpu_partial(); include/linux/slub_def.h:
 * slub_percpu_partial(), slub_set_percpu_partial().
 */
import {
  type Int,
  type KmemCache,
  type KmemCacheCpu,
  type KmemCacheNode,
  NULL,
  type Slab,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { raw_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { get_node } from '../slab.h.js';
import { discard_slab } from './allocate_slab.js';
import { add_partial, DEACTIVATE_TO_TAIL } from './node_list.js';

/** c->partial; NULL in a build without such lists. */
export const slub_percpu_partial = (k: Kernel, c: KmemCacheCpu): Slab =>
  k.kmem_cache_cpu.partial < 0 ? NULL : k.read_ptr(k.plus(c, k.kmem_cache_cpu.partial));

/** c->partial = p->next */
export const slub_set_percpu_partial = (k: Kernel, c: KmemCacheCpu, p: Slab): void =>
  k.copy_ptr(k.plus(c, k.kmem_cache_cpu.partial), p + k.slab.next);

/** Gives a CPU's list to the node. What is empty beyond min_partial is freed, the last found first. Left out: stat(). */
function __unfreeze_partials(k: Kernel, s: KmemCache, partial_slab: Slab): void {
  const n: KmemCacheNode = get_node(k, s);
  let slab_to_discard: Slab = NULL;

  let rounds = 0;
  while (partial_slab !== NULL) {
    k.watchdog(++rounds << 10);
    const slab: Slab = partial_slab;
    partial_slab = k.read_ptr(slab + k.slab.next);

    // Thawed before it is listed: a frozen slab on a list would have two owners.
    let counters: ULong = k.words[slab + k.slab.counters]!;
    counters = k.with_bits(counters, k.slab.frozen, 0);
    k.write(slab + k.slab.counters, counters);

    if (
      k.read_bits(slab, k.slab.inuse) === 0 &&
      k.read_ulong(n + k.kmem_cache_node.nr_partial) >= k.read_ulong(s + k.kmem_cache.min_partial)
    ) {
      // Not freed here: the kernel holds the node's lock in this loop.
      k.write_ptr(slab + k.slab.next, slab_to_discard);
      slab_to_discard = slab;
    } else {
      add_partial(k, n, slab, DEACTIVATE_TO_TAIL);
    }
  }

  while (slab_to_discard !== NULL) {
    k.watchdog(++rounds << 10);
    const slab: Slab = slab_to_discard;
    slab_to_discard = k.read_ptr(slab_to_discard + k.slab.next);
    discard_slab(k, s, slab);
  }
}

/** All of this CPU's list. */
export function unfreeze_partials(k: Kernel, s: KmemCache): void {
  const c: KmemCacheCpu = raw_cpu_ptr(k, s + k.kmem_cache.cpu_slab);
  // The list is cut off first, so that slabs which come meanwhile begin a new one.
  const partial_slab: Slab = slub_percpu_partial(k, c);
  if (k.kmem_cache_cpu.partial >= 0) k.write_ptr(k.plus(c, k.kmem_cache_cpu.partial), NULL);
  if (partial_slab !== NULL) __unfreeze_partials(k, s, partial_slab);
}

/** Puts a slab that was just frozen on this CPU's list. With `drain` a list that is long enough goes to the node. */
export function put_cpu_partial(k: Kernel, s: KmemCache, slab: Slab, drain: boolean): void {
  if (k.kmem_cache_cpu.partial < 0) return;
  const c: KmemCacheCpu = raw_cpu_ptr(k, s + k.kmem_cache.cpu_slab);
  let oldslab: Slab = k.read_ptr(k.plus(c, k.kmem_cache_cpu.partial));
  let slab_to_unfreeze: Slab = NULL;
  let slabs: Int = 0;

  if (oldslab !== NULL) {
    if (drain && k.words[oldslab + k.slab.slabs]! >= k.words[s + k.kmem_cache.cpu_partial_slabs]!) {
      // The list is full. All of it goes, for this slab shall be the first of a new one.
      slab_to_unfreeze = oldslab;
      oldslab = NULL;
    } else {
      slabs = k.words[oldslab + k.slab.slabs]!;
    }
  }

  slabs++;
  k.write(slab + k.slab.slabs, slabs);
  k.write_ptr(slab + k.slab.next, oldslab);
  k.write_ptr(k.plus(c, k.kmem_cache_cpu.partial), slab);

  // Only now, as the CPU's list must be whole again first.
  if (slab_to_unfreeze !== NULL) __unfreeze_partials(k, s, slab_to_unfreeze);
}
