/** Literals: numbers, characters, strings. Their values are worked out in ../literals.ts. */
import type { Expr } from '../ast.js';
import { readInteger, readQuoted } from '../literals.js';
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
  const bytes = quotedBytes(p, token);
  const span = spanOf(token.start, token.end);
  if (bytes.length !== 1 && token.text.length > 1) {
    p.diagnostics.error('bad-character', span, 'a character literal must hold exactly one byte');
  }
  // A plain char is signed on x86.
  return { kind: 'character', value: ((bytes[0] ?? 0) << 24) >> 24, span };
}

/** Neighbouring strings are one. */
export function stringLiteral(p: Parser): Expr {
  const first = p.token;
  const bytes: number[] = [];
  while (p.token.kind === 'string') bytes.push(...quotedBytes(p, p.next()));
  return { kind: 'string', bytes, span: p.from(first) };
}

function quotedBytes(p: Parser, token: Token): readonly number[] {
  const { bytes, problems } = readQuoted(token.text);
  for (const { start, end, message } of problems)
    p.diagnostics.error('bad-escape', spanOf(token.start + start, token.start + end), message);
  return bytes;
}
