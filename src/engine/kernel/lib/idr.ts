/**
 * Small numbers for pointers, and small numbers alone.
 *
 * Left out everywhere: idr_base (it is 0 in the idrs that are used here), locks.
 * Source: Linux 6.1 lib/idr.c; include/linux/idr.h: ida_init(), ida_is_empty().
 */
import {
  type Gfp,
  type Int,
  NULL,
  type Pointer,
  type UInt,
  type ULong,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../memory/address.js';
import { WARN } from '../include/asm-generic/bug.h.js';
import { IS_ERR, PTR_ERR } from '../include/linux/err.h.js';
import { EINVAL, ENOENT, ENOMEM, ENOSPC } from '../include/linux/errno.h.js';
import type { Idr, RadixTreeRoot } from '../include/linux/idr.h.js';
import { kfree, kzalloc } from '../mm/slab_common/kmalloc.js';
import { bitmap_clear, bitmap_set } from './bitmap.js';
import { find_next_bit, find_next_zero_bit } from './find_bit.js';
import {
  entry_to_node,
  IDR_FREE,
  node_maxindex,
  radix_tree_is_internal_node,
  type RadixTreeIter,
  root_tag_get,
  type Slot,
} from './radix-tree/node.js';
import {
  idr_get_free,
  radix_tree_delete_item,
  radix_tree_lookup,
  replaceEntry,
  radix_tree_iter_replace,
  radix_tree_iter_tag_clear,
} from './radix-tree/radix-tree.js';
import {
  __xa_erase,
  findIndex,
  findPlace,
  xa_clear_mark,
  xa_err,
  XA_PRESENT,
  xa_set_mark,
  xas_store,
} from './xarray/entries.js';
import { type XArray, XA_FREE_MARK, type XaPlace } from './xarray/xarray.js';

const INT_MAX = 0x7fffffff;

/** The first free number from `nextid` to `max`, for `ptr`. Negative: an error. Differs: returns the number. */
function idr_alloc_u32(k: Kernel, idr: Idr, ptr: VirtAddr, nextid: Int, max: Int, gfp: Gfp): Int {
  const root = (idr + k.idr.idr_rt) as RadixTreeRoot;
  const iter: RadixTreeIter = { index: nextid, node: NULL };
  const slot: Slot = idr_get_free(k, root, iter, gfp, max);
  if (IS_ERR(slot)) return PTR_ERR(slot);

  // The pointer before the tag: once the number is taken, a look-up finds something.
  radix_tree_iter_replace(k, root, iter, slot, ptr);
  radix_tree_iter_tag_clear(k, root, iter, IDR_FREE);
  return iter.index;
}

/** The first free number from `start` on and below `end` (0: there is no end), for `ptr`; or an error. */
export function idr_alloc(k: Kernel, idr: Idr, ptr: VirtAddr, start: Int, end: Int, gfp: Gfp): Int {
  if (start < 0) return -EINVAL;
  return idr_alloc_u32(k, idr, ptr, start, end > 0 ? end - 1 : INT_MAX, gfp);
}

/** What a number stands for; 0: nothing. */
export function idr_find(k: Kernel, idr: Idr, id: Int): VirtAddr {
  return radix_tree_lookup(k, (idr + k.idr.idr_rt) as RadixTreeRoot, id);
}

/** A number stands for another pointer from here on; what it stood for, or -ENOENT. */
export function idr_replace(k: Kernel, idr: Idr, ptr: VirtAddr, id: Int): VirtAddr {
  if (idr_find(k, idr, id) === 0) return asVirt(-ENOENT);
  return replaceEntry(k, (idr + k.idr.idr_rt) as RadixTreeRoot, id, ptr);
}

/** The next number not used lately, for `ptr`; or an error. */
export function idr_alloc_cyclic(
  k: Kernel,
  idr: Idr,
  ptr: VirtAddr,
  start: Int,
  gfp: Gfp,
  max: Int = INT_MAX,
): Int {
  let id: Int = Math.max(k.words[idr + k.idr.idr_next]!, start);
  let err: Int = idr_alloc_u32(k, idr, ptr, id, max, gfp);
  // All above are taken: from the beginning.
  if (err === -ENOSPC && id > start) err = idr_alloc_u32(k, idr, ptr, start, max, gfp);
  if (err < 0) return err;

  // The next search begins behind it, so that a number freed meanwhile is not used again at once.
  id = err;
  k.write(idr + k.idr.idr_next, id + 1);
  return id;
}

/** The number is free again. The object that it stood for is the caller's: it is given back. */
export function idr_remove(k: Kernel, idr: Idr, id: Int): VirtAddr {
  return radix_tree_delete_item(k, (idr + k.idr.idr_rt) as RadixTreeRoot, id);
}

// --- numbers alone -------------------------------------------------------------------------------------------------------
//
// An ida is an array of bitmaps, 1024 numbers to an entry. As long as only the lowest of these are taken, the entry is a value whose
// bits are the bitmap: read and written by its words, as no number holds all of them. An entry that has something free keeps its mark.

/** Bits in a struct ida_bitmap, which has 128 bytes. */
const IDA_BITMAP_BITS = 1024;
const BITS_PER_XA_VALUE = (k: Kernel): Int => k.ptr_words * 32 - 1;

/** XA_FLAGS_LOCK_IRQ | XA_FLAGS_ALLOC */
const IDA_INIT_FLAGS = (k: Kernel): Int => (k.__GFP_BITS_MASK + 1) | 5;

export type Ida = Pointer<'struct ida'>;

export function ida_init(k: Kernel, ida: Ida): void {
  k.write(k.plus(ida, k.xarray.xa_flags), IDA_INIT_FLAGS(k));
  k.write_ptr(k.plus(ida, k.xarray.xa_head), NULL);
}

export function ida_is_empty(k: Kernel, ida: Ida): boolean {
  return k.read_va(k.plus(ida, k.xarray.xa_head)) === 0;
}

const isValueAt = (k: Kernel, slot: Cell): boolean => (k.words[slot]! & 1) !== 0;

/** xa_to_value(), as a bigint. */
const valueAt = (k: Kernel, slot: Cell): bigint => {
  const high = k.wide ? BigInt(k.words[k.plus(slot, 1)]! >>> 0) << 32n : 0n;
  return (high | BigInt(k.words[slot]! >>> 0)) >> 1n;
};

const setValueAt = (k: Kernel, slot: Cell, bits: bigint): void => {
  const entry = (bits << 1n) | 1n;
  k.write(slot, Number(BigInt.asIntN(32, entry)));
  if (k.wide) k.write(k.plus(slot, 1), Number(BigInt.asIntN(32, entry >> 32n)));
};

/** xas_find_marked(): the first index from one on that has something free; beyond the tree everything has. */
const firstFree = (k: Kernel, xa: XArray, from: ULong): ULong => {
  const head: VirtAddr = k.read_va(k.plus(xa, k.xarray.xa_head));
  if (!radix_tree_is_internal_node(head))
    return from === 0 && root_tag_get(k, xa, XA_FREE_MARK) ? 0 : Math.max(from, 1);
  const max: ULong = node_maxindex(k, entry_to_node(k, head));
  if (from > max) return from;
  const index: Int = findIndex(k, xa, from, max, XA_FREE_MARK);
  return index < 0 ? max + 1 : index;
};

/** A number from `min` to `max` that is not taken; -ENOSPC: there is none, -ENOMEM. Differs: memory is asked for once. */
export function ida_alloc_range(k: Kernel, ida: Ida, min: UInt, max: UInt, gfp: Gfp): Int {
  if (min > INT_MAX) return -ENOSPC;
  if (max > INT_MAX) max = INT_MAX;
  const xa = k.plus(ida, k.ida.xa) as XArray;
  let bit: Int = min % IDA_BITMAP_BITS;
  let index: ULong = Math.floor(min / IDA_BITMAP_BITS);
  // next:
  for (; ; index++) {
    const found: ULong = firstFree(k, xa, index);
    if (found > index) bit = 0;
    index = found;
    if (index * IDA_BITMAP_BITS + bit > max) return -ENOSPC;

    const place: XaPlace = { slot: NULL, node: NULL, offset: 0 };
    let bitmap: VirtAddr = asVirt(0);
    if (findPlace(k, xa, index, place)) {
      if (isValueAt(k, place.slot)) {
        const tmp: bigint = valueAt(k, place.slot);
        while (bit < BITS_PER_XA_VALUE(k) && ((tmp >> BigInt(bit)) & 1n) !== 0n) bit++;
        if (index * IDA_BITMAP_BITS + bit > max) return -ENOSPC;
        if (bit < BITS_PER_XA_VALUE(k)) {
          setValueAt(k, place.slot, tmp | (1n << BigInt(bit)));
          return index * IDA_BITMAP_BITS + bit;
        }
        // No room in a value: a bitmap, which begins with its bits.
        bitmap = kzalloc(k, k.sizeof.ida_bitmap, gfp);
        if (bitmap === 0) return -ENOMEM;
        const first: Cell = k.cell_at(bitmap);
        k.write(first, Number(BigInt.asIntN(32, tmp)));
        if (k.wide) k.write(k.plus(first, 1), Number(BigInt.asIntN(32, tmp >> 32n)));
        xas_store(k, xa, index, bitmap, place);
      } else {
        bitmap = k.read_va(place.slot);
      }
    }
    if (bitmap !== 0) {
      bit = find_next_zero_bit(k, bitmap, IDA_BITMAP_BITS, bit);
      if (index * IDA_BITMAP_BITS + bit > max) return -ENOSPC;
      // Nothing from there on: the next entry.
      if (bit === IDA_BITMAP_BITS) continue;
      bitmap_set(k, bitmap, bit, 1);
      if (find_next_zero_bit(k, bitmap, IDA_BITMAP_BITS, 0) === IDA_BITMAP_BITS)
        xa_clear_mark(k, xa, index, XA_FREE_MARK);
      return index * IDA_BITMAP_BITS + bit;
    }

    let entry: VirtAddr = asVirt(1);
    if (bit >= BITS_PER_XA_VALUE(k)) {
      entry = kzalloc(k, k.sizeof.ida_bitmap, gfp);
      if (entry === 0) return -ENOMEM;
      bitmap_set(k, entry, bit, 1);
    }
    const old: VirtAddr = xas_store(k, xa, index, entry, place);
    if (place.slot === NULL) {
      if (entry !== 1) kfree(k, entry);
      return xa_err(old);
    }
    if (entry === 1) setValueAt(k, place.slot, 1n << BigInt(bit));
    return index * IDA_BITMAP_BITS + bit;
  }
}

/** The number is free again; a warning if it was not taken. */
export function ida_free(k: Kernel, ida: Ida, id: UInt): void {
  if (id > INT_MAX) return;
  const xa = k.plus(ida, k.ida.xa) as XArray;
  const bit: Int = id % IDA_BITMAP_BITS;
  const index: ULong = Math.floor(id / IDA_BITMAP_BITS);
  const place: XaPlace = { slot: NULL, node: NULL, offset: 0 };
  let isTaken = findPlace(k, xa, index, place);
  if (isTaken && isValueAt(k, place.slot)) {
    const v: bigint = valueAt(k, place.slot);
    isTaken = ((v >> BigInt(bit)) & 1n) !== 0n;
    const left: bigint = v & ~(1n << BigInt(bit));
    if (isTaken && left !== 0n) setValueAt(k, place.slot, left);
    else if (isTaken) eraseValue(k, xa, index, place);
  } else if (isTaken) {
    const bitmap: VirtAddr = k.read_va(place.slot);
    isTaken = find_next_bit(k, bitmap, bit + 1, bit) === bit;
    if (isTaken) {
      bitmap_clear(k, bitmap, bit, 1);
      xa_set_mark(k, xa, index, XA_FREE_MARK);
      if (find_next_bit(k, bitmap, IDA_BITMAP_BITS, 0) === IDA_BITMAP_BITS) {
        kfree(k, bitmap);
        __xa_erase(k, xa, index);
      }
    }
  }
  WARN(k, !isTaken, `ida_free called for id=${id} which is not allocated.`);
}

/** Takes a value out: as one of few bits, which a number holds. */
const eraseValue = (k: Kernel, xa: XArray, index: ULong, place: XaPlace): void => {
  setValueAt(k, place.slot, 0n);
  __xa_erase(k, xa, index);
};

/** All numbers are free. */
export function ida_destroy(k: Kernel, ida: Ida): void {
  const xa = k.plus(ida, k.ida.xa) as XArray;
  for (let index: Int = 0; ;) {
    index = findIndex(k, xa, index, INT_MAX, XA_PRESENT);
    if (index < 0) return;
    const place: XaPlace = { slot: NULL, node: NULL, offset: 0 };
    findPlace(k, xa, index, place);
    if (isValueAt(k, place.slot)) eraseValue(k, xa, index, place);
    else {
      kfree(k, k.read_va(place.slot));
      __xa_erase(k, xa, index);
    }
  }
}
