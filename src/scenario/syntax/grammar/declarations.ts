/**
 * Declarations and definitions of functions, and how they are told from expressions.
 *
 * Source: ISO C11 6.7, 6.9.1.
 */
import type { DeclarationStatement, Declarator, Statement, StaticAssert } from '../ast.js';
import type { Parser } from '../parser.js';
import type { Span } from '../span.js';
import { typeKeywords } from '../token.js';
import { declarator } from './declarators.js';
import { assignmentExpression, conditionalExpression } from './expressions.js';
import { block, semicolon } from './statements.js';
import { specifiers } from './types.js';

/** Whether a declaration begins here. A name nobody knows counts when what follows can only make sense as one. */
export function startsDeclaration(p: Parser): boolean {
  const token = p.token;
  if (token.kind !== 'identifier') return false;
  if (typeKeywords.has(token.text)) return true;
  const next = p.ahead(1);
  if (p.startsTypeName(0))
    return next.kind === 'identifier' || next.text === '*' || next.text === '(';
  if (!p.atName) return false;
  if (next.kind === 'identifier') return !p.isDeclaredValue(token.text);
  // `foo *p = ...;` with foo unknown: a product as a statement would be useless, so a type was meant.
  if (next.text !== '*' || p.ahead(2).kind !== 'identifier') return false;
  const after = p.ahead(3).text;
  return (after === '=' || after === ';' || after === ',') && !p.isDeclaredValue(token.text);
}

export function declaration(p: Parser): Statement {
  const start = p.token;
  const { storage, type, layout } = specifiers(p);
  const declarators: Declarator[] = [];
  if (!p.is(';')) {
    const first = declarator(p, type, storage, layout);
    if (first.type.kind === 'function' && p.is('{')) {
      const functionType = first.type;
      const body = p.inScope(() => {
        for (const parameter of functionType.parameters) p.note(parameter.name, false);
        return block(p);
      });
      const { name, nameSpan } = first;
      return {
        kind: 'function',
        name,
        nameSpan,
        type: functionType,
        body,
        span: p.from(start),
      };
    }
    if (first.type.kind === 'function' && startsDeclaration(p))
      return oldDefinition(p, first, start);
    declarators.push(first);
    while (p.accept(',')) declarators.push(declarator(p, type, storage, layout));
  }
  semicolon(p, 'after the declaration');
  const result: DeclarationStatement = {
    kind: 'declaration',
    storage,
    base: type,
    declarators,
    span: p.from(start),
  };
  return result;
}

/** `int f(a, b) int a, b; { ... }`: as before C89. */
function oldDefinition(p: Parser, { name, nameSpan }: Declarator, start: Span): Statement {
  const message = `the parameters of '${name}' need their types in the parentheses: write ${name}(int a, ...)`;
  p.report('unsupported', nameSpan, message);
  while (!p.is('{') && !p.atEnd) p.next();
  if (p.is('{')) p.at = p.closing(p.at) + 1;
  return { kind: 'empty', span: p.from(start) };
}

/** `_Static_assert(condition, "message");` */
export function staticAssert(p: Parser): StaticAssert {
  const start = p.next();
  p.expect('(', "after '_Static_assert'");
  const test = conditionalExpression(p);
  const message = p.accept(',') && !p.is(')') ? assignmentExpression(p) : undefined;
  p.expect(')', 'after the assertion');
  semicolon(p, 'after the assertion');
  return { kind: 'static-assert', test, message, span: p.from(start) };
}
