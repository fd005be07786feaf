/**
 * Bytes and strings in kernel memory.
 *
 * readByte(), writeByte() and stringAt() are `*s` and a `char *` as C has them; memset() and memcpy() are Linux's.
 * Source: Linux 6.1 lib/string.c.
 */
import type { Int } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';

/** The text of the string at `s`. */
export const stringAt = (k: Kernel, s: VirtAddr): string => {
  let text = '';
  for (let at = s; ;) {
    const word = k.read_int(k.cell_at(at));
    for (let shift = (at & 3) * 8; shift < 32; shift += 8, at = asVirt(at + 1)) {
      const byte = (word >>> shift) & 0xff;
      if (byte === 0) return text;
      text += String.fromCharCode(byte);
    }
  }
};

/** *(u8 *)s */
export const readByte = (k: Kernel, s: VirtAddr): Int => k.read8(k.cell_at(s), s & 3);

/** *(u8 *)s = c */
export const writeByte = (k: Kernel, s: VirtAddr, c: Int): void => k.write8(k.cell_at(s), s & 3, c);

/** Whole words of both addresses up to the end of their pages, and of `count` bytes. */
const wordsInPage = (a: VirtAddr, b: VirtAddr, count: Int): Int =>
  ((a | b) & 3) !== 0 ? 0 : Math.min(PAGE_SIZE - (a & 4095), PAGE_SIZE - (b & 4095), count) >> 2;

/** Fills `count` bytes: whole words where it can. */
export function memset(k: Kernel, s: VirtAddr, c: Int, count: Int): void {
  const word = ((c & 0xff) * 0x01010101) | 0;
  for (let done = 0; done < count;) {
    const at = asVirt(s + done);
    const words = wordsInPage(at, at, count - done);
    if (words > 0) {
      k.memset32(k.cell_at(at), word, words);
      done += words * 4;
    } else {
      writeByte(k, at, c);
      done++;
    }
  }
}

/** The first of `bytes` bytes that is not `c`; 0 when all are. */
export function memchr_inv(k: Kernel, start: VirtAddr, c: Int, bytes: Int): VirtAddr {
  for (let i = 0; i < bytes; i++) {
    const at = asVirt(start + i);
    if (readByte(k, at) !== c) return at;
  }
  return asVirt(0);
}

/** Copies `count` bytes: whole words where it can. */
export function memcpy(k: Kernel, dest: VirtAddr, src: VirtAddr, count: Int): void {
  for (let done = 0; done < count;) {
    const [to, from] = [asVirt(dest + done), asVirt(src + done)];
    const words = wordsInPage(to, from, count - done);
    if (words > 0) {
      const [first, source] = [k.cell_at(to), k.cell_at(from)];
      for (let i = 0; i < words; i++) k.write(first + i, k.words[source + i]!);
      done += words * 4;
    } else {
      writeByte(k, to, readByte(k, from));
      done++;
    }
  }
}
