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
/** Where the characters begin, counted from behind the address. */
const ASCII_COLUMN = ROWSIZE * 2 + ROWSIZE + 1;

/** One line, at most sixteen bytes. */
const hex_dump_to_buffer = (k: Kernel, buf: VirtAddr, len: ULong): string => {
  let hex = '';
  let ascii = '';
  for (let i = 0; i < len; i++) {
    const ch = readByte(k, asVirt(buf + i));
    hex += `${i === 0 ? '' : ' '}${ch.toString(16).padStart(2, '0')}`;
    ascii += ch >= 0x20 && ch < 0x7f ? String.fromCharCode(ch) : '.';
  }
  return hex.padEnd(ASCII_COLUMN) + ascii;
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
    const text = `${prefix_str}${pointer(k, at)}: ${hex_dump_to_buffer(k, at, Math.min(len - i, ROWSIZE))}`;
    k.emit({ kind: 'printk', level, text });
  }
};
