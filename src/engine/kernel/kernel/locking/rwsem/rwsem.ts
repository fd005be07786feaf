/**
 * Sleeping locks that many readers or one writer have.
 *
 *     count   bit 0 a writer has it   bit 1 somebody waits   bit 2 handed over to the first that waits   8... readers
 *     owner   the writer; or with bit 0 the last reader, which stays there when it has given the lock back
 *
 *     down_read()   free, or readers have it and nobody waits: another reader    else slowpath.ts
 *     up_write()    the first that waits is woken: a writer to try for itself, readers with the lock in their hands
 *
 * Left out: the wait_lock, spinning on an owner that runs (one task runs at a time), lockdep, real-time tasks, signals.
 * Source: Linux 6.1 kernel/locking/rwsem.c; include/linux/rwsem.h: rwsem_is_locked().
 */
import { type Int, NULL, type RwSemaphore } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { current } from '../../../arch/x86/include/asm/current.h.js';
import { INIT_LIST_HEAD } from '../../../include/linux/list.h.js';
import {
  __rwsem_set_reader_owned,
  addCount,
  countOf,
  RWSEM_FLAG_WAITERS,
  RWSEM_LOCK_MASK,
  RWSEM_READ_FAILED_MASK,
  RWSEM_READER_BIAS,
  RWSEM_WRITER_LOCKED,
  rwsem_wake,
  rwsem_downgrade_wake,
} from './mark_wake.js';
import { rwsem_down_read_slowpath, rwsem_down_write_slowpath } from './slowpath.js';

/** Nobody has it. */
export function __init_rwsem(k: Kernel, sem: RwSemaphore): void {
  k.write_long(k.plus(sem, k.rw_semaphore.count), 0);
  k.write_long(k.plus(sem, k.rw_semaphore.owner), 0);
  INIT_LIST_HEAD(k, k.plus(sem, k.rw_semaphore.wait_list));
}

// --- readers -------------------------------------------------------------------------------------------------------------

/** One more reader; the slow path takes it back where it must wait. */
function rwsem_read_trylock(k: Kernel, sem: RwSemaphore): boolean {
  addCount(k, sem, RWSEM_READER_BIAS);
  if ((countOf(k, sem) & RWSEM_READ_FAILED_MASK) !== 0) return false;
  __rwsem_set_reader_owned(k, sem, current(k));
  return true;
}

function __down_read(k: Kernel, sem: RwSemaphore): void {
  // The reader that waited here has been given the lock, or stands in the queue.
  if (k.resumes('rwsem for reading', sem)) rwsem_down_read_slowpath(k, sem, true);
  else if (!rwsem_read_trylock(k, sem)) rwsem_down_read_slowpath(k, sem, false);
}

export function down_read(k: Kernel, sem: RwSemaphore): void {
  if (k.has(sem, 'read')) return;
  __down_read(k, sem);
  k.took(sem, 'read');
}

export function down_read_trylock(k: Kernel, sem: RwSemaphore): boolean {
  if (k.has(sem, 'read')) return true;
  if ((countOf(k, sem) & RWSEM_READ_FAILED_MASK) !== 0) return false;
  addCount(k, sem, RWSEM_READER_BIAS);
  __rwsem_set_reader_owned(k, sem, current(k));
  k.took(sem, 'read');
  return true;
}

/** The last reader wakes the first that waits. */
export function up_read(k: Kernel, sem: RwSemaphore): void {
  k.released(sem, 'read');
  addCount(k, sem, -RWSEM_READER_BIAS);
  if ((countOf(k, sem) & (RWSEM_LOCK_MASK | RWSEM_FLAG_WAITERS)) === RWSEM_FLAG_WAITERS)
    rwsem_wake(k, sem);
}

// --- writers -------------------------------------------------------------------------------------------------------------

export function rwsem_set_owner(k: Kernel, sem: RwSemaphore): void {
  k.write_ptr(k.plus(sem, k.rw_semaphore.owner), current(k));
}

function rwsem_write_trylock(k: Kernel, sem: RwSemaphore): boolean {
  if (countOf(k, sem) !== 0) return false;
  addCount(k, sem, RWSEM_WRITER_LOCKED);
  rwsem_set_owner(k, sem);
  return true;
}

function __down_write(k: Kernel, sem: RwSemaphore): void {
  const isQueued = k.resumes('rwsem for writing', sem);
  if (isQueued || !rwsem_write_trylock(k, sem)) rwsem_down_write_slowpath(k, sem, isQueued);
}

export function down_write(k: Kernel, sem: RwSemaphore): void {
  if (k.has(sem, 'write')) return;
  __down_write(k, sem);
  k.took(sem, 'write');
}

export function down_write_killable(k: Kernel, sem: RwSemaphore): Int {
  down_write(k, sem);
  return 0;
}

export function down_write_trylock(k: Kernel, sem: RwSemaphore): boolean {
  if (k.has(sem, 'write')) return true;
  if (!rwsem_write_trylock(k, sem)) return false;
  k.took(sem, 'write');
  return true;
}

export function up_write(k: Kernel, sem: RwSemaphore): void {
  k.released(sem, 'write');
  // rwsem_clear_owner():
  k.write_ptr(k.plus(sem, k.rw_semaphore.owner), NULL);
  const tmp: Int = countOf(k, sem);
  addCount(k, sem, -RWSEM_WRITER_LOCKED);
  if ((tmp & RWSEM_FLAG_WAITERS) !== 0) rwsem_wake(k, sem);
}

/** The writer reads on, and those that want to read go with it. */
export function downgrade_write(k: Kernel, sem: RwSemaphore): void {
  k.released(sem, 'write');
  const tmp: Int = countOf(k, sem);
  addCount(k, sem, -RWSEM_WRITER_LOCKED + RWSEM_READER_BIAS);
  __rwsem_set_reader_owned(k, sem, current(k));
  k.took(sem, 'read');
  if ((tmp & RWSEM_FLAG_WAITERS) !== 0) rwsem_downgrade_wake(k, sem);
}

export function rwsem_is_locked(k: Kernel, sem: RwSemaphore): boolean {
  return countOf(k, sem) !== 0;
}
