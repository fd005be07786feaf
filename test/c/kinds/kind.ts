/**
 * A kind of random program: pieces of C at file scope, and statements of one function that print what comes of them. What C leaves open
 * does not occur: no order of evaluation, no overflow but such as `-fwrapv` defines, no value that nobody has written.
 */
import type { Random } from '../random.js';

export const INTS = [
  ...['signed char', 'unsigned char', 'short', 'unsigned short', 'int', 'unsigned int'],
  ...['long', 'unsigned long', 'long long', 'unsigned long long'],
] as const;

export const CONSTANTS = [
  ...[
    '0',
    '1',
    '2',
    '3',
    '-1',
    '-2',
    '7',
    '100',
    '127',
    '128',
    '-128',
    '-129',
    '255',
    '256',
    '32767',
    '-32768',
  ],
  ...[
    '65535',
    '65536',
    '0x7fffffff',
    '(-0x7fffffff - 1)',
    '0x80000000',
    '0xffffffff',
    '4294967295U',
    '0123',
  ],
  ...[
    "'a'",
    "'\\xff'",
    "'\\n'",
    '0x7fffffffffffffffLL',
    '0xffffffffffffffffULL',
    '0x123456789abcdefLL',
    '3U',
  ],
  ...['5L', '9UL', '-1LL', '0x80L', '1ULL << 40', '2147483648'],
].map((text) => (/[ -]/.test(text) ? `(${text})` : text));

/** What one program is made of. */
interface Parts {
  /** At file scope, before the function. */
  readonly globals: string[];
  /** Of the function. */
  readonly body: string[];
  readonly random: Random;
  /** A name that no other program has. */
  readonly fresh: (prefix: string) => string;
}

export type Kind = (parts: Parts) => void;

/** Prints a number with a label. */
export const show = (label: string, value: string): string =>
  `printf("${label} %lld\\n", (long long)(${value}));`;

/** Prints every byte of an object. */
export const showBytes = (name: string): string => `bytes("${name}", &${name}, sizeof(${name}));`;

export const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** An expression over names, without side effects. */
export function expression(random: Random, names: readonly string[], depth: number): string {
  if (depth === 0 || random.chance(10))
    return names.length > 0 && random.chance(70) ? random.pick(names) : random.pick(CONSTANTS);
  const sub = (): string => expression(random, names, depth - 1);
  switch (random.below(10)) {
    case 0:
    case 1:
      return `(${sub()} ${random.pick(['+', '-', '*', '&', '|', '^'])} ${sub()})`;
    case 2:
      return `(${sub()} ${random.pick(['<', '<=', '>', '>=', '==', '!='])} ${sub()})`;
    case 3:
      return `(${sub()} ${random.pick(['<<', '>>'])} (${sub()} & ${random.pick(['7', '15', '31'])}))`;
    case 4:
      return `(${sub()} ${random.pick(['/', '%'])} ((${sub()} & 0x3f) + 1))`;
    case 5:
      return `(${random.pick(['-', '~', '!', '+'])}${sub()})`;
    case 6:
      return `((${random.pick(INTS)})${sub()})`;
    case 7:
      return `(${sub()} ? ${sub()} : ${sub()})`;
    case 8:
      return `(${sub()} ${random.pick(['&&', '||'])} ${sub()})`;
    default:
      return `(${sub()}, ${sub()})`;
  }
}
