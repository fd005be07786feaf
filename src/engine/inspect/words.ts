/** Words of flags and bits that are packed into one `unsigned long`. */
import type { VirtAddr } from '../memory/address.js';
import type { Inspected } from './inspected.js';

/** Byte order of a long turned round: `swab()`. */
export function swab(value: bigint, pointerSize: 4 | 8): bigint {
  let turned = 0n;
  for (let i = 0, rest = value; i < pointerSize; i++, rest >>= 8n)
    turned = (turned << 8n) | (rest & 0xffn);
  return turned;
}

/** An address as the unsigned long that holds it. */
export const ulongOf = (va: VirtAddr, pointerSize: 4 | 8): bigint =>
  BigInt.asUintN(pointerSize * 8, BigInt(va));

/** The address that an unsigned long holds. */
export const addressOf = (bits: bigint, pointerSize: 4 | 8): VirtAddr =>
  Number(pointerSize === 8 ? BigInt.asIntN(64, bits) : bits) as VirtAddr;

/** Whether a flag of an enum is set in a word of flags; false where the build has no such flag. */
export function hasFlag(k: Inspected, flags: bigint, name: string): boolean {
  const bit = k.findEnumerator(name);
  return bit !== undefined && ((flags >> BigInt(bit)) & 1n) !== 0n;
}
