/**
 * Positions of bits in a word.
 *
 * Source: Linux 6.1 include/linux/bitops.h, arch/x86/include/asm/bitops.h.
 */
import type { Int } from '../../../machine/ctypes.js';

/** Number of the highest set bit, from 1; 0 for 0. */
export const fls = (x: number): number => 32 - Math.clz32(x);

/** Number of zero bits below the lowest set one: how well an offset is aligned. */
export const __ffs = (value: Int): Int => 31 - Math.clz32(value & -value);
