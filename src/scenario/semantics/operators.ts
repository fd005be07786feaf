/**
 * Operators: what types they take, what type they give, in which width they compute.
 *
 * Source: ISO C11 6.5.3 to 6.5.15; gcc for `a ?: b`.
 */
import type { CType } from '../../engine/types/model.js';
import { counted } from '../../engine/view/counted.js';
import type { BinaryExpr, ConditionalExpr, PrefixExpr } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import { type Operator, convert, isRelational } from './arithmetic.js';
import { isInteger, isPointer, isScalar, isStruct, isVoid, pointerOf } from './cTypes.js';
import type { Checker } from './checker.js';
import {
  isNullPointer,
  loadTerm,
  promotedTerm,
  reportInvalidOperands,
  truthOf,
} from './conversions.js';
import { errorTerm, isError } from './errors.js';
import {
  addressOf,
  arithmetic,
  complemented,
  constant,
  constantValue,
  inWidth,
  logicalNot,
  negated,
  retyped,
} from './fold.js';
import type { Term } from './ir.js';
import { isFunctionName } from './names.js';
import { operandOf } from './noted.js';
import { comparePointers, pointerDifference, pointerOffset } from './pointers.js';
import { qualifiedAsAll, sameQualified } from './qualifiers.js';

export function prefixTerm(c: Checker, expr: PrefixExpr): Term {
  if (expr.operator === '&') return addressOperator(c, expr);
  if (expr.operator === '*') {
    const place = c.place(expr);
    return place === undefined ? errorTerm : loadTerm(c, place, expr.span);
  }
  const operand = c.term(expr.operand);
  if (expr.operator === '!') {
    const denied = logicalNot(c.types, truthOf(c, operand, expr.span));
    return denied.kind === 'not'
      ? { ...denied, written: operandOf(expr.operand, operand) }
      : denied;
  }
  if (isError(operand.type)) return errorTerm;
  if (!isInteger(operand.type)) {
    const name = c.types.name(operand.type);
    c.error('type-mismatch', expr.span, `unary '${expr.operator}' cannot be applied to '${name}'`);
    return errorTerm;
  }
  const promoted = promotedTerm(c, operand);
  const width = c.types.width(promoted.type);
  if (expr.operator === '+') return promoted;
  return inWidth(
    expr.operator === '-'
      ? negated(promoted.type, width, promoted)
      : complemented(promoted.type, width, promoted),
  );
}

function addressOperator(c: Checker, expr: PrefixExpr): Term {
  const place = c.place(expr.operand);
  if (place === undefined) {
    const term = c.term(expr.operand);
    // `&function` is what `function` is.
    if (isError(term.type) || isFunctionName(c, expr.operand)) return term;
    c.error('not-lvalue', expr.span, "'&' needs an object, and this is only a value");
    return errorTerm;
  }
  if (isError(place.type)) return errorTerm;
  if (place.bits !== undefined) {
    c.error('not-lvalue', expr.span, 'a bit-field has no address');
    return errorTerm;
  }
  return addressOf(c.types.pointerTo(place.type), place);
}

export function binaryTerm(c: Checker, expr: BinaryExpr): Term {
  const { operator } = expr;
  if (operator === '&&' || operator === '||') return logicalTerm(c, expr, operator);
  const left = c.term(expr.left);
  const right = c.term(expr.right);
  const term = combined(c, operator, left, right, expr.span);
  if (term.kind !== 'arithmetic') return term;
  const written = { left: operandOf(expr.left, left), right: operandOf(expr.right, right) };
  return { ...term, written };
}

/** `left operator right` of two values. */
export function combined(
  c: Checker,
  operator: Operator,
  left: Term,
  right: Term,
  span: Span,
): Term {
  if (isError(left.type) || isError(right.type)) return errorTerm;
  if (isInteger(left.type) && isInteger(right.type))
    return integerOperation(c, operator, left, right, span);
  if (isRelational(operator) && isScalar(left.type) && isScalar(right.type))
    return comparePointers(c, operator, left, right, span);
  if (operator === '+' && isPointer(left.type) && isInteger(right.type))
    return pointerOffset(c, left, right, '+', span);
  if (operator === '+' && isInteger(left.type) && isPointer(right.type))
    return pointerOffset(c, right, left, '+', span);
  if (operator === '-' && isPointer(left.type) && isInteger(right.type))
    return pointerOffset(c, left, right, '-', span);
  if (operator === '-' && isPointer(left.type) && isPointer(right.type))
    return pointerDifference(c, left, right, span);
  return reportInvalidOperands(c, operator, left, right, span);
}

function integerOperation(
  c: Checker,
  operator: Operator,
  left: Term,
  right: Term,
  span: Span,
): Term {
  const a = promotedTerm(c, left);
  const b = promotedTerm(c, right);
  if (operator === '<<' || operator === '>>') {
    checkShift(c, a, b, span);
    return inWidth(arithmetic(a.type, operator, c.types.width(a.type), a, shiftCount(c, b)));
  }
  const common = c.types.common(a.type, b.type);
  if ((operator === '/' || operator === '%') && constantValue(b) === 0)
    c.warning('overflow', span, 'division by zero');
  const type = isRelational(operator) ? c.types.int : common;
  return inWidth(
    arithmetic(
      type,
      operator,
      c.types.width(common),
      retyped(c.types, a, common),
      retyped(c.types, b, common),
    ),
  );
}

/** The processor looks at the low bits of a count only. */
export function shiftCount(c: Checker, count: Term): Term {
  return retyped(c.types, count, c.types.int);
}

function checkShift(c: Checker, value: Term, count: Term, span: Span): void {
  const bits = c.types.size(value.type) * 8;
  const by = constantValue(count);
  if (by === undefined || (by >= 0 && by < bits)) return;
  const name = c.types.name(value.type);
  c.warning(
    'overflow',
    span,
    `a shift by ${by} is out of range for '${name}', which has ${counted(bits, 'bit')}`,
  );
}

function logicalTerm(c: Checker, expr: BinaryExpr, operator: '&&' | '||'): Term {
  const left = truthOf(c, c.term(expr.left), expr.left.span);
  const right = truthOf(c, c.term(expr.right), expr.right.span);
  if (isError(left.type) || isError(right.type)) return errorTerm;
  const known = constantValue(left);
  if (known !== undefined) {
    const isTrue = convert(known, 'bool') === 1;
    if (isTrue === (operator === '||')) return constant(c.types.int, isTrue ? 1 : 0);
    return retyped(c.types, retyped(c.types, right, c.types.bool), c.types.int);
  }
  return { kind: 'logical', type: c.types.int, operator, left, right };
}

export function conditionalTerm(c: Checker, expr: ConditionalExpr): Term {
  const test = truthOf(c, c.term(expr.test), expr.test.span);
  const then = expr.then === undefined ? test : c.term(expr.then);
  const otherwise = c.term(expr.otherwise);
  if (isError(test.type) || isError(then.type) || isError(otherwise.type)) return errorTerm;
  const type = meetingType(c, then, otherwise, expr.span);
  if (type === undefined) return errorTerm;
  const [first, second] = [then, otherwise].map((branch) =>
    isScalar(type) ? retyped(c.types, branch, type) : branch,
  ) as [Term, Term];
  const known = constantValue(test);
  if (known !== undefined) return convert(known, 'bool') === 1 ? first : second;
  // `a ?: b`: zero stays zero in any width, so the converted value is tested.
  if (expr.then === undefined)
    return { kind: 'choose', type, test: first, then: undefined, otherwise: second };
  return { kind: 'choose', type, test, then: first, otherwise: second };
}

function meetingType(c: Checker, a: Term, b: Term, span: Span): CType | undefined {
  if (isInteger(a.type) && isInteger(b.type))
    return c.types.common(c.types.promoted(a.type), c.types.promoted(b.type));
  if (isVoid(a.type) || isVoid(b.type)) return c.types.void;
  if (isStruct(a.type) && c.types.same(a.type, b.type)) return a.type;
  if (isPointer(a.type) && isNullPointer(b)) return a.type;
  if (isPointer(b.type) && isNullPointer(a)) return b.type;
  const [p, q] = [pointerOf(a.type), pointerOf(b.type)];
  if (p !== undefined && q !== undefined) {
    const both = [p.target, q.target];
    if (isVoid(p.target) || isVoid(q.target))
      return c.types.pointerTo(qualifiedAsAll(c.types.void, both));
    if (!c.types.same(p.target, q.target)) {
      reportMismatch(c, 'conversion', a, b, span);
      return a.type;
    }
    return sameQualified(c.types, p.target, q.target)
      ? a.type
      : c.types.pointerTo(qualifiedAsAll(p.target, both));
  }
  if (isScalar(a.type) && isScalar(b.type)) {
    reportMismatch(c, 'conversion', a, b, span);
    return p === undefined ? b.type : a.type;
  }
  reportMismatch(c, 'type-mismatch', a, b, span);
  return undefined;
}

function reportMismatch(
  c: Checker,
  code: 'conversion' | 'type-mismatch',
  a: Term,
  b: Term,
  span: Span,
): void {
  const [x, y] = [c.types.name(a.type), c.types.name(b.type)];
  const message = `the two values of '?:' have different types: '${x}' and '${y}'`;
  if (code === 'conversion') c.warning(code, span, message);
  else c.error(code, span, message);
}
