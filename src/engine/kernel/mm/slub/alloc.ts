/**
 * Allocating from a SLUB cache: the CPU's freelist; then what was freed to its slab by others; then a slab of the CPU's list,
 * of the node's, or a new one.
 *
 *     c->freelist  ->  c->slab->freelist  ->  c->partial  ->  n->partial  ->  new_slab()
 *
 * Nothing else runs while a call does, so no loop here repeats because of another CPU, and no label leads back for that.
 * Source: Linux 6.1 mm/slub.c: get_freelist(), ___slab_alloc(), slab_alloc_node().
 */
import {
  type Gfp,
  type Int,
  type KmemCache,
  type KmemCacheCpu,
  NULL,
  type Slab,
  type UInt,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { retIp } from '../../include/linux/instruction_pointer.h.js';
import { raw_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { trace_kmem_cache_alloc } from '../../include/trace/events/kmem.h.js';
import { slab_post_alloc_hook, slab_want_init_on_alloc } from '../slab.h.js';
import { inc_slabs_node, new_slab } from './allocate_slab.js';
import { slub_percpu_partial, slub_set_percpu_partial } from './cpu_partial.js';
import { deactivate_slab } from './deactivate.js';
import { alloc_single_from_new_slab } from './debug_processing.js';
import {
  __cmpxchg_double_slab,
  countersWith,
  get_freepointer,
  kmem_cache_debug,
  next_tid,
  TID_STEP,
} from './freelist.js';
import { set_track } from './object_layout.js';
import { slab_out_of_memory } from './out_of_memory.js';
import { get_partial, type PartialContext, pfmemalloc_match } from './partial.js';

/** Takes what others freed to the CPU's slab. When that is nothing, the slab is full and no longer the CPU's. */
function get_freelist(k: Kernel, slab: Slab): VirtAddr {
  const freelist: VirtAddr = k.read_va(slab + k.slab.freelist);
  const counters: ULong = k.words[slab + k.slab.counters]!;
  const objects: Int = k.read_bits(slab, k.slab.objects);
  // All of them count as in use from here on. With none the slab thaws: the next free of its objects will list it.
  __cmpxchg_double_slab(k, slab, asVirt(0), countersWith(k, counters, objects, freelist !== 0));
  return freelist;
}

/** An object of a debug cache that is given out: who gets it is noted. Nothing may wait there. */
const trackedObject = (
  k: Kernel,
  s: KmemCache,
  object: VirtAddr,
  addr: VirtAddr,
  gfpflags: Gfp,
): VirtAddr => {
  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_STORE_USER) !== 0)
    set_track(k, s, object, 'TRACK_ALLOC', addr, gfpflags & ~k.__GFP_DIRECT_RECLAIM);
  return object;
};

/**
 * The CPU's freelist is empty. 0 without memory.
 * Left out: node and node_match (one node), local_lock, stat().
 */
export function ___slab_alloc(
  k: Kernel,
  s: KmemCache,
  gfpflags: Gfp,
  addr: VirtAddr,
  c: KmemCacheCpu,
  orig_size: UInt,
): VirtAddr {
  let freelist: VirtAddr;
  let tid: ULong;

  // reread_slab:
  let slab: Slab = k.read_ptr(k.plus(c, k.kmem_cache_cpu.slab));

  load_freelist: {
    redo: for (;;) {
      new_slab: {
        if (slab === NULL) break new_slab;

        deactivate_slab: {
          // A slab of the reserves is kept for requests that may use them.
          if (!pfmemalloc_match(k, slab, gfpflags)) break deactivate_slab;

          // Once more: an interrupt may have freed to it since the fast path looked, or the task changed its CPU.
          freelist = k.read_va(k.plus(c, k.kmem_cache_cpu.freelist));
          if (freelist !== 0) break load_freelist;

          freelist = get_freelist(k, slab);
          if (freelist !== 0) break load_freelist;

          // All its objects are out.
          k.write_ptr(k.plus(c, k.kmem_cache_cpu.slab), NULL);
          tid = k.read_ulong(k.plus(c, k.kmem_cache_cpu.tid));
          k.write_long(k.plus(c, k.kmem_cache_cpu.tid), next_tid(tid));
          break new_slab;
        }

        // deactivate_slab:
        freelist = k.read_va(k.plus(c, k.kmem_cache_cpu.freelist));
        // The CPU lets go of the slab before the objects go back: an interrupt in between finds a CPU without one.
        k.write_ptr(k.plus(c, k.kmem_cache_cpu.slab), NULL);
        k.write_va(k.plus(c, k.kmem_cache_cpu.freelist), asVirt(0));
        tid = k.read_ulong(k.plus(c, k.kmem_cache_cpu.tid));
        k.write_long(k.plus(c, k.kmem_cache_cpu.tid), next_tid(tid));
        deactivate_slab(k, s, slab, freelist);
      }

      // new_slab:
      // The CPU's own list comes first: its slabs are frozen already, and the node's lock is not needed.
      if (slub_percpu_partial(k, c) !== NULL) {
        slab = slub_percpu_partial(k, c);
        k.write_ptr(k.plus(c, k.kmem_cache_cpu.slab), slab);
        slub_set_percpu_partial(k, c, slab);
        continue redo;
      }

      // new_objects:
      // Free objects in the node's slabs are used up before pages are asked for.
      const pc: PartialContext = { flags: gfpflags, slab: NULL, orig_size };
      freelist = get_partial(k, s, pc);
      if (freelist !== 0) {
        // One object, that was checked: no CPU has a slab of a debug cache.
        if (kmem_cache_debug(k, s)) return trackedObject(k, s, freelist, addr, gfpflags);
        slab = pc.slab;
      } else {
        slab = new_slab(k, s, gfpflags);
        if (slab === NULL) {
          slab_out_of_memory(k, s, gfpflags);
          return asVirt(0);
        }

        if (kmem_cache_debug(k, s)) {
          freelist = alloc_single_from_new_slab(k, s, slab, orig_size);
          if (freelist === 0) {
            slab = NULL;
            continue redo;
          }
          return trackedObject(k, s, freelist, addr, gfpflags);
        }

        // Nobody knows the slab yet, so its words may be written one by one: all its objects are the CPU's.
        freelist = k.read_va(slab + k.slab.freelist);
        k.write_va(slab + k.slab.freelist, asVirt(0));
        const objects: Int = k.read_bits(slab, k.slab.objects);
        k.write(
          slab + k.slab.counters,
          countersWith(k, k.words[slab + k.slab.counters]!, objects, true),
        );
        inc_slabs_node(k, s, objects);

        if (!pfmemalloc_match(k, slab, gfpflags)) {
          // This request drew on the reserves. The other objects must not be the CPU's, for those that come next may not.
          deactivate_slab(k, s, slab, get_freepointer(k, s, freelist));
          return freelist;
        }
      }

      // retry_load_slab:
      k.write_ptr(k.plus(c, k.kmem_cache_cpu.slab), slab);
      break load_freelist;
    }
  }

  // load_freelist:
  // The first of the objects is the caller's, the others are the CPU's. Their slab is frozen.
  k.write_va(k.plus(c, k.kmem_cache_cpu.freelist), get_freepointer(k, s, freelist));
  tid = k.read_ulong(k.plus(c, k.kmem_cache_cpu.tid));
  k.write_long(k.plus(c, k.kmem_cache_cpu.tid), next_tid(tid));
  return freelist;
}

/** The fast path: the first object of the CPU's freelist. Left out: memcg, kfence, init_on_free (maybe_wipe_obj_freeptr), stat(). */
function slab_alloc_node(
  k: Kernel,
  s: KmemCache,
  gfpflags: Gfp,
  addr: VirtAddr,
  orig_size: UInt,
): VirtAddr {
  const c: KmemCacheCpu = raw_cpu_ptr(k, s + k.kmem_cache.cpu_slab);
  const freelist: Cell = k.plus(c, k.kmem_cache_cpu.freelist);
  let object: VirtAddr = k.read_va(freelist);
  if (object === 0 || k.ptr_is(k.plus(c, k.kmem_cache_cpu.slab), NULL)) {
    object = asVirt(___slab_alloc(k, s, gfpflags, addr, c, orig_size));
  } else {
    // In the kernel one instruction changes both, or neither if another transaction came between.
    const next_object: Cell = k.read_ptr_plus(freelist, k.words[s + k.kmem_cache.offset]!);
    k.copy_ptr(freelist, next_object);
    // next_tid()
    k.add_long(k.plus(c, k.kmem_cache_cpu.tid), TID_STEP);
  }
  // The hook has nothing else to do here.
  if (slab_want_init_on_alloc(k, gfpflags, s)) slab_post_alloc_hook(k, s, 1, [object], true);
  return object;
}

/** One object; 0 without memory. */
export function kmem_cache_alloc(k: Kernel, s: KmemCache, gfpflags: Gfp): VirtAddr {
  const object_size: UInt = k.words[s + k.kmem_cache.object_size]!;
  const ret: VirtAddr = slab_alloc_node(k, s, gfpflags, retIp(k), object_size);
  trace_kmem_cache_alloc(k, ret, s, gfpflags);
  return ret;
}

/** For kmalloc(). */
export function __kmem_cache_alloc_node(
  k: Kernel,
  s: KmemCache,
  gfpflags: Gfp,
  orig_size: UInt,
  caller: VirtAddr,
): VirtAddr {
  return slab_alloc_node(k, s, gfpflags, caller, orig_size);
}
