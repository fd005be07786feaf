/**
 * Sleeping and being woken: a task that sets its state and gives the CPU away does not go on before somebody sets the state back.
 *
 *     TASK_RUNNING ── set_current_state() ─> TASK_UNINTERRUPTIBLE ── schedule() ... wake_up_process() ─> TASK_RUNNING
 *
 * Left out: run queues, the CPU to run on, tasks that wake themselves, spurious wakeups.
 * Source: Linux 6.1 kernel/sched/core.c: try_to_wake_up(), wake_up_process(), wake_up_state(), schedule(), io_schedule(),
 * default_wake_function(), schedule_preempt_disabled(); include/linux/sched.h: TASK_*; kernel/time/timer.c: schedule_timeout().
 */
import type { Int, TaskStruct, WaitQueueEntry } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { asVirt, type Cell } from '../../../../memory/address.js';
import { current } from '../../../arch/x86/include/asm/current.h.js';
import { stringAt } from '../../../lib/string.js';

/** task->__state */
export const TASK_RUNNING = 0;
export const TASK_INTERRUPTIBLE = 1;
export const TASK_UNINTERRUPTIBLE = 2;
const TASK_WAKEKILL = 0x100;
export const TASK_KILLABLE = TASK_WAKEKILL | TASK_UNINTERRUPTIBLE;
export const TASK_NORMAL = TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE;

export const set_current_state = (k: Kernel, state: Int): void => {
  k.write(k.plus(current(k), k.task_struct.__state), state);
};

/** A task as events tell of it. */
export const nameOfTask = (k: Kernel, p: TaskStruct): { pid: Int; comm: string } => ({
  pid: k.read_int(k.plus(p, k.task_struct.pid)),
  comm: stringAt(k, asVirt(k.va_of(p) + k.task_struct.comm)),
});

/** Makes a task runnable that is in one of some states; whether it was. */
export function try_to_wake_up(k: Kernel, p: TaskStruct, state: Int): boolean {
  const at: Cell = k.plus(p, k.task_struct.__state);
  if ((k.read_int(at) & state) === 0) return false;
  k.write(at, TASK_RUNNING);
  return true;
}

export function wake_up_process(k: Kernel, p: TaskStruct): boolean {
  return try_to_wake_up(k, p, TASK_NORMAL);
}

export function wake_up_state(k: Kernel, p: TaskStruct, state: Int): boolean {
  return try_to_wake_up(k, p, state);
}

/** What an entry of a wait queue does when the queue is woken: its task goes on. */
export function default_wake_function(k: Kernel, curr: WaitQueueEntry, mode: Int): boolean {
  const task: TaskStruct = k.read_ptr(k.plus(curr, k.wait_queue_entry.private));
  return try_to_wake_up(k, task, mode);
}

/** The CPU is another task's, until somebody wakes this one. */
export function schedule(k: Kernel): void {
  k.deschedule();
}

/** The same, where what is waited for is a device. Left out: the account of it. */
export function io_schedule(k: Kernel): void {
  schedule(k);
}
