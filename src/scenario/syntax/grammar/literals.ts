/** Literals: numbers, characters, strings. Their values are worked out in ../literals.ts. */
import type { Expr } from '../ast.js';
import { readInteger, readQuoted, unitBytes, type QuotedText } from '../literals.js';
import type { Parser } from '../parser.js';
import { spanOf } from '../span.js';
import type { Token } from '../token.js';

export function numberLiteral(p: Parser, token: Token): Expr {
  const span = spanOf(token.start, token.end);
  const literal = readInteger(token.text);
  if (!('problem' in literal)) return { kind: 'integer', ...literal, span };
  p.diagnostics.error('bad-number', span, literal.problem);
  return { kind: 'missing', span };
}

export function characterLiteral(p: Parser, token: Token): Expr {
  const { prefix, units } = quoted(p, token);
  const span = spanOf(token.start, token.end);
  if (prefix !== '' && prefix !== 'u8') {
    if (units.length !== 1)
      p.diagnostics.error(
        'bad-character',
        span,
        'a wide character literal must hold one character',
      );
    const [unit = 0] = units;
    return { kind: 'character', value: prefix === 'L' ? unit | 0 : unit, prefix, span };
  }
  if (units.length === 0 && token.text.length > 1)
    p.diagnostics.error('bad-character', span, 'a character literal must hold a character');
  if (units.length > 1) {
    const value = units.reduce((sum, unit) => (sum << 8) | unit, 0);
    const message =
      units.length > 4
        ? 'this character literal has more than 4 bytes: the first ones are lost'
        : 'a character literal of more than one byte is a number that compilers choose';
    p.diagnostics.warning('bad-character', span, message);
    return { kind: 'character', value, prefix: '', span };
  }
  // A plain char is signed on x86; a u8 one is not.
  const [unit = 0] = units;
  return { kind: 'character', value: prefix === 'u8' ? unit : (unit << 24) >> 24, prefix, span };
}

/** Neighbouring strings are one: wide when one of them is. */
export function stringLiteral(p: Parser): Expr {
  const first = p.token;
  const pieces: { readonly token: Token; readonly quoted: QuotedText }[] = [];
  while (p.token.kind === 'string') {
    const token = p.next();
    pieces.push({ token, quoted: quoted(p, token) });
  }
  const prefix = pieces.map((piece) => piece.quoted.prefix).find((one) => one !== '') ?? '';
  const bytes: number[] = [];
  for (const piece of pieces) {
    // A plain piece beside a wide one is read as the wide one is.
    const own = piece.quoted.prefix === prefix || unitBytes(prefix) === 1;
    const read = own
      ? piece.quoted
      : readQuoted(prefix + piece.token.text.replace(/^(u8|[LuU])/, ''));
    for (const byte of read.bytes) bytes.push(byte);
  }
  return { kind: 'string', bytes, prefix, span: p.from(first) };
}

function quoted(p: Parser, token: Token): QuotedText {
  const read = readQuoted(token.text);
  for (const { start, end, message } of read.problems)
    p.diagnostics.error('bad-escape', spanOf(token.start + start, token.start + end), message);
  return read;
}
