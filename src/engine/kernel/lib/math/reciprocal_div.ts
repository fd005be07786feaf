/**
 * Division by a constant as a multiplication: a 32-bit factor and two shifts.
 *
 * Source: Linux 6.1 lib/math/reciprocal_div.c: reciprocal_value(); include/linux/reciprocal_div.h.
 */
import type { UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

/** Stores reciprocal_value(d) at `at`: the factor, then a byte for each shift. */
export function write_reciprocal_value(k: Kernel, at: number, d: UInt): void {
  const l = 32 - Math.clz32(d - 1);
  const m = ((1n << 32n) * ((1n << BigInt(l)) - BigInt(d))) / BigInt(d) + 1n;
  const sh1 = Math.min(l, 1);
  const sh2 = Math.max(l - 1, 0);
  k.write(at, Number(m & 0xffff_ffffn) | 0);
  k.write(at + 1, sh1 | (sh2 << 8));
}
