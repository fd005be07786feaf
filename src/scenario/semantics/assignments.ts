/**
 * Assignment, plain and compound, and increments: what may be changed, and in which width the new value is computed.
 *
 * Source: ISO C11 6.5.2.4, 6.5.3.1, 6.5.16.
 */
import type { CType } from '../../engine/types/model.js';
import type { AssignExpr, Expr, IncrementExpr } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import type { ArithmeticOperator } from './arithmetic.js';
import { errorTerm } from './conversions.js';
import { isInteger, isPointer, isStruct } from './cTypes.js';
import { constant, retyped } from './fold.js';
import type { Place, Term } from './ir.js';
import { OperatorChecker } from './operators.js';
import { isError } from './typeResolver.js';

export abstract class AssignmentChecker extends OperatorChecker {
  protected assign(expr: AssignExpr): Term {
    const place = this.target(expr.target, expr.operatorSpan);
    const value = this.term(expr.value);
    if (place === undefined || isError(place.type) || isError(value.type)) return errorTerm;
    if (expr.operator !== undefined) return this.compound(expr, expr.operator, place, value);
    return this.assigned(place, this.convertTo(value, place.type, expr.value.span, 'assignment'));
  }

  /** Stores a converted value. */
  protected assigned(place: Place, value: Term): Term {
    if (isError(value.type)) return errorTerm;
    const { type } = place;
    if (isStruct(type))
      return { kind: 'copy', type, to: place, from: value, sizeBytes: this.types.size(type) };
    return { kind: 'store', type, place, value };
  }

  private compound(
    expr: AssignExpr,
    operator: ArithmeticOperator,
    place: Place,
    value: Term,
  ): Term {
    const { type } = place;
    if (isPointer(type) && isInteger(value.type) && (operator === '+' || operator === '-')) {
      const stride = this.strideOf(type, expr.span);
      if (stride === undefined) return errorTerm;
      return this.modify(place, operator, type, this.scaled(value, stride), 'new');
    }
    if (!isInteger(type) || !isInteger(value.type))
      return this.invalidOperands(`${operator}=`, this.load(place, expr.span), value, expr.span);
    const object = this.types.promoted(type, place.bits?.width);
    const promoted = this.promote(value);
    if (operator === '<<' || operator === '>>')
      return this.modify(place, operator, object, this.shiftCount(promoted), 'new');
    const common = this.types.common(object, promoted.type);
    return this.modify(place, operator, common, retyped(this.types, promoted, common), 'new');
  }

  private modify(
    place: Place,
    operator: ArithmeticOperator,
    computeType: CType,
    value: Term,
    result: 'old' | 'new',
  ): Term {
    const width = this.types.width(computeType);
    return { kind: 'modify', type: place.type, place, operator, width, value, result };
  }

  protected increment(expr: IncrementExpr): Term {
    const place = this.target(expr.operand, expr.span);
    if (place === undefined || isError(place.type)) return errorTerm;
    const operator = expr.operator === '++' ? '+' : '-';
    const result = expr.prefix ? 'new' : 'old';
    const { type } = place;
    if (isPointer(type)) {
      const stride = this.strideOf(type, expr.span);
      if (stride === undefined) return errorTerm;
      return this.modify(place, operator, type, constant(this.types.sizeType, stride), result);
    }
    if (!isInteger(type)) {
      const name = this.types.name(type);
      this.error('type-mismatch', expr.span, `'${expr.operator}' cannot take '${name}'`);
      return errorTerm;
    }
    const computeType = this.types.promoted(type, place.bits?.width);
    return this.modify(place, operator, computeType, constant(computeType, 1), result);
  }

  /** The object to be changed. */
  private target(expr: Expr, span: Span): Place | undefined {
    if (!this.unit.effects) {
      this.error('side-effect', span, 'an assignment is not possible here: nothing may be changed');
      return undefined;
    }
    const place = this.place(expr);
    if (place === undefined) {
      if (!isError(this.term(expr).type))
        this.error('not-lvalue', expr.span, 'only an object can be assigned to: this is a value');
      return undefined;
    }
    const bare = this.types.repr(place.type);
    if (bare !== undefined || isStruct(place.type) || isError(place.type)) return place;
    const name = this.types.name(place.type);
    this.error('not-lvalue', expr.span, `'${name}' cannot be assigned to`);
    return undefined;
  }
}
