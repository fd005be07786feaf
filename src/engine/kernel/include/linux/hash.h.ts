/**
 * Multiplicative hashing.
 *
 * Source: Linux 6.1 include/linux/hash.h.
 */
import type { Int, UInt } from '../../../machine/ctypes.js';

/** include/linux/hash.h */
const GOLDEN_RATIO_32 = 0x61c88647;

/** hash_32(): the highest bits of a product are the best mixed. */
export const hash_32 = (val: UInt, bits: Int): UInt =>
  Math.imul(val, GOLDEN_RATIO_32) >>> (32 - bits);
