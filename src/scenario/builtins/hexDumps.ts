/**
 * Bytes printed as the kernel prints them.
 *
 * Source: Linux 6.1 lib/hexdump.c: hex_dump_to_buffer(), print_hex_dump(); include/linux/printk.h: print_hex_dump_bytes().
 */
import { splitLevel, vsprintf } from '../printk/print.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { printServices } from './printServices.js';
import { sizeOf } from './pointers.js';

const changes = true;
const DUMP_PREFIX_ADDRESS = 1;
const DUMP_PREFIX_OFFSET = 2;

/** Bytes that are there; what is not faults. */
function bytesAt(call: BuiltinCall, buf: Value, length: number): Uint8Array {
  const bytes = call.memory.readBytes(buf, length);
  if (bytes.length < length) call.memory.load(call.offset(buf, bytes.length), 1);
  return bytes;
}

/** One line: groups of `groupsize` bytes, the highest byte first in each, and what the bytes are as characters. */
function lineOf(bytes: Uint8Array, rowsize: number, groupsize: number, ascii: boolean): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  const nrGroups = hex.length / groupsize;
  const groups = Array.from({ length: nrGroups }, (_, i) =>
    hex
      .slice(i * groupsize, (i + 1) * groupsize)
      .reverse()
      .join(''),
  ).join(' ');
  if (!ascii) return groups;
  const characters = [...bytes].map((byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
  );
  return groups.padEnd(rowsize * 2 + rowsize / groupsize + 1) + characters.join('');
}

/** The size of a group as it is taken: 1 where another one does not divide the line. */
const groupOf = (groupsize: number, length: number): number =>
  [2, 4, 8].includes(groupsize) && length % groupsize === 0 ? groupsize : 1;

export const hexDumps: readonly Builtin[] = group('output', 'lib/hexdump.c', [
  {
    signature:
      'void print_hex_dump(const char *level, const char *prefix_str, int prefix_type, int rowsize, int groupsize, const void *buf, size_t len, bool ascii)',
    doc: 'Prints bytes, 16 or 32 a line, in groups of 1, 2, 4 or 8; before each line nothing, its address or its offset (DUMP_PREFIX_...).',
    changes,
    run: (call, level, prefix, type, rowsize, groupsize, buf, len, ascii) => {
      const row = Number(rowsize) === 32 ? 32 : 16;
      const length = sizeOf(call, len);
      const bytes = bytesAt(call, buf, length);
      const services = printServices(call);
      const severity = splitLevel(call.string(level)).level;
      for (let at = 0; at < length; at += row) {
        const line = bytes.subarray(at, at + row);
        const text = lineOf(
          line,
          row,
          groupOf(Number(groupsize), line.length),
          Number(ascii) !== 0,
        );
        const address = call.offset(buf, at);
        const before =
          Number(type) === DUMP_PREFIX_ADDRESS
            ? `${vsprintf(services, '%p', [address])}: `
            : Number(type) === DUMP_PREFIX_OFFSET
              ? `${at.toString(16).padStart(8, '0')}: `
              : '';
        call.printk(severity, call.string(prefix) + before + text);
      }
    },
  },
]);

export const HEX_DUMP_MACROS = String.raw`
#define DUMP_PREFIX_NONE 0 // include/linux/printk.h
#define DUMP_PREFIX_ADDRESS 1 // include/linux/printk.h
#define DUMP_PREFIX_OFFSET 2 // include/linux/printk.h
#define print_hex_dump_bytes(prefix_str, prefix_type, buf, len) print_hex_dump(KERN_DEBUG, prefix_str, prefix_type, 16, 1, buf, len, true) // Prints bytes and characters, 16 a line. include/linux/printk.h
#define print_hex_dump_debug(prefix_str, prefix_type, rowsize, groupsize, buf, len, ascii) print_hex_dump(KERN_DEBUG, prefix_str, prefix_type, rowsize, groupsize, buf, len, ascii) // include/linux/printk.h
`;
