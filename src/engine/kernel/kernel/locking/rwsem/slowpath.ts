/**
 * A rw_semaphore that cannot be had at once: the task stands in its queue, and sleeps.
 *
 * Left out: spinning on the owner, of which on SMP is left that a writer looks once whether the lock is free before it queues.
 * Source: Linux 6.1 kernel/locking/rwsem.c: rwsem_down_read_slowpath(), rwsem_down_write_slowpath(), rwsem_try_write_lock().
 */
import type { Int, RwSemaphore, RwsemWaiter } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { current } from '../../../arch/x86/include/asm/current.h.js';
import { EINTR } from '../../../include/linux/errno.h.js';
import { list_del, list_empty, list_is_singular } from '../../../include/linux/list.h.js';
import { signal_pending_state } from '../../../include/linux/sched/signal.h.js';
import { schedule, set_current_state, TASK_RUNNING } from '../../sched/core/wakeup.js';
import {
  __rwsem_set_reader_owned,
  addCount,
  countOf,
  isOverdue,
  RWSEM_FLAG_HANDOFF,
  RWSEM_FLAG_WAITERS,
  RWSEM_LOCK_MASK,
  RWSEM_READER_BIAS,
  RWSEM_READER_OWNED,
  RWSEM_READER_SHIFT,
  RWSEM_WAITING_FOR_READ,
  RWSEM_WAITING_FOR_WRITE,
  RWSEM_WRITER_LOCKED,
  rwsem_add_waiter,
  rwsem_cond_wake_waiter,
  rwsem_del_wake_waiter,
  rwsem_downgrade_wake,
  rwsem_first_waiter,
  waitList,
} from './mark_wake.js';

/** After so many jiffies a waiter lets nobody go first: RWSEM_WAIT_TIMEOUT, 4 ms. */
const waitTimeout = (k: Kernel): Int => Math.ceil(k.CONFIG_HZ / 250);

const initWaiter = (k: Kernel, waiter: RwsemWaiter, type: Int): void => {
  k.write_ptr(k.plus(waiter, k.rwsem_waiter.task), current(k));
  k.write(k.plus(waiter, k.rwsem_waiter.type), type);
  const timeout: Int = k.read_int(k.globals.jiffies) + waitTimeout(k);
  k.write(k.plus(waiter, k.rwsem_waiter.timeout), timeout);
  k.write_bool(waiter, k.rwsem_waiter.handoff_set, false);
};

/**
 * @param state what the task is while it sleeps: whether a signal ends that, with -EINTR
 * @param isQueued the task has slept here: the count knows of it, and the queue, unless it has been given the lock
 */
export function rwsem_down_read_slowpath(
  k: Kernel,
  sem: RwSemaphore,
  state: Int,
  isQueued: boolean,
): Int {
  const waiter: RwsemWaiter = k.localStack;
  if (!isQueued) {
    const count: Int = countOf(k, sem);
    const rcnt: Int = count >> RWSEM_READER_SHIFT;
    let adjustment: Int = -RWSEM_READER_BIAS;
    const owner: Int = k.read_int(k.plus(sem, k.rw_semaphore.owner));
    // Where others read already, one that comes later would keep those that wait from their turn.
    const mayNotSteal =
      (owner & RWSEM_READER_OWNED) !== 0 && rcnt > 1 && (count & RWSEM_WRITER_LOCKED) === 0;
    if (!mayNotSteal && (count & (RWSEM_WRITER_LOCKED | RWSEM_FLAG_HANDOFF)) === 0) {
      __rwsem_set_reader_owned(k, sem, current(k));
      if (rcnt === 1 && (count & RWSEM_FLAG_WAITERS) !== 0) rwsem_downgrade_wake(k, sem);
      return 0;
    }
    // queue:
    initWaiter(k, waiter, RWSEM_WAITING_FOR_READ);
    if (list_empty(k, waitList(k, sem))) {
      if ((countOf(k, sem) & RWSEM_WRITER_LOCKED) === 0) {
        __rwsem_set_reader_owned(k, sem, current(k));
        return 0;
      }
      adjustment += RWSEM_FLAG_WAITERS;
    }
    rwsem_add_waiter(k, sem, waiter);
    // It waits from here on, and is no reader.
    addCount(k, sem, adjustment);
    rwsem_cond_wake_waiter(k, sem, countOf(k, sem));
  }
  for (;;) {
    set_current_state(k, state);
    // Who gives the lock to it takes its name off.
    if (k.read_va(k.plus(waiter, k.rwsem_waiter.task)) === 0) break;
    if (signal_pending_state(k, state, current(k))) {
      // out_nolock:
      rwsem_del_wake_waiter(k, sem, waiter);
      set_current_state(k, TASK_RUNNING);
      return -EINTR;
    }
    k.sleepsOn({
      kind: 'rwsem for reading',
      object: sem,
      again: () => {
        const isAgain = k.resumes('rwsem for reading', sem);
        if (!isAgain) addCount(k, sem, RWSEM_READER_BIAS);
        rwsem_down_read_slowpath(k, sem, state, isAgain);
      },
    });
    schedule(k);
  }
  set_current_state(k, TASK_RUNNING);
  return 0;
}

/** Takes the lock for one that waits, unless somebody has it, or it was promised to another one. */
function rwsem_try_write_lock(k: Kernel, sem: RwSemaphore, waiter: RwsemWaiter): boolean {
  const first: RwsemWaiter = rwsem_first_waiter(k, sem);
  const count: Int = countOf(k, sem);
  const has_handoff = (count & RWSEM_FLAG_HANDOFF) !== 0;
  if (has_handoff && k.read_bool(first, k.rwsem_waiter.handoff_set) && waiter !== first)
    return false;
  if ((count & RWSEM_LOCK_MASK) !== 0) {
    if (has_handoff || !isOverdue(k, waiter)) return false;
    addCount(k, sem, RWSEM_FLAG_HANDOFF);
    k.write_bool(first, k.rwsem_waiter.handoff_set, true);
    return false;
  }
  let adjustment: Int = RWSEM_WRITER_LOCKED - (count & RWSEM_FLAG_HANDOFF);
  if (list_is_singular(k, waitList(k, sem))) adjustment -= count & RWSEM_FLAG_WAITERS;
  addCount(k, sem, adjustment);
  list_del(k, k.plus(waiter, k.rwsem_waiter.list));
  // rwsem_set_owner():
  k.write_ptr(k.plus(sem, k.rw_semaphore.owner), current(k));
  return true;
}

/**
 * @param state what the task is while it sleeps: whether a signal ends that, with -EINTR
 * @param isQueued the task has slept here, and stands in the queue still
 */
export function rwsem_down_write_slowpath(
  k: Kernel,
  sem: RwSemaphore,
  state: Int,
  isQueued: boolean,
): Int {
  const waiter: RwsemWaiter = k.localStack;
  if (!isQueued) {
    // rwsem_optimistic_spin():
    const isFree = (countOf(k, sem) & (RWSEM_LOCK_MASK | RWSEM_FLAG_HANDOFF)) === 0;
    if (k.smp && isFree) {
      addCount(k, sem, RWSEM_WRITER_LOCKED);
      k.write_ptr(k.plus(sem, k.rw_semaphore.owner), current(k));
      return 0;
    }
    initWaiter(k, waiter, RWSEM_WAITING_FOR_WRITE);
    rwsem_add_waiter(k, sem, waiter);
    const count: Int = countOf(k, sem);
    if (rwsem_first_waiter(k, sem) !== waiter) rwsem_cond_wake_waiter(k, sem, count);
    else addCount(k, sem, RWSEM_FLAG_WAITERS & ~count);
  }
  set_current_state(k, state);
  while (!rwsem_try_write_lock(k, sem, waiter)) {
    if (signal_pending_state(k, state, current(k))) {
      // out_nolock:
      set_current_state(k, TASK_RUNNING);
      rwsem_del_wake_waiter(k, sem, waiter);
      return -EINTR;
    }
    k.sleepsOn({
      kind: 'rwsem for writing',
      object: sem,
      again: () => {
        rwsem_down_write_slowpath(k, sem, state, k.resumes('rwsem for writing', sem));
      },
    });
    schedule(k);
    set_current_state(k, state);
  }
  set_current_state(k, TASK_RUNNING);
  return 0;
}
