/**
 * Allocating from and freeing to a debug cache: one object at a time, checked, from the node's lists. No CPU has a slab of it.
 *
 *     n->partial      slabs with free objects; a slab that becomes full leaves it
 *     n->full         full slabs, of caches that note their users (SLAB_STORE_USER)
 *
 * Source: Linux 6.1 mm/slub.c: add_full(), remove_full(), alloc_consistency_checks() to free_consistency_checks(),
 * alloc_single_from_partial(), alloc_single_from_new_slab(), free_debug_processing(), free_to_partial_list().
 */
import type { Int, KmemCache, KmemCacheNode, Slab, UInt, ULong } from '../../../machine/ctypes.js';
import { NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { list_add, list_del } from '../../include/linux/list.h.js';
import { PageSlab } from '../../include/linux/page-flags.h.js';
import { SLUB_RED_ACTIVE, SLUB_RED_INACTIVE } from '../../include/linux/poison.h.js';
import { pr_err } from '../../include/linux/printk.h.js';
import { pointer } from '../../lib/vsprintf.js';
import { get_node, slab_folio } from '../slab.h.js';
import { dec_slabs_node, free_slab, inc_slabs_node } from './allocate_slab.js';
import { check_object, check_slab, on_freelist, setSlabBits } from './check_object.js';
import { get_freepointer, set_freepointer } from './freelist.js';
import {
  add_partial,
  DEACTIVATE_TO_HEAD,
  DEACTIVATE_TO_TAIL,
  remove_partial,
} from './node_list.js';
import {
  check_valid_pointer,
  init_object,
  set_orig_size,
  set_track_prepare,
  set_track_update,
} from './object_layout.js';
import { object_err, slab_err, slab_fix, trace } from './object_report.js';

/** A debug cache that notes users keeps its full slabs on a list, too. */
export function add_full(k: Kernel, s: KmemCache, n: KmemCacheNode, slab: Slab): void {
  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_STORE_USER) === 0) return;
  list_add(k, slab + k.slab.slab_list, n + k.kmem_cache_node.full);
}

function remove_full(k: Kernel, s: KmemCache, slab: Slab): void {
  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_STORE_USER) === 0) return;
  list_del(k, slab + k.slab.slab_list);
}

// --- allocating --------------------------------------------------------------------------------------------------------

function alloc_consistency_checks(k: Kernel, s: KmemCache, slab: Slab, object: VirtAddr): boolean {
  if (!check_slab(k, s, slab)) return false;
  if (!check_valid_pointer(k, s, slab, object)) {
    object_err(k, s, slab, object, 'Freelist Pointer check fails');
    return false;
  }
  return check_object(k, s, slab, object, SLUB_RED_INACTIVE);
}

/** Whether an object may be given out. */
function alloc_debug_processing(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  object: VirtAddr,
  orig_size: UInt,
): boolean {
  bad: {
    if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_CONSISTENCY_CHECKS) !== 0) {
      if (!alloc_consistency_checks(k, s, slab, object)) break bad;
    }
    trace(k, s, slab, object, true);
    set_orig_size(k, s, object, orig_size);
    init_object(k, s, object, SLUB_RED_ACTIVE);
    return true;
  }

  // bad:
  if (PageSlab(k, slab_folio(slab))) {
    // Its other objects may be as bad: they count as used, so that nobody gets them.
    slab_fix(k, s, 'Marking all objects used');
    setSlabBits(k, slab, k.slab.inuse, k.read_bits(slab, k.slab.objects));
    k.write_va(slab + k.slab.freelist, asVirt(0));
    setSlabBits(k, slab, k.slab.frozen, 1);
  }
  return false;
}

/** One object of a slab of the node's list; 0 when it is not fit to be given out. */
export function alloc_single_from_partial(
  k: Kernel,
  s: KmemCache,
  n: KmemCacheNode,
  slab: Slab,
  orig_size: UInt,
): VirtAddr {
  const object: VirtAddr = k.read_va(slab + k.slab.freelist);
  k.write_va(slab + k.slab.freelist, get_freepointer(k, s, object));
  setSlabBits(k, slab, k.slab.inuse, k.read_bits(slab, k.slab.inuse) + 1);

  if (!alloc_debug_processing(k, s, slab, object, orig_size)) {
    if (PageSlab(k, slab_folio(slab))) remove_partial(k, n, slab);
    return asVirt(0);
  }

  if (k.read_bits(slab, k.slab.inuse) === k.read_bits(slab, k.slab.objects)) {
    remove_partial(k, n, slab);
    add_full(k, s, n, slab);
  }
  return object;
}

/** The first object of a new slab, which goes to the node's list. */
export function alloc_single_from_new_slab(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  orig_size: UInt,
): VirtAddr {
  const n: KmemCacheNode = get_node(k, s);
  const object: VirtAddr = k.read_va(slab + k.slab.freelist);
  k.write_va(slab + k.slab.freelist, get_freepointer(k, s, object));
  setSlabBits(k, slab, k.slab.inuse, 1);

  // Nobody but a wild writer can have spoiled it already.
  if (!alloc_debug_processing(k, s, slab, object, orig_size)) return asVirt(0);

  const objects: Int = k.read_bits(slab, k.slab.objects);
  if (k.read_bits(slab, k.slab.inuse) === objects) add_full(k, s, n, slab);
  else add_partial(k, n, slab, DEACTIVATE_TO_HEAD);
  inc_slabs_node(k, s, objects);
  return object;
}

// --- freeing -----------------------------------------------------------------------------------------------------------

function free_consistency_checks(k: Kernel, s: KmemCache, slab: Slab, object: VirtAddr): boolean {
  if (!check_valid_pointer(k, s, slab, object)) {
    slab_err(k, s, slab, `Invalid object pointer 0x${pointer(k, object)}`);
    return false;
  }
  if (on_freelist(k, s, slab, object)) {
    object_err(k, s, slab, object, 'Object already free');
    return false;
  }
  if (!check_object(k, s, slab, object, SLUB_RED_ACTIVE)) return false;

  const slab_cache: KmemCache = k.read_ptr(slab + k.slab.slab_cache);
  if (s !== slab_cache) {
    const at = `0x${pointer(k, object)}`;
    if (!PageSlab(k, slab_folio(slab)))
      slab_err(k, s, slab, `Attempt to free object(${at}) outside of slab`);
    else if (slab_cache === NULL) pr_err(k, `SLUB <none>: no slab for object ${at}.`);
    else object_err(k, s, slab, object, 'page slab pointer corrupt.');
    return false;
  }
  return true;
}

/** A chain of objects that is to be freed: how many there are, which may be less than was said. */
interface FreeCount {
  bulk_cnt: Int;
}

/** Whether a chain of objects may be freed: all of it, or nothing. */
function free_debug_processing(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  head: VirtAddr,
  tail: VirtAddr,
  count: FreeCount,
  addr: VirtAddr,
  handle: UInt,
): boolean {
  const flags = k.words[s + k.kmem_cache.flags]!;
  const checks: boolean = (flags & k.SLAB_CONSISTENCY_CHECKS) !== 0;
  let checks_ok = false;
  let object: VirtAddr = head;
  let cnt: Int = 0;

  out: {
    if (checks && !check_slab(k, s, slab)) break out;

    const inuse: Int = k.read_bits(slab, k.slab.inuse);
    if (inuse < count.bulk_cnt) {
      const text = `Slab has ${inuse} allocated objects but ${count.bulk_cnt} are to be freed\n`;
      slab_err(k, s, slab, text);
      break out;
    }

    out_cnt: for (;;) {
      // next_object:
      if (++cnt > count.bulk_cnt) break out_cnt;
      if (checks && !free_consistency_checks(k, s, slab, object)) break out;

      if ((flags & k.SLAB_STORE_USER) !== 0)
        set_track_update(k, s, object, 'TRACK_FREE', addr, handle);
      trace(k, s, slab, object, false);
      // Poison does not reach the free pointer: that lies outside then.
      init_object(k, s, object, SLUB_RED_INACTIVE);

      if (object === tail) {
        checks_ok = true;
        break out_cnt;
      }
      object = get_freepointer(k, s, object);
    }

    // out_cnt:
    if (cnt !== count.bulk_cnt) {
      const text = `Bulk free expected ${count.bulk_cnt} objects but found ${cnt}\n`;
      slab_err(k, s, slab, text);
      count.bulk_cnt = cnt;
    }
  }

  // out:
  if (!checks_ok) slab_fix(k, s, `Object at 0x${pointer(k, object)} not freed`);
  return checks_ok;
}

/** Frees a chain of objects of one slab. Left out: stat(). */
export function free_to_partial_list(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  head: VirtAddr,
  tail: VirtAddr,
  bulk_cnt: Int,
  addr: VirtAddr,
): void {
  const n: KmemCacheNode = get_node(k, s);
  const count: FreeCount = { bulk_cnt };
  let slab_free: Slab = NULL;
  let handle: UInt = 0;

  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_STORE_USER) !== 0)
    handle = set_track_prepare(k, addr, k.__GFP_NOWARN);

  if (free_debug_processing(k, s, slab, head, tail, count, addr, handle)) {
    const prior: VirtAddr = k.read_va(slab + k.slab.freelist);
    setSlabBits(k, slab, k.slab.inuse, k.read_bits(slab, k.slab.inuse) - count.bulk_cnt);
    set_freepointer(k, s, tail, prior);
    k.write_va(slab + k.slab.freelist, head);

    // Empty, and the node has enough of those.
    const nr_partial: ULong = k.read_ulong(n + k.kmem_cache_node.nr_partial);
    if (
      k.read_bits(slab, k.slab.inuse) === 0 &&
      nr_partial >= k.read_ulong(s + k.kmem_cache.min_partial)
    )
      slab_free = slab;

    if (prior === 0) {
      // It was full.
      remove_full(k, s, slab);
      if (slab_free === NULL) add_partial(k, n, slab, DEACTIVATE_TO_TAIL);
    } else if (slab_free !== NULL) {
      remove_partial(k, n, slab);
    }
  }

  if (slab_free !== NULL) {
    dec_slabs_node(k, s, k.read_bits(slab_free, k.slab.objects));
    free_slab(k, s, slab_free);
  }
}
