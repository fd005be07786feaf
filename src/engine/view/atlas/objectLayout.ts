/**
 * How the bytes of one object's place are laid out, from the beginning of one to that of the next.
 *
 *     SLUB   red zone | object | red zone | free pointer | two tracks | padding
 *                       the free pointer lies in the object, unless something must stay whole there
 *     SLAB   object | padding
 *            built with DEBUG_SLAB: padding | red zone | object | padding | red zone | last caller
 *
 * Invariant: parts follow one another without gaps; only the free pointer may lie inside of another part.
 *
 * Source: Linux 6.1 mm/slub.c: calculate_sizes(), print_trailer(); mm/slab.c: dbg_redzone1(), dbg_redzone2(), dbg_userword().
 */
import type { VirtAddr } from '../../memory/address.js';
import type { StructReader } from '../structReader.js';
import { isSlub, objOffset } from '../slabObject.js';
import type { LayoutBody } from './caches.js';

/** Bytes of a red zone of SLAB: sizeof(unsigned long long). */
const SLAB_RED_BYTES = 8;

export function objectLayout(reader: StructReader, cache: VirtAddr): LayoutBody[] {
  const number = (member: string): number => reader.uint('kmem_cache', member, cache) ?? 0;
  const size = number('size');
  const objectSize = number('object_size');
  if (!isSlub(reader)) return slabLayout(reader, cache, size, objectSize);
  const { mm, profile } = reader.image;
  const has = (flag: number): boolean => (number('flags') & flag) !== 0;
  return slubLayout({
    size,
    objectSize,
    inuse: number('inuse'),
    offset: number('offset'),
    redLeftPad: number('red_left_pad'),
    hasRedZones: has(mm.SLAB_RED_ZONE),
    trackBytes: has(mm.SLAB_STORE_USER) ? (reader.sizeof('track') ?? 0) : 0,
    pointerSize: profile.pointerSize,
  });
}

/** What struct kmem_cache of SLUB says. */
export interface SlubSizes {
  readonly size: number;
  readonly objectSize: number;
  readonly inuse: number;
  /** Of the free pointer. */
  readonly offset: number;
  readonly redLeftPad: number;
  readonly hasRedZones: boolean;
  /** Of one of the two tracks; 0 without them. */
  readonly trackBytes: number;
  readonly pointerSize: 4 | 8;
}

export function slubLayout(sizes: SlubSizes): LayoutBody[] {
  const { size, objectSize, inuse, offset, hasRedZones, pointerSize } = sizes;
  const red = hasRedZones ? sizes.redLeftPad : 0;
  const outside = offset >= inuse;
  const pointerEnd = red + (outside ? offset + pointerSize : inuse);
  const layout = parts(size, [
    { kind: 'redzone', to: red },
    { kind: 'object', to: red + objectSize },
    { kind: hasRedZones ? 'redzone' : 'padding', to: red + inuse },
    ...(outside
      ? [
          { kind: 'padding', to: red + offset } as const,
          { kind: 'freePointer', to: pointerEnd } as const,
        ]
      : []),
    { kind: 'track', to: pointerEnd + 2 * sizes.trackBytes },
  ]);
  if (outside) return layout;
  const from = red + offset;
  return [...layout, { kind: 'freePointer', from, to: from + pointerSize }];
}

/** The last caller's word lies at the end; behind a red zone it takes the room of one. */
function slabLayout(
  reader: StructReader,
  cache: VirtAddr,
  size: number,
  objectSize: number,
): LayoutBody[] {
  const { mm, profile } = reader.image;
  const flags = reader.uint('kmem_cache', 'flags', cache) ?? 0;
  const before = objOffset(reader, cache);
  const isRed = before > 0 && (flags & mm.SLAB_RED_ZONE) !== 0;
  const redBytes = isRed ? SLAB_RED_BYTES : 0;
  const isTracked = before > 0 && (flags & mm.SLAB_STORE_USER) !== 0;
  const callerBytes = isTracked ? Math.max(redBytes, profile.pointerSize) : 0;
  return parts(size, [
    { kind: 'padding', to: before - redBytes },
    { kind: 'redzone', to: before },
    { kind: 'object', to: before + objectSize },
    { kind: 'padding', to: size - callerBytes - redBytes },
    { kind: 'redzone', to: isRed ? size - callerBytes : 0 },
    { kind: 'track', to: isTracked ? size : 0 },
  ]);
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
