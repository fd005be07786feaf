/**
 * Completions: a task waits until another one has done something, also if it was done before.
 *
 *     done        how often complete() was called and not waited for; UINT_MAX after complete_all()
 *     wait        those that wait, first come first: a struct swait_queue on the stack of each
 *
 * Who is woken looks at `done` itself, and queues again where somebody was faster.
 * Left out: the queue's lock, I/O accounting.
 * Source: Linux 6.1 kernel/sched/completion.c, kernel/sched/swait.c; include/linux/completion.h: init_completion().
 */
import type { Completion, Int, ListHead, Long, SwaitQueue } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import { ERESTARTSYS } from '../../include/linux/errno.h.js';
import {
  INIT_LIST_HEAD,
  list_add_tail,
  list_del_init,
  list_empty,
  list_first_entry,
} from '../../include/linux/list.h.js';
import { signal_pending_state } from '../../include/linux/sched/signal.h.js';
import { MAX_SCHEDULE_TIMEOUT } from '../locking/semaphore.js';
import { schedule, set_current_state, TASK_RUNNING, wake_up_process } from './core/wakeup.js';

const UINT_MAX = -1;

const doneAt = (k: Kernel, x: Completion): Int => k.plus(x, k.completion.done);
const taskList = (k: Kernel, x: Completion): ListHead => k.plus(x, k.completion.wait_task_list);

export function init_completion(k: Kernel, x: Completion): void {
  k.write(doneAt(k, x), 0);
  INIT_LIST_HEAD(k, taskList(k, x));
}

/** Wakes the first that waits, and takes it out of the queue. */
function swake_up_locked(k: Kernel, q: ListHead): void {
  if (list_empty(k, q)) return;
  const curr: SwaitQueue = list_first_entry(k, q, k.swait_queue.task_list);
  wake_up_process(k, k.read_ptr(k.plus(curr, k.swait_queue.task)));
  list_del_init(k, k.plus(curr, k.swait_queue.task_list));
}

function swake_up_all_locked(k: Kernel, q: ListHead): void {
  while (!list_empty(k, q)) swake_up_locked(k, q);
}

export function complete(k: Kernel, x: Completion): void {
  const done: Int = k.read_int(doneAt(k, x));
  if (done !== UINT_MAX) k.write(doneAt(k, x), done + 1);
  swake_up_locked(k, taskList(k, x));
}

export function complete_all(k: Kernel, x: Completion): void {
  k.write(doneAt(k, x), UINT_MAX);
  swake_up_all_locked(k, taskList(k, x));
}

/** Jiffies that are left, at least 1; 0: it was not done in time; -ERESTARTSYS: a signal came. */
function do_wait_for_common(k: Kernel, x: Completion, timeout: Long, state: Int): Long {
  const wait: SwaitQueue = k.localStack;
  const entry: ListHead = k.plus(wait, k.swait_queue.task_list);
  let isAgain = k.resumes('completion', x);
  let left: Long = isAgain ? k.sleepLeft(timeout) : timeout;
  if (isAgain || k.read_int(doneAt(k, x)) === 0) {
    // DECLARE_SWAITQUEUE():
    if (!isAgain) INIT_LIST_HEAD(k, entry);
    for (;;) {
      if (isAgain && (k.read_int(doneAt(k, x)) !== 0 || left <= 0)) break;
      if (signal_pending_state(k, state, current(k))) {
        left = -ERESTARTSYS;
        break;
      }
      // __prepare_to_swait():
      k.write_ptr(k.plus(wait, k.swait_queue.task), current(k));
      if (list_empty(k, entry)) list_add_tail(k, entry, taskList(k, x));
      set_current_state(k, state);
      k.sleepsOn({
        kind: 'completion',
        object: x,
        ...(timeout < MAX_SCHEDULE_TIMEOUT && { until: k.read_int(k.globals.jiffies) + left }),
        again: () => void do_wait_for_common(k, x, timeout, state),
      });
      schedule(k);
      isAgain = true;
    }
    // __finish_swait():
    set_current_state(k, TASK_RUNNING);
    if (!list_empty(k, entry)) list_del_init(k, entry);
    if (k.read_int(doneAt(k, x)) === 0) return Math.min(left, 0);
  }
  const done: Int = k.read_int(doneAt(k, x));
  if (done !== UINT_MAX) k.write(doneAt(k, x), done - 1);
  return Math.max(left, 1);
}

/** @param state what the task is while it sleeps: whether a signal ends that */
export function wait_for_common(k: Kernel, x: Completion, timeout: Long, state: Int): Long {
  // Nobody waits for no time at all.
  if (timeout <= 0 && k.read_int(doneAt(k, x)) === 0) return 0;
  return do_wait_for_common(k, x, timeout, state);
}

export function try_wait_for_completion(k: Kernel, x: Completion): boolean {
  const done: Int = k.read_int(doneAt(k, x));
  if (done === 0) return false;
  if (done !== UINT_MAX) k.write(doneAt(k, x), done - 1);
  return true;
}

export function completion_done(k: Kernel, x: Completion): boolean {
  return k.read_int(doneAt(k, x)) !== 0;
}
