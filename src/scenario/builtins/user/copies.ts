/**
 * Copies between the kernel and a process. What cannot be copied is told, and nobody dies of it.
 *
 * Source: Linux 6.1 arch/x86/lib/usercopy_64.c, lib/usercopy.c, lib/strncpy_from_user.c, lib/strnlen_user.c.
 */
import type { Value } from '../../semantics/arithmetic.js';
import { windowLayout } from '../../semantics/window.js';
import { group, type Builtin } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess } from '../needs.js';
import { checkRoom, sizeOf, truth } from '../pointers.js';

const changes = true;
const sleeps = 'always' as const;
const EFAULT = 14;

/** The scenario's own objects are variables of its program as much as of its module. */
function isOwn({ profile }: BuiltinCall, addr: Value): boolean {
  const { base, end } = windowLayout(profile.pointerSize);
  return Number(addr) >= base && Number(addr) < end;
}

/** access_ok(): below the end of user addresses. */
const isUserRange = (call: BuiltinCall, addr: Value, size: number): boolean => {
  const from = Number(addr);
  if (isOwn(call, addr)) return true;
  return from >= 0 && size <= call.k.TASK_SIZE && from <= call.k.TASK_SIZE - size;
};

/** Bytes that could be read. */
export const readUser = (call: BuiltinCall, from: Value, n: number): Uint8Array =>
  isOwn(call, from) ? call.memory.readBytes(from, n).slice() : call.user.read(from, n);

/** Bytes that could not be read; the rest of `to` is zero. */
function fromUser(call: BuiltinCall, to: Value, from: Value, n: number): number {
  checkRoom(call, to, n);
  const bytes = isUserRange(call, from, n) ? readUser(call, from, n) : new Uint8Array(0);
  const whole = new Uint8Array(n);
  whole.set(bytes);
  call.memory.writeBytes(to, whole);
  return n - bytes.length;
}

/** copy_to_user(): how many bytes could not be written. */
export function toUser(call: BuiltinCall, to: Value, bytes: Uint8Array): number {
  if (!isUserRange(call, to, bytes.length)) return bytes.length;
  if (!isOwn(call, to)) return bytes.length - call.user.write(to, bytes);
  const room = call.memory.readBytes(to, bytes.length).length;
  call.memory.writeBytes(to, bytes.subarray(0, room));
  return bytes.length - room;
}

function kernelBytes(call: BuiltinCall, from: Value, n: number): Uint8Array {
  const bytes = call.memory.readBytes(from, n);
  if (bytes.length < n) call.memory.load(call.offset(from, bytes.length), 1);
  return bytes;
}

/** The bytes of a string up to its NUL, or `most`; undefined where memory ends before. */
function stringFromUser(call: BuiltinCall, from: Value, most: number): Uint8Array | undefined {
  if (!isUserRange(call, from, 1)) return undefined;
  const bytes = readUser(call, from, most);
  const end = bytes.indexOf(0);
  if (end >= 0) return bytes.subarray(0, end);
  return bytes.length === most ? bytes : undefined;
}

const copying = group('process', 'include/linux/uaccess.h', [
  {
    signature: 'unsigned long copy_from_user(void *to, const void *from, unsigned long n)',
    doc: 'Copies n bytes from the process: how many could not be read, which are zero.',
    changes,
    sleeps,
    needs: needsProcess,
    run: (call, to, from, n) => fromUser(call, to, from, sizeOf(call, n)),
  },
  {
    signature: 'unsigned long copy_to_user(void *to, const void *from, unsigned long n)',
    doc: 'Copies n bytes to the process, faulting in what is missing: how many could not be written.',
    changes,
    sleeps,
    needs: needsProcess,
    run: (call, to, from, n) => toUser(call, to, kernelBytes(call, from, sizeOf(call, n))),
  },
]);

const more = [
  ...group('process', 'arch/x86/include/asm/uaccess.h', [
    {
      signature: 'bool access_ok(const void *addr, unsigned long size)',
      doc: 'Whether a range is one of user addresses: not whether anything is there.',
      run: (call, addr, size) => truth(isUserRange(call, addr, sizeOf(call, size))),
    },
    {
      signature: 'unsigned long clear_user(void *to, unsigned long n)',
      doc: 'Fills memory of the process with zeros: how many bytes could not be written.',
      changes,
      sleeps,
      needs: needsProcess,
      run: (call, to, n) => toUser(call, to, new Uint8Array(sizeOf(call, n))),
    },
  ]),
  ...group('process', 'lib/strncpy_from_user.c', [
    {
      signature: 'long strncpy_from_user(char *dst, const char *src, long count)',
      doc: 'Copies a string from the process, at most count bytes: its length, or -EFAULT.',
      changes,
      sleeps,
      needs: needsProcess,
      run: (call, dst, src, count) => {
        const most = Math.max(0, Number(count));
        const bytes = stringFromUser(call, src, most);
        if (bytes === undefined) return -EFAULT;
        const withEnd = bytes.length < most ? Uint8Array.from([...bytes, 0]) : bytes;
        call.memory.writeBytes(dst, withEnd);
        return bytes.length;
      },
    },
  ]),
  ...group('process', 'lib/strnlen_user.c', [
    {
      signature: 'long strnlen_user(const char *s, long n)',
      doc: 'The bytes of a string of the process with its NUL; more than n if it is longer, 0 if it cannot be read.',
      changes,
      sleeps,
      needs: needsProcess,
      run: (call, s, n) => {
        const bytes = stringFromUser(call, s, Math.max(0, Number(n)));
        return bytes === undefined ? 0 : bytes.length + 1;
      },
    },
  ]),
];

export const userCopies: readonly Builtin[] = [...copying, ...more];
