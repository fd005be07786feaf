/**
 * From types as written to types: names looked up, array lengths computed, parameters adjusted. Structs and enums have
 * structTypes.ts.
 *
 * Source: ISO C11 6.7.6, 6.7.8.
 */
import type { CType, FunctionType, TypedefType, TypeTable } from '../../engine/types/model.js';
import type { Expr, FunctionSyntax, TypeSyntax } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import { suggestion } from '../syntax/suggest.js';
import { keywords } from '../syntax/token.js';
import { isComplete, isInteger, stripTypedefs, type CTypes } from './cTypes.js';
import type { Checker } from './checker.js';
import { constantOf } from './constants.js';
import { errorType, isError } from './errors.js';
import { constantValue } from './fold.js';

/** What the window of a scenario has room for, and more. */
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
  const known = knownTypedef(c.types, name);
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
  const hint = suggestion(name, [...c.scope.allNames(), ...typedefs, ...keywords], span);
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
  const term = c.term(length);
  if (!isError(term.type) && isInteger(term.type) && constantValue(term) === undefined) {
    const instead =
      'Linux has no variable-length arrays: write the largest length, or use kmalloc_array()';
    const message = `the length of an array must be an integer constant: ${instead}`;
    c.error('not-constant', length.span, message);
    return { kind: 'array', element, length: 1 };
  }
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
    // The length of an array as a parameter counts for nothing, and need not be constant.
    if (written.kind === 'array')
      return { name, type: c.types.pointerTo(c.resolve(written.element)) };
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
  const { variadic, unspecified } = syntax;
  return { kind: 'function', result, parameters, variadic, ...(unspecified && { unspecified }) };
}

/** A type whose name a scenario needs, and which no profile carries, as C spells it. */
const EXTRA_TYPEDEFS: Readonly<Record<string, string>> = {
  int8_t: 'signed char',
  int16_t: 'short',
  int32_t: 'int',
  int64_t: 'long long',
  u_int8_t: 'unsigned char',
  u_int16_t: 'unsigned short',
  u_int32_t: 'unsigned int',
  u_int64_t: 'unsigned long long',
  uint8_t: 'unsigned char',
  uint16_t: 'unsigned short',
  uint32_t: 'unsigned int',
  uint64_t: 'unsigned long long',
  ptrdiff_t: 'long',
  intptr_t: 'long',
  uintptr_t: 'unsigned long',
  intmax_t: 'long long',
  uintmax_t: 'unsigned long long',
  wchar_t: 'int',
  ulong: 'unsigned long',
  uint: 'unsigned int',
  ushort: 'unsigned short',
  u_long: 'unsigned long',
  u_int: 'unsigned int',
  u_short: 'unsigned short',
  u_char: 'unsigned char',
  unchar: 'unsigned char',
  __le16: 'unsigned short',
  __le32: 'unsigned int',
  __le64: 'unsigned long long',
  __be16: 'unsigned short',
  __be32: 'unsigned int',
  __be64: 'unsigned long long',
  __sum16: 'unsigned short',
  __wsum: 'unsigned int',
};
const VA_LISTS: ReadonlySet<string> = new Set(['va_list', '__builtin_va_list', '__gnuc_va_list']);

/** The kernel's typedefs, and those that every C has. */
function knownTypedef(types: CTypes, name: string): TypedefType | undefined {
  if (VA_LISTS.has(name)) return { kind: 'typedef', name, target: types.vaList };
  const known = types.table.typedef(name);
  if (known !== undefined) return known;
  if (!Object.hasOwn(EXTRA_TYPEDEFS, name)) return undefined;
  // On i386 the difference of two pointers is an int.
  const spelled = name === 'ptrdiff_t' && types.pointerSize === 4 ? 'int' : EXTRA_TYPEDEFS[name];
  const target = types.table.base(spelled ?? '');
  return target && { kind: 'typedef', name, target };
}

const extra: ReadonlySet<string> = new Set([...VA_LISTS, ...Object.keys(EXTRA_TYPEDEFS)]);

/** For the parser, before any type is looked up. */
export const isTypedefName = (table: TypeTable, name: string): boolean =>
  extra.has(name) || table.typedef(name) !== undefined;
