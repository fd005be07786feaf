/**
 * Numbers read out of texts, texts that are printed into objects of their own, and what else is done to strings in place.
 *
 * Source: Linux 6.1 lib/kstrtox.c, lib/cmdline.c: memparse(), lib/kasprintf.c, lib/string.c, lib/string_helpers.c.
 */
import { bytesOf } from '../syntax/utf8.js';
import { vsprintf } from '../printk/print.js';
import { convert, wrap64, type Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { needsCaches } from './needs.js';
import { truth } from './pointers.js';
import { printServices } from './printServices.js';
import { newObject } from './slab.js';

const changes = true;
const EINVAL = 22;
const ERANGE = 34;

// --- numbers -----------------------------------------------------------------------------------------------------------------

interface Digits {
  readonly value: bigint;
  /** Behind the last digit. */
  readonly end: number;
}

/** What base 0 stands for, and where the digits begin. */
function baseOf(text: string, base: number): { readonly base: number; readonly start: number } {
  const isHex = /^0[xX][0-9a-fA-F]/.test(text);
  if (base === 0) base = isHex ? 16 : text.startsWith('0') ? 8 : 10;
  return { base, start: base === 16 && /^0[xX]/.test(text) ? 2 : 0 };
}

/** The digits at the start of a text; undefined if there is none. */
export function digitsOf(text: string, given: number): Digits | undefined {
  const { base, start } = baseOf(text, given);
  let value = 0n;
  let end = start;
  for (; end < text.length; end++) {
    const digit = Number.parseInt(text.charAt(end), 36);
    if (!(digit < base)) break;
    value = value * BigInt(base) + BigInt(digit);
  }
  return end === start ? undefined : { value, end };
}

/** Strict: the whole text is a number, but for one newline behind it. The number, or an error. */
function whole(text: string, base: number, bits: number, signed: boolean): bigint | number {
  const sign = /^(?:\+|(-))?/.exec(text);
  const isNegative = sign?.[1] !== undefined;
  if (isNegative && !signed) return -EINVAL;
  const rest = text.slice(sign?.[0].length ?? 0);
  const digits = digitsOf(rest, base);
  if (digits === undefined) return -EINVAL;
  const value = isNegative ? -digits.value : digits.value;
  if (digits.value >= 1n << 64n) return -ERANGE;
  if (!/^\n?$/.test(rest.slice(digits.end))) return -EINVAL;
  const fits = signed
    ? BigInt.asIntN(bits, value) === value
    : BigInt.asUintN(bits, value) === value;
  return fits ? value : -ERANGE;
}

const KINDS = [
  ['ul', 'unsigned long', 0, false],
  ['l', 'long', 0, true],
  ['ull', 'unsigned long long', 64, false],
  ['ll', 'long long', 64, true],
  ['uint', 'unsigned int', 32, false],
  ['int', 'int', 32, true],
  ['u64', 'u64', 64, false],
  ['s64', 's64', 64, true],
  ['u32', 'u32', 32, false],
  ['s32', 's32', 32, true],
  ['u16', 'u16', 16, false],
  ['s16', 's16', 16, true],
  ['u8', 'u8', 8, false],
  ['s8', 's8', 8, true],
] as const;

const wordBits = (call: BuiltinCall, bits: number): number =>
  bits === 0 ? call.profile.pointerSize * 8 : bits;

const strict: readonly BuiltinRow[] = [
  ...KINDS.map(([suffix, type, ofType, signed]): BuiltinRow => ({
    signature: `int kstrto${suffix}(const char *s, unsigned int base, ${type} *res)`,
    doc: 'Reads a number, which must be the whole text but for a newline; 0, -EINVAL or -ERANGE. Base 0: 0x is hexadecimal, 0 octal.',
    changes,
    run: (call, s, base, result) => {
      const bits = wordBits(call, ofType);
      const value = whole(call.string(s), Number(base), bits, signed);
      if (typeof value === 'number') return value;
      call.memory.store(result, (bits / 8) as 1 | 2 | 4 | 8, wrap64(value));
      return 0;
    },
  })),
  {
    signature: 'int kstrtobool(const char *s, bool *res)',
    doc: 'Reads yes or no: y, 1, on; n, 0, off; 0, or -EINVAL for anything else.',
    changes,
    run: (call, s, result) => {
      if (s === 0) return -EINVAL;
      const text = call.string(s);
      const is = /^(?:[yY1]|[oO][nN])/.test(text) ? 1 : /^(?:[nN0]|[oO][fF])/.test(text) ? 0 : -1;
      if (is < 0) return -EINVAL;
      call.memory.store(result, 1, is);
      return 0;
    },
  },
];

/** Lenient: as many digits as there are. */
export function leading(
  call: BuiltinCall,
  s: Value,
  end: Value,
  base: Value,
  signed: boolean,
): bigint {
  const text = call.string(s);
  const isNegative = signed && text.startsWith('-');
  const start = isNegative ? 1 : 0;
  const digits = digitsOf(text.slice(start), Number(base));
  // Without a digit of its own, 0x is the number 0 and an x.
  const length = digits?.end ?? baseOf(text.slice(start), Number(base)).start;
  if (end !== 0) call.memory.store(end, call.profile.pointerSize, call.offset(s, start + length));
  const value = digits?.value ?? 0n;
  return isNegative ? -value : value;
}

const lenient: readonly BuiltinRow[] = (
  [
    ['strtoul', 'unsigned long', false],
    ['strtol', 'long', true],
    ['strtoull', 'unsigned long long', false],
    ['strtoll', 'long long', true],
  ] as const
).map(([name, type, signed]) => ({
  signature: `${type} simple_${name}(const char *cp, char **endp, unsigned int base)`,
  doc: 'Reads the number that a text begins with, and where it ends. kstrto...() also tells what is not a number.',
  changes,
  run: (call, s, end, base) => {
    const is32 = !type.endsWith('long long') && wordBits(call, 0) === 32;
    const value = wrap64(leading(call, s, end, base, signed));
    return convert(value, is32 ? (signed ? 'i32' : 'u32') : signed ? 'i64' : 'u64');
  },
}));

const SUFFIXES = 'KMGTPE';

const sizes: readonly BuiltinRow[] = [
  {
    signature: 'unsigned long long memparse(const char *ptr, char **retptr)',
    doc: 'Reads a size such as 64M: a number, and K, M, G, T, P or E.',
    changes,
    run: (call, s, end) => {
      const text = call.string(s);
      const digits = digitsOf(text, 0);
      const length = digits?.end ?? 0;
      const power = SUFFIXES.indexOf(text.charAt(length).toUpperCase() || ' ') + 1;
      if (end !== 0)
        call.memory.store(
          end,
          call.profile.pointerSize,
          call.offset(s, length + (power > 0 ? 1 : 0)),
        );
      return convert(wrap64((digits?.value ?? 0n) << BigInt(10 * power)), 'u64');
    },
  },
];

// --- texts -------------------------------------------------------------------------------------------------------------------

/** A text in an object of its own. */
function printed(call: BuiltinCall, gfp: Value, format: Value, args: Iterable<Value>): Value {
  const text = vsprintf(printServices(call), call.string(format), args);
  const address = call.kernel.kmalloc(call.k, text.length + 1, Number(gfp));
  if (address === 0) return 0;
  call.memory.writeBytes(address, bytesOf(`${text}\0`));
  return newObject(call, address, text.length + 1);
}

const objects: readonly BuiltinRow[] = [
  {
    signature: 'char *kasprintf(gfp_t gfp, const char *fmt, ...)',
    doc: 'Prints into an object of kmalloc() that is as large as the text; NULL without memory.',
    format: 1,
    changes,
    sleeps: 0,
    needs: needsCaches,
    run: (call, gfp, format, ...args) => printed(call, gfp, format, args),
  },
  {
    signature: 'char *kvasprintf(gfp_t gfp, const char *fmt, va_list args)',
    doc: 'Like kasprintf(), with the arguments of a function with "...".',
    format: 1,
    list: true,
    changes,
    sleeps: 0,
    needs: needsCaches,
    run: (call, gfp, format, list) => printed(call, gfp, format, call.variableArguments(list)),
  },
];

const SPACES = /^[ \t-\r]*/;

const inPlace: readonly BuiltinRow[] = [
  {
    signature: 'char *skip_spaces(const char *str)',
    doc: 'The first character of a string that is not white space.',
    run: (call, s) => call.offset(s, SPACES.exec(call.string(s))?.[0].length ?? 0),
  },
  {
    signature: 'char *strim(char *s)',
    doc: 'Cuts white space off the end of a string; the first character that is not white space.',
    changes,
    run: (call, s) => {
      const text = call.string(s);
      const kept = text.replace(/[ \t-\r]+$/, '');
      if (kept !== text) call.memory.store(call.offset(s, kept.length), 1, 0);
      return call.offset(s, SPACES.exec(kept)?.[0].length ?? 0);
    },
  },
  {
    signature: 'char *strreplace(char *s, char old, char new)',
    doc: 'Replaces a character wherever it stands in a string; the end of the string.',
    changes,
    run: (call, s, old, by) => {
      const bytes = call.bytes(s);
      bytes.forEach((byte, i) => {
        if (byte === (Number(old) & 0xff)) call.memory.store(call.offset(s, i), 1, by);
      });
      return call.offset(s, bytes.length);
    },
  },
  {
    signature: 'bool sysfs_streq(const char *s1, const char *s2)',
    doc: 'Whether two strings are the same, but for a newline at the end of one.',
    run: (call, a, b) =>
      truth(call.string(a).replace(/\n$/, '') === call.string(b).replace(/\n$/, '')),
  },
  {
    signature: 'int hex_to_bin(unsigned char ch)',
    doc: 'The value of a hexadecimal digit; -1 if it is not one.',
    run: (_call, ch) => {
      const digit = Number.parseInt(String.fromCharCode(Number(ch)), 16);
      return Number.isNaN(digit) ? -1 : digit;
    },
  },
];

export const TEXT_MACROS = String.raw`
#define strstrip(str) strim(str) // Cuts white space off both ends of a string. include/linux/string.h
#define strtobool(s, res) kstrtobool(s, res) // Its name before Linux 6.4. include/linux/kstrtox.h
`;

export const texts: readonly Builtin[] = [
  ...group('number', 'lib/kstrtox.c', [...strict, ...lenient]),
  ...group('number', 'lib/cmdline.c', sizes),
  ...group('slab', 'lib/kasprintf.c', objects),
  ...group('memory', 'lib/string_helpers.c', inPlace),
];
