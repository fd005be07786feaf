/**
 * Making, shrinking and ending SLUB caches: the objects that a cache needs besides its own (a node, an area for each CPU).
 *
 * Source: Linux 6.1 mm/slub.c: kmem_cache_open(), __kmem_cache_do_shrink(), free_partial(), __kmem_cache_shutdown().
 */
import {
  type Int,
  type KmemCache,
  type KmemCacheCpu,
  type KmemCacheNode,
  type ListHead,
  NULL,
  type Slab,
  type SlabFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { cpu_online, cpu_possible, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import { EINVAL } from '../../include/linux/errno.h.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_move,
  list_next,
  list_splice,
} from '../../include/linux/list.h.js';
import { per_cpu_ptr, per_cpu } from '../../include/linux/percpu-defs.h.js';
import {
  trace_kmem_cache_alloc,
  trace_kmem_cache_free,
} from '../../include/trace/events/kmem.h.js';
import { rcu_note_context_switch } from '../../kernel/rcu/tiny.js';
import { __alloc_percpu, free_percpu } from '../percpu/percpu.js';
import { get_node } from '../slab.h.js';
import { slab_alloc_node, this_cpu_slab } from './alloc.js';
import { __kmem_cache_free } from './free.js';
import { set_geometry } from './geometry.js';
import { dec_slabs_node, discard_slab, free_slab, slab_inuse, slab_objects } from './pages.js';
import {
  cpu_field,
  flush_cpu_slab,
  nr_partial,
  partial_list,
  remove_partial,
  slab_list,
  slab_of_entry,
} from './partial.js';

// --- making ------------------------------------------------------------------------------------------------------------

function init_kmem_cache_node(k: Kernel, n: KmemCacheNode): void {
  k.write_long(n + k.kmem_cache_node.nr_partial, 0);
  k.write(n + k.kmem_cache_node.list_lock, 0);
  INIT_LIST_HEAD(k, (n + k.kmem_cache_node.partial) as ListHead);
  k.write_long(n + k.kmem_cache_node.nr_slabs, 0);
  k.write_long(n + k.kmem_cache_node.total_objects, 0);
  INIT_LIST_HEAD(k, (n + k.kmem_cache_node.full) as ListHead);
}

function init_kmem_cache_nodes(k: Kernel, s: KmemCache): boolean {
  const kmem_cache_node: KmemCache = k.read_ptr(k.globals.kmem_cache_node);
  // kmem_cache_alloc_node()
  const object: VirtAddr = slab_alloc_node(k, kmem_cache_node, k.GFP_KERNEL);
  trace_kmem_cache_alloc(k, object, kmem_cache_node, k.GFP_KERNEL);
  if (object === 0) return false;
  const n: KmemCacheNode = k.cell_at(object);
  init_kmem_cache_node(k, n);
  k.write_ptr(s + k.kmem_cache.node, n);
  return true;
}

function alloc_kmem_cache_cpus(k: Kernel, s: KmemCache): boolean {
  const area: VirtAddr = __alloc_percpu(k, k.sizeof.kmem_cache_cpu, 2 * k.ptr_words * 4);
  if (area === 0) return false;
  k.write_va(s + k.kmem_cache.cpu_slab, area);
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    const c = per_cpu_ptr(k, s + k.kmem_cache.cpu_slab, cpu);
    k.write_long(cpu_field(k, c, k.kmem_cache_cpu.tid), cpu);
  }
  return true;
}

/** 0 or -EINVAL. */
export function kmem_cache_open(k: Kernel, s: KmemCache, flags: SlabFlags): Int {
  if (set_geometry(k, s, flags) && init_kmem_cache_nodes(k, s) && alloc_kmem_cache_cpus(k, s))
    return 0;
  __kmem_cache_release(k, s);
  return -EINVAL;
}

export function __kmem_cache_release(k: Kernel, s: KmemCache): void {
  free_percpu(k, k.read_va(s + k.kmem_cache.cpu_slab));
  const n: KmemCacheNode = get_node(k, s);
  if (n === NULL) return;
  k.write_ptr(s + k.kmem_cache.node, NULL);
  // kmem_cache_free()
  const kmem_cache_node: KmemCache = k.read_ptr(k.globals.kmem_cache_node);
  trace_kmem_cache_free(k, k.va_of(n), kmem_cache_node);
  __kmem_cache_free(k, kmem_cache_node, k.va_of(n));
}

// --- shrinking ---------------------------------------------------------------------------------------------------------

function has_cpu_slab(k: Kernel, c: KmemCacheCpu): boolean {
  if (k.read_ptr(cpu_field(k, c, k.kmem_cache_cpu.slab)) !== NULL) return true;
  return (
    k.kmem_cache_cpu.partial >= 0 && k.read_ptr(cpu_field(k, c, k.kmem_cache_cpu.partial)) !== NULL
  );
}

/** INIT_WORK(&sfw->work, flush_cpu_slab), as queueing and doing it leave it. */
function init_flush_work(k: Kernel, sfw: Cell): void {
  INIT_LIST_HEAD(k, (sfw + k.slub_flush_work.work_entry) as ListHead);
  k.write_va(
    sfw + k.slub_flush_work.work_func,
    k.profile.symbol('flush_cpu_slab')?.address ?? asVirt(0),
  );
}

/** Every CPU that has slabs gives them up: work for a kernel thread on each, done here. */
function flush_all(k: Kernel, s: KmemCache): void {
  const this_cpu: Int = k.cpu;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_online(k, cpu)) continue;
    const sfw = per_cpu(k, 'slub_flush', cpu);
    const c: KmemCacheCpu = per_cpu_ptr(k, s + k.kmem_cache.cpu_slab, cpu);
    const skip: boolean = !has_cpu_slab(k, c);
    k.write8(sfw, k.slub_flush_work.skip, skip ? 1 : 0);
    if (skip) continue;
    init_flush_work(k, sfw);
    k.write_ptr(sfw + k.slub_flush_work.s, s);
    k.write(k.machine.register('cpu'), cpu);
    // flush_work() sleeps: to the worker, and back.
    rcu_note_context_switch(k);
    flush_cpu_slab(k, s, this_cpu_slab(k, s));
    rcu_note_context_switch(k);
  }
  k.write(k.machine.register('cpu'), this_cpu);
}

/** Slabs with at most so many free objects come first afterwards, the fullest before the others. */
const SHRINK_PROMOTE_MAX = 32;

/** 1 when slabs are left. */
function __kmem_cache_do_shrink(k: Kernel, s: KmemCache): Int {
  const n: KmemCacheNode = get_node(k, s);
  const discard: ListHead = k.machine.register('slabs_list');
  const promote: ListHead[] = [];
  INIT_LIST_HEAD(k, discard);
  for (let i = 0; i < SHRINK_PROMOTE_MAX; i++) {
    promote[i] = asCell(k.machine.localLists + i * k.stride.list_head);
    INIT_LIST_HEAD(k, promote[i]!);
  }

  const head: ListHead = partial_list(k, n);
  let next: ListHead;
  for (let entry: ListHead = list_next(k, head); entry !== head; entry = next) {
    next = list_next(k, entry);
    const slab: Slab = slab_of_entry(k, entry);
    const objects: Int = slab_objects(k, slab);
    const free: Int = objects - slab_inuse(k, slab);
    if (free === objects) {
      list_move(k, entry, discard);
      k.add_long(n + k.kmem_cache_node.nr_partial, -1);
      dec_slabs_node(k, s, objects);
    } else if (free <= SHRINK_PROMOTE_MAX) {
      list_move(k, entry, promote[free - 1]!);
    }
  }
  for (let i = SHRINK_PROMOTE_MAX - 1; i >= 0; i--) list_splice(k, promote[i]!, head);

  for (let entry: ListHead = list_next(k, discard); entry !== discard; entry = next) {
    next = list_next(k, entry);
    free_slab(k, s, slab_of_entry(k, entry));
  }
  return k.read_ulong(n + k.kmem_cache_node.nr_slabs) !== 0 ? 1 : 0;
}

export function __kmem_cache_shrink(k: Kernel, s: KmemCache): Int {
  flush_all(k, s);
  return __kmem_cache_do_shrink(k, s);
}

// --- ending ------------------------------------------------------------------------------------------------------------

/** Frees the slabs that are empty, the last on the list first. */
function free_partial(k: Kernel, s: KmemCache, n: KmemCacheNode): void {
  const discard: ListHead = k.machine.register('slabs_list');
  INIT_LIST_HEAD(k, discard);
  const head: ListHead = partial_list(k, n);
  let next: ListHead;
  for (let entry: ListHead = list_next(k, head); entry !== head; entry = next) {
    next = list_next(k, entry);
    const slab: Slab = slab_of_entry(k, entry);
    if (slab_inuse(k, slab) !== 0) continue;
    remove_partial(k, n, slab);
    list_add(k, slab_list(k, slab), discard);
  }
  for (let entry: ListHead = list_next(k, discard); entry !== discard; entry = next) {
    next = list_next(k, entry);
    discard_slab(k, s, slab_of_entry(k, entry));
  }
}

/** 1 when objects are still out. */
export function __kmem_cache_shutdown(k: Kernel, s: KmemCache): Int {
  flush_all(k, s);
  const n: KmemCacheNode = get_node(k, s);
  free_partial(k, s, n);
  return nr_partial(k, n) !== 0 || k.read_ulong(n + k.kmem_cache_node.nr_slabs) !== 0 ? 1 : 0;
}
