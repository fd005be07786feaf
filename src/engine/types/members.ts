/**
 * Where a member lies: found by name through any depth of anonymous structs and unions, or by a whole designator.
 *
 * Source: C11 6.7.2.1 (13) for anonymous members, 7.19 (offsetof) for designators.
 */
import { sizeOf, stripTypedefs } from './layout.js';
import type { CType, Member, MemberPlace, StructType } from './model.js';

/** A member by its own name, also when it lies in an anonymous struct or union inside. */
function findField(struct: StructType, name: string): MemberPlace | undefined {
  for (const member of struct.members) {
    if (member.name === name) return member;
    if (member.name !== '') continue;
    const inner = stripTypedefs(member.type);
    if (inner.kind !== 'struct' && inner.kind !== 'union') continue;
    const place = findField(inner, name);
    if (place !== undefined) {
      return { ...place, offsetBits: member.offsetBits + place.offsetBits };
    }
  }
  return undefined;
}

/** `offsetof` with everything C allows in it: `free_area[3].nr_free`, `lru.next`. Undefined if there is no such member. */
export function findMember(type: CType, path: string): MemberPlace | undefined {
  if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*|\[\d+\])*$/.test(path)) return undefined;
  let place: MemberPlace = { type, offsetBits: 0, widthBits: 0 };
  for (const step of path.match(/\w+/g) ?? []) {
    const outer = stripTypedefs(place.type);
    let inner: MemberPlace | undefined;
    if (/^\d/.test(step)) {
      if (outer.kind !== 'array') return undefined;
      const { element } = outer;
      inner = { type: element, offsetBits: Number(step) * strideOf(element) * 8, widthBits: 0 };
    } else {
      if (outer.kind !== 'struct' && outer.kind !== 'union') return undefined;
      inner = findField(outer, step);
    }
    if (inner === undefined) return undefined;
    place = {
      type: inner.type,
      offsetBits: place.offsetBits + inner.offsetBits,
      widthBits: inner.widthBits,
    };
  }
  return place;
}

/** Members with those of anonymous structs and unions lifted to the outer type, in order of declaration. */
export function flattenMembers(struct: StructType): Member[] {
  return struct.members.flatMap((member) => {
    const inner = stripTypedefs(member.type);
    if (member.name !== '' || (inner.kind !== 'struct' && inner.kind !== 'union')) return [member];
    return flattenMembers(inner).map((m) => ({
      ...m,
      offsetBits: member.offsetBits + m.offsetBits,
    }));
  });
}

/** Bytes from one element of an array to the next. */
function strideOf(element: CType): number {
  let leaf = stripTypedefs(element);
  while (leaf.kind === 'array') leaf = stripTypedefs(leaf.element);
  if (leaf.kind !== 'pointer') return sizeOf(element, 8);
  if (leaf.sizeBytes === undefined)
    throw new Error('a pointer type that no type table made has no size');
  return sizeOf(element, leaf.sizeBytes);
}
