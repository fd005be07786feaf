/**
 * LZO1X: the pages of a kdump-compressed file that `makedumpfile -l` wrote.
 *
 *     1LLLLLDDD ... short matches; a copy of literals before each; 0x11 0 0 ends the block
 *
 * Invariant: never writes beyond `sizeBytes` and never reads beyond the input; damaged input throws.
 *
 * Source: Linux 6.1 Documentation/staging/lzo.rst (the format, instruction by instruction).
 */

class LzoError extends Error {
  constructor() {
    super('damaged LZO data');
  }
}

export function unlzo(input: Uint8Array, sizeBytes: number): Uint8Array {
  const out = new Uint8Array(sizeBytes);
  let at = 0;
  let done = 0;
  const byte = (): number => {
    const value = input[at++];
    if (value === undefined) throw new LzoError();
    return value;
  };
  /** A length whose bits in the instruction are all 0: each zero byte that follows adds 255. */
  const longLength = (base: number): number => {
    let length = base;
    for (;;) {
      const next = byte();
      if (next !== 0) return length + next;
      length += 255;
    }
  };
  const literals = (count: number): void => {
    if (at + count > input.length || done + count > sizeBytes) throw new LzoError();
    out.set(input.subarray(at, at + count), done);
    at += count;
    done += count;
  };
  const match = (distance: number, count: number): void => {
    if (distance > done || done + count > sizeBytes) throw new LzoError();
    // Byte by byte: a match may overlap what it produces.
    for (let i = 0; i < count; i++, done++) out[done] = out[done - distance] as number;
  };

  /** Literals behind the last instruction: 0..3, or 4 for a long run. What a small instruction means depends on it. */
  let state = 0;
  const first = input[0] ?? 0;
  if (first > 17) {
    at = 1;
    literals(first - 17);
    state = first - 17 < 4 ? first - 17 : 4;
  }
  for (;;) {
    const instruction = byte();
    if (instruction >= 64) {
      const distance = (byte() << 3) + ((instruction >> 2) & 7) + 1;
      match(distance, (instruction >> 5) + 1);
      state = instruction & 3;
    } else if (instruction >= 32) {
      const bits = instruction & 31;
      const count = (bits === 0 ? longLength(31) : bits) + 2;
      const low = byte();
      match((((byte() << 8) | low) >> 2) + 1, count);
      state = low & 3;
    } else if (instruction >= 16) {
      const bits = instruction & 7;
      const count = (bits === 0 ? longLength(7) : bits) + 2;
      const low = byte();
      const distance = 16384 + ((instruction & 8) << 11) + (((byte() << 8) | low) >> 2);
      if (distance === 16384) return out.subarray(0, done);
      match(distance, count);
      state = low & 3;
    } else if (state === 0) {
      const count = (instruction === 0 ? longLength(15) : instruction) + 3;
      literals(count);
      state = 4;
      continue;
    } else {
      const distance = (byte() << 2) + (instruction >> 2) + 1;
      if (state === 4) match(distance + 2048, 3);
      else match(distance, 2);
      state = instruction & 3;
    }
    literals(state);
  }
}
