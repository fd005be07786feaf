/**
 * Bytes printed as the kernel prints them.
 *
 * Source: Linux 6.1 lib/hexdump.c: print_hex_dump(); include/linux/printk.h: print_hex_dump_bytes().
 */
import { hex_dump_to_buffer } from '../../engine/kernel/lib/hexdump.js';
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
        const text = hex_dump_to_buffer(line, row, Number(groupsize), Number(ascii) !== 0);
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
