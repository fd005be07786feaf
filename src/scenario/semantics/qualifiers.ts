/**
 * `const` and `volatile`. A qualified type is a typedef of the type without them, under the name that C has for it, so that
 * every rule but one looks through it: _Generic tells `const char *` from `char *`.
 *
 * Source: ISO C11 6.5.1.1, 6.7.3.
 */
import type { CType, TypedefType } from '../../engine/types/model.js';
import { typeName } from '../../engine/types/typeName.js';
import { stripTypedefs, type CTypes } from './cTypes.js';

interface QualifiedType extends TypedefType {
  readonly qualifiers: string;
}

const isQualified = (type: CType): type is QualifiedType => 'qualifiers' in type;

export function qualified(target: CType, qualifiers: string): CType {
  const isPointer = stripTypedefs(target).kind === 'pointer';
  const name = isPointer ? `${typeName(target)}${qualifiers}` : `${qualifiers} ${typeName(target)}`;
  const type: QualifiedType = { kind: 'typedef', name, target, qualifiers };
  return type;
}

/** The type of a value of the type: without qualifiers of its own. */
export function unqualified(type: CType): CType {
  let at = type;
  while (at.kind === 'typedef') at = at.target;
  return at;
}

/** As CTypes.same(), qualifiers included. */
export function sameQualified(types: CTypes, left: CType, right: CType): boolean {
  if (qualifiersOf(left) !== qualifiersOf(right) || !types.same(left, right)) return false;
  const [a, b] = [stripTypedefs(left), stripTypedefs(right)];
  if (a.kind === 'pointer' && b.kind === 'pointer') return sameQualified(types, a.target, b.target);
  if (a.kind === 'array' && b.kind === 'array') return sameQualified(types, a.element, b.element);
  return true;
}

/** A type with the qualifiers that any of others has: what a pointer leads to that may be one to each of them. */
export function qualifiedAsAll(target: CType, others: readonly CType[]): CType {
  const words = new Set(others.flatMap((type) => qualifiersOf(type).split(' ')));
  words.delete('');
  const bare = unqualified(target);
  return words.size === 0 ? bare : qualified(bare, [...words].sort().join(' '));
}

function qualifiersOf(type: CType): string {
  const found = new Set<string>();
  for (let at = type; at.kind === 'typedef'; at = at.target)
    if (isQualified(at)) for (const word of at.qualifiers.split(' ')) found.add(word);
  return [...found].sort().join(' ');
}
