/**
 * Whether a signal waits for a task, and whether it ends a wait.
 *
 *     thread_info.flags   TIF_SIGPENDING: a signal waits         pending.signal   which, a bit each
 *     TASK_INTERRUPTIBLE  any signal ends the wait               TASK_KILLABLE    SIGKILL alone does
 *
 * Left out: signals of the whole process (shared_pending): they are given to each of its tasks.
 * Source: Linux 6.1 include/linux/sched/signal.h; include/linux/signal.h: sigismember(), sigaddset(), sigdelset();
 * arch/x86/include/asm/thread_info.h.
 */
import type { Int, TaskStruct } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import type { Cell } from '../../../../memory/address.js';

export const TIF_SIGPENDING = 2;
export const SIGKILL = 9;
const TASK_INTERRUPTIBLE = 1;
const TASK_WAKEKILL = 0x100;

/** The word of a sigset_t that has a signal's bit, and the bit in it. */
const sigWord = (k: Kernel, set: Cell, sig: Int): Cell => k.plus(set, (sig - 1) >> 5);
const sigmask = (sig: Int): Int => 1 << ((sig - 1) & 31);

export const sigismember = (k: Kernel, set: Cell, sig: Int): boolean =>
  (k.read_int(sigWord(k, set, sig)) & sigmask(sig)) !== 0;

export const sigaddset = (k: Kernel, set: Cell, sig: Int): void => {
  const at = sigWord(k, set, sig);
  k.write(at, k.read_int(at) | sigmask(sig));
};

export const sigdelset = (k: Kernel, set: Cell, sig: Int): void => {
  const at = sigWord(k, set, sig);
  k.write(at, k.read_int(at) & ~sigmask(sig));
};

export function signal_pending(k: Kernel, p: TaskStruct): boolean {
  return (k.read_int(k.plus(p, k.task_struct.thread_info_flags)) & (1 << TIF_SIGPENDING)) !== 0;
}

export function __fatal_signal_pending(k: Kernel, p: TaskStruct): boolean {
  return sigismember(k, k.plus(p, k.task_struct.pending_signal), SIGKILL);
}

export function fatal_signal_pending(k: Kernel, p: TaskStruct): boolean {
  return signal_pending(k, p) && __fatal_signal_pending(k, p);
}

/** Whether a task that is about to sleep in a state need not, for the sake of a signal. */
export function signal_pending_state(k: Kernel, state: Int, p: TaskStruct): boolean {
  if ((state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL)) === 0) return false;
  if (!signal_pending(k, p)) return false;
  return (state & TASK_INTERRUPTIBLE) !== 0 || __fatal_signal_pending(k, p);
}
