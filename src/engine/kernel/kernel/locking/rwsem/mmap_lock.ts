/**
 * The lock of an address space: its areas stay as they are while somebody reads them.
 *
 * Source: Linux 6.1 include/linux/mmap_lock.h.
 */
import type { Int, MmStruct, RwSemaphore } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import {
  __init_rwsem,
  down_read,
  down_read_trylock,
  down_write,
  down_write_killable,
  up_read,
  up_write,
} from './rwsem.js';

const lockOf = (k: Kernel, mm: MmStruct): RwSemaphore => k.plus(mm, k.mm_struct.mmap_lock);

export function mmap_init_lock(k: Kernel, mm: MmStruct): void {
  __init_rwsem(k, lockOf(k, mm));
}

export function mmap_read_lock(k: Kernel, mm: MmStruct): void {
  down_read(k, lockOf(k, mm));
}

export function mmap_read_trylock(k: Kernel, mm: MmStruct): boolean {
  return down_read_trylock(k, lockOf(k, mm));
}

export function mmap_read_unlock(k: Kernel, mm: MmStruct): void {
  up_read(k, lockOf(k, mm));
}

export function mmap_write_lock(k: Kernel, mm: MmStruct): void {
  down_write(k, lockOf(k, mm));
}

/** 0; a signal that kills the task would end the wait. */
export function mmap_write_lock_killable(k: Kernel, mm: MmStruct): Int {
  return down_write_killable(k, lockOf(k, mm));
}

export function mmap_write_unlock(k: Kernel, mm: MmStruct): void {
  up_write(k, lockOf(k, mm));
}
