/** Plain memory: filling, copying, comparing, strings. */
import { counted } from '../../engine/view/counted.js';
import { bytesOf } from '../syntax/utf8.js';
import { KernelFault } from '../../engine/machine/events.js';
import { vsprintf } from '../printk/print.js';
import { convert, type Value } from '../semantics/arithmetic.js';
import { group, type Builtin } from './builtin.js';
import type { BuiltinCall, Unfinished } from './call.js';
import { behind, inPieces, PIECE_BYTES } from './pieces.js';
import { printServices } from './printServices.js';

const changes = true;
/** No honest scenario needs more, and the tape could not hold it. */
const MAX_BYTES = 64 << 20;

/** The size as a number, or a bug: a size beyond sense is a negative one that lost its sign. */
function checked(call: BuiltinCall, size: Value): number {
  if (size < 0 || size > MAX_BYTES)
    call.bug(
      `BUG: a size of ${counted(BigInt.asUintN(64, BigInt(size)), 'byte')} is too large, at ${call.location}`,
    );
  return Number(size);
}

function bytesAt(call: BuiltinCall, address: Value, size: number): Uint8Array {
  const bytes = call.memory.readBytes(address, size);
  // Where the bytes end, the access faults.
  if (bytes.length < size) call.memory.load(call.offset(address, bytes.length), 1);
  return bytes;
}

/** All is read before anything is written: the two may overlap. */
function copy(call: BuiltinCall, to: Value, from: Value, size: Value): Value | Unfinished {
  const length = checked(call, size);
  const bytes = new Uint8Array(length);
  const read = inPieces(
    length,
    (at, part) => {
      bytes.set(bytesAt(call, call.offset(from, at), part), at);
      return undefined;
    },
    () => to,
  );
  return behind(read, () => write(call, to, bytes));
}

const write = (call: BuiltinCall, to: Value, bytes: Uint8Array): Value | Unfinished =>
  inPieces(
    bytes.length,
    (at, part) => {
      call.memory.writeBytes(call.offset(to, at), bytes.subarray(at, at + part));
      return undefined;
    },
    () => to,
  );

/** The text of a format, cut to `size` with its NUL, written to `buffer`; the length it would have. */
function print(
  call: BuiltinCall,
  buffer: Value,
  size: number,
  format: Value,
  args: Iterable<Value>,
): { readonly whole: number; readonly written: number } {
  const text = vsprintf(printServices(call), call.string(format), args);
  const kept = text.slice(0, Math.max(0, size - 1));
  if (size > 0) call.memory.writeBytes(buffer, bytesOf(`${kept}\0`));
  return { whole: text.length, written: kept.length };
}

const order = (difference: number): number => Math.sign(difference);

function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return order(difference);
  }
  return order(a.length - b.length);
}

const text = (call: BuiltinCall, address: Value): Uint8Array => call.bytes(address);

const EFAULT = 14;

/** Copies as far as it goes without a fault: 0 if that was all. */
const copied = (call: BuiltinCall, dst: Value, src: Value, size: number): Value | Unfinished =>
  inPieces(
    size,
    (from, length) => {
      for (let at = from; at < from + length; at += COPIED_AT_ONCE) {
        const part = Math.min(COPIED_AT_ONCE, from + length - at);
        const [to, of] = [call.offset(dst, at), call.offset(src, at)];
        const isCopied =
          doesNotFault(() => copyWhole(call, to, of, part)) ||
          doesNotFault(() => copyBytes(call, to, of, part));
        if (!isCopied) return -EFAULT;
      }
      return undefined;
    },
    () => 0,
  );

const COPIED_AT_ONCE = 4096;

/** All of it, or nothing, where it faults. */
function copyWhole(call: BuiltinCall, dst: Value, src: Value, length: number): void {
  const { memory } = call;
  const bytes = bytesAt(call, src, length);
  memory.writeBytes(dst, bytes);
  // Both ends by an access, which the entries of their pages remember: a part is not longer than a page.
  for (const at of [0, length - 1]) {
    memory.load(call.offset(src, at), 1);
    memory.store(call.offset(dst, at), 1, bytes[at] ?? 0);
  }
}

/** Up to the byte that faults. */
function copyBytes(call: BuiltinCall, dst: Value, src: Value, length: number): void {
  for (let i = 0; i < length; i++)
    call.memory.store(call.offset(dst, i), 1, call.memory.load(call.offset(src, i), 1));
}

function doesNotFault(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof KernelFault) return false;
    throw error;
  }
}

export const memory: readonly Builtin[] = [
  ...group('memory', 'mm/maccess.c', [
    {
      signature: 'long copy_from_kernel_nofault(void *dst, const void *src, size_t size)',
      doc: 'Copies from an address that may be bad; returns 0, or -EFAULT if the access would fault.',
      changes,
      run: (call, dst, src, size) => copied(call, dst, src, checked(call, size)),
    },
  ]),
  ...group('memory', 'lib/string.c', [
    {
      signature: 'void *memset(void *s, int c, size_t count)',
      doc: 'Fills memory with a byte.',
      changes,
      run: (call, s, c, count) => {
        const size = checked(call, count);
        const piece = new Uint8Array(Math.min(size, PIECE_BYTES)).fill(Number(convert(c, 'u8')));
        return inPieces(
          size,
          (at, length) => {
            call.memory.writeBytes(call.offset(s, at), piece.subarray(0, length));
            return undefined;
          },
          () => s,
        );
      },
    },
    {
      signature: 'void *memcpy(void *dest, const void *src, size_t count)',
      doc: 'Copies memory.',
      changes,
      run: copy,
    },
    {
      signature: 'void *memmove(void *dest, const void *src, size_t count)',
      doc: 'Copies memory that may overlap.',
      changes,
      run: copy,
    },
    {
      signature: 'int memcmp(const void *cs, const void *ct, size_t count)',
      doc: 'Compares memory; returns a negative number, 0 or a positive number.',
      run: (call, a, b, count) => {
        const size = checked(call, count);
        return inPieces(
          size,
          (from, length) => {
            const part = (at: Value): Uint8Array => bytesAt(call, call.offset(at, from), length);
            const difference = compare(part(a), part(b));
            return difference === 0 ? undefined : difference;
          },
          () => 0,
        );
      },
    },
    {
      signature: 'void *memchr_inv(const void *start, int c, size_t bytes)',
      doc: 'The first byte that is not c; NULL if there is none.',
      run: (call, start, c, size) => {
        const byte = Number(convert(c, 'u8'));
        return inPieces(
          checked(call, size),
          (from, length) => {
            const at = call.offset(start, from);
            const index = bytesAt(call, at, length).findIndex((b) => b !== byte);
            return index < 0 ? undefined : call.offset(at, index);
          },
          () => 0,
        );
      },
    },
    {
      signature: 'size_t strlen(const char *s)',
      doc: 'The length of a string in bytes, without its NUL.',
      run: (call, s) => text(call, s).length,
    },
    {
      signature: 'int strcmp(const char *cs, const char *ct)',
      doc: 'Compares strings; returns a negative number, 0 or a positive number.',
      run: (call, a, b) => compare(text(call, a), text(call, b)),
    },
    {
      signature: 'ssize_t strscpy(char *dest, const char *src, size_t count)',
      doc: 'Copies a string to a buffer of count bytes; returns its length, or -E2BIG if it was cut.',
      changes,
      run: (call, dest, src, count) => {
        const size = checked(call, count);
        const bytes = text(call, src);
        if (size === 0) return -7;
        const kept = bytes.subarray(0, size - 1);
        call.memory.writeBytes(dest, Uint8Array.from([...kept, 0]));
        return kept.length < bytes.length ? -7 : kept.length;
      },
    },
  ]),
  ...group('memory', 'lib/vsprintf.c', [
    {
      signature: 'int sprintf(char *buf, const char *fmt, ...)',
      doc: 'Prints to a buffer; returns the length printed.',
      format: 1,
      changes,
      run: (call, buffer, format, ...args) => print(call, buffer, MAX_BYTES, format, args).whole,
    },
    {
      signature: 'int snprintf(char *buf, size_t size, const char *fmt, ...)',
      doc: 'Prints to a buffer of size bytes; returns the length that the whole text would have.',
      format: 2,
      changes,
      run: (call, buffer, size, format, ...args) =>
        print(call, buffer, checked(call, size), format, args).whole,
    },
    {
      signature: 'int scnprintf(char *buf, size_t size, const char *fmt, ...)',
      doc: 'Prints to a buffer of size bytes; returns the length printed.',
      format: 2,
      changes,
      run: (call, buffer, size, format, ...args) =>
        print(call, buffer, checked(call, size), format, args).written,
    },
    {
      signature: 'int vsprintf(char *buf, const char *fmt, va_list args)',
      doc: 'Like sprintf(), with the arguments of a function with "...".',
      format: 1,
      list: true,
      changes,
      run: (call, buffer, format, list) =>
        print(call, buffer, MAX_BYTES, format, call.variableArguments(list)).whole,
    },
    {
      signature: 'int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)',
      doc: 'Like snprintf(), with the arguments of a function with "...".',
      format: 2,
      list: true,
      changes,
      run: (call, buffer, size, format, list) =>
        print(call, buffer, checked(call, size), format, call.variableArguments(list)).whole,
    },
    {
      signature: 'int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)',
      doc: 'Like scnprintf(), with the arguments of a function with "...".',
      format: 2,
      list: true,
      changes,
      run: (call, buffer, size, format, list) =>
        print(call, buffer, checked(call, size), format, call.variableArguments(list)).written,
    },
  ]),
];
