/**
 * Bitmaps of the kernel: an array of `unsigned long`, bit 0 the lowest of the first.
 *
 * x86 is little-endian, so bit n lies in 32-bit word n >> 5 whether a long has one word or two. A bitmap may be longer than a
 * frame, so it goes by its address and each word is looked up.
 * Source: Linux 6.1 lib/bitmap.c: bitmap_find_next_zero_area_off(), __bitmap_set(), __bitmap_clear(); include/linux/bitmap.h: bitmap_set().
 */
import type { UInt, ULong } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import type { VirtAddr } from '../../memory/address.js';
import {
  BITS_PER_WORD,
  cellOfWord,
  find_next_bit,
  find_next_zero_bit,
  maskInWord,
} from './find_bit.js';

/** Sets `len` bits from `start` on. Differs: by words of 32 bits, as the map may straddle frames anywhere. */
export function bitmap_set(k: Kernel, map: VirtAddr, start: ULong, len: ULong): void {
  for (let word = start >>> 5; word * BITS_PER_WORD < start + len; word++) {
    const at = cellOfWord(k, map, word);
    k.write(at, k.words[at]! | maskInWord(word, start, len));
  }
}

/** Clears `len` bits from `start` on. */
export function bitmap_clear(k: Kernel, map: VirtAddr, start: ULong, len: ULong): void {
  for (let word = start >>> 5; word * BITS_PER_WORD < start + len; word++) {
    const at = cellOfWord(k, map, word);
    k.write(at, k.words[at]! & ~maskInWord(word, start, len));
  }
}

/**
 * Where from `start` on `nr` bits in a row are zero, so that this place plus `align_offset` has no bit of `align_mask`.
 * A place that is not below `size` says that there is none.
 */
export function bitmap_find_next_zero_area_off(
  k: Kernel,
  map: VirtAddr,
  size: ULong,
  start: ULong,
  nr: UInt,
  align_mask: ULong,
  align_offset: ULong,
): ULong {
  again: for (;;) {
    let index: ULong = find_next_zero_bit(k, map, size, start);
    // Aligned as seen from outside of the map, whose first bit need not be so.
    index = ((index + align_offset + align_mask) & ~align_mask) - align_offset;

    const end: ULong = index + nr;
    if (end > size) return end;
    const i: ULong = find_next_bit(k, map, end, index);
    if (i < end) {
      // Too short a gap: on behind the bit that ends it.
      start = i + 1;
      continue again;
    }
    return index;
  }
}
