/**
 * Waking a wait queue, and standing in one.
 *
 *     wake_up(q)      entries from the first on: each that is not exclusive, and one of those that are
 *     wake_up_all(q)  all of them
 *
 * An entry's function says what waking means; that of most takes the entry out of the queue when its task goes on.
 * Left out: the lock of the queue, bookmarks (nobody else runs meanwhile), entries of polls.
 * Source: Linux 6.1 kernel/sched/wait.c; include/linux/wait.h: init_waitqueue_entry().
 */
import {
  type Int,
  type ListHead,
  type TaskStruct,
  type WaitQueueEntry,
  type WaitQueueHead,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import {
  INIT_LIST_HEAD,
  list_del_init,
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import {
  __add_wait_queue,
  __add_wait_queue_entry_tail,
  __remove_wait_queue,
  queueList,
  WQ_FLAG_EXCLUSIVE,
} from '../../include/linux/wait.h.js';
import { ERESTARTSYS } from '../../include/linux/errno.h.js';
import { signal_pending_state } from '../../include/linux/sched/signal.h.js';
import { default_wake_function, set_current_state, TASK_RUNNING } from './core/wakeup.js';

/** `key`: what the waker says of what has happened. */
export type WakeFunction = (k: Kernel, wait: WaitQueueEntry, mode: Int, key: unknown) => Int;

/** The functions that entries can have, by their symbols. */
const FUNCTIONS = new Map<string, WakeFunction>();

/** An entry's function: linked when its module is loaded. */
export const linkWakeFunction = (symbol: string, func: WakeFunction): void =>
  void FUNCTIONS.set(symbol, func);

export const wakeFunctionNamed = (k: Kernel, symbol: string): VirtAddr =>
  k.profile.symbol(symbol)?.address ?? asVirt(0);

/** curr->func(): of the kernel, or a scenario's own. Entries of tasks that this kernel does not run are passed over. */
const callFunction = (k: Kernel, curr: WaitQueueEntry, mode: Int, key: unknown): Int => {
  const func: VirtAddr = k.read_va(k.plus(curr, k.wait_queue_entry.func));
  for (const [symbol, run] of FUNCTIONS)
    if (wakeFunctionNamed(k, symbol) === func) return run(k, curr, mode, key);
  return k.callOut?.(func, [k.va_of(curr), mode, 0, 0]) ?? 0;
};

export function __init_waitqueue_head(k: Kernel, wq_head: WaitQueueHead): void {
  INIT_LIST_HEAD(k, queueList(k, wq_head));
}

/** Wakes entries from the first on; how many that are exclusive may still be woken. */
export function __wake_up_common(
  k: Kernel,
  wq_head: WaitQueueHead,
  mode: Int,
  nr_exclusive: Int,
  key: unknown,
): Int {
  const head: ListHead = queueList(k, wq_head);
  for (
    let curr: WaitQueueEntry = list_first_entry(k, head, k.wait_queue_entry.entry),
      next: WaitQueueEntry = list_next_entry(k, curr, k.wait_queue_entry.entry);
    !list_entry_is_head(k, curr, head, k.wait_queue_entry.entry);
    curr = next, next = list_next_entry(k, next, k.wait_queue_entry.entry)
  ) {
    const flags: Int = k.read_int(k.plus(curr, k.wait_queue_entry.flags));
    const ret: Int = callFunction(k, curr, mode, key);
    // It cannot be woken now, and so cannot those behind it.
    if (ret < 0) break;
    if (ret !== 0 && (flags & WQ_FLAG_EXCLUSIVE) !== 0 && --nr_exclusive === 0) break;
  }
  return nr_exclusive;
}

/** @param nr_exclusive how many of those that are exclusive; 0: all */
export function __wake_up(
  k: Kernel,
  wq_head: WaitQueueHead,
  mode: Int,
  nr_exclusive: Int,
  key: unknown,
): void {
  __wake_up_common(k, wq_head, mode, nr_exclusive, key);
}

// --- standing in one -----------------------------------------------------------------------------------------------------

export function add_wait_queue(k: Kernel, wq_head: WaitQueueHead, wq_entry: WaitQueueEntry): void {
  const at = k.plus(wq_entry, k.wait_queue_entry.flags);
  k.write(at, k.read_int(at) & ~WQ_FLAG_EXCLUSIVE);
  __add_wait_queue(k, wq_head, wq_entry);
}

export function add_wait_queue_exclusive(
  k: Kernel,
  wq_head: WaitQueueHead,
  wq_entry: WaitQueueEntry,
): void {
  const at = k.plus(wq_entry, k.wait_queue_entry.flags);
  k.write(at, k.read_int(at) | WQ_FLAG_EXCLUSIVE);
  __add_wait_queue_entry_tail(k, wq_head, wq_entry);
}

export function remove_wait_queue(
  k: Kernel,
  _wq_head: WaitQueueHead,
  wq_entry: WaitQueueEntry,
): void {
  __remove_wait_queue(k, wq_entry);
}

/** Its task goes on, and it is in no queue any more. */
export function autoremove_wake_function(k: Kernel, wq_entry: WaitQueueEntry, mode: Int): Int {
  const ret = default_wake_function(k, wq_entry, mode);
  if (ret) list_del_init(k, k.plus(wq_entry, k.wait_queue_entry.entry));
  return ret ? 1 : 0;
}
linkWakeFunction('autoremove_wake_function', autoremove_wake_function);
linkWakeFunction('default_wake_function', (k, curr, mode) =>
  default_wake_function(k, curr, mode) ? 1 : 0,
);

export function init_waitqueue_entry(k: Kernel, wq_entry: WaitQueueEntry, p: TaskStruct): void {
  k.write(k.plus(wq_entry, k.wait_queue_entry.flags), 0);
  k.write_ptr(k.plus(wq_entry, k.wait_queue_entry.private), p);
  k.write_va(
    k.plus(wq_entry, k.wait_queue_entry.func),
    wakeFunctionNamed(k, 'default_wake_function'),
  );
}

/** An entry of the running task that leaves its queue when it is woken. */
export function init_wait_entry(k: Kernel, wq_entry: WaitQueueEntry, flags: Int): void {
  k.write(k.plus(wq_entry, k.wait_queue_entry.flags), flags);
  k.write_ptr(k.plus(wq_entry, k.wait_queue_entry.private), current(k));
  const func: VirtAddr = wakeFunctionNamed(k, 'autoremove_wake_function');
  k.write_va(k.plus(wq_entry, k.wait_queue_entry.func), func);
  INIT_LIST_HEAD(k, k.plus(wq_entry, k.wait_queue_entry.entry));
}

/** Stands in the queue, unless it does already, and is about to sleep. */
export function prepare_to_wait(
  k: Kernel,
  wq_head: WaitQueueHead,
  wq_entry: WaitQueueEntry,
  state: Int,
): void {
  const at = k.plus(wq_entry, k.wait_queue_entry.flags);
  k.write(at, k.read_int(at) & ~WQ_FLAG_EXCLUSIVE);
  if (list_empty(k, k.plus(wq_entry, k.wait_queue_entry.entry)))
    __add_wait_queue(k, wq_head, wq_entry);
  set_current_state(k, state);
}

/** The same for one that is woken alone. Whether it is the first of the queue. */
export function prepare_to_wait_exclusive(
  k: Kernel,
  wq_head: WaitQueueHead,
  wq_entry: WaitQueueEntry,
  state: Int,
): boolean {
  let was_empty = false;
  const at = k.plus(wq_entry, k.wait_queue_entry.flags);
  k.write(at, k.read_int(at) | WQ_FLAG_EXCLUSIVE);
  if (list_empty(k, k.plus(wq_entry, k.wait_queue_entry.entry))) {
    was_empty = list_empty(k, queueList(k, wq_head));
    __add_wait_queue_entry_tail(k, wq_head, wq_entry);
  }
  set_current_state(k, state);
  return was_empty;
}

/** As its flags say. -ERESTARTSYS: a signal waits, and it does not sleep. */
export function prepare_to_wait_event(
  k: Kernel,
  wq_head: WaitQueueHead,
  wq_entry: WaitQueueEntry,
  state: Int,
): Int {
  if (signal_pending_state(k, state, current(k))) {
    // Not woken for others, which a wake_up() of an exclusive one could be meant for.
    if (!list_empty(k, k.plus(wq_entry, k.wait_queue_entry.entry)))
      list_del_init(k, k.plus(wq_entry, k.wait_queue_entry.entry));
    return -ERESTARTSYS;
  }
  if (list_empty(k, k.plus(wq_entry, k.wait_queue_entry.entry))) {
    const flags: Int = k.read_int(k.plus(wq_entry, k.wait_queue_entry.flags));
    if ((flags & WQ_FLAG_EXCLUSIVE) !== 0) __add_wait_queue_entry_tail(k, wq_head, wq_entry);
    else __add_wait_queue(k, wq_head, wq_entry);
  }
  set_current_state(k, state);
  return 0;
}

/** Does not sleep after all, or any more, and stands in no queue. */
export function finish_wait(k: Kernel, _wq_head: WaitQueueHead, wq_entry: WaitQueueEntry): void {
  set_current_state(k, TASK_RUNNING);
  if (!list_empty(k, k.plus(wq_entry, k.wait_queue_entry.entry)))
    list_del_init(k, k.plus(wq_entry, k.wait_queue_entry.entry));
}
