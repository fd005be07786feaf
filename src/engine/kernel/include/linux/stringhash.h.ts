/**
 * Hashes of names, a byte after the other, as wide as an unsigned long.
 *
 * Source: Linux 6.1 include/linux/stringhash.h (without DCACHE_WORD_ACCESS), hash.h: hash_long().
 */
import type { Int } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

/** Whether an unsigned long has 64 bits: all that a hash asks of a kernel. */
export type LongWidth = Pick<Kernel, 'wide'>;

const GOLDEN_RATIO_32 = 0x61c88647n;
const GOLDEN_RATIO_64 = 0x61c8864680b583ebn;

/** A name without a salt. */
export const init_name_hash = (): bigint => 0n;

export const partial_name_hash = (k: LongWidth, c: Int, prevhash: bigint): bigint => {
  const letter = BigInt(c);
  return BigInt.asUintN(k.wide ? 64 : 32, (prevhash + (letter << 4n) + (letter >> 4n)) * 11n);
};

/** hash_long(hash, 32): the upper bits of the product are the best mixed. */
export const end_name_hash = (k: LongWidth, hash: bigint): number => {
  if (!k.wide) return Number(BigInt.asUintN(32, hash * GOLDEN_RATIO_32));
  return Number(BigInt.asUintN(64, hash * GOLDEN_RATIO_64) >> 32n);
};
