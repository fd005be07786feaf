/**
 * The rules of C by kind of node: where to look for what an expression or a written type means.
 */
import type { CType, IntType } from '../../engine/types/model.js';
import type { Expr, LiteralPrefix, StringExpr } from '../syntax/ast.js';
import { unitBytes } from '../syntax/literals.js';
import { isType } from '../syntax/print.js';
import type { Span } from '../syntax/span.js';
import { elementPlace, memberPlace, pointeePlace } from './access.js';
import { assignTerm, incrementTerm } from './assignments.js';
import { callTerm } from './calls.js';
import { Checker, type Rules } from './checker.js';
import { integerTerm } from './constants.js';
import { castTo, loadTerm } from './conversions.js';
import { isVoid, stripTypedefs } from './cTypes.js';
import { chosenValue } from './generic.js';
import { qualified } from './qualifiers.js';
import { errorTerm, errorType, isError } from './errors.js';
import { constant, fixedPlace } from './fold.js';
import { compoundLiteralPlace } from './initializers.js';
import type { Place, Term } from './ir.js';
import { namePlace, nameTerm } from './names.js';
import { binaryTerm, conditionalTerm, prefixTerm } from './operators.js';
import { checkComplete } from './places.js';
import type { Scope } from './scope.js';
import { enumType, structType } from './structTypes.js';
import { arrayType, baseType, functionType, typedefNamed } from './types.js';
import type { Allocator, Unit } from './unit.js';

const rules: Rules = {
  term: {
    name: nameTerm,
    integer: integerTerm,
    character: (c, { value, prefix }) => constant(characterType(c, prefix), value),
    string: objectTerm,
    prefix: prefixTerm,
    increment: incrementTerm,
    binary: binaryTerm,
    assign: assignTerm,
    conditional: conditionalTerm,
    comma: commaTerm,
    cast: (c, { operand, type, span }) => castTo(c, c.term(operand), c.resolve(type), span),
    compound: objectTerm,
    'sizeof-type': (c, { type, span }) => sizeofTerm(c, c.resolve(type), span),
    sizeof: (c, { operand, span }) => sizeofTerm(c, typeOfObject(c, operand, 'sizeof'), span),
    alignof: alignofTerm,
    generic: (c, expr) => c.term(chosenValue(c, expr)),
    statements: (c, expr) => c.statements(expr),
    call: callTerm,
    index: objectTerm,
    member: objectTerm,
    'type-argument': (c, { span }) => {
      c.error('expected', span, 'a value is expected here, not a type');
      return errorTerm;
    },
    missing: () => errorTerm,
  },
  place: {
    name: namePlace,
    prefix: (c, expr) => (expr.operator === '*' ? pointeePlace(c, expr) : undefined),
    index: elementPlace,
    member: memberPlace,
    string: stringPlace,
    compound: compoundLiteralPlace,
    generic: (c, expr) => c.place(chosenValue(c, expr)),
  },
  type: {
    named: (c, { builtin, name, span }) =>
      builtin ? baseType(c, name, span) : typedefNamed(c, name, span),
    struct: structType,
    union: structType,
    enum: enumType,
    typeof: (c, { of }) => (isType(of) ? c.resolve(of) : typeOfObject(c, of, 'typeof')),
    qualified: (c, { qualifiers, target }) => qualified(c.resolve(target), qualifiers),
    auto: (c, { span }) => {
      c.error('unsupported', span, "'__auto_type' needs a variable with an initializer");
      return errorType;
    },
    pointer: (c, { target }) => c.types.pointerTo(c.resolve(target)),
    array: (c, { element, length, span }) => arrayType(c, element, length, span),
    function: functionType,
  },
};

/** A checker for the body of a function, or for one expression. */
export const openChecker = (
  unit: Unit,
  scope: Scope,
  frame: Allocator,
  globalScope: Scope,
): Checker => new Checker(rules, unit, scope, frame, globalScope);

/** The value of an expression that designates an object. */
function objectTerm(c: Checker, expr: Expr): Term {
  const place = c.place(expr);
  return place === undefined ? errorTerm : loadTerm(c, place, expr.span);
}

function commaTerm(c: Checker, expr: Extract<Expr, { kind: 'comma' }>): Term {
  const first = c.term(expr.left);
  const last = c.term(expr.right);
  if (isError(first.type) || isError(last.type)) return errorTerm;
  return { kind: 'sequence', type: last.type, first: [first], last };
}

function sizeofTerm(c: Checker, type: CType, span: Span): Term {
  if (isError(type)) return errorTerm;
  const { sizeType } = c.types;
  // gcc: the size of void and of functions is 1.
  if (isVoid(type) || type.kind === 'function') return constant(sizeType, 1);
  if (!checkComplete(c, type, span, 'sizeof')) return errorTerm;
  return constant(sizeType, c.types.size(type));
}

function typeOfObject(c: Checker, expr: Expr, operator: string): CType {
  if (c.place(expr)?.bits === undefined) return c.typeOf(expr);
  c.error('type-mismatch', expr.span, `${operator} cannot be applied to a bit-field`);
  return errorType;
}

function stringPlace(c: Checker, { bytes, prefix }: StringExpr): Place {
  const size = unitBytes(prefix);
  const element = size === 1 ? c.types.char : characterType(c, prefix);
  const type: CType = { kind: 'array', element, length: bytes.length / size + 1 };
  return fixedPlace(type, c.unit.strings.intern(bytes, size));
}

/** What the characters of a literal are. A plain character is an int in C; gcc's wchar_t is one, too, or a long. */
function characterType(c: Checker, prefix: LiteralPrefix): IntType {
  if (prefix === 'u') return c.types.base('unsigned short');
  if (prefix === 'u8') return c.types.base('unsigned char');
  if (prefix === 'U') return c.types.unsignedInt;
  return prefix === 'L' && c.types.pointerSize === 4 ? c.types.long : c.types.int;
}

function alignofTerm(
  c: Checker,
  { of, preferred, span }: Extract<Expr, { kind: 'alignof' }>,
): Term {
  const type = isType(of) ? c.resolve(of) : c.typeOf(of);
  if (isError(type)) return errorTerm;
  const { sizeType } = c.types;
  if (isVoid(type) || type.kind === 'function') return constant(sizeType, 1);
  if (!checkComplete(c, type, span, '_Alignof')) return errorTerm;
  // gcc likes 64-bit integers aligned to 8 wherever it is free to choose, on i386 too.
  const bare = stripTypedefs(type);
  const align = preferred && bare.kind === 'int' ? bare.sizeBytes : c.types.align(type);
  return constant(sizeType, align);
}
