/**
 * The cell of an object in a debug cache: what lies around the object, where each part begins, and what fills it.
 *
 *     [left red zone] object [right red zone up to inuse] [free pointer, if outside] [tracks] [size asked for] [padding to size]
 *      bb | cc         6b..a5  bb | cc                                                                          5a
 *
 * A red zone is bb while the object is free and cc while it is in use; a free object is poison.
 * Source: Linux 6.1 mm/slub.c: slub_debug_orig_size(), size_from_object(), restore_red_left(), check_valid_pointer(),
 * freeptr_outside_object() to init_tracking(), set_orig_size(), init_object(), setup_object_debug(), setup_slab_debug();
 * mm/slab.h: slab_address(), slab_size().
 */
import type { Gfp, Int, KmemCache, Slab, UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type Cell, type VirtAddr } from '../../../memory/address.js';
import { currentPid } from '../../arch/x86/include/asm/current.h.js';
import { folio_order } from '../../include/linux/mm.h.js';
import {
  POISON_END,
  POISON_FREE,
  POISON_INUSE,
  SLUB_RED_INACTIVE,
} from '../../include/linux/poison.h.js';
import { SLAB_KMALLOC } from '../../include/linux/slab.h.js';
import { stack_depot_save } from '../../lib/stackdepot.js';
import { memset, writeByte } from '../../lib/string.js';
import { page_address } from '../highmem/page_address.js';
import { kmem_cache_debug_flags, slab_folio } from '../slab.h.js';
import { __OBJECT_POISON } from './calculate_sizes.js';

/** Whether objects carry the size that was asked for: those of kmalloc(), which are larger. */
export function slub_debug_orig_size(k: Kernel, s: KmemCache): boolean {
  return (
    kmem_cache_debug_flags(k, s, k.SLAB_STORE_USER) &&
    (k.words[s + k.kmem_cache.flags]! & SLAB_KMALLOC) !== 0
  );
}

// --- places ------------------------------------------------------------------------------------------------------------

export const slab_address = (k: Kernel, slab: Slab): VirtAddr => page_address(k, slab_folio(slab));
export const slab_size = (k: Kernel, slab: Slab): Int =>
  PAGE_SIZE << folio_order(k, slab_folio(slab));

/** From an object to the end of its cell. */
export function size_from_object(k: Kernel, s: KmemCache): UInt {
  const size: UInt = k.words[s + k.kmem_cache.size]!;
  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_RED_ZONE) !== 0)
    return size - k.words[s + k.kmem_cache.red_left_pad]!;
  return size;
}

/** The beginning of an object's cell. */
export function restore_red_left(k: Kernel, s: KmemCache, p: VirtAddr): VirtAddr {
  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_RED_ZONE) !== 0)
    return asVirt(p - k.words[s + k.kmem_cache.red_left_pad]!);
  return p;
}

/** Whether an address is NULL or that of an object of the slab. */
export function check_valid_pointer(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  object: VirtAddr,
): boolean {
  if (object === 0) return true;
  const base: VirtAddr = slab_address(k, slab);
  const size: UInt = k.words[s + k.kmem_cache.size]!;
  object = restore_red_left(k, s, object);
  return (
    object >= base &&
    object < base + k.read_bits(slab, k.slab.objects) * size &&
    (object - base) % size === 0
  );
}

/** Whether freeing an object leaves its bytes alone. */
export function freeptr_outside_object(k: Kernel, s: KmemCache): boolean {
  return k.words[s + k.kmem_cache.offset]! >= k.words[s + k.kmem_cache.inuse]!;
}

/** The offset behind the object and its free pointer: there the tracks begin. */
export function get_info_end(k: Kernel, s: KmemCache): UInt {
  const inuse: UInt = k.words[s + k.kmem_cache.inuse]!;
  return freeptr_outside_object(k, s) ? inuse + k.ptr_words * 4 : inuse;
}

// --- who used an object ------------------------------------------------------------------------------------------------

export type TrackItem = 'TRACK_ALLOC' | 'TRACK_FREE';

/** An object's track is a `struct track` of any alignment to frames: its members go by address. */
export function get_track(k: Kernel, s: KmemCache, object: VirtAddr, alloc: TrackItem): VirtAddr {
  const p = object + get_info_end(k, s);
  return asVirt(alloc === 'TRACK_ALLOC' ? p : p + k.sizeof.track);
}

/** A member of a track. */
export const trackAt = (k: Kernel, track: VirtAddr, member: number): Cell =>
  k.cell_at(asVirt(track + member * 4));

/** Differs: a stack is the address of the call alone; what called before is not part of this machine. */
export function set_track_prepare(k: Kernel, addr: VirtAddr, gfp_flags: Gfp): UInt {
  return stack_depot_save(k, [addr], gfp_flags);
}

export function set_track_update(
  k: Kernel,
  s: KmemCache,
  object: VirtAddr,
  alloc: TrackItem,
  addr: VirtAddr,
  handle: UInt,
): void {
  const p: VirtAddr = get_track(k, s, object, alloc);
  k.write(trackAt(k, p, k.track.handle), handle);
  k.write_va(trackAt(k, p, k.track.addr), addr);
  k.write(trackAt(k, p, k.track.cpu), k.cpu);
  k.write(trackAt(k, p, k.track.pid), currentPid(k));
  k.write_long(trackAt(k, p, k.track.when), k.read_ulong(k.globals.jiffies));
}

export function set_track(
  k: Kernel,
  s: KmemCache,
  object: VirtAddr,
  alloc: TrackItem,
  addr: VirtAddr,
  gfp_flags: Gfp,
): void {
  const handle: UInt = set_track_prepare(k, addr, gfp_flags);
  set_track_update(k, s, object, alloc, addr, handle);
}

function init_tracking(k: Kernel, s: KmemCache, object: VirtAddr): void {
  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_STORE_USER) === 0) return;
  memset(k, get_track(k, s, object, 'TRACK_ALLOC'), 0, 2 * k.sizeof.track);
}

/** Notes how much kmalloc() was asked for. */
export function set_orig_size(k: Kernel, s: KmemCache, object: VirtAddr, orig_size: UInt): void {
  if (!slub_debug_orig_size(k, s)) return;
  k.write(k.cell_at(asVirt(object + get_info_end(k, s) + 2 * k.sizeof.track)), orig_size);
}

// --- what fills a cell -------------------------------------------------------------------------------------------------

/** Fills an object that is allocated or freed, and its red zones with `val`. */
export function init_object(k: Kernel, s: KmemCache, object: VirtAddr, val: Int): void {
  const flags = k.words[s + k.kmem_cache.flags]!;
  const object_size: UInt = k.words[s + k.kmem_cache.object_size]!;
  if ((flags & k.SLAB_RED_ZONE) !== 0) {
    const red_left_pad: UInt = k.words[s + k.kmem_cache.red_left_pad]!;
    memset(k, asVirt(object - red_left_pad), val, red_left_pad);
  }
  if ((flags & __OBJECT_POISON) !== 0) {
    memset(k, object, POISON_FREE, object_size - 1);
    writeByte(k, asVirt(object + object_size - 1), POISON_END);
  }
  if ((flags & k.SLAB_RED_ZONE) !== 0) {
    const inuse: UInt = k.words[s + k.kmem_cache.inuse]!;
    memset(k, asVirt(object + object_size), val, inuse - object_size);
  }
}

/** An object of a new slab. */
export function setup_object_debug(k: Kernel, s: KmemCache, object: VirtAddr): void {
  if (!kmem_cache_debug_flags(k, s, k.SLAB_STORE_USER | k.SLAB_RED_ZONE | __OBJECT_POISON)) return;
  init_object(k, s, object, SLUB_RED_INACTIVE);
  init_tracking(k, s, object);
}

/** A new slab, before it has objects. */
export function setup_slab_debug(k: Kernel, s: KmemCache, slab: Slab, addr: VirtAddr): void {
  if (!kmem_cache_debug_flags(k, s, k.SLAB_POISON)) return;
  memset(k, addr, POISON_INUSE, slab_size(k, slab));
}
