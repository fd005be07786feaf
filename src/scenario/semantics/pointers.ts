/**
 * Arithmetic on pointers, counted in the objects they point to, and their comparison.
 *
 * Source: ISO C11 6.5.6, 6.5.8, 6.5.9; gcc for arithmetic on `void *` (a size of 1).
 */
import type { CType } from '../../engine/types/model.js';
import type { Span } from '../syntax/span.js';
import type { Operator } from './arithmetic.js';
import { isComplete, isVoid, pointerOf } from './cTypes.js';
import type { Checker } from './checker.js';
import { isNullPointer, promotedTerm, reportInvalidOperands } from './conversions.js';
import { errorTerm, isError } from './errors.js';
import { arithmetic, constant, constantValue, retyped } from './fold.js';
import type { Term } from './ir.js';

/** `pointer + index`, counted in objects. */
export function pointerOffset(
  c: Checker,
  pointer: Term,
  index: Term,
  operator: '+' | '-',
  span: Span,
): Term {
  const stride = strideOf(c, pointer.type, span);
  if (stride === undefined) return errorTerm;
  const bytes = scaledBy(c, index, stride);
  const value = constantValue(bytes);
  if (pointer.kind === 'address' && typeof value === 'number') {
    const { place } = pointer;
    const offsetBytes = place.offsetBytes + (operator === '+' ? value : -value);
    return { ...pointer, place: { ...place, offsetBytes } };
  }
  return arithmetic(pointer.type, operator, c.types.width(pointer.type), pointer, bytes);
}

export function scaledBy(c: Checker, index: Term, stride: number): Term {
  const { differenceType, voidPointer } = c.types;
  const wide = retyped(c.types, promotedTerm(c, index), differenceType);
  const width = c.types.width(voidPointer);
  const asPointer = retyped(c.types, wide, c.types.sizeType);
  const bytes = arithmetic(
    c.types.sizeType,
    '*',
    width,
    asPointer,
    constant(c.types.sizeType, stride),
  );
  return stride === 1 ? asPointer : bytes;
}

/** Bytes from one object to the next behind a pointer. */
export function strideOf(c: Checker, pointer: CType, span: Span): number | undefined {
  const target = pointerOf(pointer)?.target;
  if (target === undefined || isError(target)) return undefined;
  if (isVoid(target)) return 1;
  if (!isComplete(target)) {
    const name = c.types.name(target);
    c.error(
      'incomplete-type',
      span,
      `arithmetic on a pointer to '${name}', whose size is not known`,
    );
    return undefined;
  }
  return c.types.size(target);
}

export function pointerDifference(c: Checker, left: Term, right: Term, span: Span): Term {
  const a = pointerOf(left.type)?.target;
  const b = pointerOf(right.type)?.target;
  if (a === undefined || b === undefined || !c.types.same(a, b))
    return reportInvalidOperands(c, '-', left, right, span);
  const stride = strideOf(c, left.type, span);
  if (stride === undefined) return errorTerm;
  const { differenceType } = c.types;
  const bytes = arithmetic(left.type, '-', c.types.width(left.type), left, right);
  const signed = retyped(c.types, bytes, differenceType);
  if (stride <= 1) return signed;
  const width = c.types.width(differenceType);
  return arithmetic(differenceType, '/', width, signed, constant(differenceType, stride));
}

export function comparePointers(
  c: Checker,
  operator: Operator,
  left: Term,
  right: Term,
  span: Span,
): Term {
  const a = pointerOf(left.type)?.target;
  const b = pointerOf(right.type)?.target;
  const [nameA, nameB] = [c.types.name(left.type), c.types.name(right.type)];
  if (a !== undefined && b !== undefined) {
    if (!isVoid(a) && !isVoid(b) && !c.types.same(a, b))
      c.warning(
        'conversion',
        span,
        `comparison of different pointer types: '${nameA}' and '${nameB}'`,
      );
  } else if (!isNullPointer(a === undefined ? left : right)) {
    c.warning(
      'conversion',
      span,
      `comparison of a pointer with an integer: '${nameA}' and '${nameB}'`,
    );
  }
  const { voidPointer } = c.types;
  const width = c.types.width(voidPointer);
  return arithmetic(
    c.types.int,
    operator,
    width,
    retyped(c.types, left, voidPointer),
    retyped(c.types, right, voidPointer),
  );
}
