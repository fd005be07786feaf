/**
 * Sleeping locks that many readers or one writer have.
 *
 *     count   bit 0 a writer has it   bit 1 somebody waits   bit 2 handed over to the first that waits   8... readers
 *     owner   the writer; or with bit 0 the last reader, which stays there when it has given the lock back
 *
 *     down_read()   free, or readers have it and nobody waits: another reader    else slowpath.ts
 *     up_write()    the first that waits is woken: a writer to try for itself, readers with the lock in their hands
 *
 * Left out: the wait_lock, spinning on an owner that runs (one task runs at a time), lockdep, real-time tasks.
 * Source: Linux 6.1 kernel/locking/rwsem.c; include/linux/rwsem.h: rwsem_is_locked(), rwsem_is_contended().
 */
import { type Int, NULL, type RwSemaphore } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { current } from '../../../arch/x86/include/asm/current.h.js';
import { INIT_LIST_HEAD, list_empty } from '../../../include/linux/list.h.js';
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
import {
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_UNINTERRUPTIBLE,
} from '../../sched/core/wakeup.js';
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

function __down_read_common(k: Kernel, sem: RwSemaphore, state: Int): Int {
  if (k.has(sem, 'read')) return 0;
  let ret: Int = 0;
  // The reader that waited here has been given the lock, or stands in the queue.
  if (k.resumes('rwsem for reading', sem)) ret = rwsem_down_read_slowpath(k, sem, state, true);
  else if (!rwsem_read_trylock(k, sem)) ret = rwsem_down_read_slowpath(k, sem, state, false);
  if (ret === 0) k.took(sem, 'read');
  return ret;
}

export function down_read(k: Kernel, sem: RwSemaphore): void {
  __down_read_common(k, sem, TASK_UNINTERRUPTIBLE);
}

/** 0, or -EINTR: a signal came first. */
export function down_read_interruptible(k: Kernel, sem: RwSemaphore): Int {
  return __down_read_common(k, sem, TASK_INTERRUPTIBLE);
}

/** The same for a signal that ends the task. */
export function down_read_killable(k: Kernel, sem: RwSemaphore): Int {
  return __down_read_common(k, sem, TASK_KILLABLE);
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

function __down_write_common(k: Kernel, sem: RwSemaphore, state: Int): Int {
  if (k.has(sem, 'write')) return 0;
  const isQueued = k.resumes('rwsem for writing', sem);
  let ret: Int = 0;
  if (isQueued || !rwsem_write_trylock(k, sem))
    ret = rwsem_down_write_slowpath(k, sem, state, isQueued);
  if (ret === 0) k.took(sem, 'write');
  return ret;
}

export function down_write(k: Kernel, sem: RwSemaphore): void {
  __down_write_common(k, sem, TASK_UNINTERRUPTIBLE);
}

/** 0, or -EINTR: a signal that ends the task came first. */
export function down_write_killable(k: Kernel, sem: RwSemaphore): Int {
  return __down_write_common(k, sem, TASK_KILLABLE);
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

/** Somebody waits for it. */
export const rwsem_is_contended = (k: Kernel, sem: RwSemaphore): boolean =>
  !list_empty(k, k.plus(sem, k.rw_semaphore.wait_list));

export function rwsem_is_locked(k: Kernel, sem: RwSemaphore): boolean {
  return countOf(k, sem) !== 0;
}
