/**
 * How the bytes of one object's place are laid out, from the beginning of one to that of the next.
 *
 *     SLUB   red zone | object | red zone | free pointer | two tracks | padding
 *                       the free pointer lies in the object, unless something must stay whole there
 *     SLAB   object | padding
 *
 * Invariant: parts follow one another without gaps; only the free pointer may lie inside of another part.
 *
 * Source: Linux 6.1 mm/slub.c: calculate_sizes(), print_trailer().
 */
import type { VirtAddr } from '../../memory/address.js';
import type { StructReader } from '../structReader.js';
import { isSlub } from '../slabObject.js';
import type { LayoutBody } from './caches.js';

export function objectLayout(reader: StructReader, cache: VirtAddr): LayoutBody[] {
  const number = (member: string): number => reader.uint('kmem_cache', member, cache) ?? 0;
  const size = number('size');
  const objectSize = number('object_size');
  if (!isSlub(reader)) return parts(size, [{ kind: 'object', to: objectSize }]);
  const { mm, profile } = reader.image;
  const has = (flag: number): boolean => (number('flags') & flag) !== 0;
  const red = has(mm.SLAB_RED_ZONE) ? number('red_left_pad') : 0;
  const inuse = number('inuse');
  const offset = number('offset');
  const outside = offset >= inuse;
  const pointerEnd = red + (outside ? offset + profile.pointerSize : inuse);
  const tracks = has(mm.SLAB_STORE_USER) ? 2 * (reader.sizeof('track') ?? 0) : 0;
  const layout = parts(size, [
    { kind: 'redzone', to: red },
    { kind: 'object', to: red + objectSize },
    { kind: has(mm.SLAB_RED_ZONE) ? 'redzone' : 'padding', to: red + inuse },
    ...(outside
      ? [
          { kind: 'padding', to: red + offset } as const,
          { kind: 'freePointer', to: pointerEnd } as const,
        ]
      : []),
    { kind: 'track', to: pointerEnd + tracks },
  ]);
  if (outside) return layout;
  const from = red + offset;
  return [...layout, { kind: 'freePointer', from, to: from + profile.pointerSize }];
}

/** Each part from the end of the one before; what is left is padding. */
function parts(
  size: number,
  ends: readonly { readonly kind: LayoutBody['kind']; readonly to: number }[],
): LayoutBody[] {
  const found: LayoutBody[] = [];
  let from = 0;
  for (const { kind, to } of [...ends, { kind: 'padding' as const, to: size }]) {
    const end = Math.min(to, size);
    if (end <= from) continue;
    found.push({ kind, from, to: end });
    from = end;
  }
  return found;
}
