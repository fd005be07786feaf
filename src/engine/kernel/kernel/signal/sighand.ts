/**
 * What a process does about signals: task->sighand, which has a handler, a mask and flags for each.
 *
 *     sighand_struct   count     tasks that use it
 *                      action[]  by number of the signal, from 1 on: sa_handler (SIG_DFL 0, SIG_IGN 1, or a function), sa_flags, sa_mask
 *
 * Differs: a process gets its sighand_struct when it first changes something there; until then each signal has its default. Threads of a
 * process find it at the first of them.
 * Source: Linux 6.1 kernel/signal.c: sig_handler(), flush_signal_handlers(); kernel/fork.c: copy_sighand(), __cleanup_sighand();
 * include/linux/sched/signal.h: struct sighand_struct; include/uapi/asm-generic/signal-defs.h.
 */
import {
  type Int,
  NULL,
  type Sigaction,
  type SighandStruct,
  type TaskStruct,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../include/linux/slab.h.js';

export const SIG_DFL = 0;
export const SIG_IGN = 1;

/** The first task of a process has what all of them use. */
const leaderOf = (k: Kernel, p: TaskStruct): TaskStruct => {
  const leader: TaskStruct = k.read_ptr(k.plus(p, k.task_struct.group_leader));
  return leader === NULL ? p : leader;
};

const sighandOf = (k: Kernel, p: TaskStruct): SighandStruct =>
  k.read_ptr(k.plus(leaderOf(k, p), k.task_struct.sighand));

/** What is done about a signal; of a task without a sighand_struct nothing may be asked. */
const actionIn = (k: Kernel, sighand: SighandStruct, sig: Int): Sigaction =>
  k.plus(sighand, k.sighand_struct.action + (sig - 1) * k.stride.sigaction);

/** Where a signal leads: SIG_DFL, SIG_IGN, or the address of a function. */
export function sig_handler(k: Kernel, t: TaskStruct, sig: Int): VirtAddr {
  const sighand: SighandStruct = sighandOf(k, t);
  if (sighand === NULL) return SIG_DFL as VirtAddr;
  return k.read_va(k.plus(actionIn(k, sighand, sig), k.sigaction.sa_handler));
}

/** The action of a signal; NULL: it has its default. */
export function actionOf(k: Kernel, t: TaskStruct, sig: Int): Sigaction {
  const sighand: SighandStruct = sighandOf(k, t);
  return sighand === NULL ? NULL : actionIn(k, sighand, sig);
}

/** The same, to be changed; NULL without memory. */
export function actionToChange(k: Kernel, t: TaskStruct, sig: Int): Sigaction {
  if (sighandOf(k, t) === NULL) {
    const sighand: SighandStruct = newSighand(k);
    if (sighand === NULL) return NULL;
    k.write_ptr(k.plus(leaderOf(k, t), k.task_struct.sighand), sighand);
  }
  return actionOf(k, t, sig);
}

/** One in which each signal has its default; NULL without memory. */
function newSighand(k: Kernel): SighandStruct {
  const object: VirtAddr = kmem_cache_alloc(
    k,
    k.read_ptr(k.globals.sighand_cachep),
    k.GFP_KERNEL | k.__GFP_ZERO,
  );
  if (object === 0) return NULL;
  const sighand: SighandStruct = k.cell_at(object);
  k.write(k.plus(sighand, k.sighand_struct.count), 1);
  return sighand;
}

/** A child does about signals what its parent does. False without memory. Left out: CLONE_SIGHAND, CLONE_CLEAR_SIGHAND. */
export function copy_sighand(k: Kernel, tsk: TaskStruct, parent: TaskStruct): boolean {
  const from: SighandStruct = sighandOf(k, parent);
  k.write_long(k.plus(tsk, k.task_struct.sighand), 0);
  if (from === NULL) return true;
  const sighand: SighandStruct = newSighand(k);
  if (sighand === NULL) return false;
  const { action } = k.sighand_struct;
  for (let word = 0; word < 64 * k.stride.sigaction; word++)
    k.write(k.plus(sighand, action + word), k.read_int(k.plus(from, action + word)));
  k.write_ptr(k.plus(tsk, k.task_struct.sighand), sighand);
  return true;
}

/** A task is gone: the last one that used it takes it along. */
export function __cleanup_sighand(k: Kernel, tsk: TaskStruct): void {
  const sighand: SighandStruct = k.read_ptr(k.plus(tsk, k.task_struct.sighand));
  if (sighand === NULL) return;
  const count: Int = k.read_int(k.plus(sighand, k.sighand_struct.count)) - 1;
  k.write(k.plus(sighand, k.sighand_struct.count), count);
  if (count === 0) kmem_cache_free(k, k.read_ptr(k.globals.sighand_cachep), k.va_of(sighand));
  k.write_long(k.plus(tsk, k.task_struct.sighand), 0);
}

/** What a program wants to be done about a signal: the kernel's struct sigaction as values. */
export interface SignalAction {
  readonly sa_handler: VirtAddr;
  readonly sa_flags: ULong;
  readonly sa_restorer: VirtAddr;
  /** Signals 1 to 32 and 33 to 64. */
  readonly sa_mask: readonly [Int, Int];
}

export const DEFAULT_ACTION: SignalAction = {
  sa_handler: SIG_DFL as VirtAddr,
  sa_flags: 0,
  sa_restorer: 0 as VirtAddr,
  sa_mask: [0, 0],
};

export function readAction(k: Kernel, action: Sigaction): SignalAction {
  if (action === NULL) return DEFAULT_ACTION;
  const mask = k.plus(action, k.sigaction.sa_mask);
  return {
    sa_handler: k.read_va(k.plus(action, k.sigaction.sa_handler)),
    sa_flags: k.read_ulong(k.plus(action, k.sigaction.sa_flags)),
    sa_restorer: k.read_va(k.plus(action, k.sigaction.sa_restorer)),
    sa_mask: [k.read_int(mask), k.read_int(k.plus(mask, 1))],
  };
}

export function writeAction(k: Kernel, action: Sigaction, act: SignalAction): void {
  const mask = k.plus(action, k.sigaction.sa_mask);
  k.write_va(k.plus(action, k.sigaction.sa_handler), act.sa_handler);
  k.write_long(k.plus(action, k.sigaction.sa_flags), act.sa_flags);
  k.write_va(k.plus(action, k.sigaction.sa_restorer), act.sa_restorer);
  k.write(mask, act.sa_mask[0]);
  k.write(k.plus(mask, 1), act.sa_mask[1]);
}
