import type { BtfTypes } from '../../src/engine/types/btf.js';
import { alignOf, sizeOf } from '../../src/engine/types/layout.js';
import { findMember } from '../../src/engine/types/members.js';
import type { CType } from '../../src/engine/types/model.js';

/** Everything that can be asked of a type, to the end. */
function walk(type: CType, seen: Set<CType>): void {
  if (seen.has(type)) return;
  seen.add(type);
  sizeOf(type, 8);
  alignOf(type, 8);
  switch (type.kind) {
    case 'pointer':
    case 'typedef':
      walk(type.target, seen);
      return;
    case 'array':
      walk(type.element, seen);
      return;
    case 'struct':
    case 'union':
      for (const member of type.members) walk(member.type, seen);
      findMember(type, 'no_such_member');
      return;
    case 'function':
      walk(type.result, seen);
      for (const parameter of type.parameters) walk(parameter.type, seen);
      return;
    case 'void':
    case 'int':
    case 'enum':
      return;
  }
}

/** Looks into all types that BTF has. @throws whatever reading them does */
export function walkTypes(types: BtfTypes): void {
  const names = types.names();
  const seen = new Set<CType>();
  for (const tag of names.structs) walk(types.struct(tag) as CType, seen);
  for (const tag of names.unions) walk(types.union(tag) as CType, seen);
  for (const name of names.typedefs) walk(types.typedef(name) as CType, seen);
  for (const { type } of types.variables) walk(type, seen);
}
