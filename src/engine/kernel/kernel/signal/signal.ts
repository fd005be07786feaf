/**
 * Sending a signal to a task, and taking it off again.
 *
 *     send_sig()   pending.signal has its bit, TIF_SIGPENDING is set, and a wait that signals end is over
 *
 * One that is blocked waits, and one that the task ignores is not kept. What ends a process is given to each of its tasks as SIGKILL.
 * Left out: queued siginfo, stopping and continuing, signals that others may not send.
 * Differs: a thread of the kernel has what it does not allow blocked, and gets none of it; there it is ignored.
 * Source: Linux 6.1 kernel/signal.c: send_signal_locked(), sig_ignored(), complete_signal(), signal_wake_up_state(), recalc_sigpending(),
 * next_signal(), flush_signals(), kernel_sigaction(); include/linux/signal.h: sig_kernel_ignore(), sig_kernel_stop(), allow_signal().
 */
import type { Int, TaskStruct } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import { EINVAL } from '../../include/linux/errno.h.js';
import {
  sigaddset,
  sigdelset,
  sigismember,
  SIGKILL,
  TIF_SIGPENDING,
} from '../../include/linux/sched/signal.h.js';
import { PF_KTHREAD } from '../../include/linux/sched.h.js';
import { wake_up_state } from '../sched/core/wakeup.js';
import { sig_handler, SIG_DFL, SIG_IGN } from './sighand.js';

export const _NSIG = 64;
const TASK_INTERRUPTIBLE = 1;
const TASK_WAKEKILL = 0x100;

/** SIGCONT, SIGCHLD, SIGWINCH, SIGURG: nobody minds them. */
const SIG_KERNEL_IGNORE: ReadonlySet<Int> = new Set([17, 18, 23, 28]);
/** SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU */
const SIG_KERNEL_STOP: ReadonlySet<Int> = new Set([19, 20, 21, 22]);

const setTif = (k: Kernel, t: TaskStruct, isSet: boolean): void => {
  const at = k.plus(t, k.task_struct.thread_info_flags);
  const bit = 1 << TIF_SIGPENDING;
  k.write(at, isSet ? k.read_int(at) | bit : k.read_int(at) & ~bit);
};

function signal_wake_up_state(k: Kernel, t: TaskStruct, state: Int): void {
  setTif(k, t, true);
  wake_up_state(k, t, state | TASK_INTERRUPTIBLE);
}

const isKthread = (k: Kernel, t: TaskStruct): boolean =>
  (k.read_int(k.plus(t, k.task_struct.flags)) & PF_KTHREAD) !== 0;

const isBlocked = (k: Kernel, t: TaskStruct, sig: Int): boolean =>
  sigismember(k, k.plus(t, k.task_struct.blocked), sig);

/** Whether a signal is nothing to a task that has no handler for it. Differs: what would stop a process is ignored, too. */
const isIgnoredByDefault = (sig: Int): boolean =>
  SIG_KERNEL_IGNORE.has(sig) || SIG_KERNEL_STOP.has(sig);

/** Whether a signal is nothing to a task. */
function sig_ignored(k: Kernel, t: TaskStruct, sig: Int): boolean {
  if (isKthread(k, t)) return isBlocked(k, t, sig);
  // It may have a handler by the time that it is let through.
  if (isBlocked(k, t, sig)) return false;
  const handler = sig_handler(k, t, sig);
  return handler === SIG_IGN || (handler === SIG_DFL && isIgnoredByDefault(sig));
}

/** Whether a signal that is not ignored ends the process. */
function sig_fatal(k: Kernel, p: TaskStruct, sig: Int): boolean {
  if (sig === SIGKILL) return true;
  return !isKthread(k, p) && !isIgnoredByDefault(sig) && sig_handler(k, p, sig) === SIG_DFL;
}

function complete_signal(k: Kernel, sig: Int, p: TaskStruct): void {
  if (sig !== SIGKILL && isBlocked(k, p, sig)) return;
  const isFatal = sig_fatal(k, p, sig);
  if (isFatal) sigaddset(k, k.plus(p, k.task_struct.pending_signal), SIGKILL);
  signal_wake_up_state(k, p, isFatal ? TASK_WAKEKILL : 0);
}

/** 0, or -EINVAL; signal 0 is sent to nobody. */
export function send_sig(k: Kernel, sig: Int, p: TaskStruct): Int {
  if (sig < 0 || sig > _NSIG) return -EINVAL;
  if (sig === 0 || sig_ignored(k, p, sig)) return 0;
  sigaddset(k, k.plus(p, k.task_struct.pending_signal), sig);
  complete_signal(k, sig, p);
  return 0;
}

/** The words of a sigset_t, one after the other. */
export const NR_WORDS = _NSIG / 32;

/** Forgets what waits for a task. */
export function flush_signals(k: Kernel, t: TaskStruct): void {
  setTif(k, t, false);
  const signal = k.plus(t, k.task_struct.pending_signal);
  for (let word = 0; word < NR_WORDS; word++) k.write(k.plus(signal, word), 0);
}

/** The running task, a thread of the kernel, wants to hear of a signal; or no longer. */
export function kernel_sigaction(k: Kernel, sig: Int, isAllowed: boolean): void {
  const task: TaskStruct = current(k);
  const blocked = k.plus(task, k.task_struct.blocked);
  if (isAllowed) {
    sigdelset(k, blocked, sig);
    return;
  }
  sigaddset(k, blocked, sig);
  sigdelset(k, k.plus(task, k.task_struct.pending_signal), sig);
  recalc_sigpending(k);
}

/** Whether anything waits for the running task still. */
export function recalc_sigpending(k: Kernel): void {
  const task: TaskStruct = current(k);
  setTif(k, task, firstPending(k, task) !== 0);
}

/** The lowest signal that waits for a task, of those that are not blocked; 0: none. */
export const firstPending = (k: Kernel, t: TaskStruct): Int => {
  const signal = k.plus(t, k.task_struct.pending_signal);
  for (let sig = 1; sig <= _NSIG; sig++)
    if (sigismember(k, signal, sig) && (sig === SIGKILL || !isBlocked(k, t, sig))) return sig;
  return 0;
};

/** Takes the lowest signal off that waits for the running task; 0: there is none. */
export function dequeue_signal(k: Kernel): Int {
  const task: TaskStruct = current(k);
  const sig = firstPending(k, task);
  if (sig !== 0) sigdelset(k, k.plus(task, k.task_struct.pending_signal), sig);
  recalc_sigpending(k);
  return sig;
}

/** A thread of the kernel hears of nothing before it asks for it: ignore_signals(). */
export function ignore_signals(k: Kernel, t: TaskStruct): void {
  const blocked = k.plus(t, k.task_struct.blocked);
  for (let word = 0; word < NR_WORDS; word++) k.write(k.plus(blocked, word), -1);
  flush_signals(k, t);
}
