/**
 * Laying out the structs and unions that a scenario declares itself.
 *
 * Members lie at their alignment in order. A bit-field goes on where the one before ended, unless it would then lie across
 * more units of its type's alignment than its type has: then it begins a new one (on i386 a 64-bit field is aligned to 4 bytes
 * and may lie across an 8-byte boundary). `: 0` ends the unit. Named bit-fields align the struct as their type does.
 * Source: System V psABI, i386 and x86-64; gcc 12 gcc/stor-layout.c: place_field(), excess_unit_span().
 */
import type { CType, Member, StructType } from '../../engine/types/model.js';
import type { CTypes } from './cTypes.js';

export interface MemberToPlace {
  /** '' for an anonymous member or an unnamed bit-field. */
  readonly name: string;
  readonly type: CType;
  /** Undefined for an ordinary member. */
  readonly widthBits: number | undefined;
  /** What attributes ask for: at most the type's own alignment is 1, and at least so many bytes. */
  readonly packed: boolean;
  readonly alignBytes: number;
}

export function layOutStruct(
  types: CTypes,
  kind: 'struct' | 'union',
  name: string,
  members: readonly MemberToPlace[],
  packed = false,
  leastAlign = 1,
): StructType {
  const placed: Member[] = [];
  let endBits = 0;
  let sizeBits = 0;
  let align = leastAlign;
  for (const member of members) {
    const { name: memberName, type, widthBits } = member;
    if (kind === 'union') endBits = 0;
    const isPacked = packed || member.packed;
    const typeAlign = types.align(type);
    const memberAlign = Math.max(isPacked ? 1 : typeAlign, member.alignBytes);
    const typeBits = types.size(type) * 8;
    if (widthBits === undefined) {
      const offsetBits = roundUp(endBits, memberAlign * 8);
      placed.push({ name: memberName, type, offsetBits, widthBits: 0 });
      endBits = offsetBits + typeBits;
      align = Math.max(align, memberAlign);
    } else if (widthBits === 0) {
      endBits = roundUp(endBits, typeAlign * 8);
    } else {
      const unit = typeAlign * 8;
      const spanned = Math.ceil(((endBits % unit) + widthBits) / unit);
      const moves = !isPacked && spanned > typeBits / unit;
      const least = roundUp(endBits, member.alignBytes * 8);
      const offsetBits = moves ? roundUp(endBits, unit) : member.alignBytes > 1 ? least : endBits;
      if (memberName !== '') {
        placed.push({ name: memberName, type, offsetBits, widthBits });
        align = Math.max(align, memberAlign);
      }
      endBits = offsetBits + widthBits;
    }
    sizeBits = Math.max(sizeBits, endBits);
  }
  const sizeBytes = roundUp(Math.ceil(sizeBits / 8), align);
  const own = Math.max(1, ...placed.map(({ type }) => types.align(type)));
  const alignBytes = own === align ? undefined : align;
  const attributes = alignBytes === undefined ? undefined : { alignBytes };
  return { kind, name, sizeBytes, complete: true, members: placed, ...attributes };
}

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
