/**
 * Operators: what types they take, what type they give, in which width they compute.
 *
 * Source: ISO C11 6.5.3 to 6.5.17; gcc for arithmetic on `void *` (a size of 1) and `a ?: b`.
 */
import type { CType } from '../../engine/types/model.js';
import type { BinaryExpr, ConditionalExpr, Expr, PrefixExpr } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import { convert, isRelational, type Operator } from './arithmetic.js';
import { Conversions, errorTerm } from './conversions.js';
import {
  isComplete,
  isInteger,
  isPointer,
  isScalar,
  isStruct,
  isVoid,
  pointerOf,
} from './cTypes.js';
import {
  addressOf,
  arithmetic,
  complemented,
  constant,
  constantValue,
  logicalNot,
  negated,
  retyped,
} from './fold.js';
import type { Term } from './ir.js';
import { isError } from './typeResolver.js';

export abstract class OperatorChecker extends Conversions {
  protected prefix(expr: PrefixExpr): Term {
    if (expr.operator === '&') return this.addressOperator(expr);
    if (expr.operator === '*') {
      const place = this.place(expr);
      return place === undefined ? errorTerm : this.load(place, expr.span);
    }
    const operand = this.term(expr.operand);
    if (expr.operator === '!') return logicalNot(this.types, this.truth(operand, expr.span));
    if (isError(operand.type)) return errorTerm;
    if (!isInteger(operand.type)) {
      const name = this.types.name(operand.type);
      this.error('type-mismatch', expr.span, `unary '${expr.operator}' cannot take '${name}'`);
      return errorTerm;
    }
    const promoted = this.promote(operand);
    const width = this.types.width(promoted.type);
    if (expr.operator === '+') return promoted;
    return expr.operator === '-'
      ? negated(promoted.type, width, promoted)
      : complemented(promoted.type, width, promoted);
  }

  private addressOperator(expr: PrefixExpr): Term {
    const place = this.place(expr.operand);
    if (place === undefined) {
      const term = this.term(expr.operand);
      // `&function` is what `function` is.
      if (isError(term.type) || this.isFunctionName(expr.operand)) return term;
      this.error('not-lvalue', expr.span, "'&' needs an object: this is only a value");
      return errorTerm;
    }
    if (isError(place.type)) return errorTerm;
    if (place.bits !== undefined) {
      this.error('not-lvalue', expr.span, 'a bit-field has no address');
      return errorTerm;
    }
    return addressOf(this.types.pointerTo(place.type), place);
  }

  /** Whether the expression names a function of the script. */
  protected abstract isFunctionName(expr: Expr): boolean;

  protected binary(expr: BinaryExpr): Term {
    const { operator } = expr;
    if (operator === '&&' || operator === '||') return this.logical(expr, operator);
    const left = this.term(expr.left);
    const right = this.term(expr.right);
    return this.combine(operator, left, right, expr.span);
  }

  /** `left operator right` of two values. */
  protected combine(operator: Operator, left: Term, right: Term, span: Span): Term {
    if (isError(left.type) || isError(right.type)) return errorTerm;
    if (isInteger(left.type) && isInteger(right.type))
      return this.integers(operator, left, right, span);
    if (isRelational(operator) && isScalar(left.type) && isScalar(right.type))
      return this.comparePointers(operator, left, right, span);
    if (operator === '+' && isPointer(left.type) && isInteger(right.type))
      return this.offset(left, right, '+', span);
    if (operator === '+' && isInteger(left.type) && isPointer(right.type))
      return this.offset(right, left, '+', span);
    if (operator === '-' && isPointer(left.type) && isInteger(right.type))
      return this.offset(left, right, '-', span);
    if (operator === '-' && isPointer(left.type) && isPointer(right.type))
      return this.difference(left, right, span);
    return this.invalidOperands(operator, left, right, span);
  }

  protected invalidOperands(operator: string, left: Term, right: Term, span: Span): Term {
    const [a, b] = [this.types.name(left.type), this.types.name(right.type)];
    this.error('type-mismatch', span, `'${operator}' cannot take '${a}' and '${b}'`);
    return errorTerm;
  }

  private integers(operator: Operator, left: Term, right: Term, span: Span): Term {
    const a = this.promote(left);
    const b = this.promote(right);
    if (operator === '<<' || operator === '>>') {
      this.checkShift(a, b, span);
      return arithmetic(a.type, operator, this.types.width(a.type), a, this.shiftCount(b));
    }
    const common = this.types.common(a.type, b.type);
    if ((operator === '/' || operator === '%') && constantValue(b) === 0)
      this.warning('overflow', span, 'division by zero');
    const type = isRelational(operator) ? this.types.int : common;
    return arithmetic(
      type,
      operator,
      this.types.width(common),
      retyped(this.types, a, common),
      retyped(this.types, b, common),
    );
  }

  /** The processor looks at the low bits of a count only. */
  protected shiftCount(count: Term): Term {
    return retyped(this.types, count, this.types.int);
  }

  private checkShift(value: Term, count: Term, span: Span): void {
    const bits = this.types.size(value.type) * 8;
    const by = constantValue(count);
    if (by === undefined || (by >= 0 && by < bits)) return;
    const name = this.types.name(value.type);
    this.warning('overflow', span, `a shift by ${by} of '${name}', which has ${bits} bits`);
  }

  private comparePointers(operator: Operator, left: Term, right: Term, span: Span): Term {
    const a = pointerOf(left.type)?.target;
    const b = pointerOf(right.type)?.target;
    const [nameA, nameB] = [this.types.name(left.type), this.types.name(right.type)];
    if (a !== undefined && b !== undefined) {
      if (!isVoid(a) && !isVoid(b) && !this.types.same(a, b))
        this.warning('conversion', span, `comparison of '${nameA}' with '${nameB}'`);
    } else if (!this.isNull(a === undefined ? left : right)) {
      this.warning(
        'conversion',
        span,
        `comparison of a pointer with an integer: '${nameA}' with '${nameB}'`,
      );
    }
    const { voidPointer } = this.types;
    const width = this.types.width(voidPointer);
    return arithmetic(
      this.types.int,
      operator,
      width,
      retyped(this.types, left, voidPointer),
      retyped(this.types, right, voidPointer),
    );
  }

  /** `pointer + index`, counted in objects. */
  protected offset(pointer: Term, index: Term, operator: '+' | '-', span: Span): Term {
    const stride = this.strideOf(pointer.type, span);
    if (stride === undefined) return errorTerm;
    const bytes = this.scaled(index, stride);
    const value = constantValue(bytes);
    if (pointer.kind === 'address' && typeof value === 'number') {
      const { place } = pointer;
      const offsetBytes = place.offsetBytes + (operator === '+' ? value : -value);
      return { ...pointer, place: { ...place, offsetBytes } };
    }
    return arithmetic(pointer.type, operator, this.types.width(pointer.type), pointer, bytes);
  }

  protected scaled(index: Term, stride: number): Term {
    const { differenceType, voidPointer } = this.types;
    const wide = retyped(this.types, this.promote(index), differenceType);
    const width = this.types.width(voidPointer);
    const asPointer = retyped(this.types, wide, this.types.sizeType);
    const bytes = arithmetic(
      this.types.sizeType,
      '*',
      width,
      asPointer,
      constant(this.types.sizeType, stride),
    );
    return stride === 1 ? asPointer : bytes;
  }

  /** Bytes from one object to the next behind a pointer. */
  protected strideOf(pointer: CType, span: Span): number | undefined {
    const target = pointerOf(pointer)?.target;
    if (target === undefined || isError(target)) return undefined;
    if (isVoid(target)) return 1;
    if (!isComplete(target)) {
      const name = this.types.name(target);
      this.error(
        'incomplete-type',
        span,
        `arithmetic on a pointer to '${name}', whose size is not known`,
      );
      return undefined;
    }
    return this.types.size(target);
  }

  private difference(left: Term, right: Term, span: Span): Term {
    const a = pointerOf(left.type)?.target;
    const b = pointerOf(right.type)?.target;
    if (a === undefined || b === undefined || !this.types.same(a, b))
      return this.invalidOperands('-', left, right, span);
    const stride = this.strideOf(left.type, span);
    if (stride === undefined) return errorTerm;
    const { differenceType } = this.types;
    const bytes = arithmetic(left.type, '-', this.types.width(left.type), left, right);
    const signed = retyped(this.types, bytes, differenceType);
    if (stride <= 1) return signed;
    const width = this.types.width(differenceType);
    return arithmetic(differenceType, '/', width, signed, constant(differenceType, stride));
  }

  private logical(expr: BinaryExpr, operator: '&&' | '||'): Term {
    const left = this.truth(this.term(expr.left), expr.left.span);
    const right = this.truth(this.term(expr.right), expr.right.span);
    if (isError(left.type) || isError(right.type)) return errorTerm;
    const known = constantValue(left);
    if (known !== undefined) {
      const isTrue = convert(known, 'bool') === 1;
      if (isTrue === (operator === '||')) return constant(this.types.int, isTrue ? 1 : 0);
      return retyped(this.types, retyped(this.types, right, this.types.bool), this.types.int);
    }
    return { kind: 'logical', type: this.types.int, operator, left, right };
  }

  protected conditional(expr: ConditionalExpr): Term {
    const test = this.truth(this.term(expr.test), expr.test.span);
    const then = expr.then === undefined ? test : this.term(expr.then);
    const otherwise = this.term(expr.otherwise);
    if (isError(test.type) || isError(then.type) || isError(otherwise.type)) return errorTerm;
    const type = this.meetingType(then, otherwise, expr.span);
    if (type === undefined) return errorTerm;
    const [first, second] = [then, otherwise].map((branch) =>
      isScalar(type) ? retyped(this.types, branch, type) : branch,
    ) as [Term, Term];
    const known = constantValue(test);
    if (known !== undefined) return convert(known, 'bool') === 1 ? first : second;
    // `a ?: b`: zero stays zero in any width, so the converted value is tested.
    if (expr.then === undefined)
      return { kind: 'choose', type, test: first, then: undefined, otherwise: second };
    return { kind: 'choose', type, test, then: first, otherwise: second };
  }

  private meetingType(a: Term, b: Term, span: Span): CType | undefined {
    if (isInteger(a.type) && isInteger(b.type))
      return this.types.common(this.types.promoted(a.type), this.types.promoted(b.type));
    if (isVoid(a.type) || isVoid(b.type)) return this.types.void;
    if (isStruct(a.type) && this.types.same(a.type, b.type)) return a.type;
    if (isPointer(a.type) && this.isNull(b)) return a.type;
    if (isPointer(b.type) && this.isNull(a)) return b.type;
    const [p, q] = [pointerOf(a.type), pointerOf(b.type)];
    if (p !== undefined && q !== undefined) {
      if (isVoid(p.target) || isVoid(q.target)) return this.types.voidPointer;
      if (!this.types.same(p.target, q.target)) this.mismatch('conversion', a, b, span);
      return a.type;
    }
    if (isScalar(a.type) && isScalar(b.type)) {
      this.mismatch('conversion', a, b, span);
      return p === undefined ? b.type : a.type;
    }
    this.mismatch('type-mismatch', a, b, span);
    return undefined;
  }

  private mismatch(code: 'conversion' | 'type-mismatch', a: Term, b: Term, span: Span): void {
    const [x, y] = [this.types.name(a.type), this.types.name(b.type)];
    const message = `the two values of '?' are of different types: '${x}' and '${y}'`;
    if (code === 'conversion') this.warning(code, span, message);
    else this.error(code, span, message);
  }
}
