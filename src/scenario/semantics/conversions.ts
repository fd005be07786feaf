/**
 * Values where C converts them unasked: arrays to pointers, operands to a common type, what is assigned to what it is
 * assigned to. Where gcc warns, so does this.
 *
 * Source: ISO C11 6.3, 6.5.16.1.
 */
import type { CType } from '../../engine/types/model.js';
import type { Expr } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import { convert, naturalValue } from './arithmetic.js';
import {
  isComplete,
  isInteger,
  isPointer,
  isScalar,
  isStruct,
  isVoid,
  pointerOf,
  stripTypedefs,
} from './cTypes.js';
import { addressOf, constant, constantValue, isZero, retyped } from './fold.js';
import type { Place, Term } from './ir.js';
import { isError, TypeResolver } from './typeResolver.js';
import { errorType } from './unit.js';

/** What a value is converted for, as messages begin. */
export type Purpose =
  'assignment' | 'initializer' | 'returned value' | `argument ${number} of '${string}'`;

/** The value of an expression that could not be made sense of. */
export const errorTerm: Term = constant(errorType, 0);

export abstract class Conversions extends TypeResolver {
  /** The object an expression designates; undefined if it designates none. */
  abstract place(expr: Expr): Place | undefined;

  /** The value of the object at a place: of an array, a pointer to its first element; of a struct, its address. */
  load(place: Place, span: Span): Term {
    const { type } = place;
    if (isError(type)) return errorTerm;
    const bare = stripTypedefs(type);
    if (bare.kind === 'array') return addressOf(this.types.pointerTo(bare.element), place);
    if (bare.kind === 'function') return addressOf(this.types.pointerTo(type), place);
    if (isVoid(type) || !isComplete(type)) {
      this.error('incomplete-type', span, `'${this.types.name(type)}' has no value`);
      return errorTerm;
    }
    if (bare.kind === 'struct' || bare.kind === 'union') return { ...addressOf(type, place), type };
    if (place.bits === undefined) return { kind: 'load', type, place };
    const promoted = this.types.promoted(type, place.bits.width);
    return { kind: 'load', type: promoted, place };
  }

  /** Integer promotion of a value. */
  protected promote(term: Term): Term {
    if (!isInteger(term.type)) return term;
    return retyped(this.types, term, this.types.promoted(term.type));
  }

  /** A condition: any scalar. */
  protected truth(term: Term, span: Span): Term {
    if (isError(term.type) || isScalar(term.type)) return term;
    const name = this.types.name(term.type);
    this.error('type-mismatch', span, `a value of type '${name}' is neither true nor false`);
    return errorTerm;
  }

  condition(expr: Expr): Term {
    // Parentheses around an assignment widen its span: `if ((p = f()))` says that it is meant.
    if (expr.kind === 'assign' && expr.operator === undefined) {
      const doubled = expr.span.start < expr.target.span.start;
      if (!doubled)
        this.warning('conversion', expr.operatorSpan, "'=' assigns: to compare write '=='", {
          title: "Change to '=='",
          span: expr.operatorSpan,
          replacement: '==',
        });
    }
    return this.truth(this.term(expr), expr.span);
  }

  protected isNull(term: Term): boolean {
    if (!isZero(term)) return false;
    const target = pointerOf(term.type)?.target;
    return target === undefined ? isInteger(term.type) : isVoid(target);
  }

  /** An explicit conversion. */
  protected cast(term: Term, type: CType, span: Span): Term {
    if (isError(term.type) || isError(type)) return errorTerm;
    if (isVoid(type)) return { kind: 'discard', type: this.types.void, operand: term };
    if (!isScalar(type) || !isScalar(term.type)) {
      const from = this.types.name(term.type);
      this.error('type-mismatch', span, `cannot cast '${from}' to '${this.types.name(type)}'`);
      return errorTerm;
    }
    const known = constantValue(term) !== undefined;
    if (!known && isPointer(type) !== isPointer(term.type)) {
      const [from, to] = [this.types.size(term.type), this.types.size(type)];
      const loses = isPointer(type) ? from !== to : to < from && !this.isBool(type);
      if (loses)
        this.warning(
          'conversion',
          span,
          `cast between a pointer and '${this.types.name(isPointer(type) ? term.type : type)}', which has another size`,
        );
    }
    return retyped(this.types, term, type);
  }

  private isBool(type: CType): boolean {
    return this.types.repr(type) === 'bool';
  }

  /** The value as an object of `type` takes it. */
  convertTo(term: Term, type: CType, span: Span, purpose: Purpose): Term {
    if (isError(term.type) || isError(type)) return errorTerm;
    if (isVoid(term.type)) {
      this.error('type-mismatch', span, `${purpose}: this has no value`);
      return errorTerm;
    }
    if (isStruct(type) || isStruct(term.type)) {
      if (this.types.same(type, term.type)) return term;
      return this.incompatible(term, type, span, purpose);
    }
    if (!isScalar(type) || !isScalar(term.type))
      return this.incompatible(term, type, span, purpose);
    this.checkScalar(term, type, span, purpose);
    return retyped(this.types, term, type);
  }

  private incompatible(term: Term, type: CType, span: Span, purpose: Purpose): Term {
    const [to, from] = [this.types.name(type), this.types.name(term.type)];
    this.error('type-mismatch', span, `${purpose}: '${from}' cannot become '${to}'`);
    return errorTerm;
  }

  private checkScalar(term: Term, type: CType, span: Span, purpose: Purpose): void {
    const [to, from] = [this.types.name(type), this.types.name(term.type)];
    const target = pointerOf(type)?.target;
    const source = pointerOf(term.type)?.target;
    if (target !== undefined && source !== undefined) {
      if (isVoid(target) || isVoid(source) || this.types.same(target, source)) return;
      if (this.sameButForSign(target, source)) return;
      this.warning('conversion', span, `${purpose}: '${from}' where '${to}' is wanted`);
    } else if (target !== undefined) {
      if (this.isNull(term)) return;
      this.warning(
        'conversion',
        span,
        `${purpose}: an integer ('${from}') where '${to}' is wanted`,
      );
    } else if (source !== undefined) {
      if (this.isBool(type)) return;
      this.warning('conversion', span, `${purpose}: a pointer ('${from}') where '${to}' is wanted`);
    } else this.checkOverflow(term, type, span);
  }

  /** `unsigned char *` for `char *`, as in kernels, which are built with -Wno-pointer-sign. */
  private sameButForSign(a: CType, b: CType): boolean {
    if (!isInteger(a) || !isInteger(b)) return false;
    return this.types.size(a) === this.types.size(b);
  }

  /** A constant that does not fit what it is assigned to. Reading a negative one as unsigned is common and no finding. */
  private checkOverflow(term: Term, type: CType, span: Span): void {
    const value = constantValue(term);
    const repr = this.types.scalarRepr(type);
    if (value === undefined || repr === 'bool') return;
    const before = naturalValue(value, this.types.scalarRepr(term.type));
    const after = naturalValue(convert(value, repr), repr);
    if (before === after) return;
    const bits = BigInt(this.types.size(type) * 8);
    const fitsEither = BigInt(before) >= -(1n << (bits - 1n)) && BigInt(before) < 1n << bits;
    if (fitsEither) return;
    const name = this.types.name(type);
    this.warning('overflow', span, `${before} does not fit '${name}' and becomes ${after}`);
  }
}
