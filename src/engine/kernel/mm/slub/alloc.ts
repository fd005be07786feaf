/**
 * Allocating from a SLUB cache: the CPU's freelist; then what was freed to its slab by others; then a slab of the CPU's list,
 * of the node's, or a new one.
 *
 *     c->freelist  ->  c->slab->freelist  ->  c->partial  ->  n->partial  ->  new_slab()
 *
 * Differs: slab_out_of_memory() reports without a rate limit, as no time passes.
 * Source: Linux 6.1 mm/slub.c: slab_alloc_node(), ___slab_alloc(), get_freelist(), get_partial_node(), acquire_slab().
 */
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import {
  type Gfp,
  type Int,
  type KmemCache,
  type KmemCacheCpu,
  type KmemCacheNode,
  type ListHead,
  NULL,
  type Slab,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { list_next } from '../../include/linux/list.h.js';
import { gfpText } from '../../lib/vsprintf.js';
import { cache_name, get_node, slab_post_alloc_hook } from '../slab.h.js';
import {
  get_freepointer,
  inc_slabs_node,
  new_slab,
  oo_order,
  pfmemalloc_match,
  set_counters,
  set_slab_freelist,
  slab_freelist,
  slab_inuse,
  slab_objects,
} from './pages.js';
import {
  bump_tid,
  cpu_field,
  deactivate_slab,
  kmem_cache_has_cpu_partial,
  nr_partial,
  partial_list,
  put_cpu_partial,
  remove_partial,
  slab_of_entry,
} from './partial.js';

const NO_OBJECT = 0 as VirtAddr;

/** this_cpu_ptr(s->cpu_slab) */
export const this_cpu_slab = (k: Kernel, s: KmemCache): KmemCacheCpu =>
  per_cpu_ptr(k, s + k.kmem_cache.cpu_slab, k.cpu);

// --- slabs of the node -------------------------------------------------------------------------------------------------

/** Takes a slab off the node's list for a CPU: with its free objects (`mode`), or leaving them in it. */
function acquire_slab(k: Kernel, n: KmemCacheNode, slab: Slab, mode: boolean): VirtAddr {
  const freelist: VirtAddr = slab_freelist(k, slab);
  if (mode) set_slab_freelist(k, slab, NO_OBJECT);
  set_counters(k, slab, mode ? slab_objects(k, slab) : slab_inuse(k, slab), true);
  remove_partial(k, n, slab);
  return freelist;
}

interface PartialFound {
  /** Its first free object, the others behind it. */
  readonly object: VirtAddr;
  readonly slab: Slab;
}

/** The first slab of the node's list; on SMP some more go to the CPU's own. */
function get_partial_node(
  k: Kernel,
  s: KmemCache,
  c: KmemCacheCpu,
  gfpflags: Gfp,
): PartialFound | undefined {
  const n: KmemCacheNode = get_node(k, s);
  if (n === NULL || nr_partial(k, n) === 0) return undefined;
  let found: PartialFound | undefined;
  let partial_slabs: Int = 0;
  const head: ListHead = partial_list(k, n);
  let next: ListHead;
  for (let entry: ListHead = list_next(k, head); entry !== head; entry = next) {
    next = list_next(k, entry);
    const slab: Slab = slab_of_entry(k, entry);
    if (!pfmemalloc_match(k, slab, gfpflags)) continue;
    const t: VirtAddr = acquire_slab(k, n, slab, found === undefined);
    if (t === NO_OBJECT) break;
    if (found === undefined) {
      found = { object: t, slab };
    } else {
      put_cpu_partial(k, s, c, slab, false);
      partial_slabs++;
    }
    if (!kmem_cache_has_cpu_partial(k, s)) break;
    if (partial_slabs > k.words[s + k.kmem_cache.cpu_partial_slabs]! >>> 1) break;
  }
  return found;
}

// --- the slow path -----------------------------------------------------------------------------------------------------

/** Takes what others freed to the CPU's slab. When that is nothing, the slab is the CPU's no longer. */
function get_freelist(k: Kernel, slab: Slab): VirtAddr {
  const freelist: VirtAddr = slab_freelist(k, slab);
  set_slab_freelist(k, slab, NO_OBJECT);
  set_counters(k, slab, slab_objects(k, slab), freelist !== NO_OBJECT);
  return freelist;
}

/** The CPU has objects again: the first one is returned. */
function load_freelist(k: Kernel, s: KmemCache, c: KmemCacheCpu, freelist: VirtAddr): VirtAddr {
  k.write_va(cpu_field(k, c, k.kmem_cache_cpu.freelist), get_freepointer(k, s, freelist));
  bump_tid(k, c);
  return freelist;
}

/** The CPU's slab, or one of its list, if it has objects that the request may have. */
function alloc_from_cpu_slabs(k: Kernel, s: KmemCache, c: KmemCacheCpu, gfpflags: Gfp): VirtAddr {
  const c_slab = cpu_field(k, c, k.kmem_cache_cpu.slab);
  const c_freelist = cpu_field(k, c, k.kmem_cache_cpu.freelist);
  let slab: Slab = k.read_ptr(c_slab);
  for (;;) {
    if (slab !== NULL) {
      let freelist: VirtAddr = k.read_va(c_freelist);
      if (!pfmemalloc_match(k, slab, gfpflags)) {
        k.write_ptr(c_slab, NULL);
        k.write_va(c_freelist, NO_OBJECT);
        bump_tid(k, c);
        deactivate_slab(k, s, slab, freelist);
      } else {
        if (freelist === NO_OBJECT) freelist = get_freelist(k, slab);
        if (freelist !== NO_OBJECT) return load_freelist(k, s, c, freelist);
        k.write_ptr(c_slab, NULL);
        bump_tid(k, c);
      }
    }
    if (k.kmem_cache_cpu.partial < 0) return NO_OBJECT;
    const partial = cpu_field(k, c, k.kmem_cache_cpu.partial);
    slab = k.read_ptr(partial);
    if (slab === NULL) return NO_OBJECT;
    k.write_ptr(c_slab, slab);
    k.copy_ptr(partial, slab + k.slab.next);
  }
}

/** The CPU's freelist is empty. 0 without memory. */
export function ___slab_alloc(k: Kernel, s: KmemCache, gfpflags: Gfp, c: KmemCacheCpu): VirtAddr {
  const object: VirtAddr = alloc_from_cpu_slabs(k, s, c, gfpflags);
  if (object !== NO_OBJECT) return object;

  const found = get_partial_node(k, s, c, gfpflags);
  let freelist: VirtAddr;
  let slab: Slab;
  if (found !== undefined) {
    freelist = found.object;
    slab = found.slab;
  } else {
    slab = new_slab(k, s, gfpflags);
    if (slab === NULL) {
      slab_out_of_memory(k, s, gfpflags);
      return NO_OBJECT;
    }
    freelist = slab_freelist(k, slab);
    set_slab_freelist(k, slab, NO_OBJECT);
    set_counters(k, slab, slab_objects(k, slab), true);
    inc_slabs_node(k, s, slab_objects(k, slab));
    if (!pfmemalloc_match(k, slab, gfpflags)) {
      deactivate_slab(k, s, slab, get_freepointer(k, s, freelist));
      return freelist;
    }
  }
  k.write_ptr(cpu_field(k, c, k.kmem_cache_cpu.slab), slab);
  return load_freelist(k, s, c, freelist);
}

function slab_out_of_memory(k: Kernel, s: KmemCache, gfpflags: Gfp): void {
  if ((gfpflags & k.__GFP_NOWARN) !== 0) return;

  const warn = (text: string): void => k.emit({ kind: 'printk', level: 4, text });
  const gfp = (gfpflags >>> 0).toString(16);
  warn(`SLUB: Unable to allocate memory on node -1, gfp=0x${gfp}(${gfpText(k, gfpflags)})`);
  const name: string = cache_name(k, s);
  const object_size: Int = k.words[s + k.kmem_cache.object_size]!;
  const order: Int = oo_order(k.words[s + k.kmem_cache.oo]!);
  const min_order: Int = oo_order(k.words[s + k.kmem_cache.min]!);
  warn(
    `  cache: ${name}, object size: ${object_size}, buffer size: ${k.words[s + k.kmem_cache.size]!}, ` +
      `default order: ${order}, min order: ${min_order}`,
  );
  if (min_order > get_order(object_size))
    warn(`  ${name} debugging increased min order, use slub_debug=O to disable.`);
  const n: KmemCacheNode = get_node(k, s);
  const nr_slabs: ULong = k.read_ulong(n + k.kmem_cache_node.nr_slabs);
  const nr_objs: ULong = k.read_ulong(n + k.kmem_cache_node.total_objects);
  warn(`  node 0: slabs: ${nr_slabs}, objs: ${nr_objs}, free: ${count_free(k, n)}`);
}

/** Free objects of the slabs on the node's list. */
export function count_free(k: Kernel, n: KmemCacheNode): ULong {
  const head: ListHead = partial_list(k, n);
  let free: ULong = 0;
  for (let entry: ListHead = list_next(k, head); entry !== head; entry = list_next(k, entry)) {
    const slab: Slab = slab_of_entry(k, entry);
    free += slab_objects(k, slab) - slab_inuse(k, slab);
  }
  return free;
}

// --- the fast path -----------------------------------------------------------------------------------------------------

export function slab_alloc_node(k: Kernel, s: KmemCache, gfpflags: Gfp): VirtAddr {
  gfpflags &= k.words[k.globals.gfp_allowed_mask]!;
  const c: KmemCacheCpu = this_cpu_slab(k, s);
  const c_freelist = cpu_field(k, c, k.kmem_cache_cpu.freelist);
  let object: VirtAddr = k.read_va(c_freelist);
  if (object === NO_OBJECT || k.read_ptr(cpu_field(k, c, k.kmem_cache_cpu.slab)) === NULL) {
    object = ___slab_alloc(k, s, gfpflags, c);
  } else {
    k.write_va(c_freelist, get_freepointer(k, s, object));
    bump_tid(k, c);
  }
  slab_post_alloc_hook(k, s, gfpflags, [object]);
  return object;
}
