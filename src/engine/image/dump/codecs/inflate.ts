/**
 * Inflate, with zlib's header: the pages of a kdump-compressed file, where the host has nothing faster.
 *
 * Invariant: never writes beyond `sizeBytes` and never reads beyond the input; damaged input throws. The checksum behind the
 * data is not looked at.
 *
 * Source: RFC 1950, RFC 1951.
 */

class InflateError extends Error {
  constructor() {
    super('damaged zlib data');
  }
}

const MAX_BITS = 15;
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
] as const;
const LENGTH_EXTRA = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
] as const;
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12289, 16385, 24577,
] as const;
const distanceExtra = (code: number): number => Math.max(0, (code >> 1) - 1);
/** In which order the lengths of the codes of lengths stand. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const;

/** A canonical Huffman code: how many codes of each length, and their symbols in order. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function codeOf(lengths: ArrayLike<number>, from: number, count: number): Code {
  const counts = new Uint16Array(MAX_BITS + 1);
  for (let i = 0; i < count; i++) {
    const bits = lengths[from + i] ?? 0;
    counts[bits] = (counts[bits] ?? 0) + 1;
  }
  counts[0] = 0;
  const offsets = new Uint16Array(MAX_BITS + 2);
  for (let bits = 1; bits <= MAX_BITS; bits++)
    offsets[bits + 1] = (offsets[bits] ?? 0) + (counts[bits] ?? 0);
  const symbols = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const bits = lengths[from + i] ?? 0;
    if (bits === 0) continue;
    const at = offsets[bits] ?? 0;
    symbols[at] = i;
    offsets[bits] = at + 1;
  }
  return { counts, symbols };
}

const FIXED_LENGTHS = Uint8Array.from({ length: 288 }, (_, i) =>
  i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8,
);
const FIXED = {
  literals: codeOf(FIXED_LENGTHS, 0, 288),
  distances: codeOf(new Uint8Array(30).fill(5), 0, 30),
} as const;

export const inflate = (input: Uint8Array, sizeBytes: number): Uint8Array =>
  new Inflater(input, sizeBytes).run();

class Inflater {
  private readonly out: Uint8Array;
  private done = 0;
  /** Behind the two bytes of zlib's header. */
  private at = 2;
  private held = 0;
  private nrHeld = 0;

  constructor(
    private readonly input: Uint8Array,
    sizeBytes: number,
  ) {
    this.out = new Uint8Array(sizeBytes);
  }

  run(): Uint8Array {
    for (let last = false; !last;) {
      last = this.bits(1) === 1;
      switch (this.bits(2)) {
        case 0:
          this.stored();
          break;
        case 1:
          this.block(FIXED.literals, FIXED.distances);
          break;
        case 2:
          this.dynamic();
          break;
        default:
          throw new InflateError();
      }
    }
    return this.out.subarray(0, this.done);
  }

  private bits(count: number): number {
    while (this.nrHeld < count) {
      const byte = this.input[this.at++];
      if (byte === undefined) throw new InflateError();
      this.held |= byte << this.nrHeld;
      this.nrHeld += 8;
    }
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.nrHeld -= count;
    return value;
  }

  /** Codes stand with their highest bit first. */
  private symbol({ counts, symbols }: Code): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAX_BITS; length++) {
      code |= this.bits(1);
      const count = counts[length] ?? 0;
      if (code - count < first) return symbols[index + code - first] ?? 0;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new InflateError();
  }

  private stored(): void {
    this.held = 0;
    this.nrHeld = 0;
    const length = (this.input[this.at] ?? 0) | ((this.input[this.at + 1] ?? 0) << 8);
    this.at += 4;
    if (this.at + length > this.input.length || this.done + length > this.out.length)
      throw new InflateError();
    this.out.set(this.input.subarray(this.at, this.at + length), this.done);
    this.at += length;
    this.done += length;
  }

  private dynamic(): void {
    const nrLiterals = this.bits(5) + 257;
    const nrDistances = this.bits(5) + 1;
    const nrLengths = this.bits(4) + 4;
    const lengths = new Uint8Array(320);
    for (let i = 0; i < nrLengths; i++) lengths[ORDER[i] as number] = this.bits(3);
    const code = codeOf(lengths, 0, 19);
    lengths.fill(0);
    for (let i = 0; i < nrLiterals + nrDistances;) {
      const symbol = this.symbol(code);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      const repeated = symbol === 16 ? lengths[i - 1] : 0;
      const times =
        symbol === 16 ? this.bits(2) + 3 : symbol === 17 ? this.bits(3) + 3 : this.bits(7) + 11;
      if (repeated === undefined || i + times > nrLiterals + nrDistances) throw new InflateError();
      lengths.fill(repeated, i, i + times);
      i += times;
    }
    this.block(codeOf(lengths, 0, nrLiterals), codeOf(lengths, nrLiterals, nrDistances));
  }

  private block(literals: Code, distances: Code): void {
    for (;;) {
      const symbol = this.symbol(literals);
      if (symbol === 256) return;
      if (symbol < 256) {
        if (this.done >= this.out.length) throw new InflateError();
        this.out[this.done++] = symbol;
        continue;
      }
      const base = LENGTH_BASE[symbol - 257];
      if (base === undefined) throw new InflateError();
      const length = base + this.bits(LENGTH_EXTRA[symbol - 257] ?? 0);
      const code = this.symbol(distances);
      const start = DISTANCE_BASE[code];
      if (start === undefined) throw new InflateError();
      const distance = start + this.bits(distanceExtra(code));
      if (distance > this.done || this.done + length > this.out.length) throw new InflateError();
      for (let i = 0; i < length; i++, this.done++)
        this.out[this.done] = this.out[this.done - distance] as number;
    }
  }
}
