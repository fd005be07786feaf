/**
 * The hash of a name in kernfs, by which a directory's children are ordered.
 *
 * Source: Linux 6.1 fs/kernfs/dir.c: kernfs_name_hash(); include/linux/stringhash.h, hash.h.
 */
import type { UInt } from '../../../machine/ctypes.js';

const GOLDEN_RATIO_32 = 0x61c88647n;
const GOLDEN_RATIO_64 = 0x61c8864680b583ebn;

/** kernfs_name_hash(): of a node without a namespace. */
export function kernfs_name_hash(wide: boolean, name: string): UInt {
  const bits = wide ? 64 : 32;
  let hash = 0n;
  for (const letter of name) {
    const c = BigInt(letter.charCodeAt(0));
    hash = BigInt.asUintN(bits, (hash + (c << 4n) + (c >> 4n)) * 11n);
  }
  // hash_long(hash, 32)
  const product = BigInt.asUintN(bits, hash * (wide ? GOLDEN_RATIO_64 : GOLDEN_RATIO_32));
  const value = Number((wide ? product >> 32n : product) & 0x7fffffffn);
  if (value < 2) return value + 2;
  return value >= 0x7fffffff ? 0x7ffffffe : value;
}
