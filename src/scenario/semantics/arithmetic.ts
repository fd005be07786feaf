/**
 * The integers of the target, exact, and what its processor does with them.
 *
 * A *value* is kept as a number where it is exact, else as a bigint. Integers of up to 32 bits are numbers of their own
 * value. All 64-bit ones, pointers of x86_64 among them, are kept as the *signed* reading of their bits, whatever their
 * type: a kernel address then is a safe number, and only operators for which sign matters (compare, divide, shift right,
 * print) look at the type. Operators are exact on numbers and fall back to bigint where a result is not.
 *
 * Source: ISO C11 6.3.1.3, 6.5; gcc's choices where C leaves one (signed overflow wraps, as with -fno-strict-overflow, with
 * which kernels are built); shift counts are masked as x86 does.
 */

export type Value = number | bigint;

/** How a scalar is represented. A pointer is u32 or u64. */
export type Repr = 'bool' | 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'u32' | 'i64' | 'u64';
/** What arithmetic is done in, after promotion. */
export type Width = 'i32' | 'u32' | 'i64' | 'u64';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '<<' | '>>' | '&' | '|' | '^';
export type RelationalOperator = '<' | '<=' | '>' | '>=' | '==' | '!=';
export type Operator = ArithmeticOperator | RelationalOperator | 'min' | 'max';

/** Undefined: the division has no result, and the processor traps. */
export type Operation = (a: Value, b: Value) => Value | undefined;

const TWO_32 = 0x1_0000_0000;

/** The bits of any integer as a signed 64-bit value. */
export function wrap64(value: bigint): Value {
  const signed = BigInt.asIntN(64, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}

/** A signed 64-bit value read as unsigned. */
export const asUnsigned64 = (value: Value): bigint => BigInt.asUintN(64, BigInt(value));

/** The low 32 bits, signed. */
export const low32 = (value: Value): number =>
  typeof value === 'number' ? value | 0 : Number(BigInt.asIntN(32, value));

/** The high 32 bits of 64, signed. */
export const high32 = (value: Value): number =>
  typeof value === 'number'
    ? Math.floor(value / TWO_32) | 0
    : Number(BigInt.asIntN(32, value >> 32n));

/** A 64-bit value from its two words. */
export function join32(low: number, high: number): Value {
  const value = (low >>> 0) + high * TWO_32;
  if (Number.isSafeInteger(value)) return value;
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** Converts a value to another representation: keeps the low bits, as C does. */
export function convert(value: Value, to: Repr): Value {
  switch (to) {
    case 'bool':
      return value === 0 || value === 0n ? 0 : 1;
    case 'i8':
      return (low32(value) << 24) >> 24;
    case 'u8':
      return low32(value) & 0xff;
    case 'i16':
      return (low32(value) << 16) >> 16;
    case 'u16':
      return low32(value) & 0xffff;
    case 'i32':
      return low32(value);
    case 'u32':
      return low32(value) >>> 0;
    case 'i64':
    case 'u64':
      return value;
  }
}

/** The value as C would print it: a u64 becomes the unsigned number it stands for. */
export function naturalValue(value: Value, repr: Repr): Value {
  if (repr !== 'u64' || value >= 0) return value;
  const unsigned = asUnsigned64(value);
  const number = Number(unsigned);
  return Number.isSafeInteger(number) ? number : unsigned;
}

export const sizeOfRepr: Readonly<Record<Repr, 1 | 2 | 4 | 8>> = {
  bool: 1,
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  i64: 8,
  u64: 8,
};

const truth = (condition: boolean): number => (condition ? 1 : 0);

// --- 32 bits -------------------------------------------------------------------------------------------------------

type Narrow = (a: number, b: number) => number | undefined;

const signed32: Readonly<Record<Operator, Narrow>> = {
  '+': (a, b) => (a + b) | 0,
  '-': (a, b) => (a - b) | 0,
  '*': (a, b) => Math.imul(a, b),
  // INT_MIN / -1 overflows the quotient: idiv traps on it as on zero.
  '/': (a, b) => (b === 0 || (b === -1 && a === -0x8000_0000) ? undefined : (a / b) | 0),
  '%': (a, b) => (b === 0 || (b === -1 && a === -0x8000_0000) ? undefined : (a % b) | 0),
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<': (a, b) => truth(a < b),
  '<=': (a, b) => truth(a <= b),
  '>': (a, b) => truth(a > b),
  '>=': (a, b) => truth(a >= b),
  '==': (a, b) => truth(a === b),
  '!=': (a, b) => truth(a !== b),
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
};

const unsigned32: Readonly<Record<Operator, Narrow>> = {
  ...signed32,
  '+': (a, b) => (a + b) >>> 0,
  '-': (a, b) => (a - b) >>> 0,
  '*': (a, b) => Math.imul(a, b) >>> 0,
  '/': (a, b) => (b === 0 ? undefined : Math.floor(a / b)),
  '%': (a, b) => (b === 0 ? undefined : a % b),
  '<<': (a, b) => (a << b) >>> 0,
  '>>': (a, b) => a >>> b,
  '&': (a, b) => (a & b) >>> 0,
  '|': (a, b) => (a | b) >>> 0,
  '^': (a, b) => (a ^ b) >>> 0,
};

// --- 64 bits -------------------------------------------------------------------------------------------------------

/** The result on numbers where it is exact, else on bigints. */
const exactOr =
  (onNumbers: (a: number, b: number) => number, onBigints: (a: bigint, b: bigint) => bigint) =>
  (a: Value, b: Value): Value => {
    if (typeof a === 'number' && typeof b === 'number') {
      const result = onNumbers(a, b);
      // + 0 makes of -0 a 0: -0 has other bits when it is compared with Object.is or printed.
      if (Number.isSafeInteger(result)) return result + 0;
    }
    return wrap64(onBigints(BigInt(a), BigInt(b)));
  };

const bitwise =
  (
    onWords: (a: number, b: number) => number,
    onBigints: (a: bigint, b: bigint) => bigint,
  ): Operation =>
  (a, b) => {
    if (typeof a === 'number' && typeof b === 'number')
      return join32(onWords(a | 0, b | 0), onWords(high32(a), high32(b)));
    return wrap64(onBigints(BigInt(a), BigInt(b)));
  };

const shiftCount = (b: Value): number => low32(b) & 63;
const isZero = (value: Value): boolean => value === 0 || value === 0n;
const LEAST_64 = -(2n ** 63n);

const sharedBy64 = {
  '+': exactOr(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  '-': exactOr(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  '*': exactOr(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  '<<': (a: Value, b: Value): Value => {
    const count = shiftCount(b);
    const shifted = typeof a === 'number' ? a * 2 ** count : NaN;
    return Number.isSafeInteger(shifted) ? shifted : wrap64(BigInt(a) << BigInt(count));
  },
  '&': bitwise(
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  '|': bitwise(
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  '^': bitwise(
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  '==': (a: Value, b: Value) => truth(a === b),
  '!=': (a: Value, b: Value) => truth(a !== b),
};

const signed64: Readonly<Record<Operator, Operation>> = {
  ...sharedBy64,
  '/': (a, b) => {
    if (isZero(b) || (b === -1 && a === LEAST_64)) return undefined;
    return exactOr(
      (x, y) => (x - (x % y)) / y,
      (x, y) => x / y,
    )(a, b);
  },
  '%': (a, b) => {
    if (isZero(b) || (b === -1 && a === LEAST_64)) return undefined;
    return exactOr(
      (x, y) => x % y,
      (x, y) => x % y,
    )(a, b);
  },
  '>>': (a, b) => {
    const count = shiftCount(b);
    return typeof a === 'number' ? Math.floor(a / 2 ** count) : wrap64(a >> BigInt(count));
  },
  '<': (a, b) => truth(a < b),
  '<=': (a, b) => truth(a <= b),
  '>': (a, b) => truth(a > b),
  '>=': (a, b) => truth(a >= b),
  min: (a, b) => (b < a ? b : a),
  max: (a, b) => (b > a ? b : a),
};

/** Order of two signed readings as unsigned values: a negative one is the larger. */
const below = (a: Value, b: Value): boolean => (a < 0 === b < 0 ? a < b : b < 0);

const unsigned64: Readonly<Record<Operator, Operation>> = {
  ...sharedBy64,
  '/': (a, b) => {
    if (isZero(b)) return undefined;
    if (typeof a === 'number' && typeof b === 'number' && a >= 0 && b > 0) return (a - (a % b)) / b;
    return wrap64(asUnsigned64(a) / asUnsigned64(b));
  },
  '%': (a, b) => {
    if (isZero(b)) return undefined;
    if (typeof a === 'number' && typeof b === 'number' && a >= 0 && b > 0) return a % b;
    return wrap64(asUnsigned64(a) % asUnsigned64(b));
  },
  '>>': (a, b) => {
    const count = shiftCount(b);
    if (typeof a === 'number' && a >= 0) return Math.floor(a / 2 ** count);
    return wrap64(asUnsigned64(a) >> BigInt(count));
  },
  '<': (a, b) => truth(below(a, b)),
  '<=': (a, b) => truth(!below(b, a)),
  '>': (a, b) => truth(below(b, a)),
  '>=': (a, b) => truth(!below(a, b)),
  min: (a, b) => (below(b, a) ? b : a),
  max: (a, b) => (below(a, b) ? b : a),
};

const tables: Readonly<Record<Width, Readonly<Record<Operator, Operation>>>> = {
  i32: signed32 as Readonly<Record<Operator, Operation>>,
  u32: unsigned32 as Readonly<Record<Operator, Operation>>,
  i64: signed64,
  u64: unsigned64,
};

export const operators = Object.keys(signed32) as readonly Operator[];
export const widths: readonly Width[] = ['i32', 'u32', 'i64', 'u64'];

/** The operation on values that are already converted to `width`. */
export const operation = (operator: Operator, width: Width): Operation => tables[width][operator];

export const isRelational = (operator: Operator): operator is RelationalOperator =>
  operator === '<' ||
  operator === '<=' ||
  operator === '>' ||
  operator === '>=' ||
  operator === '==' ||
  operator === '!=';

export const negate = (value: Value, width: Width): Value => operation('-', width)(0, value) ?? 0;
export const complement = (value: Value, width: Width): Value =>
  operation('^', width)(value, width === 'u32' ? 0xffff_ffff : -1) ?? 0;
