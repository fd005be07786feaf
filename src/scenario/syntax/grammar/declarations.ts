/**
 * Declarations and definitions of functions, and how they are told from expressions.
 *
 * Source: ISO C11 6.7, 6.9.1.
 */
import type {
  DeclarationStatement,
  Declarator,
  FunctionSyntax,
  ParameterSyntax,
  Statement,
  StaticAssert,
} from '../ast.js';
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
    if (first.type.kind === 'function' && p.is('{')) return definition(p, first, first.type, start);
    if (first.type.kind === 'function' && startsDeclaration(p)) {
      const { type: old } = first;
      return p.inScope(() => definition(p, first, withOldParameters(p, first, old), start));
    }
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

function definition(
  p: Parser,
  { name, nameSpan }: Declarator,
  type: FunctionSyntax,
  start: Span,
): Statement {
  const body = p.inScope(() => {
    for (const parameter of type.parameters) p.note(parameter.name, false);
    return block(p);
  });
  return { kind: 'function', name, nameSpan, type, body, span: p.from(start) };
}

/**
 * `int f(a, b) int *a; { ... }`: as before C89. A name without a declaration is an int. Calls are checked as if it had a prototype:
 * what they pass is converted all the same.
 */
function withOldParameters(
  p: Parser,
  { name: functionName }: Declarator,
  type: FunctionSyntax,
): FunctionSyntax {
  const declared = new Map<string, Declarator>();
  while (!p.is('{') && !p.atEnd) {
    const before = p.at;
    const { storage, type: base, layout } = specifiers(p);
    do {
      const one = declarator(p, base, storage, layout);
      declared.set(one.name, one);
    } while (p.accept(','));
    semicolon(p, "after the parameter's declaration");
    if (p.at === before) break;
  }
  const parameters = type.parameters.map((parameter): ParameterSyntax => {
    const { type: written, span } = parameter;
    if (parameter.name !== '' || written.kind !== 'named') {
      const message = `give the parameters of '${functionName}' their types either in the parentheses or behind them`;
      p.report('expected', span, message);
      return parameter;
    }
    const { name } = written;
    const own = declared.get(name);
    declared.delete(name);
    return { name, type: own?.type ?? { kind: 'named', name: 'int', builtin: true, span }, span };
  });
  for (const { name, nameSpan } of declared.values())
    p.report('unknown-name', nameSpan, `'${functionName}' has no parameter '${name}'`);
  return { ...type, parameters, unspecified: false };
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
