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

export function baseType(c: Checker, name: string, span: Span): CType {
  const type = c.types.table.base(name);
  if (type !== undefined) return type;
  const message = /float|double/.test(name)
    ? 'the kernel does not use floating-point numbers'
    : `'${name}' is no type`;
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
    c.error('unknown-type', span, `unknown type '${name}': it is a struct`, {
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
    c.error('incomplete-type', span, `an array of '${c.types.name(element)}' has no size`);
    element = errorType;
  }
  if (length === undefined) return { kind: 'array', element, length: 0 };
  const value = constantOf(c, length, 'the length of an array');
  if (value === undefined) return { kind: 'array', element, length: 1 };
  if (value < 0 || value > 0x10_0000) {
    const problem = value < 0 ? 'negative' : 'beyond what a scenario can hold';
    c.error('bad-initializer', length.span, `the length of the array is ${problem}`);
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
    c.error('type-mismatch', syntax.span, `a function cannot return '${name}'`);
    result = errorType;
  }
  return { kind: 'function', result, parameters, variadic: syntax.variadic };
}
