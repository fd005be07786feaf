/**
 * From types as written to types: names looked up, array lengths computed, parameters adjusted. Structs and enums have
 * structTypes.ts.
 *
 * Source: ISO C11 6.7.6, 6.7.8.
 */
import type { CType, FunctionType } from '../../engine/types/model.js';
import type { Expr, FunctionSyntax, TypeSyntax } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import { suggestion } from '../syntax/suggest.js';
import { isComplete, stripTypedefs } from './cTypes.js';
import type { Checker } from './checker.js';
import { constantOf } from './constants.js';
import { errorType } from './errors.js';

/** What the window of a script has room for, and more. */
const MAX_ARRAY_LENGTH = 1 << 20;

export function baseType(c: Checker, name: string, span: Span): CType {
  const type = c.types.table.base(name);
  if (type !== undefined) return type;
  const message = /float|double/.test(name)
    ? 'the kernel does not use floating-point numbers'
    : `'${name}' is not a C type`;
  c.error('unknown-type', span, message);
  return errorType;
}

export function typedefNamed(c: Checker, name: string, span: Span): CType {
  const meaning = c.scope.lookup(name);
  if (meaning?.kind === 'typedef') return meaning.type;
  const known = c.types.table.typedef(name);
  if (known !== undefined && meaning === undefined) return known;
  const { structs, typedefs } = c.types.table.names();
  if (structs.includes(name)) {
    c.error('unknown-type', span, `'${name}' is a struct: write 'struct ${name}'`, {
      title: `Change to 'struct ${name}'`,
      span,
      replacement: `struct ${name}`,
    });
    return errorType;
  }
  const hint = suggestion(name, [...c.scope.allNames(), ...typedefs], span);
  c.error('unknown-type', span, `unknown type '${name}'${hint.text}`, hint.fix);
  return errorType;
}

export function arrayType(
  c: Checker,
  elementSyntax: TypeSyntax,
  length: Expr | undefined,
  span: Span,
): CType {
  let element = c.resolve(elementSyntax);
  if (!isComplete(element)) {
    c.error(
      'incomplete-type',
      span,
      `an array cannot have elements of type '${c.types.name(element)}': their size is not known`,
    );
    element = errorType;
  }
  if (length === undefined) return { kind: 'array', element, length: 0 };
  const value = constantOf(c, length, 'the length of an array');
  if (value === undefined) return { kind: 'array', element, length: 1 };
  if (value < 0 || value > MAX_ARRAY_LENGTH) {
    const problem = value < 0 ? 'is negative' : `is above ${MAX_ARRAY_LENGTH}`;
    c.error('bad-initializer', length.span, `the length of the array ${problem}`);
    return { kind: 'array', element, length: 1 };
  }
  return { kind: 'array', element, length: Number(value) };
}

export function functionType(c: Checker, syntax: FunctionSyntax): FunctionType {
  const parameters = syntax.parameters.map(({ name, type: written }) => {
    const type = c.resolve(written);
    const bare = stripTypedefs(type);
    // An array or a function as a parameter is a pointer.
    if (bare.kind === 'array') return { name, type: c.types.pointerTo(bare.element) };
    if (bare.kind === 'function') return { name, type: c.types.pointerTo(type) };
    return { name, type };
  });
  let result = c.resolve(syntax.result);
  const { kind } = stripTypedefs(result);
  if (kind === 'function' || kind === 'array') {
    const name = c.types.name(result);
    c.error(
      'type-mismatch',
      syntax.span,
      `a function cannot return '${name}': return a pointer to it`,
    );
    result = errorType;
  }
  return { kind: 'function', result, parameters, variadic: syntax.variadic };
}
