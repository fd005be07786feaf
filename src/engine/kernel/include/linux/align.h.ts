/**
 * Rounding to multiples of a power of two. The sum with 0 makes 0 of what would be -0: an address is compared by its bits.
 *
 * Source: Linux 6.1 include/linux/align.h, include/linux/math.h.
 */
import type { ULong } from '../../../machine/ctypes.js';

export const ALIGN = (x: ULong, a: ULong): ULong => Math.ceil(x / a) * a + 0;
export const ALIGN_DOWN = (x: ULong, a: ULong): ULong => Math.floor(x / a) * a + 0;
export const IS_ALIGNED = (x: ULong, a: ULong): boolean => ALIGN_DOWN(x, a) === x;
