/**
 * Where things lie in a slab with debugging: slots of one size, each with a red zone, the object, and what is behind it.
 *
 *     slot = left red zone | object | right red zone | free pointer | tracks (allocated, freed) | padding
 *
 * The size of a slot is in no line. It follows from the object's offset (a whole number of slots before its slot), from the pointer to
 * the next free object, and from how many fill a slab of 2^order pages.
 *
 * Source: Linux mm/slub.c: calculate_sizes(), SLAB_RED_ZONE since 4.6 with a red zone on the left (d86bd1bece6f).
 */
import type { SlabReport } from './slabReport.js';

export interface SlotLayout {
  readonly slotSize: number;
  /** Of the slab's slots, from 0. */
  readonly index: number;
  readonly slotOffset: number;
  readonly leftRedZone: number;
  readonly slabBytes: number;
}

export function slotLayout({
  object,
  slab,
  parts,
  objectSize,
  hit,
}: SlabReport): SlotLayout | undefined {
  if (object?.offset === undefined || !slab || objectSize === undefined) return undefined;
  const redZone = parts.get('Redzone');
  const distance = redZone === undefined ? undefined : Number(object.address - redZone);
  const left =
    distance !== undefined && distance > 0 && distance <= 256
      ? distance
      : hit && hit.from < object.address
        ? alignedUp(Number(object.address - hit.from))
        : 0;
  const slotOffset = object.offset - left;
  if (slotOffset < 0) return undefined;
  const toNext = object.fp === undefined ? undefined : Number(object.fp - object.address);
  for (let order = 0; order <= 5; order++) {
    const slabBytes = 4096 * 2 ** order;
    const largest = Math.floor(slabBytes / slab.objects);
    const smallest = Math.floor(slabBytes / (slab.objects + 1)) + 1;
    for (
      let slotSize = largest - (largest % 8);
      slotSize >= Math.max(smallest, objectSize + left);
      slotSize -= 8
    ) {
      if (slotOffset % slotSize !== 0 || slotOffset + slotSize > slabBytes) continue;
      if (toNext !== undefined && Math.abs(toNext) < slabBytes && toNext % slotSize !== 0) continue;
      return { slotSize, index: slotOffset / slotSize, slotOffset, leftRedZone: left, slabBytes };
    }
  }
  return undefined;
}

/** A red zone on the left has the size of the cache's alignment. */
const alignedUp = (bytes: number): number =>
  [8, 16, 32, 64, 128].find((size) => size >= bytes) ?? bytes;
