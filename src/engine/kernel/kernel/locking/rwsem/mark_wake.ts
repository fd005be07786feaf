/**
 * The count of a rw_semaphore, and whom to wake when it is given back.
 *
 *     a writer waits first     it is woken, and has to try: others may be quicker
 *     a reader waits first     all readers in the queue get the lock, also those behind a writer
 *
 * Left out: wake_q (those that are woken run later in any case), references to tasks.
 * Source: Linux 6.1 kernel/locking/rwsem.c: rwsem_mark_wake(), rwsem_wake(), rwsem_downgrade_wake(), rwsem_add_waiter().
 */
import {
  type Int,
  type ListHead,
  NULL,
  type RwSemaphore,
  type RwsemWaiter,
  type TaskStruct,
} from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import {
  list_add_tail,
  list_del,
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../../include/linux/list.h.js';
import { nameOfTask, wake_up_process } from '../../sched/core/wakeup.js';

export const RWSEM_WRITER_LOCKED = 1 << 0;
export const RWSEM_FLAG_WAITERS = 1 << 1;
export const RWSEM_FLAG_HANDOFF = 1 << 2;
export const RWSEM_READER_SHIFT = 8;
export const RWSEM_READER_BIAS = 1 << RWSEM_READER_SHIFT;
const RWSEM_READER_MASK = ~(RWSEM_READER_BIAS - 1);
export const RWSEM_LOCK_MASK = RWSEM_WRITER_LOCKED | RWSEM_READER_MASK;
export const RWSEM_READ_FAILED_MASK = RWSEM_WRITER_LOCKED | RWSEM_FLAG_WAITERS | RWSEM_FLAG_HANDOFF;

/** sem->owner: its bits. */
export const RWSEM_READER_OWNED = 1 << 0;
const RWSEM_NONSPINNABLE = 1 << 1;

/** enum rwsem_waiter_type */
export const RWSEM_WAITING_FOR_WRITE = 0;
export const RWSEM_WAITING_FOR_READ = 1;

export type RwsemWakeType = 'RWSEM_WAKE_ANY' | 'RWSEM_WAKE_READERS' | 'RWSEM_WAKE_READ_OWNED';

/** atomic_long_read(&sem->count): there are never so many readers that its upper half would count. */
export const countOf = (k: Kernel, sem: RwSemaphore): Int =>
  k.read_int(k.plus(sem, k.rw_semaphore.count));

export const addCount = (k: Kernel, sem: RwSemaphore, delta: Int): void => {
  k.add_long(k.plus(sem, k.rw_semaphore.count), delta);
};

export const waitList = (k: Kernel, sem: RwSemaphore): ListHead =>
  k.plus(sem, k.rw_semaphore.wait_list);

export function __rwsem_set_reader_owned(k: Kernel, sem: RwSemaphore, owner: TaskStruct): void {
  const at = k.plus(sem, k.rw_semaphore.owner);
  k.write_ptr_tagged(at, owner, RWSEM_READER_OWNED | (k.read_int(at) & RWSEM_NONSPINNABLE));
}

export function rwsem_first_waiter(k: Kernel, sem: RwSemaphore): RwsemWaiter {
  return list_first_entry(k, waitList(k, sem), k.rwsem_waiter.list);
}

export function rwsem_add_waiter(k: Kernel, sem: RwSemaphore, waiter: RwsemWaiter): void {
  list_add_tail(k, k.plus(waiter, k.rwsem_waiter.list), waitList(k, sem));
}

/** Who waits no more; the last one takes the flags along. */
function rwsem_del_waiter(k: Kernel, sem: RwSemaphore, waiter: RwsemWaiter): void {
  list_del(k, k.plus(waiter, k.rwsem_waiter.list));
  if (!list_empty(k, waitList(k, sem))) return;
  addCount(k, sem, -(countOf(k, sem) & (RWSEM_FLAG_HANDOFF | RWSEM_FLAG_WAITERS)));
}

/** Who goes without it may have been in the way of others. */
export function rwsem_del_wake_waiter(k: Kernel, sem: RwSemaphore, waiter: RwsemWaiter): void {
  rwsem_del_waiter(k, sem, waiter);
  if (!list_empty(k, waitList(k, sem))) rwsem_cond_wake_waiter(k, sem, countOf(k, sem));
}

/** Whether it has waited too long to let others go first. Source: include/linux/jiffies.h: time_after(). */
export const isOverdue = (k: Kernel, waiter: RwsemWaiter): boolean =>
  ((k.read_int(k.plus(waiter, k.rwsem_waiter.timeout)) - k.read_int(k.globals.jiffies)) | 0) < 0;

function rwsem_mark_wake(k: Kernel, sem: RwSemaphore, wake_type: RwsemWakeType): void {
  const first: RwsemWaiter = rwsem_first_waiter(k, sem);
  if (k.read_int(k.plus(first, k.rwsem_waiter.type)) === RWSEM_WAITING_FOR_WRITE) {
    // It is to try for itself.
    if (wake_type === 'RWSEM_WAKE_ANY') {
      const task: TaskStruct = k.read_ptr(k.plus(first, k.rwsem_waiter.task));
      k.emit({ kind: 'wakes', ...nameOfTask(k, task), lock: k.va_of(sem) });
      wake_up_process(k, task);
    }
    return;
  }
  let adjustment: Int = 0;
  if (wake_type !== 'RWSEM_WAKE_READ_OWNED') {
    // The first reader's part, before a writer can be quicker.
    adjustment = RWSEM_READER_BIAS;
    const oldcount: Int = countOf(k, sem);
    addCount(k, sem, adjustment);
    if ((oldcount & RWSEM_WRITER_LOCKED) !== 0) {
      if (isOverdue(k, first)) {
        if ((oldcount & RWSEM_FLAG_HANDOFF) === 0) adjustment -= RWSEM_FLAG_HANDOFF;
        k.write_bool(first, k.rwsem_waiter.handoff_set, true);
      }
      addCount(k, sem, -adjustment);
      return;
    }
    __rwsem_set_reader_owned(k, sem, k.read_ptr(k.plus(first, k.rwsem_waiter.task)));
  }

  // Every reader in the queue: to have only the first would be no better for a writer behind it.
  const woken: RwsemWaiter[] = [];
  for (
    let waiter: RwsemWaiter = first,
      next: RwsemWaiter = list_next_entry(k, waiter, k.rwsem_waiter.list);
    !list_entry_is_head(k, waiter, waitList(k, sem), k.rwsem_waiter.list);
    waiter = next, next = list_next_entry(k, next, k.rwsem_waiter.list)
  ) {
    if (k.read_int(k.plus(waiter, k.rwsem_waiter.type)) === RWSEM_WAITING_FOR_WRITE) continue;
    list_del(k, k.plus(waiter, k.rwsem_waiter.list));
    woken.push(waiter);
  }
  adjustment = woken.length * RWSEM_READER_BIAS - adjustment;
  if (list_empty(k, waitList(k, sem))) adjustment -= RWSEM_FLAG_WAITERS;
  adjustment -= countOf(k, sem) & RWSEM_FLAG_HANDOFF;
  if (adjustment !== 0) addCount(k, sem, adjustment);

  for (const waiter of woken) {
    const tsk: TaskStruct = k.read_ptr(k.plus(waiter, k.rwsem_waiter.task));
    // That it has no task any more tells the waiter that it has the lock.
    k.write_ptr(k.plus(waiter, k.rwsem_waiter.task), NULL);
    k.emit({ kind: 'wakes', ...nameOfTask(k, tsk), lock: k.va_of(sem) });
    wake_up_process(k, tsk);
  }
}

/** Those that can go on with the count as it is. */
export function rwsem_cond_wake_waiter(k: Kernel, sem: RwSemaphore, count: Int): void {
  if ((count & RWSEM_WRITER_LOCKED) !== 0) return;
  rwsem_mark_wake(
    k,
    sem,
    (count & RWSEM_READER_MASK) !== 0 ? 'RWSEM_WAKE_READERS' : 'RWSEM_WAKE_ANY',
  );
}

export function rwsem_wake(k: Kernel, sem: RwSemaphore): void {
  if (!list_empty(k, waitList(k, sem))) rwsem_mark_wake(k, sem, 'RWSEM_WAKE_ANY');
}

/** Readers that wait, when one has got the lock before them. */
export function rwsem_downgrade_wake(k: Kernel, sem: RwSemaphore): void {
  if (!list_empty(k, waitList(k, sem))) rwsem_mark_wake(k, sem, 'RWSEM_WAKE_READ_OWNED');
}
