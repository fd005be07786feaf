/** What calls of the C library have in common: a system call's error becomes -1 and errno. */
import { current } from '../../../engine/entry/functions.js';
import type { MmStruct } from '../../../engine/machine/ctypes.js';
import type { Value } from '../../semantics/arithmetic.js';
import type { BuiltinResult, BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess } from '../needs.js';

const MAX_ERRNO = 4095;

const isError = (result: number): boolean => result < 0 && result >= -MAX_ERRNO;

/** The result of a system call as its caller in C sees it. */
export function libc(call: BuiltinCall, result: number): number {
  if (!isError(result)) return result;
  call.process.errno = -result;
  return -1;
}

/** The same of one that gives an address: MAP_FAILED. */
export const libcAddress = (call: BuiltinCall, result: number): Value =>
  isError(result) ? call.unsignedLong(libc(call, result)) : result;

/** An address or an error, as an unsigned long. */
export const asLong = (call: BuiltinCall, result: number): Value =>
  isError(result) ? call.unsignedLong(result) : result;

/** The address space of the running task. */
export const currentMm = (call: BuiltinCall): MmStruct =>
  call.k.read_ptr(call.k.plus(current(call.k), call.k.task_struct.mm));

/** With the address space locked for writing: mmap_write_lock_killable(). */
export function asWriter<T>(call: BuiltinCall, mm: MmStruct, run: () => T): T {
  call.kernel.mmap_write_lock_killable(call.k, mm);
  const result = run();
  call.kernel.mmap_write_unlock(call.k, mm);
  return result;
}

/** With the address space locked for reading, unless the task has locked it before. */
export function asReader<T>(call: BuiltinCall, mm: MmStruct, run: () => T): T {
  const { k, kernel } = call;
  if (call.context.holds(k.plus(mm, k.mm_struct.mmap_lock))) return run();
  kernel.mmap_read_lock(k, mm);
  const result = run();
  kernel.mmap_read_unlock(k, mm);
  return result;
}

type Run = (call: BuiltinCall, mm: MmStruct, ...args: Value[]) => BuiltinResult;

/** A call that changes the address space of its task. */
export const changing = (signature: string, doc: string, run: Run): BuiltinRow => ({
  signature,
  doc,
  changes: true,
  sleeps: 'always',
  needs: needsProcess,
  run: (call, ...args) => {
    const mm = currentMm(call);
    return asWriter(call, mm, () => run(call, mm, ...args));
  },
});
