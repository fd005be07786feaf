/**
 * Mutexes.
 *
 *     owner       a task_struct's address, and in its low bits: 1 somebody waits, 2 hand it over, 4 handed over, to be picked up
 *     wait_list   those that wait, first come first: a struct mutex_waiter on the stack of each
 *
 * mutex_unlock() wakes the first, which tries for itself: a task that runs may be faster. One that was woken in vain asks to be handed the
 * lock; the next mutex_unlock() makes it the owner.
 * Left out: the wait_lock, spinning on an owner that runs (one task runs at a time), wait/wound mutexes, lockdep.
 * Source: Linux 6.1 kernel/locking/mutex.c; include/linux/mutex.h.
 */
import {
  type Int,
  type ListHead,
  type Mutex,
  type MutexWaiter,
  NULL,
  type TaskStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import { EINTR } from '../../include/linux/errno.h.js';
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
  TASK_RUNNING,
  wake_up_process,
} from '../sched/core/wakeup.js';

export const MUTEX_FLAG_WAITERS = 1;
const MUTEX_FLAG_HANDOFF = 2;
const MUTEX_FLAG_PICKUP = 4;

const waitList = (k: Kernel, lock: Mutex): ListHead => k.plus(lock, k.mutex.wait_list);

/** lock->owner: an address that a task_struct lies at, and flags in the bits that are 0 there. */
const ownerOf = (k: Kernel, lock: Mutex): VirtAddr => k.read_va(k.plus(lock, k.mutex.owner));
const setOwner = (k: Kernel, lock: Mutex, task: VirtAddr, flags: Int): void => {
  k.write_va(k.plus(lock, k.mutex.owner), asVirt(task + flags));
};

/** Addresses may be negative, and of more than 32 bits. */
const __owner_flags = (owner: VirtAddr): Int => ((owner % 8) + 8) % 8;
const __owner_task = (owner: VirtAddr): VirtAddr => asVirt(owner - __owner_flags(owner));

export function __mutex_init(k: Kernel, lock: Mutex): void {
  k.write_va(k.plus(lock, k.mutex.owner), asVirt(0));
  INIT_LIST_HEAD(k, waitList(k, lock));
}

export function mutex_is_locked(k: Kernel, lock: Mutex): boolean {
  return __owner_task(ownerOf(k, lock)) !== 0;
}

/** Whether it is the running task's now. `handoff`: if not, it wants to be handed it. */
function __mutex_trylock_common(k: Kernel, lock: Mutex, handoff: boolean): boolean {
  const curr: VirtAddr = k.va_of(current(k));
  const owner: VirtAddr = ownerOf(k, lock);
  let flags: Int = __owner_flags(owner);
  let task: VirtAddr = __owner_task(owner);
  if (task !== 0) {
    if ((flags & MUTEX_FLAG_PICKUP) !== 0) {
      if (task !== curr) return false;
      flags &= ~MUTEX_FLAG_PICKUP;
    } else if (handoff) {
      if ((flags & MUTEX_FLAG_HANDOFF) !== 0) return false;
      flags |= MUTEX_FLAG_HANDOFF;
    } else return false;
  } else task = curr;
  setOwner(k, lock, task, flags);
  return task === curr;
}

function __mutex_add_waiter(k: Kernel, lock: Mutex, waiter: MutexWaiter): void {
  list_add_tail(k, k.plus(waiter, k.mutex_waiter.list), waitList(k, lock));
  if (!__mutex_waiter_is_first(k, lock, waiter)) return;
  const owner: VirtAddr = ownerOf(k, lock);
  setOwner(k, lock, __owner_task(owner), __owner_flags(owner) | MUTEX_FLAG_WAITERS);
}

function __mutex_remove_waiter(k: Kernel, lock: Mutex, waiter: MutexWaiter): void {
  list_del(k, k.plus(waiter, k.mutex_waiter.list));
  if (list_empty(k, waitList(k, lock))) setOwner(k, lock, __owner_task(ownerOf(k, lock)), 0);
}

function __mutex_waiter_is_first(k: Kernel, lock: Mutex, waiter: MutexWaiter): boolean {
  return list_first_entry(k, waitList(k, lock), k.mutex_waiter.list) === waiter;
}

/** @param isQueued the task has slept here, and stands in the queue still */
function __mutex_lock_common(k: Kernel, lock: Mutex, state: Int, isQueued: boolean): Int {
  const waiter: MutexWaiter = k.localStack;
  if (!isQueued) {
    if (__mutex_trylock_common(k, lock, false)) return 0;
    __mutex_add_waiter(k, lock, waiter);
    k.write_ptr(k.plus(waiter, k.mutex_waiter.task), current(k));
    set_current_state(k, state);
  }
  let hasSlept = isQueued;
  for (;;) {
    if (hasSlept) {
      const first = __mutex_waiter_is_first(k, lock, waiter);
      set_current_state(k, state);
      if (__mutex_trylock_common(k, lock, first)) break;
    }
    if (__mutex_trylock_common(k, lock, false)) break;
    if (signal_pending_state(k, state, current(k))) {
      // err:
      set_current_state(k, TASK_RUNNING);
      __mutex_remove_waiter(k, lock, waiter);
      return -EINTR;
    }
    k.sleepsOn({
      kind: 'mutex',
      object: lock,
      again: () => void __mutex_lock_common(k, lock, state, k.resumes('mutex', lock)),
    });
    schedule(k);
    hasSlept = true;
  }
  // acquired:
  set_current_state(k, TASK_RUNNING);
  __mutex_remove_waiter(k, lock, waiter);
  return 0;
}

/** @param state what the task is while it sleeps: whether a signal ends that, with -EINTR */
export function __mutex_lock(k: Kernel, lock: Mutex, state: Int): Int {
  // The call is made again, and the task has kept it.
  if (k.has(lock, 'mutex')) return 0;
  const ret: Int = __mutex_lock_common(k, lock, state, k.resumes('mutex', lock));
  if (ret === 0) k.took(lock, 'mutex');
  return ret;
}

export function mutex_trylock(k: Kernel, lock: Mutex): boolean {
  if (k.has(lock, 'mutex')) return true;
  const locked = __mutex_trylock_common(k, lock, false);
  if (locked) k.took(lock, 'mutex');
  return locked;
}

/** Makes one that waits the owner. */
function __mutex_handoff(k: Kernel, lock: Mutex, task: TaskStruct): void {
  const waiters: Int = __owner_flags(ownerOf(k, lock)) & MUTEX_FLAG_WAITERS;
  setOwner(k, lock, k.va_of(task), waiters | (task === NULL ? 0 : MUTEX_FLAG_PICKUP));
}

export function mutex_unlock(k: Kernel, lock: Mutex): void {
  k.released(lock, 'mutex');
  const flags: Int = __owner_flags(ownerOf(k, lock));
  if ((flags & MUTEX_FLAG_HANDOFF) === 0) {
    setOwner(k, lock, asVirt(0), flags);
    if ((flags & MUTEX_FLAG_WAITERS) === 0) return;
  }
  let next: TaskStruct = NULL;
  if (!list_empty(k, waitList(k, lock))) {
    const waiter: MutexWaiter = list_first_entry(k, waitList(k, lock), k.mutex_waiter.list);
    next = k.read_ptr(k.plus(waiter, k.mutex_waiter.task));
  }
  if ((flags & MUTEX_FLAG_HANDOFF) !== 0) __mutex_handoff(k, lock, next);
  if (next !== NULL) wake_up_process(k, next);
}

/** A task that waited goes without it: what it was handed is the next one's. */
export const leaveMutex = (k: Kernel, lock: Mutex, waiter: MutexWaiter): void => {
  const owner: VirtAddr = ownerOf(k, lock);
  const isMine =
    (__owner_flags(owner) & MUTEX_FLAG_PICKUP) !== 0 && __owner_task(owner) === k.va_of(current(k));
  __mutex_remove_waiter(k, lock, waiter);
  if (isMine) mutex_unlock(k, lock);
};

/** The running task has it, as it had before its call was undone; the flags are those of others that wait. */
export const keepMutex = (k: Kernel, lock: Mutex): void => {
  setOwner(k, lock, k.va_of(current(k)), __owner_flags(ownerOf(k, lock)));
};
