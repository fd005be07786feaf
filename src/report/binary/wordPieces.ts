/** Files of 64-bit little-endian words, in pieces of any size. */

/** Pieces as whole words, each as two 32-bit ones, the low one first; bytes behind the last whole word are left out. */
export function* wordPieces(pieces: Iterable<Uint8Array>): Generator<Uint32Array, undefined> {
  const words = new WordSplitter();
  for (const piece of pieces) {
    const whole = words.of(piece);
    if (whole.length > 0) yield whole;
  }
}

/** Keeps what is left of a word for the next piece. */
export class WordSplitter {
  private rest = new Uint8Array(0);

  of(piece: Uint8Array): Uint32Array {
    let bytes = piece;
    if (this.rest.length > 0 || piece.byteOffset % 4 !== 0) {
      bytes = new Uint8Array(this.rest.length + piece.length);
      bytes.set(this.rest);
      bytes.set(piece, this.rest.length);
    }
    const whole = bytes.length - (bytes.length % 8);
    this.rest = bytes.slice(whole);
    return new Uint32Array(bytes.buffer, bytes.byteOffset, whole / 4);
  }
}

/**
 * A word of kpagecount as a count. Before 4.18 what the kernel keeps beside _mapcount shows through as a number below zero: such a frame
 * is not mapped.
 */
export const countOf = (low: number, high: number): number => (high === 0 ? low : 0);
