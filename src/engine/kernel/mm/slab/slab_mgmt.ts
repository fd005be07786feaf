/**
 * A slab of SLAB from inside: its words, and its freelist, an array of indexes.
 *
 *     page words    flags PG_slab | lru: list of the node | mapping: the cache | index: freelist | private: first object
 *                   _mapcount: number of objects that are out or in CPU arrays
 *
 * freelist[active .. num) are the indexes of the slab's free objects. A slab that got one object too many back has an `active` of 2^32 - 1.
 * Source: Linux 6.1 mm/slab.c: index_to_obj(), alloc_slabmgmt() to slab_put_obj(); include/linux/slab_def.h: obj_to_index().
 */
import type { Gfp, Int, KmemCache, Slab, UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { ulong } from '../../../machine/ulong.js';
import { callConstructor } from '../../include/linux/slab.h.js';
import { readByte, writeByte } from '../../lib/string.js';
import { page_address } from '../highmem/page_address.js';
import { slab_folio } from '../slab.h.js';
import { kmalloc } from '../slab_common/kmalloc.js';
import { OBJFREELIST_SLAB, OFF_SLAB } from './order.js';

function index_to_obj(k: Kernel, cache: KmemCache, slab: Slab, idx: Int): VirtAddr {
  return asVirt(k.read_va(slab + k.slab.s_mem) + k.words[cache + k.kmem_cache.size]! * idx);
}

/** Which object of the slab an address lies in. Differs: divides, where the kernel multiplies by the reciprocal. */
function obj_to_index(k: Kernel, cache: KmemCache, slab: Slab, obj: VirtAddr): Int {
  const offset = (obj - k.read_va(slab + k.slab.s_mem)) >>> 0;
  return Math.floor(offset / k.words[cache + k.kmem_cache.size]!);
}

function get_free_obj(k: Kernel, slab: Slab, idx: UInt): Int {
  return readByte(k, ulong(k, k.read_va(slab + k.slab.freelist) + idx));
}

function set_free_obj(k: Kernel, slab: Slab, idx: UInt, val: Int): void {
  writeByte(k, ulong(k, k.read_va(slab + k.slab.freelist) + idx), val & 0xff);
}

/** Takes the next free object of a slab. */
export function slab_get_obj(k: Kernel, cachep: KmemCache, slab: Slab): VirtAddr {
  const idx: Int = get_free_obj(k, slab, k.words[slab + k.slab.active]! >>> 0);
  const objp: VirtAddr = index_to_obj(k, cachep, slab, idx);
  k.write(slab + k.slab.active, k.words[slab + k.slab.active]! + 1);
  return objp;
}

/** Gives an object back to its slab. Left out: the check for a double free (DEBUG). */
export function slab_put_obj(k: Kernel, cachep: KmemCache, slab: Slab, objp: VirtAddr): void {
  const objnr: Int = obj_to_index(k, cachep, slab, objp);
  k.write(slab + k.slab.active, k.words[slab + k.slab.active]! - 1);
  // An OBJFREELIST slab that was full has no freelist: it is in this object now.
  if (k.read_va(slab + k.slab.freelist) === 0) k.write_va(slab + k.slab.freelist, objp);
  set_free_obj(k, slab, k.words[slab + k.slab.active]! >>> 0, objnr);
}

/** Sets where the slab's objects begin. The place of its freelist: 0 when that is not known yet, or could not be had. */
export function alloc_slabmgmt(
  k: Kernel,
  cachep: KmemCache,
  slab: Slab,
  colour_off: Int,
  local_flags: Gfp,
): VirtAddr {
  const addr: VirtAddr = page_address(k, slab_folio(slab));
  const freelist_size: Int = k.words[cachep + k.kmem_cache.freelist_size]!;
  k.write_va(slab + k.slab.s_mem, asVirt(addr + colour_off));
  k.write(slab + k.slab.active, 0);

  // cache_init_objs() will say which object it is.
  if (OBJFREELIST_SLAB(k, cachep)) return asVirt(0);
  if (OFF_SLAB(k, cachep)) return kmalloc(k, freelist_size, local_flags);
  // The last bytes of the slab.
  return asVirt(addr + (PAGE_SIZE << k.words[cachep + k.kmem_cache.gfporder]!) - freelist_size);
}

/** All objects are free, in the order of their addresses. Left out: shuffle_freelist, debugging. */
export function cache_init_objs(k: Kernel, cachep: KmemCache, slab: Slab): void {
  const num: Int = k.words[cachep + k.kmem_cache.num]!;
  // The last object will be taken last, so it can be the freelist as long as there is one.
  if (OBJFREELIST_SLAB(k, cachep))
    k.write_va(slab + k.slab.freelist, index_to_obj(k, cachep, slab, num - 1));
  const has_ctor: boolean = k.read_va(cachep + k.kmem_cache.ctor) !== 0;
  for (let i: Int = 0; i < num; i++) {
    // Once for each object, whoever has it later: users free objects in the state in which they were constructed.
    if (has_ctor) callConstructor(k, cachep, index_to_obj(k, cachep, slab, i));
    set_free_obj(k, slab, i, i);
  }
}
