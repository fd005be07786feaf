/**
 * Bob Jenkins' hash of an array of words, or of bytes.
 *
 * Source: Linux 6.1 include/linux/jhash.h: jhash(), jhash2(); include/linux/bitops.h: rol32().
 */
import type { Int, UInt } from '../../../machine/ctypes.js';

const JHASH_INITVAL = 0xdeadbeef;

const rol32 = (word: Int, shift: Int): Int => (word << shift) | (word >>> (32 - shift));

/** The hash of words of 32 bits. */
export function jhash2(key: readonly Int[], initval: UInt): UInt {
  return hashOf(key, (JHASH_INITVAL + (key.length << 2) + initval) | 0);
}

/** The hash of bytes, four of which make a word; zeros fill the last one. */
export function jhash(key: readonly Int[], initval: UInt): UInt {
  const words: Int[] = [];
  for (let at: Int = 0; at < key.length; at += 4)
    words.push(
      key[at]! |
        ((key[at + 1] ?? 0) << 8) |
        ((key[at + 2] ?? 0) << 16) |
        ((key[at + 3] ?? 0) << 24),
    );
  return hashOf(words, (JHASH_INITVAL + key.length + initval) | 0);
}

/** Differs: the steps of __jhash_mix() and __jhash_final() stand here, written out. */
function hashOf(key: readonly Int[], start: Int): UInt {
  let a: Int = start;
  let b: Int = a;
  let c: Int = a;
  let length: Int = key.length;
  let at: Int = 0;

  while (length > 3) {
    a = (a + key[at]!) | 0;
    b = (b + key[at + 1]!) | 0;
    c = (c + key[at + 2]!) | 0;
    a = ((a - c) | 0) ^ rol32(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rol32(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rol32(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ rol32(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rol32(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rol32(b, 4);
    b = (b + a) | 0;
    length -= 3;
    at += 3;
  }

  if (length > 2) c = (c + key[at + 2]!) | 0;
  if (length > 1) b = (b + key[at + 1]!) | 0;
  if (length > 0) {
    a = (a + key[at]!) | 0;
    c = ((c ^ b) - rol32(b, 14)) | 0;
    a = ((a ^ c) - rol32(c, 11)) | 0;
    b = ((b ^ a) - rol32(a, 25)) | 0;
    c = ((c ^ b) - rol32(b, 16)) | 0;
    a = ((a ^ c) - rol32(c, 4)) | 0;
    b = ((b ^ a) - rol32(a, 14)) | 0;
    c = ((c ^ b) - rol32(b, 24)) | 0;
  }
  return c >>> 0;
}
