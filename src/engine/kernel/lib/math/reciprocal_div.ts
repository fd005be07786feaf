/**
 * Division by a constant as a multiplication: a 32-bit factor and two shifts.
 *
 *     n / d  =  (t + ((n - t) >> sh1)) >> sh2     with t = the upper 32 bits of m * n
 *
 * Source: Linux 6.1 lib/math/reciprocal_div.c: reciprocal_value(); include/linux/reciprocal_div.h.
 */
import type { UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { fls } from '../../include/linux/bitops.h.js';

/** For divisions by `d`. Differs: writes the structure at `R` instead of returning it: the factor, then a byte for each shift. */
export function reciprocal_value(k: Kernel, d: UInt, R: number): void {
  const l = fls(d - 1);
  const m = ((1n << 32n) * ((1n << BigInt(l)) - BigInt(d))) / BigInt(d) + 1n;
  k.write(R, Number(m & 0xffff_ffffn) | 0);
  // Both shifts at once: they share a word.
  k.write(R + 1, Math.min(l, 1) | (Math.max(l - 1, 0) << 8));
}
