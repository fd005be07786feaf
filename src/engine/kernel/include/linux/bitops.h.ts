/**
 * Positions of bits in a word.
 *
 * Source: Linux 6.1 include/linux/bitops.h, arch/x86/include/asm/bitops.h.
 */
import type { Int, UInt } from '../../../machine/ctypes.js';

/** Number of the highest set bit, from 1; 0 for 0. */
export function fls(x: UInt): Int {
  return 32 - Math.clz32(x);
}

/** Number of zero bits below the lowest set one: how well an offset is aligned. */
export function __ffs(word: UInt): Int {
  return 31 - Math.clz32(word & -word);
}
