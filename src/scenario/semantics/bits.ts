/** Bit-fields inside the unit of memory that holds them. Bits count from the least significant one. */
import { convert, wrap64, type Value } from './arithmetic.js';

/** The field's value, from the unit as loaded (up to 4 bytes zero-extended, 8 as the signed reading). */
export function extractBits(
  unit: Value,
  sizeBytes: number,
  offset: number,
  width: number,
  signed: boolean,
): Value {
  if (sizeBytes === 8) {
    const bits = BigInt(unit) >> BigInt(offset);
    return wrap64(signed ? BigInt.asIntN(width, bits) : BigInt.asUintN(width, bits));
  }
  const left = 32 - offset - width;
  const aligned = Number(convert(unit, 'i32')) << left;
  return signed ? aligned >> (32 - width) : aligned >>> (32 - width);
}

/** The unit with the field replaced by the low bits of a value. */
export function insertBits(
  unit: Value,
  sizeBytes: number,
  offset: number,
  width: number,
  value: Value,
): Value {
  if (sizeBytes === 8) {
    const mask = ((1n << BigInt(width)) - 1n) << BigInt(offset);
    return wrap64((BigInt(unit) & ~mask) | ((BigInt(value) << BigInt(offset)) & mask));
  }
  const mask = (width === 32 ? -1 : (1 << width) - 1) << offset;
  const kept = Number(convert(unit, 'i32')) & ~mask;
  return (kept | ((Number(convert(value, 'i32')) << offset) & mask)) >>> 0;
}
