/** Places inside other places, and in the frame of the function that is being checked. */
import type { ArrayType, CType, MemberPlace } from '../../engine/types/model.js';
import type { Span } from '../syntax/span.js';
import { isComplete } from './cTypes.js';
import type { Checker } from './checker.js';
import { errorTerm, isError } from './errors.js';
import { framePlace, pointedPlace } from './fold.js';
import type { Place, UnitBytes } from './ir.js';

/** A member's place inside a struct's. */
export function memberInside(outer: Place, member: MemberPlace): Place {
  const { type, offsetBits, widthBits } = member;
  if (widthBits === 0)
    return { ...outer, type, offsetBytes: outer.offsetBytes + offsetBits / 8, bits: undefined };
  return { ...outer, type, ...bitPlace(outer.offsetBytes, offsetBits, widthBits) };
}

/** A bit-field is reached through the smallest unit at its own alignment that holds it; in a packed struct, at any byte. */
function bitPlace(
  outerBytes: number,
  offsetBits: number,
  widthBits: number,
): Pick<Place, 'offsetBytes' | 'bits'> {
  const end = offsetBits + widthBits;
  const startOf = (unitBytes: number): number => offsetBits - (offsetBits % (unitBytes * 8));
  const unitBytes = UNITS.find((unit) => end <= startOf(unit) + unit * 8);
  const start = unitBytes === undefined ? startOf(1) : startOf(unitBytes);
  return {
    offsetBytes: outerBytes + start / 8,
    bits: { offset: offsetBits - start, width: widthBits, unitBytes: unitBytes ?? 8 },
  };
}

const UNITS: readonly UnitBytes[] = [1, 2, 4, 8];

export function elementOf(c: Checker, place: Place, array: ArrayType, index: number): Place {
  const stride = c.types.size(array.element);
  return { ...place, type: array.element, offsetBytes: place.offsetBytes + index * stride };
}

/** An unnamed object in the frame. */
export function temporaryPlace(c: Checker, type: CType, align = 4): Place {
  const at = c.frame.allocate(c.types.size(type), Math.max(c.types.align(type), align));
  return framePlace(type, at);
}

export function nowhere(): Place {
  return pointedPlace(errorTerm.type, errorTerm);
}

export function checkComplete(c: Checker, type: CType, span: Span, what: string): boolean {
  if (isComplete(type) || isError(type)) return true;
  const name = c.types.name(type);
  c.error('incomplete-type', span, `${what}: the size of '${name}' is not known`);
  return false;
}
