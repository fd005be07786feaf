/** What calls of the C library have in common: a system call's error becomes -1 and errno. */
import { current } from '../../../engine/entry/functions.js';
import type { MmStruct } from '../../../engine/machine/ctypes.js';
import type { VirtAddr } from '../../../engine/memory/address.js';
import type { Value } from '../../semantics/arithmetic.js';
import type { BuiltinResult, BuiltinRow } from '../builtin.js';
import type { BlockKind, BuiltinCall } from '../call.js';
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

/** Who changes an address space has its lock for writing meanwhile: mmap_write_lock(). */
export function lockedBy(
  call: BuiltinCall,
  mm: MmStruct,
  kind: Extract<BlockKind, 'rwsem for reading' | 'rwsem for writing'>,
): { readonly blocked: { readonly kind: BlockKind; readonly address: VirtAddr } } | undefined {
  const { k } = call;
  const lock = k.plus(mm, k.mm_struct.mmap_lock);
  const count = k.read_int(k.plus(lock, k.rw_semaphore.count));
  const isTaken = kind === 'rwsem for writing' ? count !== 0 : (count & 1) !== 0;
  return isTaken ? { blocked: { kind, address: k.va_of(lock) } } : undefined;
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
    return lockedBy(call, mm, 'rwsem for writing') ?? run(call, mm, ...args);
  },
});
