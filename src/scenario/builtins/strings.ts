/**
 * Strings and characters as bytes. Source: Linux 6.1 lib/string.c, lib/string_helpers.c, include/linux/ctype.h.
 */
import { counted } from '../../engine/view/counted.js';
import { convert, type Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';

const changes = true;
const EVERYTHING = 2 ** 53;

const byte = (c: Value): number => Number(convert(c, 'u8'));
const limit = (count: Value): number => (count < 0 ? EVERYTHING : Number(count));

/** The bytes of a string, at most `most`, without the NUL. */
const bytesOf = (call: BuiltinCall, s: Value, most = EVERYTHING): Uint8Array => call.bytes(s, most);

const at = (call: BuiltinCall, s: Value, index: number): Value =>
  index < 0 ? 0 : call.offset(s, index);

function write(call: BuiltinCall, to: Value, bytes: Iterable<number>): void {
  call.memory.writeBytes(to, Uint8Array.from(bytes));
}

function order(a: Uint8Array, b: Uint8Array, fold: (code: number) => number): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = fold(a[i] ?? 0) - fold(b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const same = (code: number): number => code;
const lower = (code: number): number => (code >= 65 && code <= 90 ? code + 32 : code);

/** Where one string begins in another; -1 if it does not. */
function find(inside: Uint8Array, wanted: Uint8Array): number {
  const [first] = wanted;
  if (first === undefined) return 0;
  for (let i = inside.indexOf(first); i >= 0; i = inside.indexOf(first, i + 1))
    if (wanted.every((code, j) => inside[i + j] === code)) return i;
  return -1;
}

/** How many bytes at the start are, or are not, among those of a set. */
function span(bytes: Uint8Array, set: Uint8Array, among: boolean): number {
  const isIn = new Uint8Array(256);
  for (const code of set) isIn[code] = 1;
  const stay = among ? 1 : 0;
  let end = 0;
  while (end < bytes.length && isIn[bytes[end] ?? 0] === stay) end++;
  return end;
}

const comparisons: readonly BuiltinRow[] = [
  {
    signature: 'int strncmp(const char *cs, const char *ct, size_t count)',
    doc: 'Compares at most count bytes of two strings.',
    run: (call, a, b, count) => {
      const most = limit(count);
      return Math.sign(order(bytesOf(call, a, most), bytesOf(call, b, most), same));
    },
  },
  {
    signature: 'int strcasecmp(const char *s1, const char *s2)',
    doc: 'Compares strings, capital letters like small ones.',
    run: (call, a, b) => order(bytesOf(call, a), bytesOf(call, b), lower),
  },
  {
    signature: 'int strncasecmp(const char *s1, const char *s2, size_t len)',
    doc: 'Compares at most len bytes of two strings, capital letters like small ones.',
    run: (call, a, b, len) =>
      order(bytesOf(call, a, limit(len)), bytesOf(call, b, limit(len)), lower),
  },
  {
    signature: 'size_t strnlen(const char *s, size_t count)',
    doc: 'The length of a string, at most count.',
    run: (call, s, count) => bytesOf(call, s, limit(count)).length,
  },
];

const searches: readonly BuiltinRow[] = [
  {
    signature: 'char *strchr(const char *s, int c)',
    doc: 'The first place of a character in a string; NULL if there is none.',
    run: (call, s, c) => {
      const bytes = bytesOf(call, s);
      return at(call, s, byte(c) === 0 ? bytes.length : bytes.indexOf(byte(c)));
    },
  },
  {
    signature: 'char *strchrnul(const char *s, int c)',
    doc: 'The first place of a character in a string; the end of the string if there is none.',
    run: (call, s, c) => {
      const bytes = bytesOf(call, s);
      const index = bytes.indexOf(byte(c));
      return at(call, s, index < 0 ? bytes.length : index);
    },
  },
  {
    signature: 'char *strnchr(const char *s, size_t count, int c)',
    doc: 'The first place of a character in at most count bytes of a string; NULL if there is none.',
    run: (call, s, count, c) => at(call, s, bytesOf(call, s, limit(count)).indexOf(byte(c))),
  },
  {
    signature: 'char *strrchr(const char *s, int c)',
    doc: 'The last place of a character in a string; NULL if there is none.',
    run: (call, s, c) => {
      const bytes = bytesOf(call, s);
      return at(call, s, byte(c) === 0 ? bytes.length : bytes.lastIndexOf(byte(c)));
    },
  },
  {
    signature: 'char *strstr(const char *s1, const char *s2)',
    doc: 'The first place of a string in another; NULL if there is none.',
    run: (call, s, wanted) => at(call, s, find(bytesOf(call, s), bytesOf(call, wanted))),
  },
  {
    signature: 'char *strnstr(const char *s1, const char *s2, size_t len)',
    doc: 'The first place of a string in at most len bytes of another; NULL if there is none.',
    run: (call, s, wanted, len) =>
      at(call, s, find(bytesOf(call, s, limit(len)), bytesOf(call, wanted))),
  },
  {
    signature: 'char *strpbrk(const char *cs, const char *ct)',
    doc: 'The first place in a string of any character of another; NULL if there is none.',
    run: (call, s, set) => {
      const bytes = bytesOf(call, s);
      const end = span(bytes, bytesOf(call, set), false);
      return end < bytes.length ? at(call, s, end) : 0;
    },
  },
  {
    signature: 'size_t strspn(const char *s, const char *accept)',
    doc: 'How many characters at the start of a string are among those of another.',
    run: (call, s, set) => span(bytesOf(call, s), bytesOf(call, set), true),
  },
  {
    signature: 'size_t strcspn(const char *s, const char *reject)',
    doc: 'How many characters at the start of a string are not among those of another.',
    run: (call, s, set) => span(bytesOf(call, s), bytesOf(call, set), false),
  },
  {
    signature: 'void *memchr(const void *s, int c, size_t n)',
    doc: 'The first place of a byte in memory; NULL if there is none.',
    run: (call, s, c, n) => {
      const wanted = byte(c);
      for (let i = 0; i < limit(n); i++)
        if (call.memory.load(call.offset(s, i), 1) === wanted) return call.offset(s, i);
      return 0;
    },
  },
  {
    signature: 'void *memscan(void *addr, int c, size_t size)',
    doc: 'The first place of a byte in memory; the end of the memory if there is none.',
    run: (call, s, c, n) => {
      const wanted = byte(c);
      let i = 0;
      while (i < limit(n) && call.memory.load(call.offset(s, i), 1) !== wanted) i++;
      return call.offset(s, i);
    },
  },
];

const copies: readonly BuiltinRow[] = [
  {
    signature: 'char *strcpy(char *dest, const char *src)',
    doc: 'Copies a string; strscpy() knows how much room there is.',
    changes,
    run: (call, to, from) => {
      write(call, to, [...bytesOf(call, from), 0]);
      return to;
    },
  },
  {
    signature: 'char *strncpy(char *dest, const char *src, size_t count)',
    doc: 'Copies a string to count bytes, filled up with NULs; without one if the string is longer.',
    changes,
    run: (call, to, from, count) => {
      const size = limit(count);
      const bytes = new Uint8Array(size);
      bytes.set(bytesOf(call, from, size));
      write(call, to, bytes);
      return to;
    },
  },
  {
    signature: 'size_t strlcpy(char *dest, const char *src, size_t size)',
    doc: 'Copies a string to a buffer of size bytes; returns the length of the source.',
    changes,
    run: (call, to, from, size) => {
      const bytes = bytesOf(call, from);
      if (limit(size) > 0) write(call, to, [...bytes.subarray(0, limit(size) - 1), 0]);
      return bytes.length;
    },
  },
  {
    signature: 'char *strcat(char *dest, const char *src)',
    doc: 'Appends a string to another.',
    changes,
    run: (call, to, from) => {
      const end = call.offset(to, bytesOf(call, to).length);
      write(call, end, [...bytesOf(call, from), 0]);
      return to;
    },
  },
  {
    signature: 'char *strncat(char *dest, const char *src, size_t count)',
    doc: 'Appends at most count bytes of a string to another.',
    changes,
    run: (call, to, from, count) => {
      const end = call.offset(to, bytesOf(call, to).length);
      write(call, end, [...bytesOf(call, from, limit(count)), 0]);
      return to;
    },
  },
  {
    signature: 'size_t strlcat(char *dest, const char *src, size_t count)',
    doc: 'Appends a string to another in a buffer of count bytes; returns the length it would have.',
    changes,
    run: (call, to, from, count) => {
      const [before, bytes] = [bytesOf(call, to), bytesOf(call, from)];
      const room = limit(count) - before.length - 1;
      if (room < 0) call.bug(`kernel BUG at ${call.location}!`);
      write(call, call.offset(to, before.length), [...bytes.subarray(0, room), 0]);
      return before.length + bytes.length;
    },
  },
  ...([16, 32, 64] as const).map((bits) => ({
    signature: `void *memset${bits}(u${bits} *s, u${bits} v, size_t count)`,
    doc: `Fills memory with count values of ${counted(bits, 'bit')}.`,
    changes,
    run: (call: BuiltinCall, s: Value = 0, v: Value = 0, count: Value = 0) => {
      const size = (bits / 8) as 2 | 4 | 8;
      for (let i = 0; i < limit(count); i++) call.memory.store(call.offset(s, i * size), size, v);
      return s;
    },
  })),
];

/** ASCII is enough for what kernels read. */
const classes: readonly (readonly [name: string, what: string, pattern: RegExp])[] = [
  ['isdigit', 'a digit', /[0-9]/],
  ['isalpha', 'a letter', /[A-Za-z]/],
  ['isalnum', 'a letter or a digit', /[A-Za-z0-9]/],
  ['isxdigit', 'a hexadecimal digit', /[0-9A-Fa-f]/],
  ['isspace', 'white space', /[ \t-\r]/],
  ['isupper', 'a capital letter', /[A-Z]/],
  ['islower', 'a small letter', /[a-z]/],
  ['ispunct', 'a sign', /[!-/:-@[-`{-~]/],
  ['isprint', 'a character that can be printed', /[ -~]/],
];

const characters: readonly BuiltinRow[] = [
  ...classes.map(([name, what, pattern]) => ({
    signature: `int ${name}(int c)`,
    doc: `Whether a character is ${what}.`,
    run: (_call: BuiltinCall, c: Value = 0) => (pattern.test(String.fromCharCode(byte(c))) ? 1 : 0),
  })),
  {
    signature: 'int tolower(int c)',
    doc: 'A letter as a small one.',
    run: (_call, c) => lower(byte(c)),
  },
  {
    signature: 'int toupper(int c)',
    doc: 'A letter as a capital.',
    run: (_call, c) => (byte(c) >= 97 && byte(c) <= 122 ? byte(c) - 32 : byte(c)),
  },
];

export const strings: readonly Builtin[] = [
  ...group('memory', 'lib/string.c', [...comparisons, ...searches, ...copies]),
  ...group('memory', 'include/linux/ctype.h', characters),
];
