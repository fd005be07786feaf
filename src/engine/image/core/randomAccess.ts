/**
 * A file as the engine sees it: bytes at offsets, read when they are needed. Opening and inflating is the business of
 * whoever runs the engine.
 */
export interface RandomAccess {
  readonly size: number;
  /** The bytes at `[offset, offset + length)`; shorter only where the file ends. */
  read(offset: number, length: number): Uint8Array;
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
