/**
 * A file as the engine sees it: bytes at offsets, read when they are needed. Opening and inflating is the business of
 * whoever runs the engine.
 */
export interface RandomAccess {
  readonly size: number;
  /** The bytes at `[offset, offset + length)`; shorter only where the file ends, or cannot be read. */
  read(offset: number, length: number): Uint8Array;
}

const FAR_PAGE = 4096;

/**
 * The bytes at `start + at`. In `/proc/kcore` an offset is an address without its sign: with 5 levels beyond 2^53, where only multiples
 * of a page are exact numbers. There whole pages are read.
 */
export function readAt(file: RandomAccess, start: number, at: number, length: number): Uint8Array {
  if (start + at + length <= Number.MAX_SAFE_INTEGER) return file.read(start + at, length);
  const before = at % FAR_PAGE;
  return file.read(start + at - before, before + length).subarray(before);
}

/** A file whose bytes are all there. */
export const randomAccessOf = (bytes: Uint8Array): RandomAccess => ({
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
});

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Text up to the first NUL or the end, one byte a character. */
export function asciiz(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  let text = '';
  for (const byte of end < 0 ? bytes : bytes.subarray(0, end)) text += String.fromCharCode(byte);
  return text;
}
