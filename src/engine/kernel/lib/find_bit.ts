/**
 * Searches in bitmaps.
 *
 * Source: Linux 6.1 lib/find_bit.c, include/linux/find.h.
 */
import type { UInt, ULong } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../memory/address.js';

export const BITS_PER_WORD = 32;

/** The bits of word `word` from `start` up that lie in [start, start + len). */
export const maskInWord = (word: UInt, start: ULong, len: ULong): number => {
  const from = Math.max(start - word * BITS_PER_WORD, 0);
  const to = Math.min(start + len - word * BITS_PER_WORD, BITS_PER_WORD);
  const upTo = to === BITS_PER_WORD ? -1 : (1 << to) - 1;
  return upTo & (-1 << from);
};

export const cellOfWord = (k: Kernel, map: VirtAddr, word: UInt): number =>
  k.cell_at(asVirt(map + word * 4));

/** The first bit from `offset` on that is in the inverse of `invert`; `size` if there is none. */
function _find_next_bit(
  k: Kernel,
  map: VirtAddr,
  size: ULong,
  offset: ULong,
  invert: number,
): ULong {
  for (let word = offset >>> 5; word * BITS_PER_WORD < size; word++) {
    const within = maskInWord(word, offset, size - offset);
    const at = cellOfWord(k, map, word);
    const found = (k.words[at]! ^ invert) & within;
    if (found !== 0) return word * BITS_PER_WORD + 31 - Math.clz32(found & -found);
  }
  return size;
}

/** The first bit from `offset` on that is set; `size` if there is none. */
export function find_next_bit(k: Kernel, map: VirtAddr, size: ULong, offset: ULong): ULong {
  return offset >= size ? size : _find_next_bit(k, map, size, offset, 0);
}

export function find_next_zero_bit(k: Kernel, map: VirtAddr, size: ULong, offset: ULong): ULong {
  return offset >= size ? size : _find_next_bit(k, map, size, offset, -1);
}

/** The last bit below `size` that is set; `size` if there is none. */
export function find_last_bit(k: Kernel, map: VirtAddr, size: ULong): ULong {
  for (let word = (size - 1) >> 5; word >= 0; word--) {
    const at = cellOfWord(k, map, word);
    const found = k.words[at]! & maskInWord(word, 0, size);
    if (found !== 0) return word * BITS_PER_WORD + 31 - Math.clz32(found);
  }
  return size;
}
