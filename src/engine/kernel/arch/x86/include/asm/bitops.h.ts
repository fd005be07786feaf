/**
 * Single bits of kernel memory. Bit `nr` may lie beyond the first word: x86 is little-endian, so it is in 32-bit word nr >> 5
 * whether a long has one word or two.
 *
 * What these take must not straddle frames; bitmaps that may are in lib/bitmap.ts.
 * Source: Linux 6.1 arch/x86/include/asm/bitops.h; include/linux/bitops.h; include/asm-generic/bitops/instrumented-atomic.h;
 * mm/filemap.c: clear_bit_unlock_is_negative_byte().
 * Differs: one CPU runs at a time, so an atomic operation and its plain form store the same.
 */
import type { Int } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';

export const test_bit = (k: Kernel, nr: Int, addr: number): boolean =>
  (k.words[addr + (nr >> 5)]! & (1 << (nr & 31))) !== 0;

export const __set_bit = (k: Kernel, nr: Int, addr: number): void => {
  k.write(addr + (nr >> 5), k.words[addr + (nr >> 5)]! | (1 << (nr & 31)));
};

export const __clear_bit = (k: Kernel, nr: Int, addr: number): void => {
  k.write(addr + (nr >> 5), k.words[addr + (nr >> 5)]! & ~(1 << (nr & 31)));
};

export function set_bit(k: Kernel, nr: Int, addr: number): void {
  __set_bit(k, nr, addr);
}

export function clear_bit(k: Kernel, nr: Int, addr: number): void {
  __clear_bit(k, nr, addr);
}

/** Sets the bit; whether it was set before. Stores nothing in that case: no one sees the difference. */
export function test_and_set_bit(k: Kernel, nr: Int, addr: number): boolean {
  if (test_bit(k, nr, addr)) return true;
  __set_bit(k, nr, addr);
  return false;
}

/** Clears a bit of the lowest byte; whether that byte is negative: its highest bit is set. */
export function clear_bit_unlock_is_negative_byte(k: Kernel, nr: Int, addr: number): boolean {
  k.write(addr, k.words[addr]! & ~(1 << nr));
  return (k.words[addr]! & 0x80) !== 0;
}

/** Clears the bit; whether it was set before. */
export function test_and_clear_bit(k: Kernel, nr: Int, addr: number): boolean {
  if (!test_bit(k, nr, addr)) return false;
  __clear_bit(k, nr, addr);
  return true;
}
