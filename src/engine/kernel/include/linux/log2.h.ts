/**
 * Logarithms to base two.
 *
 * Source: Linux 6.1 include/linux/log2.h, include/linux/bitops.h: get_count_order_long().
 */
import type { Int, UInt, ULong } from '../../../machine/ctypes.js';

export const rounddown_pow_of_two = (n: number): number => 1 << (31 - Math.clz32(n));
export const ilog2 = (n: Int): Int => 31 - Math.clz32(n);

/** The smallest power of two that is no less than `size`, as an exponent. */
export const get_count_order_long = (size: ULong): Int => Math.ceil(Math.log2(size));

/** The smallest power of two that is no less than `n`, as an exponent. */
export const order_base_2 = (n: Int): Int => (n > 1 ? 32 - Math.clz32(n - 1) : 0);

/** The smallest power of two that is not below n; n is not 0. */
export const roundup_pow_of_two = (n: UInt): UInt => 2 ** (n <= 1 ? 0 : ilog2(n - 1) + 1);
export const is_power_of_2 = (n: Int): boolean => n !== 0 && (n & (n - 1)) === 0;
