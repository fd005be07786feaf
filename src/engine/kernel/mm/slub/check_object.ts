/**
 * Whether objects and slabs of a debug cache are as SLUB left them. What is not is reported, and repaired where that is possible.
 *
 * Source: Linux 6.1 mm/slub.c: freelist_corrupted(), check_bytes_and_report() to on_freelist().
 */
import type { Int, KmemCache, Slab, UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { folio_order } from '../../include/linux/mm.h.js';
import { PageSlab } from '../../include/linux/page-flags.h.js';
import {
  POISON_END,
  POISON_FREE,
  POISON_INUSE,
  SLUB_RED_ACTIVE,
} from '../../include/linux/poison.h.js';
import { SLAB_KMALLOC } from '../../include/linux/slab.h.js';
import { memchr_inv, readByte } from '../../lib/string.js';
import { pointer } from '../../lib/vsprintf.js';
import { slab_folio } from '../slab.h.js';
import { __OBJECT_POISON } from './calculate_sizes.js';
import { get_freepointer, order_objects, set_freepointer } from './freelist.js';
import {
  check_valid_pointer,
  freeptr_outside_object,
  get_info_end,
  size_from_object,
  slab_address,
  slab_size,
} from './object_layout.js';
import {
  bytesErr,
  object_err,
  printSlabPadding,
  restore_bytes,
  slab_err,
  slab_fix,
} from './object_report.js';

/** slab.objects has fifteen bits. */
const MAX_OBJS_PER_PAGE = 32767;

/** slab->inuse = ... and its like: bits of the counters. */
export const setSlabBits = (k: Kernel, slab: Slab, place: number, value: Int): void =>
  k.write(slab + k.slab.counters, k.with_bits(k.words[slab + k.slab.counters]!, place, value));

// --- bytes -------------------------------------------------------------------------------------------------------------

/** Behind the last of the bytes from `fault` to `end` that is not `value`. */
const endOfFault = (k: Kernel, fault: VirtAddr, end: VirtAddr, value: Int): VirtAddr => {
  while (end > fault && readByte(k, asVirt(end - 1)) === value) end = asVirt(end - 1);
  return end;
};

function check_bytes_and_report(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  object: VirtAddr,
  what: string,
  start: VirtAddr,
  value: Int,
  bytes: UInt,
): boolean {
  const fault: VirtAddr = memchr_inv(k, start, value, bytes);
  if (fault === 0) return true;
  const end: VirtAddr = endOfFault(k, fault, asVirt(start + bytes), value);
  bytesErr(k, s, slab, object, what, fault, end, readByte(k, fault), value);
  restore_bytes(k, s, what, value, fault, end);
  return false;
}

/** What fills a cell behind all else. */
function check_pad_bytes(k: Kernel, s: KmemCache, slab: Slab, p: VirtAddr): boolean {
  let off: UInt = get_info_end(k, s);
  const flags = k.words[s + k.kmem_cache.flags]!;
  if ((flags & k.SLAB_STORE_USER) !== 0) {
    off += 2 * k.sizeof.track;
    if ((flags & SLAB_KMALLOC) !== 0) off += 4;
  }
  if (size_from_object(k, s) === off) return true;
  const bytes: UInt = size_from_object(k, s) - off;
  const at = asVirt(p + off);
  return check_bytes_and_report(k, s, slab, p, 'Object padding', at, POISON_INUSE, bytes);
}

/** What is left of a slab behind its last cell. */
export function slab_pad_check(k: Kernel, s: KmemCache, slab: Slab): void {
  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_POISON) === 0) return;
  const start: VirtAddr = slab_address(k, slab);
  const length: Int = slab_size(k, slab);
  const remainder: Int = length % k.words[s + k.kmem_cache.size]!;
  if (remainder === 0) return;

  const pad = asVirt(start + length - remainder);
  const fault: VirtAddr = memchr_inv(k, pad, POISON_INUSE, remainder);
  if (fault === 0) return;
  const end: VirtAddr = endOfFault(k, fault, asVirt(start + length), POISON_INUSE);
  const range = `0x${pointer(k, fault)}-0x${pointer(k, end - 1)} @offset=${fault - start}`;
  slab_err(k, s, slab, `Padding overwritten. ${range}`);
  printSlabPadding(k, pad, remainder);
  restore_bytes(k, s, 'slab padding', POISON_INUSE, fault, end);
}

// --- objects and slabs -------------------------------------------------------------------------------------------------

/** `val` is what its red zones must be. */
export function check_object(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  object: VirtAddr,
  val: Int,
): boolean {
  const flags = k.words[s + k.kmem_cache.flags]!;
  const object_size: UInt = k.words[s + k.kmem_cache.object_size]!;
  const inuse: UInt = k.words[s + k.kmem_cache.inuse]!;
  const p: VirtAddr = object;
  const endobject = asVirt(object + object_size);
  const check = (what: string, start: VirtAddr, value: Int, bytes: UInt): boolean =>
    check_bytes_and_report(k, s, slab, p, what, start, value, bytes);

  if ((flags & k.SLAB_RED_ZONE) !== 0) {
    const red_left_pad: UInt = k.words[s + k.kmem_cache.red_left_pad]!;
    if (!check('Left Redzone', asVirt(object - red_left_pad), val, red_left_pad)) return false;
    if (!check('Right Redzone', endobject, val, inuse - object_size)) return false;
  } else if ((flags & k.SLAB_POISON) !== 0 && object_size < inuse) {
    check('Alignment padding', endobject, POISON_INUSE, inuse - object_size);
  }

  if ((flags & k.SLAB_POISON) !== 0) {
    if (
      val !== SLUB_RED_ACTIVE &&
      (flags & __OBJECT_POISON) !== 0 &&
      (!check('Poison', p, POISON_FREE, object_size - 1) ||
        !check('End Poison', asVirt(p + object_size - 1), POISON_END, 1))
    )
      return false;
    // Repairs what it finds, so that the object is good all the same.
    check_pad_bytes(k, s, slab, p);
  }

  // The user of an object in use may have written where its free pointer was.
  if (!freeptr_outside_object(k, s) && val === SLUB_RED_ACTIVE) return true;

  if (!check_valid_pointer(k, s, slab, get_freepointer(k, s, p))) {
    object_err(k, s, slab, p, 'Freepointer corrupt');
    // The free objects behind it are lost, and the slab's count will be found wrong.
    set_freepointer(k, s, p, asVirt(0));
    return false;
  }
  return true;
}

export function check_slab(k: Kernel, s: KmemCache, slab: Slab): boolean {
  if (!PageSlab(k, slab_folio(slab))) {
    slab_err(k, s, slab, 'Not a valid slab page');
    return false;
  }
  const objects: Int = k.read_bits(slab, k.slab.objects);
  const inuse: Int = k.read_bits(slab, k.slab.inuse);
  const maxobj: Int = order_objects(
    folio_order(k, slab_folio(slab)),
    k.words[s + k.kmem_cache.size]!,
  );
  if (objects > maxobj) {
    slab_err(k, s, slab, `objects ${objects} > max ${maxobj}`);
    return false;
  }
  if (inuse > objects) {
    slab_err(k, s, slab, `inuse ${inuse} > max ${objects}`);
    return false;
  }
  if (k.read_bits(slab, k.slab.frozen) !== 0) {
    slab_err(k, s, slab, 'Slab disabled since SLUB metadata consistency check failed');
    return false;
  }
  // Repairs what it finds.
  slab_pad_check(k, s, slab);
  return true;
}

/** Whether an object is on its slab's freelist, which is repaired on the way; with NULL, whether it has a freelist now. */
export function on_freelist(k: Kernel, s: KmemCache, slab: Slab, search: VirtAddr): boolean {
  let nr: Int = 0;
  let object: VirtAddr = asVirt(0);
  let fp: VirtAddr = k.read_va(slab + k.slab.freelist);

  while (fp !== 0 && nr <= k.read_bits(slab, k.slab.objects)) {
    if (fp === search) return true;
    if (!check_valid_pointer(k, s, slab, fp)) {
      if (object !== 0) {
        object_err(k, s, slab, object, 'Freechain corrupt');
        set_freepointer(k, s, object, asVirt(0));
      } else {
        slab_err(k, s, slab, 'Freepointer corrupt');
        k.write_va(slab + k.slab.freelist, asVirt(0));
        setSlabBits(k, slab, k.slab.inuse, k.read_bits(slab, k.slab.objects));
        slab_fix(k, s, 'Freelist cleared');
        return false;
      }
      break;
    }
    object = fp;
    fp = get_freepointer(k, s, object);
    nr++;
  }

  const order = folio_order(k, slab_folio(slab));
  const size: UInt = k.words[s + k.kmem_cache.size]!;
  const max_objects: Int = Math.min(order_objects(order, size), MAX_OBJS_PER_PAGE);
  const objects: Int = k.read_bits(slab, k.slab.objects);
  if (objects !== max_objects) {
    const text = `Wrong number of objects. Found ${objects} but should be ${max_objects}`;
    slab_err(k, s, slab, text);
    setSlabBits(k, slab, k.slab.objects, max_objects);
    slab_fix(k, s, 'Number of objects adjusted');
  }
  const counted: Int = k.read_bits(slab, k.slab.objects) - nr;
  const inuse: Int = k.read_bits(slab, k.slab.inuse);
  if (inuse !== counted) {
    const text = `Wrong object count. Counter is ${inuse} but counted were ${counted}`;
    slab_err(k, s, slab, text);
    setSlabBits(k, slab, k.slab.inuse, counted);
    slab_fix(k, s, 'Object count adjusted');
  }
  return search === 0;
}

/** Whether a CPU's freelist leads out of the slab behind `freelist`: what comes from there on is lost. */
export function freelist_corrupted(
  k: Kernel,
  s: KmemCache,
  slab: Slab,
  freelist: VirtAddr,
  nextfree: VirtAddr,
): boolean {
  if (
    (k.words[s + k.kmem_cache.flags]! & k.SLAB_CONSISTENCY_CHECKS) === 0 ||
    check_valid_pointer(k, s, slab, nextfree)
  )
    return false;
  object_err(k, s, slab, freelist, 'Freechain corrupt');
  slab_fix(k, s, 'Isolate corrupted freechain');
  return true;
}
