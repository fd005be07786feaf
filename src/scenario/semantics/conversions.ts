/**
 * Values where C converts them unasked: arrays to pointers, operands to a common type, what is assigned to what it is
 * assigned to. Where gcc warns, so does this.
 *
 * Source: ISO C11 6.3, 6.5.16.1.
 */
import type { CType, Member, StructType } from '../../engine/types/model.js';
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
  structOf,
} from './cTypes.js';
import type { Checker } from './checker.js';
import { errorTerm, isError } from './errors.js';
import { addressOf, constantValue, isZero, pointedPlace, retyped } from './fold.js';
import type { Place, Term } from './ir.js';
import { memberInside, temporaryPlace } from './places.js';

/** What a value is converted for, as messages begin. */
export type Purpose =
  'assignment' | 'initializer' | 'returned value' | `argument ${number} of '${string}'`;

/** The value of the object at a place: of an array, a pointer to its first element; of a struct, its address. */
export function loadTerm(c: Checker, place: Place, span: Span): Term {
  const { type } = place;
  if (isError(type)) return errorTerm;
  const bare = stripTypedefs(type);
  if (bare.kind === 'array') return addressOf(c.types.pointerTo(bare.element), place);
  if (bare.kind === 'function') return addressOf(c.types.pointerTo(type), place);
  if (isVoid(type) || !isComplete(type)) {
    c.error(
      'incomplete-type',
      span,
      `an object of type '${c.types.name(type)}' has no value: its size is not known`,
    );
    return errorTerm;
  }
  if (bare.kind === 'struct' || bare.kind === 'union') return { ...addressOf(type, place), type };
  if (place.bits === undefined) return { kind: 'load', type, place };
  const promoted = c.types.promoted(type, place.bits.width);
  return { kind: 'load', type: promoted, place };
}

/** Integer promotion of a value. */
export function promotedTerm(c: Checker, term: Term): Term {
  if (!isInteger(term.type)) return term;
  if (term.type.kind === 'int' && term.type.widthBits !== undefined) return term;
  return retyped(c.types, term, c.types.promoted(term.type));
}

/** A condition: any scalar. */
export function truthOf(c: Checker, term: Term, span: Span): Term {
  if (isError(term.type) || isScalar(term.type)) return term;
  const name = c.types.name(term.type);
  c.error('type-mismatch', span, `a condition must be a number or a pointer, not '${name}'`);
  return errorTerm;
}

export function condition(c: Checker, expr: Expr): Term {
  warnOfAssignment(c, expr);
  return truthOf(c, c.term(expr), expr.span);
}

/** `=` where a truth is wanted, and `==` was meant. */
export function warnOfAssignment(c: Checker, expr: Expr): void {
  // Parentheses around an assignment widen its span: `if ((p = f()))` says that it is meant.
  if (expr.kind === 'assign' && expr.operator === undefined) {
    const doubled = expr.span.start < expr.target.span.start;
    if (!doubled)
      c.warning('conversion', expr.operatorSpan, "'=' assigns: write '==' to compare", {
        title: "Change to '=='",
        span: expr.operatorSpan,
        replacement: '==',
      });
  }
}

export function isNullPointer(term: Term): boolean {
  if (!isZero(term)) return false;
  const target = pointerOf(term.type)?.target;
  return target === undefined ? isInteger(term.type) : isVoid(target);
}

/** An explicit conversion. */
export function castTo(c: Checker, term: Term, type: CType, span: Span): Term {
  if (isError(term.type) || isError(type)) return errorTerm;
  if (isVoid(type)) return { kind: 'discard', type: c.types.void, operand: term };
  // gcc: to the type that a struct has already.
  if (isStruct(type) && c.types.same(type, term.type)) return term;
  const member = unionMember(c, type, term.type);
  if (member !== undefined) return unionOf(c, type, member, term);
  const protection = asProtection(c, term, type, span);
  if (protection !== undefined) return protection;
  if (!isScalar(type) || !isScalar(term.type)) {
    const from = c.types.name(term.type);
    c.error('type-mismatch', span, `cannot cast '${from}' to '${c.types.name(type)}'`);
    return errorTerm;
  }
  const known = constantValue(term) !== undefined;
  if (!known && isPointer(type) !== isPointer(term.type)) {
    const [from, to] = [c.types.size(term.type), c.types.size(type)];
    const loses = isPointer(type) ? from !== to : to < from && !isBoolType(c, type);
    if (loses)
      c.warning(
        'conversion',
        span,
        `cast between a pointer and '${c.types.name(isPointer(type) ? term.type : type)}', which has a different size`,
      );
  }
  return retyped(c.types, term, type);
}

/** gcc's cast to a union: the member of a union type that has the type of the value. */
function unionMember(c: Checker, type: CType, from: CType): Member | undefined {
  const union = structOf(type);
  if (union?.kind !== 'union' || isStruct(from)) return undefined;
  return union.members.find((member) => c.types.same(member.type, from));
}

function unionOf(c: Checker, type: CType, member: Member, value: Term): Term {
  if (!c.unit.effects) return errorTerm;
  const place = temporaryPlace(c, type);
  const inner = memberInside(place, member);
  const first: Term[] = [
    { kind: 'clear', type, place },
    { kind: 'store', type: member.type, place: inner, value },
  ];
  return { kind: 'sequence', type, first, last: { ...addressOf(type, place), type } };
}

/**
 * `pgprot_t` and the number in it, one for the other: constants such as PAGE_KERNEL are numbers here, `vma->vm_page_prot` is the
 * kernel's struct.
 */
function asProtection(c: Checker, term: Term, type: CType, span: Span): Term | undefined {
  const [bits] = protectionOf(type)?.members ?? [];
  if (bits !== undefined && isInteger(term.type))
    return unionOf(c, type, bits, retyped(c.types, term, bits.type));
  const [held] = protectionOf(term.type)?.members ?? [];
  if (held === undefined || !isInteger(type)) return undefined;
  const pointer: Term = { ...term, type: c.types.pointerTo(term.type) };
  const place = memberInside(pointedPlace(term.type, pointer), held);
  return retyped(c.types, loadTerm(c, place, span), type);
}

const protectionOf = (type: CType): StructType | undefined => {
  const struct = structOf(type);
  return struct?.name === 'pgprot' ? struct : undefined;
};

function isBoolType(c: Checker, type: CType): boolean {
  return c.types.repr(type) === 'bool';
}

/** The value as an object of `type` takes it. */
export function convertTo(c: Checker, term: Term, type: CType, span: Span, purpose: Purpose): Term {
  if (isError(term.type) || isError(type)) return errorTerm;
  if (isVoid(term.type)) {
    c.error('type-mismatch', span, `${purpose}: a void expression has no value`);
    return errorTerm;
  }
  if (isStruct(type) || isStruct(term.type)) {
    if (c.types.same(type, term.type)) return term;
    const protection = asProtection(c, term, type, span);
    if (protection !== undefined) return protection;
    return reportIncompatible(c, term, type, span, purpose);
  }
  if (!isScalar(type) || !isScalar(term.type))
    return reportIncompatible(c, term, type, span, purpose);
  checkScalar(c, term, type, span, purpose);
  return retyped(c.types, term, type);
}

function reportIncompatible(
  c: Checker,
  term: Term,
  type: CType,
  span: Span,
  purpose: Purpose,
): Term {
  const [to, from] = [c.types.name(type), c.types.name(term.type)];
  c.error('type-mismatch', span, `${purpose}: cannot convert '${from}' to '${to}'`);
  return errorTerm;
}

function checkScalar(c: Checker, term: Term, type: CType, span: Span, purpose: Purpose): void {
  const [to, from] = [c.types.name(type), c.types.name(term.type)];
  const target = pointerOf(type)?.target;
  const source = pointerOf(term.type)?.target;
  if (target !== undefined && source !== undefined) {
    if (isVoid(target) || isVoid(source) || c.types.same(target, source)) return;
    if (sameButForSign(c, target, source)) return;
    c.warning('conversion', span, `${purpose}: expected '${to}', not '${from}'`);
  } else if (target !== undefined) {
    if (isNullPointer(term)) return;
    c.warning('conversion', span, `${purpose}: expected '${to}', not an integer ('${from}')`);
  } else if (source !== undefined) {
    if (isBoolType(c, type)) return;
    c.warning('conversion', span, `${purpose}: expected '${to}', not a pointer ('${from}')`);
  } else checkOverflow(c, term, type, span);
}

/** `unsigned char *` for `char *`, as in kernels, which are built with -Wno-pointer-sign. */
function sameButForSign(c: Checker, a: CType, b: CType): boolean {
  if (!isInteger(a) || !isInteger(b)) return false;
  return c.types.size(a) === c.types.size(b);
}

/** A constant that does not fit what it is assigned to. Reading a negative one as unsigned is common and no finding. */
function checkOverflow(c: Checker, term: Term, type: CType, span: Span): void {
  const value = constantValue(term);
  const repr = c.types.scalarRepr(type);
  if (value === undefined || repr === 'bool') return;
  const before = naturalValue(value, c.types.scalarRepr(term.type));
  const after = naturalValue(convert(value, repr), repr);
  if (before === after) return;
  const bits = BigInt(c.types.size(type) * 8);
  const fitsEither = BigInt(before) >= -(1n << (bits - 1n)) && BigInt(before) < 1n << bits;
  if (fitsEither) return;
  const name = c.types.name(type);
  c.warning('overflow', span, `${before} does not fit in '${name}' and becomes ${after}`);
}

export function reportInvalidOperands(
  c: Checker,
  operator: string,
  left: Term,
  right: Term,
  span: Span,
): Term {
  const [a, b] = [c.types.name(left.type), c.types.name(right.type)];
  c.error('type-mismatch', span, `'${operator}' cannot be applied to '${a}' and '${b}'`);
  return errorTerm;
}
