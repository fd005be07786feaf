/**
 * Bytes as text: sixteen a line, with their address before and their characters behind.
 *
 *     Object   ffff88800260f068: a8 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................
 *
 * Source: Linux 6.1 lib/hexdump.c: hex_dump_to_buffer(), print_hex_dump() with DUMP_PREFIX_ADDRESS and single bytes.
 */
import type { Int, ULong } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../memory/address.js';
import { readByte } from './string.js';
import { pointer } from './vsprintf.js';

const ROWSIZE = 16;

/**
 * One line, at most `rowsize` bytes: groups of `groupsize` bytes, the highest byte first in each, and what the bytes are as characters.
 * Where such groups do not divide the bytes, each byte is one.
 */
export const hex_dump_to_buffer = (
  bytes: ArrayLike<Int>,
  rowsize: Int,
  groupsize: Int,
  ascii: boolean,
): string => {
  const size = [2, 4, 8].includes(groupsize) && bytes.length % groupsize === 0 ? groupsize : 1;
  let hex = '';
  let characters = '';
  for (let i = 0; i < bytes.length; i++) {
    const inGroup = i % size;
    const ch = bytes[i - inGroup + size - 1 - inGroup] ?? 0;
    hex += `${i === 0 || inGroup > 0 ? '' : ' '}${ch.toString(16).padStart(2, '0')}`;
    const own = bytes[i] ?? 0;
    characters += own >= 0x20 && own < 0x7f ? String.fromCharCode(own) : '.';
  }
  if (!ascii) return hex;
  // Where the characters begin, counted from behind the address.
  return hex.padEnd(rowsize * 2 + rowsize / size + 1) + characters;
};

/** Lines of the kernel log. */
export const print_hex_dump = (
  k: Kernel,
  level: Int,
  prefix_str: string,
  buf: VirtAddr,
  len: ULong,
): void => {
  for (let i = 0; i < len; i += ROWSIZE) {
    const at = asVirt(buf + i);
    const bytes: Int[] = [];
    for (let j = 0; j < ROWSIZE && i + j < len; j++) bytes[j] = readByte(k, asVirt(at + j));
    const text = `${prefix_str}${pointer(k, at)}: ${hex_dump_to_buffer(bytes, ROWSIZE, 1, true)}`;
    k.emit({ kind: 'printk', level, text });
  }
};
