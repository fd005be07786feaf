/** Bit-fields inside the unit of memory that holds them. Bits count from the least significant one. */
import { convert, wrap64, type Value } from './arithmetic.js';

export interface BitField {
  readonly offset: number;
  readonly width: number;
  readonly signed: boolean;
}

/** The field's value, from the unit as loaded (up to 4 bytes zero-extended, 8 as the signed reading, 9 as a whole number). */
export function extractBits(
  unit: Value,
  sizeBytes: number,
  { offset, width, signed }: BitField,
): Value {
  if (sizeBytes >= 8) {
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
  { offset, width }: BitField,
  value: Value,
): Value {
  if (sizeBytes >= 8) {
    const mask = ((1n << BigInt(width)) - 1n) << BigInt(offset);
    const whole = (BigInt(unit) & ~mask) | ((BigInt(value) << BigInt(offset)) & mask);
    return sizeBytes === 8 ? wrap64(whole) : whole;
  }
  const mask = (width === 32 ? -1 : (1 << width) - 1) << offset;
  const kept = Number(convert(unit, 'i32')) & ~mask;
  return (kept | ((Number(convert(value, 'i32')) << offset) & mask)) >>> 0;
}

/** The nine bytes of an unaligned 64-bit unit and the byte behind it. */
export const withNinth = (unit: Value, ninth: Value): bigint =>
  BigInt.asUintN(64, BigInt(unit)) | (BigInt(ninth) << 64n);
