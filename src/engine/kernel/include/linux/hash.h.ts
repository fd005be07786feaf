/**
 * Multiplicative hashing.
 *
 * Source: Linux 6.1 include/linux/hash.h.
 */
import type { Int, UInt, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';

/** include/linux/hash.h */
const GOLDEN_RATIO_32 = 0x61c88647;
const GOLDEN_RATIO_64 = 0x61c8_8646_80b5_83ebn;

/** hash_32(): the highest bits of a product are the best mixed. */
export const hash_32 = (val: UInt, bits: Int): UInt =>
  Math.imul(val, GOLDEN_RATIO_32) >>> (32 - bits);

const hash_64 = (val: bigint, bits: Int): UInt =>
  Number(BigInt.asUintN(64, val * GOLDEN_RATIO_64) >> BigInt(64 - bits));

/** Of a word, as wide as the build's. */
export const hash_long = (k: Kernel, val: ULong, bits: Int): UInt =>
  k.wide ? hash_64(BigInt.asUintN(64, BigInt(val)), bits) : hash_32(val, bits);

/** Of an address. */
export const hash_ptr = (k: Kernel, ptr: VirtAddr, bits: Int): UInt => hash_long(k, ptr, bits);
