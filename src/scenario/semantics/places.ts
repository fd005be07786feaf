/** Places inside other places, and in the frame of the function that is being checked. */
import type { ArrayType, CType, MemberPlace } from '../../engine/types/model.js';
import type { Span } from '../syntax/span.js';
import { isComplete } from './cTypes.js';
import type { Checker } from './checker.js';
import { errorTerm, isError } from './errors.js';
import { framePlace, pointedPlace } from './fold.js';
import type { Place } from './ir.js';

/** A member's place inside a struct's. */
export function memberInside(c: Checker, outer: Place, member: MemberPlace): Place {
  const { type, offsetBits, widthBits } = member;
  if (widthBits === 0)
    return { ...outer, type, offsetBytes: outer.offsetBytes + offsetBits / 8, bits: undefined };
  // A bit-field is reached through the unit of its type that holds it.
  const unitBits = c.types.size(type) * 8;
  const start = Math.floor(offsetBits / unitBits) * unitBits;
  return {
    ...outer,
    type,
    offsetBytes: outer.offsetBytes + start / 8,
    bits: { offset: offsetBits - start, width: widthBits },
  };
}

export function elementOf(c: Checker, place: Place, array: ArrayType, index: number): Place {
  const stride = c.types.size(array.element);
  return { ...place, type: array.element, offsetBytes: place.offsetBytes + index * stride };
}

/** An unnamed object in the frame. */
export function temporaryPlace(c: Checker, type: CType): Place {
  const at = c.frame.allocate(c.types.size(type), Math.max(c.types.align(type), 4));
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
