/**
 * An integer as text, with sign, prefix and padding. Source: Linux 6.1 lib/vsprintf.c: number(), widen_string().
 */

export interface NumberSpec {
  readonly base: 8 | 10 | 16;
  readonly upper?: boolean;
  readonly signed?: boolean;
  readonly left?: boolean;
  readonly plus?: boolean;
  readonly space?: boolean;
  /** `0x` and `0` before hexadecimal and octal numbers. */
  readonly special?: boolean;
  readonly zero?: boolean;
  readonly width?: number | undefined;
  readonly precision?: number | undefined;
}

export function formatNumber(value: bigint, spec: NumberSpec): string {
  const negative = spec.signed === true && value < 0n;
  const sign = negative ? '-' : signOf(spec);
  const magnitude = value < 0n ? -value : value;
  const lower = magnitude.toString(spec.base);
  const digits = spec.upper === true ? lower.toUpperCase() : lower;
  const prefix = spec.special === true ? prefixOf(spec, magnitude) : '';
  const width = spec.width ?? 0;
  const precise = digits.padStart(spec.precision ?? 0, '0');
  if (spec.left === true) return (sign + prefix + precise).padEnd(width);
  if (spec.zero !== true) return (sign + prefix + precise).padStart(width);
  return sign + prefix + precise.padStart(width - sign.length - prefix.length, '0');
}

function signOf(spec: NumberSpec): string {
  if (spec.signed !== true) return '';
  return spec.plus === true ? '+' : spec.space === true ? ' ' : '';
}

function prefixOf(spec: NumberSpec, magnitude: bigint): string {
  if (spec.base === 16) return spec.upper === true ? '0X' : '0x';
  return spec.base === 8 && magnitude !== 0n ? '0' : '';
}

/** `0x` and all digits of so many bytes: special_hex_number(). */
export const paddedHex = (value: bigint, sizeBytes: number): string =>
  `0x${BigInt.asUintN(sizeBytes * 8, value)
    .toString(16)
    .padStart(sizeBytes * 2, '0')}`;

/** Text cut to the precision and padded to the width. */
export function widen(
  text: string,
  spec: { readonly left: boolean },
  width: number | undefined,
): string {
  return spec.left ? text.padEnd(width ?? 0) : text.padStart(width ?? 0);
}
