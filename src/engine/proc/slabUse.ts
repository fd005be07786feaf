/**
 * How many objects of a cache are in use, from what the allocator keeps.
 *
 *     SLUB   all objects of its slabs, less those on lists of the node and of CPUs, and what a CPU has left of its slab
 *     SLAB   all objects of its slabs, less the node's free ones and those in CPUs' arrays
 */
import { cpu_possible, nr_cpu_ids } from '../kernel/include/linux/cpumask.h.js';
import { list_entry } from '../kernel/include/linux/list.h.js';
import { per_cpu_ptr } from '../kernel/include/linux/percpu-defs.h.js';
import { get_node } from '../kernel/mm/slab.h.js';
import { get_freepointer, oo_objects } from '../kernel/mm/slub/freelist.js';
import {
  type KmemCache,
  type KmemCacheCpu,
  type ListHead,
  NULL,
  type Slab,
} from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import type { VirtAddr } from '../memory/address.js';

/** Objects in a slab of the order that the cache likes best. */
export const objectsPerSlab = (k: Kernel, s: KmemCache): number =>
  k.CONFIG_SLAB !== 0 ? k.words[s + k.kmem_cache.num]! : oo_objects(k.words[s + k.kmem_cache.oo]!);

export function objectsInUse(k: Kernel, s: KmemCache): number {
  return k.CONFIG_SLAB !== 0 ? inUseOfSlab(k, s) : inUseOfSlub(k, s);
}

function inUseOfSlab(k: Kernel, s: KmemCache): number {
  const n = get_node(k, s);
  const total = k.read_ulong(n + k.kmem_cache_node.total_slabs) * objectsPerSlab(k, s);
  let free = k.read_ulong(n + k.kmem_cache_node.free_objects);
  for (const cpu of cpus(k)) {
    const ac = per_cpu_ptr(k, s + k.kmem_cache.cpu_cache, cpu);
    free += k.words[k.plus(ac, k.array_cache.avail)]!;
  }
  return total - free;
}

function inUseOfSlub(k: Kernel, s: KmemCache): number {
  const n = get_node(k, s);
  let free = freeOnPartial(k, s);
  for (const cpu of cpus(k)) {
    const c: KmemCacheCpu = per_cpu_ptr(k, s + k.kmem_cache.cpu_slab, cpu);
    const slab: Slab = k.read_ptr(k.plus(c, k.kmem_cache_cpu.slab));
    const most = objectsPerSlab(k, s);
    free += lengthOf(k, s, k.read_va(k.plus(c, k.kmem_cache_cpu.freelist)), most);
    if (slab !== NULL) free += lengthOf(k, s, k.read_va(slab + k.slab.freelist), most);
    if (k.kmem_cache_cpu.partial < 0) continue;
    let left = k.read_ulong(n + k.kmem_cache_node.nr_slabs);
    let next: Slab = k.read_ptr(k.plus(c, k.kmem_cache_cpu.partial));
    for (; next !== NULL && left > 0; next = k.read_ptr(next + k.slab.next), left--)
      free += freeIn(k, next);
  }
  return k.read_ulong(n + k.kmem_cache_node.total_objects) - free;
}

/** count_partial(n, count_free). A damaged list may never come back to its head: it has no more slabs than the node. */
export function freeOnPartial(k: Kernel, s: KmemCache): number {
  const n = get_node(k, s);
  const head: ListHead = n + k.kmem_cache_node.partial;
  let left = k.read_ulong(n + k.kmem_cache_node.nr_slabs);
  let free = 0;
  for (let pos: ListHead = k.read_ptr(head); pos !== head && left > 0; pos = k.read_ptr(pos)) {
    free += freeIn(k, list_entry(k, pos, k.slab.slab_list));
    left--;
  }
  return free;
}

const freeIn = (k: Kernel, slab: Slab): number =>
  k.read_bits(slab, k.slab.objects) - k.read_bits(slab, k.slab.inuse);

/** Objects of a freelist; a damaged one may never end. */
function lengthOf(k: Kernel, s: KmemCache, freelist: VirtAddr, most: number): number {
  let length = 0;
  for (let object = freelist; object !== 0 && length <= most; length++)
    object = get_freepointer(k, s, object);
  return length;
}

function* cpus(k: Kernel): Generator<number> {
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) if (cpu_possible(k, cpu)) yield cpu;
}
