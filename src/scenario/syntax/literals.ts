/**
 * The values of literals: integers with prefix and suffix, escapes in characters and strings.
 *
 * Source: ISO C11 6.4.4 and 6.4.5; binary literals, `\e` and digit-free suffix order as gcc takes them.
 */
import type { LiteralPrefix } from './ast.js';
import { encodeUtf8 } from './utf8.js';

export interface IntegerLiteral {
  /** Not negative; may be too large for any type, which is the checker's to say. */
  readonly value: bigint;
  readonly unsigned: boolean;
  /** How many `l` the suffix has. */
  readonly longs: 0 | 1 | 2;
  /** A decimal literal never becomes unsigned by its size alone. */
  readonly decimal: boolean;
}

/** The value of a number token, or what is wrong with it. */
export function readInteger(text: string): IntegerLiteral | { readonly problem: string } {
  const match = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)([uUlL]*)$/.exec(text);
  if (match === null) return { problem: numberProblem(text) };
  const digits = match[1] ?? '';
  const suffix = (match[2] ?? '').replace(/ll|LL/, 'W');
  if (!/^(?:[uU]?[lLW]?|[lLW][uU])$/.test(suffix))
    return { problem: `'${match[2] ?? ''}' is not an integer suffix: use u, l, ul, ll or ull` };
  const octal = /^0[0-9]/.test(digits);
  if (octal && /[89]/.test(digits))
    return { problem: `'${digits}' starts with 0, so it is octal, which has no digits 8 and 9` };
  return {
    value: BigInt(octal ? `0o${digits.slice(1)}` : digits),
    unsigned: /[uU]/.test(suffix),
    longs: suffix.includes('W') ? 2 : /[lL]/.test(suffix) ? 1 : 0,
    decimal: /^(?:0|[1-9][0-9]*)$/.test(digits) && digits !== '0',
  };
}

function numberProblem(text: string): string {
  if (/^[0-9.]+([eE][+-]?[0-9]+)?[fFlL]?$/.test(text))
    return `'${text}' is a floating-point number, which the kernel does not use`;
  if (/^0[xX]/.test(text))
    return `'${text}' is not a hexadecimal number: write 0x followed by hexadecimal digits`;
  if (/^0[bB]/.test(text))
    return `'${text}' is not a binary number: write 0b followed by 0s and 1s`;
  return `'${text}' is not a number`;
}

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  e: 27,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
  '?': 63,
};

/** A malformed escape inside a literal, by its offsets from the literal's start. */
interface EscapeProblem {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** How many bytes a character of a literal with that prefix has. */
const UNIT_BYTES: Readonly<Record<LiteralPrefix, 1 | 2 | 4>> = { '': 1, u8: 1, u: 2, L: 4, U: 4 };
export const unitBytes = (prefix: LiteralPrefix): 1 | 2 | 4 => UNIT_BYTES[prefix];

/** The characters of a literal, in its unit: UTF-8, UTF-16 or code points. */
class Units {
  readonly units: number[] = [];

  constructor(readonly size: 1 | 2 | 4) {}

  text(text: string): void {
    if (this.size === 1) for (const byte of encodeUtf8(text)) this.units.push(byte);
    else if (this.size === 2)
      for (let i = 0; i < text.length; i++) this.units.push(text.charCodeAt(i));
    else for (const character of text) this.units.push(character.codePointAt(0) ?? 0);
  }

  number(value: number, piece: string): string | undefined {
    const most = 2 ** (this.size * 8) - 1;
    this.units.push(value > most ? value % (most + 1) : value);
    if (value <= most) return undefined;
    return this.size === 1
      ? `'${piece}' does not fit in a byte`
      : `'${piece}' does not fit in ${this.size} bytes`;
  }
}

export interface QuotedText {
  readonly prefix: LiteralPrefix;
  /** Characters, each a number of the unit's size. */
  readonly units: readonly number[];
  /** The same as bytes, the least significant first. */
  readonly bytes: readonly number[];
  readonly problems: readonly EscapeProblem[];
}

/** What a string or character token holds, prefix, quotes and all; it may lack its closing quote. */
export function readQuoted(text: string): QuotedText {
  const prefix = (/^(?:u8|[LuU])?/.exec(text)?.[0] ?? '') as LiteralPrefix;
  const open = prefix.length;
  const closed = text.length > open + 1 && text.endsWith(text[open] ?? '"');
  const body = text.slice(open + 1, closed ? -1 : undefined);
  const into = new Units(UNIT_BYTES[prefix]);
  const problems: EscapeProblem[] = [];
  const pieces = /[^\\]+|\\x[0-9a-fA-F]+|\\[0-7]{1,3}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\[^]?/g;
  for (const match of body.matchAll(pieces)) {
    const piece = match[0];
    const problem = readPiece(piece, into);
    if (problem !== undefined)
      problems.push({
        start: match.index + open + 1,
        end: match.index + open + 1 + piece.length,
        message: problem,
      });
  }
  const { units, size } = into;
  return { prefix, units, bytes: size === 1 ? units : bytesOf(units, size), problems };
}

const bytesOf = (units: readonly number[], size: number): number[] =>
  units.flatMap((unit) => Array.from({ length: size }, (_, i) => (unit >>> (i * 8)) & 0xff));

function readPiece(piece: string, into: Units): string | undefined {
  if (!piece.startsWith('\\')) {
    into.text(piece);
    return undefined;
  }
  const rest = piece.slice(1);
  const first = rest[0] ?? '';
  if (/[0-7]/.test(first)) return into.number(parseInt(rest, 8), piece);
  if (rest.length > 1) {
    const code = parseInt(rest.slice(1), 16);
    if (first === 'x') return into.number(code, piece);
    if (code > 0x10ffff) return `'${piece}' is not a Unicode character`;
    into.text(String.fromCodePoint(code));
    return undefined;
  }
  const simple = SIMPLE_ESCAPES[first];
  if (simple === undefined) return `'${piece}' is not an escape sequence`;
  into.units.push(simple);
  return undefined;
}
