/**
 * Snappy's raw format: the pages of a kdump-compressed file that `makedumpfile -p` wrote.
 *
 *     length as varint, then elements: 00 literal, 01 copy of 4..11 bytes, 10 and 11 copies with wide offsets
 *
 * Invariant: never writes beyond `sizeBytes` and never reads beyond the input; damaged input throws.
 *
 * Source: google/snappy format_description.txt.
 */

class SnappyError extends Error {
  constructor() {
    super('damaged Snappy data');
  }
}

export function unsnappy(input: Uint8Array, sizeBytes: number): Uint8Array {
  let at = 0;
  const littleEndian = (nrBytes: number): number => {
    let value = 0;
    for (let i = 0; i < nrBytes; i++) {
      const byte = input[at++];
      if (byte === undefined) throw new SnappyError();
      value += byte * 2 ** (8 * i);
    }
    return value;
  };
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = littleEndian(1);
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
    if (shift > 28) throw new SnappyError();
  }
  if (length > sizeBytes) throw new SnappyError();
  const out = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const tag = littleEndian(1);
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const count = (short < 60 ? short : littleEndian(short - 59)) + 1;
      if (at + count > input.length || done + count > length) throw new SnappyError();
      out.set(input.subarray(at, at + count), done);
      at += count;
      done += count;
      continue;
    }
    const count = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const distance =
      kind === 1 ? ((tag >> 5) << 8) + littleEndian(1) : littleEndian(kind === 2 ? 2 : 4);
    if (distance === 0 || distance > done || done + count > length) throw new SnappyError();
    for (let i = 0; i < count; i++, done++) out[done] = out[done - distance] as number;
  }
  return out;
}
