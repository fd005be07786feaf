/**
 * Laying out the structs and unions that a script declares itself.
 *
 * Source: System V psABI, i386 and x86-64: members at their alignment in order; a bit-field lies inside one unit of its
 * declared type and moves to the next when it would straddle; `: 0` ends the unit; named bit-fields align the struct as
 * their type does.
 */
import type { CType, Member, StructType } from '../../engine/types/model.js';
import type { CTypes } from './cTypes.js';

export interface MemberToPlace {
  /** '' for an anonymous member or an unnamed bit-field. */
  readonly name: string;
  readonly type: CType;
  /** Undefined for an ordinary member. */
  readonly widthBits: number | undefined;
}

export function layOutStruct(
  types: CTypes,
  kind: 'struct' | 'union',
  name: string,
  members: readonly MemberToPlace[],
): StructType {
  const placed: Member[] = [];
  let endBits = 0;
  let sizeBits = 0;
  let align = 1;
  for (const { name: memberName, type, widthBits } of members) {
    if (kind === 'union') endBits = 0;
    const memberAlign = types.align(type);
    const unitBits = types.size(type) * 8;
    if (widthBits === undefined) {
      const offsetBits = roundUp(endBits, memberAlign * 8);
      placed.push({ name: memberName, type, offsetBits, widthBits: 0 });
      endBits = offsetBits + unitBits;
      align = Math.max(align, memberAlign);
    } else if (widthBits === 0) {
      endBits = roundUp(endBits, unitBits);
    } else {
      const startUnit = Math.floor(endBits / unitBits);
      const endUnit = Math.floor((endBits + widthBits - 1) / unitBits);
      const offsetBits = startUnit === endUnit ? endBits : endUnit * unitBits;
      if (memberName !== '') {
        placed.push({ name: memberName, type, offsetBits, widthBits });
        align = Math.max(align, memberAlign);
      }
      endBits = offsetBits + widthBits;
    }
    sizeBits = Math.max(sizeBits, endBits);
  }
  const sizeBytes = roundUp(Math.ceil(sizeBits / 8), align);
  return { kind, name, sizeBytes, complete: true, members: placed };
}

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
