/**
 * What is left of a task that slept in a call which is made again, where that no longer comes by the same place: it stands in no queue,
 * and what it was given there goes to others. And locks that it keeps while it sleeps, though the call that took them is undone.
 */
import {
  type ListHead,
  type RwsemWaiter,
  type SemaphoreWaiter,
  type WaitQueueEntry,
} from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import type { LockMode, SleepKind } from '../machine/sleeper.js';
import type { Cell } from '../memory/address.js';
import { current } from '../kernel/arch/x86/include/asm/current.h.js';
import { set_bit, test_bit } from '../kernel/arch/x86/include/asm/bitops.h.js';
import { list_del, list_del_init, list_empty } from '../kernel/include/linux/list.h.js';
import { page_ref_count } from '../kernel/include/linux/page_ref.h.js';
import { WQ_FLAG_DONE } from '../kernel/include/linux/wait.h.js';
import {
  __rwsem_set_reader_owned,
  addCount,
  RWSEM_READER_BIAS,
  RWSEM_WRITER_LOCKED,
  rwsem_del_wake_waiter,
} from '../kernel/kernel/locking/rwsem/mark_wake.js';
import { rwsem_set_owner, up_read, up_write } from '../kernel/kernel/locking/rwsem/rwsem.js';
import { keepMutex, leaveMutex, mutex_unlock } from '../kernel/kernel/locking/mutex.js';
import { up } from '../kernel/kernel/locking/semaphore.js';
import { folio_unlock, folio_wake } from '../kernel/mm/filemap/folio_wait.js';

function leavePageQueue(k: Kernel, kind: SleepKind, folio: Cell, wait: WaitQueueEntry): void {
  const flags = k.read_int(k.plus(wait, k.wait_queue_entry.flags));
  leaveQueue(k, wait);
  if (kind !== 'page lock') return;
  // It was given the lock, or was woken to take it.
  if ((flags & WQ_FLAG_DONE) !== 0) folio_unlock(k, folio);
  else if (!test_bit(k, k.PG_locked, folio + k.page.flags)) folio_wake(k, folio, k.PG_locked);
}

function leaveQueue(k: Kernel, wait: WaitQueueEntry): void {
  const entry = k.plus(wait, k.wait_queue_entry.entry);
  if (!list_empty(k, entry)) list_del_init(k, entry);
}

function leaveRwsem(k: Kernel, sem: Cell, waiter: RwsemWaiter): void {
  // A reader that was given the lock has lost its name.
  if (k.read_va(k.plus(waiter, k.rwsem_waiter.task)) === 0) {
    up_read(k, sem);
    return;
  }
  rwsem_del_wake_waiter(k, sem, waiter);
}

function leaveCompletion(k: Kernel, entry: ListHead): void {
  if (!list_empty(k, entry)) list_del_init(k, entry);
}

function leaveSemaphore(k: Kernel, sem: Cell, waiter: SemaphoreWaiter): void {
  if (k.read_bool(waiter, k.semaphore_waiter.up)) up(k, sem);
  else list_del(k, k.plus(waiter, k.semaphore_waiter.list));
}

/** @param stack where the task's place in the queue lies */
export function abandonWait(k: Kernel, kind: SleepKind, object: Cell, stack: Cell): void {
  switch (kind) {
    case 'page lock':
    case 'page writeback':
    case 'migration':
      leavePageQueue(k, kind, object, k.plus(stack, k.wait_page_queue.wait));
      break;
    case 'rwsem for reading':
    case 'rwsem for writing':
      leaveRwsem(k, object, stack);
      break;
    case 'semaphore':
      leaveSemaphore(k, object, stack);
      break;
    case 'mutex':
      leaveMutex(k, object, stack);
      break;
    case 'completion':
      leaveCompletion(k, k.plus(stack, k.swait_queue.task_list));
      break;
    case 'wait queue':
      leaveQueue(k, stack);
      break;
    case 'wakeup':
  }
}

/** The running task has a lock that it had taken. False: there is nothing any more that could be locked. */
export function keepLock(k: Kernel, lock: Cell, mode: LockMode): boolean {
  switch (mode) {
    case 'page':
      if (page_ref_count(k, lock) === 0 || test_bit(k, k.PG_locked, lock + k.page.flags))
        return false;
      set_bit(k, k.PG_locked, lock + k.page.flags);
      break;
    case 'read':
      addCount(k, lock, RWSEM_READER_BIAS);
      __rwsem_set_reader_owned(k, lock, current(k));
      break;
    case 'write':
      addCount(k, lock, RWSEM_WRITER_LOCKED);
      rwsem_set_owner(k, lock);
      break;
    case 'mutex':
      keepMutex(k, lock);
      break;
    case 'count':
      return false;
  }
  return true;
}

export function giveBackLock(k: Kernel, lock: Cell, mode: LockMode): void {
  if (mode === 'page') folio_unlock(k, lock);
  else if (mode === 'read') up_read(k, lock);
  else if (mode === 'write') up_write(k, lock);
  else if (mode === 'mutex') mutex_unlock(k, lock);
}
