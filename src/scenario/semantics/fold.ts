/**
 * Makers of terms that compute what can be computed at once. What they fold, they fold with the very functions the machine
 * uses at run time.
 */
import type { CType } from '../../engine/types/model.js';
import {
  complement,
  convert,
  negate,
  operation,
  type Operator,
  type Repr,
  type Value,
  type Width,
} from './arithmetic.js';
import type { CTypes } from './cTypes.js';
import type { ConstantTerm, Place, Term } from './ir.js';

export const constant = (type: CType, value: Value): ConstantTerm => ({
  kind: 'constant',
  type,
  value,
});

/** The value of a term that is one already. */
export const constantValue = (term: Term): Value | undefined =>
  term.kind === 'constant' ? term.value : undefined;

export const isZero = (term: Term): boolean => {
  const value = constantValue(term);
  return value === 0 || value === 0n;
};

export function arithmetic(
  type: CType,
  operator: Operator,
  width: Width,
  left: Term,
  right: Term,
): Term {
  const a = constantValue(left);
  const b = constantValue(right);
  if (a !== undefined && b !== undefined) {
    const value = operation(operator, width)(a, b);
    // A division by zero stays: it traps when it is reached.
    if (value !== undefined) return constant(type, value);
  }
  return { kind: 'arithmetic', type, operator, width, left, right };
}

export function negated(type: CType, width: Width, operand: Term): Term {
  const value = constantValue(operand);
  if (value !== undefined) return constant(type, negate(value, width));
  return { kind: 'negate', type, width, operand };
}

export function complemented(type: CType, width: Width, operand: Term): Term {
  const value = constantValue(operand);
  if (value !== undefined) return constant(type, complement(value, width));
  return { kind: 'complement', type, width, operand };
}

export function logicalNot(types: CTypes, operand: Term): Term {
  const value = constantValue(operand);
  if (value !== undefined) return constant(types.int, convert(value, 'bool') === 0 ? 1 : 0);
  return { kind: 'not', type: types.int, operand };
}

/** Gives a scalar term another scalar type, with a conversion only where the representation changes. */
export function retyped(types: CTypes, operand: Term, type: CType): Term {
  const to = types.scalarRepr(type);
  const from = types.scalarRepr(operand.type);
  const value = constantValue(operand);
  if (value !== undefined) return inWidth(constant(type, convert(value, to)), operand.type);
  if (keepsValue(from, to)) return inWidth({ ...operand, type }, operand.type);
  return inWidth({ kind: 'convert', type, to, operand }, operand.type);
}

/** The value of a type of so many bits, cut to them; `from`: the type whose values it comes from. */
export function inWidth(term: Term, from?: CType): Term {
  const { type } = term;
  if (type.kind !== 'int' || type.widthBits === undefined || type === from) return term;
  const width = type.signed ? 'i64' : 'u64';
  const by = constant(type, 64 - type.widthBits);
  return arithmetic(type, '>>', width, arithmetic(type, '<<', width, term, by), by);
}

/** Whether every value of `from` is kept the same way in `to`. */
function keepsValue(from: Repr, to: Repr): boolean {
  if (from === to || to === 'i64' || to === 'u64') return true;
  if (to === 'i32') return from !== 'u32' && from !== 'i64' && from !== 'u64';
  if (to === 'u32') return from === 'u8' || from === 'u16' || from === 'bool';
  return from === 'bool';
}

export const framePlace = (type: CType, offsetBytes: number): Place => ({
  type,
  base: { kind: 'frame' },
  offsetBytes,
  bits: undefined,
});

export const fixedPlace = (type: CType, address: number): Place => ({
  type,
  base: { kind: 'fixed' },
  offsetBytes: address,
  bits: undefined,
});

/** `*pointer` as a place of `type`. */
export function pointedPlace(type: CType, pointer: Term, offsetBytes = 0): Place {
  if (pointer.kind === 'address' && pointer.place.bits === undefined)
    return { ...pointer.place, type, offsetBytes: pointer.place.offsetBytes + offsetBytes };
  const value = constantValue(pointer);
  if (typeof value === 'number') return fixedPlace(type, value + offsetBytes);
  return { type, base: { kind: 'pointer', pointer }, offsetBytes, bits: undefined };
}

/** The address of a place; a constant where the place is fixed. */
export function addressOf(type: CType, place: Place): Term {
  if (place.base.kind === 'fixed') return constant(type, place.offsetBytes);
  if (place.base.kind === 'pointer' && place.offsetBytes === 0)
    return { ...place.base.pointer, type };
  return { kind: 'address', type, place };
}
