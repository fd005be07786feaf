/**
 * Size and alignment of a type.
 *
 * Source: System V i386 and x86-64 psABI. `alignOf` is what the ABI gives; attributes such as `__aligned` are visible in BTF
 * only through sizes and offsets, so a struct's own alignment may be larger than the answer.
 */
import type { CType } from './model.js';

/** The type behind any typedefs. */
export function stripTypedefs(type: CType): Exclude<CType, { readonly kind: 'typedef' }> {
  let bare = type;
  while (bare.kind === 'typedef') bare = bare.target;
  return bare;
}

/** `sizeof`: 0 for `void` and functions, and for structs of which nothing but the name is known. */
export function sizeOf(type: CType, pointerSize: 4 | 8): number {
  const bare = stripTypedefs(type);
  switch (bare.kind) {
    case 'void':
    case 'function':
      return 0;
    case 'pointer':
      return pointerSize;
    case 'array':
      return bare.length * sizeOf(bare.element, pointerSize);
    case 'int':
    case 'enum':
    case 'struct':
    case 'union':
      return bare.sizeBytes;
  }
}

/** The ABI's alignment in bytes: on i386 `long long` inside a struct is aligned to 4. */
export function alignOf(type: CType, pointerSize: 4 | 8): number {
  const bare = stripTypedefs(type);
  switch (bare.kind) {
    case 'void':
    case 'function':
      return 1;
    case 'pointer':
      return pointerSize;
    case 'array':
      return alignOf(bare.element, pointerSize);
    case 'int':
    case 'enum':
      return Math.min(bare.sizeBytes, pointerSize);
    case 'struct':
    case 'union':
      if (bare.alignBytes !== undefined) return bare.alignBytes;
      if (!bare.complete) return largestPowerOfTwoIn(bare.sizeBytes, pointerSize);
      return Math.max(1, ...bare.members.map((member) => alignOf(member.type, pointerSize)));
  }
}

const largestPowerOfTwoIn = (size: number, limit: number): number =>
  size === 0 ? 1 : Math.min(size & -size, limit);
