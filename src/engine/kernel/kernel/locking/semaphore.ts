/**
 * Semaphores: so many may have one at a time. Who has to wait is given its part by the one who gives it back, in the order in which they
 * came.
 *
 * Left out: the semaphore's own lock.
 * Source: Linux 6.1 kernel/locking/semaphore.c; include/linux/semaphore.h: sema_init().
 */
import type { Int, ListHead, Long, Semaphore, SemaphoreWaiter } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import { EINTR, ETIME } from '../../include/linux/errno.h.js';
import {
  INIT_LIST_HEAD,
  list_add_tail,
  list_del,
  list_empty,
  list_first_entry,
} from '../../include/linux/list.h.js';
import { signal_pending_state } from '../../include/linux/sched/signal.h.js';
import {
  schedule,
  set_current_state,
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
  wake_up_process,
} from '../sched/core/wakeup.js';

/** A wait that does not end by itself. */
export const MAX_SCHEDULE_TIMEOUT = 0x7fff_ffff;

const countAt = (k: Kernel, sem: Semaphore): Int => k.plus(sem, k.semaphore.count);
const waitList = (k: Kernel, sem: Semaphore): ListHead => k.plus(sem, k.semaphore.wait_list);

/** @param val how many may have it at a time */
export function sema_init(k: Kernel, sem: Semaphore, val: Int): void {
  k.write(countAt(k, sem), val);
  INIT_LIST_HEAD(k, waitList(k, sem));
}

/** Sleeps until it is given its part; -ETIME: that took too long; -EINTR: a signal came. `isQueued`: the task has slept here before. */
function __down_common(
  k: Kernel,
  sem: Semaphore,
  state: Int,
  timeout: Long,
  isQueued: boolean,
): Int {
  const waiter: SemaphoreWaiter = k.localStack;
  if (!isQueued) {
    k.write_ptr(k.plus(waiter, k.semaphore_waiter.task), current(k));
    k.write_bool(waiter, k.semaphore_waiter.up, false);
    list_add_tail(k, k.plus(waiter, k.semaphore_waiter.list), waitList(k, sem));
  }
  for (;;) {
    if (k.read_bool(waiter, k.semaphore_waiter.up)) break;
    if (signal_pending_state(k, state, current(k))) {
      // interrupted:
      list_del(k, k.plus(waiter, k.semaphore_waiter.list));
      set_current_state(k, TASK_RUNNING);
      return -EINTR;
    }
    const left: Long = isQueued ? k.sleepLeft(timeout) : timeout;
    if (left <= 0) {
      // timed_out:
      list_del(k, k.plus(waiter, k.semaphore_waiter.list));
      set_current_state(k, TASK_RUNNING);
      return -ETIME;
    }
    set_current_state(k, state);
    k.sleepsOn({
      kind: 'semaphore',
      object: sem,
      ...(timeout < MAX_SCHEDULE_TIMEOUT && { until: k.read_int(k.globals.jiffies) + left }),
      again: () => void __down_common(k, sem, state, timeout, k.resumes('semaphore', sem)),
    });
    schedule(k);
  }
  set_current_state(k, TASK_RUNNING);
  return 0;
}

/** @param state what the task is while it sleeps: whether a signal ends that */
const downIn = (k: Kernel, sem: Semaphore, state: Int, timeout: Long): Int => {
  let result: Int = 0;
  const count: Int = k.read_int(countAt(k, sem));
  const isQueued = k.resumes('semaphore', sem);
  if (count > 0 && !isQueued) k.write(countAt(k, sem), count - 1);
  else result = __down_common(k, sem, state, timeout, isQueued);
  if (result === 0) k.took(sem, 'count');
  return result;
};

export function down_timeout(k: Kernel, sem: Semaphore, timeout: Long): Int {
  return downIn(k, sem, TASK_UNINTERRUPTIBLE, timeout);
}

export function down(k: Kernel, sem: Semaphore): void {
  downIn(k, sem, TASK_UNINTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
}

export function down_interruptible(k: Kernel, sem: Semaphore): Int {
  return downIn(k, sem, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
}

export function down_killable(k: Kernel, sem: Semaphore): Int {
  return downIn(k, sem, TASK_KILLABLE, MAX_SCHEDULE_TIMEOUT);
}

/** 0: it was had; 1: it could not be, and this does not wait. */
export function down_trylock(k: Kernel, sem: Semaphore): Int {
  const count: Int = k.read_int(countAt(k, sem)) - 1;
  if (count < 0) return 1;
  k.write(countAt(k, sem), count);
  k.took(sem, 'count');
  return 0;
}

function __up(k: Kernel, sem: Semaphore): void {
  const waiter: SemaphoreWaiter = list_first_entry(k, waitList(k, sem), k.semaphore_waiter.list);
  list_del(k, k.plus(waiter, k.semaphore_waiter.list));
  k.write_bool(waiter, k.semaphore_waiter.up, true);
  wake_up_process(k, k.read_ptr(k.plus(waiter, k.semaphore_waiter.task)));
}

/** Whoever has called down() or not. */
export function up(k: Kernel, sem: Semaphore): void {
  k.released(sem, 'count');
  if (list_empty(k, waitList(k, sem))) k.write(countAt(k, sem), k.read_int(countAt(k, sem)) + 1);
  else __up(k, sem);
}
