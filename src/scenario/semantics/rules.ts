/**
 * The rules of C by kind of node: where to look for what an expression or a written type means.
 */
import type { CType } from '../../engine/types/model.js';
import type { Expr } from '../syntax/ast.js';
import { isType } from '../syntax/print.js';
import type { Span } from '../syntax/span.js';
import { elementPlace, memberPlace, pointeePlace } from './access.js';
import { assignTerm, incrementTerm } from './assignments.js';
import { callTerm } from './calls.js';
import { Checker, type Rules } from './checker.js';
import { integerTerm } from './constants.js';
import { castTo, loadTerm } from './conversions.js';
import { isVoid } from './cTypes.js';
import { errorTerm, isError } from './errors.js';
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
    character: (c, { value }) => constant(c.types.int, value),
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
    sizeof: (c, { operand, span }) => sizeofTerm(c, c.typeOf(operand), span),
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
  },
  type: {
    named: (c, { builtin, name, span }) =>
      builtin ? baseType(c, name, span) : typedefNamed(c, name, span),
    struct: structType,
    union: structType,
    enum: enumType,
    typeof: (c, { of }) => (isType(of) ? c.resolve(of) : c.typeOf(of)),
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

function stringPlace(c: Checker, { bytes }: Extract<Expr, { kind: 'string' }>): Place {
  const type: CType = { kind: 'array', element: c.types.char, length: bytes.length + 1 };
  return fixedPlace(type, c.unit.strings.intern(bytes));
}
