/**
 * A CPU lets go of slabs: of the one that it allocates from, of all that it has.
 *
 * Source: Linux 6.1 mm/slub.c: deactivate_slab(), flush_slab(), __flush_cpu_slab(), flush_cpu_slab(), has_cpu_slab(), flush_all().
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
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { cpu_online, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { per_cpu, per_cpu_ptr, raw_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { rcu_note_context_switch } from '../../kernel/rcu/tiny.js';
import { get_node, kmem_cache_debug_flags } from '../slab.h.js';
import { discard_slab } from './allocate_slab.js';
import { freelist_corrupted } from './check_object.js';
import { slub_percpu_partial, unfreeze_partials } from './cpu_partial.js';
import { add_full } from './debug_processing.js';
import {
  __cmpxchg_double_slab,
  countersWith,
  get_freepointer,
  next_tid,
  set_freepointer,
} from './freelist.js';
import { add_partial, DEACTIVATE_TO_HEAD, DEACTIVATE_TO_TAIL } from './node_list.js';

/** Where a slab goes that is no CPU's any more. */
type SlabMode = 'M_FREE' | 'M_PARTIAL' | 'M_FULL' | 'M_FULL_NOLIST';

/** Puts the objects of a CPU's freelist back into their slab, and the slab where it belongs. Left out: stat(). */
export function deactivate_slab(k: Kernel, s: KmemCache, slab: Slab, freelist: VirtAddr): void {
  const n: KmemCacheNode = get_node(k, s);
  let mode: SlabMode;
  let free_delta: Int = 0;
  let tail: boolean = DEACTIVATE_TO_HEAD;

  // Others freed objects of it meanwhile, and may do so again: the longer it waits on the list, the more it will have.
  if (k.read_va(slab + k.slab.freelist) !== 0) tail = DEACTIVATE_TO_TAIL;

  // Stage one: how many objects the CPU's freelist has, and which is the last: the slab's own will hang on that.
  let freelist_tail: VirtAddr = asVirt(0);
  let freelist_iter: VirtAddr = freelist;
  while (freelist_iter !== 0) {
    k.watchdog(free_delta);
    const nextfree: VirtAddr = get_freepointer(k, s, freelist_iter);
    // An address that is no object's may be the sign of a write into this one: it and all behind it are left out.
    if (freelist_corrupted(k, s, slab, freelist_iter, nextfree)) break;
    freelist_tail = freelist_iter;
    free_delta++;
    freelist_iter = nextfree;
  }

  // Stage two: join the two lists, and unfreeze the slab in the same store, so that what the slab says of itself and the list
  // that it is on never differ for others.
  const old_freelist: VirtAddr = k.read_va(slab + k.slab.freelist);
  const old_counters: ULong = k.words[slab + k.slab.counters]!;
  let inuse: Int = k.read_bits(slab, k.slab.inuse);
  let new_freelist: VirtAddr = old_freelist;
  if (freelist_tail !== 0) {
    inuse -= free_delta;
    set_freepointer(k, s, freelist_tail, old_freelist);
    new_freelist = freelist;
  }

  // Empty slabs are kept only while the node has few that it could give to a CPU.
  const nr_partial: ULong = k.read_ulong(n + k.kmem_cache_node.nr_partial);
  if (inuse === 0 && nr_partial >= k.read_ulong(s + k.kmem_cache.min_partial)) mode = 'M_FREE';
  else if (new_freelist !== 0) mode = 'M_PARTIAL';
  else if (kmem_cache_debug_flags(k, s, k.SLAB_STORE_USER)) mode = 'M_FULL';
  else mode = 'M_FULL_NOLIST';

  __cmpxchg_double_slab(k, slab, new_freelist, countersWith(k, old_counters, inuse, false));

  if (mode === 'M_PARTIAL') add_partial(k, n, slab, tail);
  else if (mode === 'M_FREE') discard_slab(k, s, slab);
  else if (mode === 'M_FULL') add_full(k, s, n, slab);
  // M_FULL_NOLIST: whoever frees one of its objects will find it.
}

/** Takes the CPU's slab away from it. Left out: stat(). */
function flush_slab(k: Kernel, s: KmemCache, c: KmemCacheCpu): void {
  // As in ___slab_alloc(): first the CPU lets go of the slab, then the objects go back to it.
  const slab: Slab = k.read_ptr(k.plus(c, k.kmem_cache_cpu.slab));
  const freelist: VirtAddr = k.read_va(k.plus(c, k.kmem_cache_cpu.freelist));

  k.write_ptr(k.plus(c, k.kmem_cache_cpu.slab), NULL);
  k.write_va(k.plus(c, k.kmem_cache_cpu.freelist), asVirt(0));
  const tid: ULong = k.read_ulong(k.plus(c, k.kmem_cache_cpu.tid));
  k.write_long(k.plus(c, k.kmem_cache_cpu.tid), next_tid(tid));

  if (slab !== NULL) deactivate_slab(k, s, slab, freelist);
}

/** All that this CPU has goes to the node. Left out: other CPUs (boot's only caller has one). */
export function __flush_cpu_slab(k: Kernel, s: KmemCache, cpu: Int): void {
  flush_slab(k, s, per_cpu_ptr(k, s + k.kmem_cache.cpu_slab, cpu));
  unfreeze_partials(k, s);
}

/** The work of each CPU that has slabs of a cache: all go to the node. */
function flush_cpu_slab(k: Kernel, sfw: Cell): void {
  const s: KmemCache = k.read_ptr(sfw + k.slub_flush_work.s);
  const c: KmemCacheCpu = raw_cpu_ptr(k, s + k.kmem_cache.cpu_slab);
  if (k.read_ptr(k.plus(c, k.kmem_cache_cpu.slab)) !== NULL) flush_slab(k, s, c);
  unfreeze_partials(k, s);
}

/** Whether it is worth disturbing a CPU: it has a slab of the cache, or a list of them. */
function has_cpu_slab(k: Kernel, cpu: Int, s: KmemCache): boolean {
  const c: KmemCacheCpu = per_cpu_ptr(k, s + k.kmem_cache.cpu_slab, cpu);
  return (
    k.read_ptr(k.plus(c, k.kmem_cache_cpu.slab)) !== NULL || slub_percpu_partial(k, c) !== NULL
  );
}

/** INIT_WORK(&sfw->work, flush_cpu_slab), as queueing and doing it leave it. */
const initFlushWork = (k: Kernel, sfw: Cell): void => {
  INIT_LIST_HEAD(k, sfw + k.slub_flush_work.work_entry);
  const func: VirtAddr = k.profile.symbol('flush_cpu_slab')?.address ?? asVirt(0);
  k.write_va(sfw + k.slub_flush_work.work_func, func);
};

/**
 * Every CPU that has slabs of the cache gives them up. Left out: flush_lock, cpus_read_lock (one task).
 * Differs: the work of each CPU is done here, one after the other, not queued for its thread.
 */
export function flush_all(k: Kernel, s: KmemCache): void {
  const this_cpu: Int = k.cpu;
  for (let cpu: Int = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_online(k, cpu)) continue;
    const sfw: Cell = per_cpu(k, 'slub_flush', cpu);
    if (!has_cpu_slab(k, cpu, s)) {
      k.write8(sfw, k.slub_flush_work.skip, 1);
      continue;
    }
    k.write8(sfw, k.slub_flush_work.skip, 0);
    initFlushWork(k, sfw);
    k.write_ptr(sfw + k.slub_flush_work.s, s);
    k.write(k.machine.register('cpu'), cpu);
    // flush_work() sleeps: to the worker, and back.
    rcu_note_context_switch(k);
    flush_cpu_slab(k, sfw);
    rcu_note_context_switch(k);
  }
  k.write(k.machine.register('cpu'), this_cpu);
}
