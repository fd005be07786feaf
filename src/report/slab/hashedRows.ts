/**
 * Rows of a SLUB report whose addresses are hashes, put where they belong: the left red zone ends where the object begins, the right one
 * begins behind the object.
 *
 * Source: Linux mm/slub.c: print_trailer(), print_section(): rows of 16 bytes, in the order of their addresses.
 */

/** One line of the dump: `Redzone`, `Object`, `Padding`. */
export interface Row {
  readonly part: string;
  readonly bytes: readonly number[];
}

/** Bytes by their offset in the slab. */
export function placedBytes(
  rows: readonly Row[],
  objectOffset: number,
  objectSize: number,
): Map<bigint, number> {
  const placed = new Map<bigint, number>();
  const place = (parts: readonly Row[], from: number): void => {
    parts
      .flatMap(({ bytes }) => bytes)
      .forEach((byte, at) => {
        placed.set(BigInt(from + at), byte);
      });
  };
  const object = rows.findIndex(({ part }) => part === 'Object');
  if (object < 0) return placed;
  const isRedZone = ({ part }: Row): boolean => part === 'Redzone';
  const left = rows.slice(0, object).filter(isRedZone);
  place(left, objectOffset - left.reduce((sum, { bytes }) => sum + bytes.length, 0));
  place(
    rows.filter(({ part }) => part === 'Object'),
    objectOffset,
  );
  place(rows.slice(object).filter(isRedZone), objectOffset + objectSize);
  return placed;
}

/** The last byte of those from `from` on that are not what they should be; `from` itself where no row tells. */
export function lastWrong(
  bytes: ReadonlyMap<bigint, number>,
  from: bigint,
  expected: number,
): bigint {
  let last = from;
  for (let at = from; bytes.has(at); at++) if (bytes.get(at) !== expected) last = at;
  return last;
}
