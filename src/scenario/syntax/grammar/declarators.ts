/**
 * Declarators, read inside out, with their parameters and their initialisers.
 *
 * Source: ISO C11 6.7.6.
 */
import type { Declarator, LayoutAttributes, ParameterSyntax, Storage, TypeSyntax } from '../ast.js';
import type { Parser } from '../parser.js';
import { spanOf, type Span } from '../span.js';
import { qualifiers, qualifierText, typeQualifier, type Token } from '../token.js';
import { atAttribute, attributes } from './attributes.js';
import { assignmentExpression } from './expressions.js';
import { initialValue } from './initializers.js';
import { specifiers } from './types.js';

/** What a declarator says: a name and how it changes the type to its left. */
interface Shape {
  readonly name: Token | undefined;
  readonly wrap: (base: TypeSyntax) => TypeSyntax;
}

/** One declarator with its initialiser. */
export function declarator(
  p: Parser,
  base: TypeSyntax,
  storage: Storage,
  outer: LayoutAttributes,
): Declarator {
  const start = p.token;
  const shape = declaratorShape(p);
  const type = shape.wrap(base);
  let nameSpan: Span = spanOf(p.token.start, p.token.start);
  if (shape.name === undefined)
    p.report('expected', p.token, `expected a name to declare${p.found()}`);
  else {
    nameSpan = spanOf(shape.name.start, shape.name.end);
    p.note(shape.name.text, storage === 'typedef');
  }
  const layout = attributes(p, outer);
  const initializer = p.accept('=') ? initialValue(p) : undefined;
  const name = shape.name?.text ?? '';
  return { name, nameSpan, type, initializer, layout, span: p.from(start) };
}

/** declarator: `*`... then a name, or a declarator in parentheses, or nothing; then `[n]` and `(parameters)`. */
export function declaratorShape(p: Parser): Shape {
  if (!p.descend()) return { name: undefined, wrap: same };
  const result = declaratorShapeHere(p);
  p.ascend();
  return result;
}

function declaratorShapeHere(p: Parser): Shape {
  const stars: { readonly star: Token; readonly qualifiers: string[] }[] = [];
  for (;;) {
    if (p.is('*')) stars.push({ star: p.next(), qualifiers: [] });
    else if (qualifiers.has(p.token.text)) {
      const found = typeQualifier(p.next().text);
      if (found !== undefined) stars.at(-1)?.qualifiers.push(found);
    } else if (atAttribute(p)) attributes(p);
    else break;
  }
  let name: Token | undefined;
  let outer = same;
  if (p.is('(') && !startsParameters(p)) {
    p.next();
    const inner = declaratorShape(p);
    p.expect(')', 'after the declarator');
    name = inner.name;
    outer = inner.wrap;
  } else if (p.atName) {
    name = p.next();
  }
  const suffixes: ((inner: TypeSyntax) => TypeSyntax)[] = [];
  while (p.is('[') || p.is('(')) suffixes.push(declaratorSuffix(p));
  return {
    name,
    wrap: (base) => {
      let type = base;
      for (const { star, qualifiers: found } of stars) {
        type = { kind: 'pointer', target: type, span: star };
        const written = qualifierText(found);
        if (written !== '')
          type = { kind: 'qualified', qualifiers: written, target: type, span: star };
      }
      for (const suffix of suffixes.toReversed()) type = suffix(type);
      return outer(type);
    },
  };
}

function startsParameters(p: Parser): boolean {
  const next = p.ahead(1);
  // `int (__attribute__((x)) *p)`: what follows the attribute says what this is.
  if (next.text === '__attribute__' && p.ahead(2).text === '(') {
    const after = p.tokens[p.closing(p.at + 2) + 1]?.text;
    if (after === '*' || after === '(') return false;
  }
  if (next.text === ')' || next.text === '...' || p.startsTypeName(1)) return true;
  // A type nobody knows is still a type when a name or a star follows.
  const after = p.ahead(2);
  return next.kind === 'identifier' && (after.kind === 'identifier' || after.text === '*');
}

function declaratorSuffix(p: Parser): (inner: TypeSyntax) => TypeSyntax {
  const start = p.next();
  if (start.text === '[') {
    // `v[static 4]`, `v[const]`, `v[*]` of a parameter.
    while (qualifiers.has(p.token.text) || p.is('static')) p.next();
    if (p.is('*') && p.ahead(1).text === ']') p.next();
    const length = p.is(']') ? undefined : assignmentExpression(p);
    p.expect(']', 'after the length');
    const span = p.from(start);
    return (element) => ({ kind: 'array', element, length, span });
  }
  const unspecified = p.is(')');
  const { parameters, variadic } = parameterList(p);
  const span = p.from(start);
  return (result) => ({ kind: 'function', result, parameters, variadic, unspecified, span });
}

function parameterList(p: Parser): { parameters: ParameterSyntax[]; variadic: boolean } {
  const parameters: ParameterSyntax[] = [];
  let variadic = false;
  while (!p.is(')') && !p.atEnd) {
    if (p.accept('...')) variadic = true;
    else parameters.push(parameter(p));
    if (!p.accept(',')) break;
  }
  p.expect(')', 'after the parameters');
  const [only] = parameters;
  const isVoid =
    parameters.length === 1 && only?.name === '' && isNamed(only.type, 'void') && !variadic;
  return { parameters: isVoid ? [] : parameters, variadic };
}

function parameter(p: Parser): ParameterSyntax {
  const start = p.token;
  const { type } = specifiers(p);
  const shape = declaratorShape(p);
  attributes(p);
  return { name: shape.name?.text ?? '', type: shape.wrap(type), span: p.from(start) };
}

const same = (type: TypeSyntax): TypeSyntax => type;
const isNamed = (type: TypeSyntax, name: string): boolean =>
  type.kind === 'named' && type.name === name;
