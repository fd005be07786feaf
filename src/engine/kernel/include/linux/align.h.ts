/**
 * Rounding to multiples of a power of two.
 *
 * Source: Linux 6.1 include/linux/align.h, include/linux/math.h.
 */
import type { Int, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ulong } from '../../../machine/ulong.js';
import type { VirtAddr } from '../../../memory/address.js';

/** ALIGN(x, a), ALIGN_DOWN(x, a): `a` is a power of two. */
export const ALIGN_UP = (k: Kernel, x: ULong, a: ULong): VirtAddr =>
  ulong(k, Math.ceil(x / a) * a + 0);
export const ALIGN_DOWN = (x: ULong, a: ULong): ULong => Math.floor(x / a) * a + 0;
export const IS_ALIGNED = (x: ULong, a: ULong): boolean => ALIGN_DOWN(x, a) === x;

export const ALIGN = (value: Int, align: Int): Int => Math.ceil(value / align) * align;
