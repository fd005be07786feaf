/**
 * Functions of numbers alone: bits and logarithms. The compiler computes them where their arguments are constants.
 *
 * Source: Linux 6.1 include/asm-generic/bitops/, include/linux/log2.h; gcc's manual, 6.59.
 */
import { asUnsigned64, convert, wrap64, type Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';

const row = (signature: string, doc: string, compute: (a: Value) => Value): BuiltinRow => ({
  signature,
  doc,
  compute,
  run: (_call, a = 0) => compute(a),
});

/** The number of the highest bit that is set, from 1; 0 if none is. */
const highest = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length);
const lowest = (value: bigint): number => (value === 0n ? 0 : highest(value & -value));
const u32 = (value: Value): bigint => BigInt(convert(value, 'u32'));
const u64 = (value: Value): bigint => asUnsigned64(value);
const count = (value: bigint): number => value.toString(2).replaceAll('0', '').length;
const swapped = (value: bigint, bytes: number): Value => {
  let result = 0n;
  for (let i = 0; i < bytes; i++) result = (result << 8n) | ((value >> BigInt(i * 8)) & 0xffn);
  return bytes === 4 ? Number(result) : wrap64(result);
};

/** The functions of gcc come for int, long and long long. */
const gcc = (name: string, doc: string, compute: (value: bigint, bits: number) => number) => [
  row(`int __builtin_${name}(unsigned int x)`, doc, (x) => compute(u32(x), 32)),
  row(`int __builtin_${name}ll(unsigned long long x)`, doc, (x) => compute(u64(x), 64)),
];

export const numbers: readonly Builtin[] = [
  ...group('number', 'arch/x86/include/asm/bitops.h', [
    row('int fls(unsigned int x)', 'The highest bit that is set, from 1; 0 if none is.', (x) =>
      highest(u32(x)),
    ),
    row('int fls64(u64 x)', 'The highest bit that is set, from 1; 0 if none is.', (x) =>
      highest(u64(x)),
    ),
    row('int ffs(int x)', 'The lowest bit that is set, from 1; 0 if none is.', (x) =>
      lowest(u32(x)),
    ),
    row('unsigned long __ffs(unsigned long word)', 'The lowest bit that is set, from 0.', (x) =>
      Math.max(0, lowest(u64(x)) - 1),
    ),
    row('unsigned long __ffs64(u64 word)', 'The lowest bit that is set, from 0.', (x) =>
      Math.max(0, lowest(u64(x)) - 1),
    ),
    row('unsigned long __fls(unsigned long word)', 'The highest bit that is set, from 0.', (x) =>
      Math.max(0, highest(u64(x)) - 1),
    ),
    row('unsigned long ffz(unsigned long word)', 'The lowest bit that is not set, from 0.', (x) =>
      Math.max(0, lowest(~u64(x) & 0xffff_ffff_ffff_ffffn) - 1),
    ),
    row('unsigned int hweight8(unsigned int w)', 'How many of 8 bits are set.', (x) =>
      count(u32(x) & 0xffn),
    ),
    row('unsigned int hweight16(unsigned int w)', 'How many of 16 bits are set.', (x) =>
      count(u32(x) & 0xffffn),
    ),
    row('unsigned int hweight32(unsigned int w)', 'How many bits are set.', (x) => count(u32(x))),
    row('unsigned int hweight64(u64 w)', 'How many bits are set.', (x) => count(u64(x))),
  ]),
  ...group('number', 'include/linux/log2.h', [
    row('bool is_power_of_2(unsigned long n)', 'Whether exactly one bit is set.', (n) =>
      count(u64(n)) === 1 ? 1 : 0,
    ),
    row(
      'int __ilog2_u32(u32 n)',
      'The logarithm to base 2, rounded down.',
      (n) => highest(u32(n)) - 1,
    ),
    row(
      'int __ilog2_u64(u64 n)',
      'The logarithm to base 2, rounded down.',
      (n) => highest(u64(n)) - 1,
    ),
    row('int __order_base_2(unsigned long n)', 'The logarithm to base 2, rounded up.', (n) =>
      u64(n) > 1n ? highest(u64(n) - 1n) : 0,
    ),
    row(
      'unsigned long __roundup_pow_of_two(unsigned long n)',
      'The next power of two, or the number itself if it is one.',
      (n) => wrap64(1n << BigInt(highest(u64(n) - 1n))),
    ),
    row(
      'unsigned long __rounddown_pow_of_two(unsigned long n)',
      'The power of two at or below a number.',
      (n) => wrap64(1n << BigInt(Math.max(0, highest(u64(n)) - 1))),
    ),
  ]),
  ...group('number', 'include/uapi/linux/swab.h', [
    row('u32 __swab32_value(u32 x)', 'The bytes in reverse.', (x) => swapped(u32(x), 4)),
    row('u64 __swab64_value(u64 x)', 'The bytes in reverse.', (x) => swapped(u64(x), 8)),
  ]),
  ...group('number', '', [
    ...gcc(
      'clz',
      'How many bits above the highest one that is set.',
      (x, bits) => bits - highest(x),
    ),
    ...gcc('ctz', 'How many bits below the lowest one that is set.', (x) => lowest(x) - 1),
    ...gcc('ffs', 'The lowest bit that is set, from 1; 0 if none is.', (x) => lowest(x)),
    ...gcc('popcount', 'How many bits are set.', (x) => count(x)),
    ...gcc('parity', 'Whether an odd number of bits is set.', (x) => count(x) & 1),
  ]),
];
