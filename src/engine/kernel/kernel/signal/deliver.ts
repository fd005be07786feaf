/**
 * A process's own signals: what it does about them, which it lets through, and what comes of one on the way back to user mode.
 *
 *     fault ── force_sig_fault() ─┐
 *     kill() ─ pending.signal ────┴─ get_signal(): its handler, or the end ─ signal_delivered(): blocked |= sa_mask and the signal itself
 *
 * Left out: restart blocks, coredumps, ptrace, job control, SIGKILL of other threads (vm/processes.ts sends it).
 * Source: Linux 6.1 kernel/signal.c: do_sigaction(), sigprocmask(), __set_task_blocked(), force_sig_info_to_task(), get_signal(),
 * signal_delivered(), do_sigaltstack(); include/linux/sched/signal.h: on_sig_stack(), sas_ss_flags().
 */
import { type Int, NULL, type Sigaction, type TaskStruct } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import { EINVAL, ENOMEM, EPERM } from '../../include/linux/errno.h.js';
import { sigaddset, sigdelset, sigismember, SIGKILL } from '../../include/linux/sched/signal.h.js';
import {
  actionOf,
  actionToChange,
  DEFAULT_ACTION,
  readAction,
  SIG_DFL,
  SIG_IGN,
  sig_handler,
  type SignalAction,
  writeAction,
} from './sighand.js';
import { _NSIG, dequeue_signal, firstPending, recalc_sigpending } from './signal.js';

const SIGSTOP = 19;
/** Source: Linux 6.1 include/uapi/asm-generic/signal-defs.h, include/uapi/linux/signal.h. */
const SA_ONSTACK = 0x08000000;
const SA_NODEFER = 0x40000000;
const SA_RESETHAND = 0x80000000;
const SS_ONSTACK = 1;
const SS_DISABLE = 2;
const MINSIGSTKSZ = 2048;

/** sigprocmask(): how. Source: include/uapi/asm-generic/signal-defs.h. */
const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
const SIG_SETMASK = 2;

// --- actions -------------------------------------------------------------------------------------------------------------

/** What the running process did about a signal until now, in `oact`. */
export function do_sigaction(
  k: Kernel,
  sig: Int,
  act: SignalAction | undefined,
  oact: SignalAction[],
): Int {
  const p: TaskStruct = current(k);
  const isOnly = sig === SIGKILL || sig === SIGSTOP;
  if (sig < 1 || sig > _NSIG || (act !== undefined && isOnly)) return -EINVAL;
  oact.push(readAction(k, actionOf(k, p, sig)));
  if (act === undefined) return 0;
  const action: Sigaction = actionToChange(k, p, sig);
  if (action === NULL) return -ENOMEM;
  writeAction(k, action, act);
  // Nobody can block these.
  sigdelset(k, k.plus(action, k.sigaction.sa_mask), SIGKILL);
  sigdelset(k, k.plus(action, k.sigaction.sa_mask), SIGSTOP);
  // What waits and is ignored from now on never happened.
  if (act.sa_handler === SIG_IGN) {
    sigdelset(k, k.plus(p, k.task_struct.pending_signal), sig);
    recalc_sigpending(k);
  }
  return 0;
}

// --- blocked signals -----------------------------------------------------------------------------------------------------

export const blockedOf = (k: Kernel): readonly [Int, Int] => {
  const blocked: Cell = k.plus(current(k), k.task_struct.blocked);
  return [k.read_int(blocked), k.read_int(k.plus(blocked, 1))];
};

/** The running task lets other signals through. */
export function set_current_blocked(k: Kernel, low: Int, high: Int): void {
  const blocked: Cell = k.plus(current(k), k.task_struct.blocked);
  k.write(blocked, low);
  k.write(k.plus(blocked, 1), high);
  sigdelset(k, blocked, SIGKILL);
  sigdelset(k, blocked, SIGSTOP);
  recalc_sigpending(k);
}

export function sigprocmask(k: Kernel, how: Int, low: Int, high: Int): Int {
  const [oldLow, oldHigh] = blockedOf(k);
  if (how === SIG_BLOCK) set_current_blocked(k, oldLow | low, oldHigh | high);
  else if (how === SIG_UNBLOCK) set_current_blocked(k, oldLow & ~low, oldHigh & ~high);
  else if (how === SIG_SETMASK) set_current_blocked(k, low, high);
  else return -EINVAL;
  return 0;
}

// --- delivery ------------------------------------------------------------------------------------------------------------

/** A signal and what is done about it: struct ksignal. */
export interface Ksignal {
  readonly sig: Int;
  readonly ka: SignalAction;
}

/**
 * The signal of a fault cannot wait: where it is blocked or ignored, it has its default from here on.
 * @returns undefined: it ends the process
 */
export function force_sig_fault(k: Kernel, sig: Int): Ksignal | undefined {
  const t: TaskStruct = current(k);
  const handler: VirtAddr = sig_handler(k, t, sig);
  if (handler === SIG_DFL) return undefined;
  const blocked: Cell = k.plus(t, k.task_struct.blocked);
  const isBlocked = sigismember(k, blocked, sig);
  if (isBlocked || handler === SIG_IGN) {
    writeAction(k, actionOf(k, t, sig), DEFAULT_ACTION);
    if (isBlocked) sigdelset(k, blocked, sig);
    recalc_sigpending(k);
    return undefined;
  }
  return signalFor(k, t, sig);
}

/** The next signal of the running task that has a handler; undefined: none has. */
export function get_signal(k: Kernel): Ksignal | undefined {
  const t: TaskStruct = current(k);
  for (;;) {
    const sig: Int = firstPending(k, t);
    if (sig === 0) return undefined;
    const handler: VirtAddr = sig_handler(k, t, sig);
    // It ends the process: whoever asks for those finds it.
    if (
      sig === SIGKILL ||
      (handler === SIG_DFL && sigismember(k, k.plus(t, k.task_struct.pending_signal), SIGKILL))
    )
      return undefined;
    dequeue_signal(k);
    if (handler !== SIG_DFL && handler !== SIG_IGN) return signalFor(k, t, sig);
  }
}

function signalFor(k: Kernel, t: TaskStruct, sig: Int): Ksignal {
  const action: Sigaction = actionOf(k, t, sig);
  const ka = readAction(k, action);
  if ((ka.sa_flags & SA_RESETHAND) !== 0)
    k.write_va(k.plus(action, k.sigaction.sa_handler), asVirt(SIG_DFL));
  return { sig, ka };
}

/** The handler is about to run: what it blocks is blocked. */
export function signal_delivered(k: Kernel, { sig, ka }: Ksignal): void {
  const [low, high] = blockedOf(k);
  set_current_blocked(k, low | ka.sa_mask[0], high | ka.sa_mask[1]);
  if ((ka.sa_flags & SA_NODEFER) !== 0) return;
  sigaddset(k, k.plus(current(k), k.task_struct.blocked), sig);
  recalc_sigpending(k);
}

// --- another stack -------------------------------------------------------------------------------------------------------

/** Whether an address lies on the stack of sigaltstack(). */
export function on_sig_stack(k: Kernel, sp: VirtAddr): boolean {
  const p: TaskStruct = current(k);
  const start: VirtAddr = k.read_va(k.plus(p, k.task_struct.sas_ss_sp));
  const size = k.read_ulong(k.plus(p, k.task_struct.sas_ss_size));
  return sp > start && sp - start <= size;
}

/** SS_DISABLE: there is none. SS_ONSTACK: it is in use. */
export function sas_ss_flags(k: Kernel, sp: VirtAddr): Int {
  if (k.read_ulong(k.plus(current(k), k.task_struct.sas_ss_size)) === 0) return SS_DISABLE;
  return on_sig_stack(k, sp) ? SS_ONSTACK : 0;
}

/** Where the frame of a handler goes: below its stack, or the other one, if it wants that. */
export function sigsp(k: Kernel, sp: VirtAddr, { ka }: Ksignal): VirtAddr {
  if ((ka.sa_flags & SA_ONSTACK) === 0 || sas_ss_flags(k, sp) !== 0) return sp;
  const p: TaskStruct = current(k);
  const start: VirtAddr = k.read_va(k.plus(p, k.task_struct.sas_ss_sp));
  return asVirt(start + k.read_ulong(k.plus(p, k.task_struct.sas_ss_size)));
}

export function do_sigaltstack(
  k: Kernel,
  ss_sp: VirtAddr,
  ss_size: Int,
  ss_flags: Int,
  sp: VirtAddr,
): Int {
  const t: TaskStruct = current(k);
  if (on_sig_stack(k, sp)) return -EPERM;
  if (ss_flags !== SS_DISABLE && ss_flags !== SS_ONSTACK && ss_flags !== 0) return -EINVAL;
  const isOff = ss_flags === SS_DISABLE;
  if (!isOff && ss_size < MINSIGSTKSZ) return -ENOMEM;
  k.write_va(k.plus(t, k.task_struct.sas_ss_sp), isOff ? asVirt(0) : ss_sp);
  k.write_long(k.plus(t, k.task_struct.sas_ss_size), isOff ? 0 : ss_size);
  k.write(k.plus(t, k.task_struct.sas_ss_flags), ss_flags);
  return 0;
}
