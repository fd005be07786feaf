/**
 * Assignment, plain and compound, and increments: what may be changed, and in which width the new value is computed.
 *
 * Source: ISO C11 6.5.2.4, 6.5.3.1, 6.5.16.
 */
import type { CType } from '../../engine/types/model.js';
import type { AssignExpr, Expr, IncrementExpr } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import type { ArithmeticOperator } from './arithmetic.js';
import { isInteger, isPointer, isStruct } from './cTypes.js';
import type { Checker } from './checker.js';
import { convertTo, loadTerm, promotedTerm, reportInvalidOperands } from './conversions.js';
import { errorTerm, isError } from './errors.js';
import { constant, retyped } from './fold.js';
import type { Place, Term } from './ir.js';
import { shiftCount } from './operators.js';
import { scaledBy, strideOf } from './pointers.js';

export function assignTerm(c: Checker, expr: AssignExpr): Term {
  const place = changeablePlace(c, expr.target, expr.operatorSpan);
  const value = c.term(expr.value);
  if (place === undefined || isError(place.type) || isError(value.type)) return errorTerm;
  if (expr.operator !== undefined) return compoundAssignment(c, expr, expr.operator, place, value);
  return assigned(c, place, convertTo(c, value, place.type, expr.value.span, 'assignment'));
}

/** Stores a converted value. */
export function assigned(c: Checker, place: Place, value: Term): Term {
  if (isError(value.type)) return errorTerm;
  const { type } = place;
  if (isStruct(type))
    return { kind: 'copy', type, to: place, from: value, sizeBytes: c.types.size(type) };
  return { kind: 'store', type, place, value };
}

function compoundAssignment(
  c: Checker,
  expr: AssignExpr,
  operator: ArithmeticOperator,
  place: Place,
  value: Term,
): Term {
  const { type } = place;
  if (isPointer(type) && isInteger(value.type) && (operator === '+' || operator === '-')) {
    const stride = strideOf(c, type, expr.span);
    if (stride === undefined) return errorTerm;
    return modified(c, place, operator, type, scaledBy(c, value, stride), 'new');
  }
  if (!isInteger(type) || !isInteger(value.type))
    return reportInvalidOperands(
      c,
      `${operator}=`,
      loadTerm(c, place, expr.span),
      value,
      expr.span,
    );
  const object = c.types.promoted(type, place.bits?.width);
  const promoted = promotedTerm(c, value);
  if (operator === '<<' || operator === '>>')
    return modified(c, place, operator, object, shiftCount(c, promoted), 'new');
  const common = c.types.common(object, promoted.type);
  return modified(c, place, operator, common, retyped(c.types, promoted, common), 'new');
}

function modified(
  c: Checker,
  place: Place,
  operator: ArithmeticOperator,
  computeType: CType,
  value: Term,
  result: 'old' | 'new',
): Term {
  const width = c.types.width(computeType);
  return { kind: 'modify', type: place.type, place, operator, width, value, result };
}

export function incrementTerm(c: Checker, expr: IncrementExpr): Term {
  const place = changeablePlace(c, expr.operand, expr.span);
  if (place === undefined || isError(place.type)) return errorTerm;
  const operator = expr.operator === '++' ? '+' : '-';
  const result = expr.prefix ? 'new' : 'old';
  const { type } = place;
  if (isPointer(type)) {
    const stride = strideOf(c, type, expr.span);
    if (stride === undefined) return errorTerm;
    return modified(c, place, operator, type, constant(c.types.sizeType, stride), result);
  }
  if (!isInteger(type)) {
    const name = c.types.name(type);
    c.error('type-mismatch', expr.span, `'${expr.operator}' cannot be applied to '${name}'`);
    return errorTerm;
  }
  const computeType = c.types.promoted(type, place.bits?.width);
  return modified(c, place, operator, computeType, constant(computeType, 1), result);
}

/** The object to be changed. */
function changeablePlace(c: Checker, expr: Expr, span: Span): Place | undefined {
  if (!c.unit.effects) {
    c.error('side-effect', span, 'this expression must not change anything: it cannot assign');
    return undefined;
  }
  const place = c.place(expr);
  if (place === undefined) {
    if (!isError(c.term(expr).type))
      c.error('not-lvalue', expr.span, 'only an object can be assigned to, and this is a value');
    return undefined;
  }
  const bare = c.types.repr(place.type);
  if (bare !== undefined || isStruct(place.type) || isError(place.type)) return place;
  const name = c.types.name(place.type);
  c.error('not-lvalue', expr.span, `an object of type '${name}' cannot be assigned to`);
  return undefined;
}
