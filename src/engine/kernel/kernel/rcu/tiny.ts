/**
 * Grace periods. Kernel code here runs to its end before anything else does, so no reader is ever waited for: what is left of
 * a wait, or of giving way to another thread, is its number. Callbacks stay queued.
 *
 *     rcu_ctrlblk.rcucblist ─> head ─> head ─> NULL
 *                                        ^ curtail: the `next` of the last one
 *
 * One CPU (Tiny RCU): a wait is a grace period. SMP (Tree RCU): the expedited sequence counts starts and ends, its two low bits
 * say whether one is under way; of a callback only itself is written, not its CPU's list.
 * Source: Linux 6.1 kernel/rcu/tiny.c: call_rcu(), rcu_qs(), synchronize_rcu(); kernel/rcu/tree_exp.h: rcu_exp_gp_seq_start(),
 * rcu_exp_gp_seq_end(); kernel/rcu/rcu.h: RCU_SEQ_CTR_SHIFT.
 */
import type { Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt } from '../../../memory/address.js';

const RCU_SEQ_CTR_SHIFT = 2;

/** @param func the name of the function that would be called */
export function call_rcu(k: Kernel, head: Pointer<'struct callback_head'>, func: string): void {
  k.write_va(head + k.callback_head.func, k.profile.symbol(func)?.address ?? asVirt(0));
  k.write_ptr(head, 0);
  const rcu_ctrlblk = k.findSymbol('rcu_ctrlblk');
  if (rcu_ctrlblk === undefined || rcu_ctrlblk === 0) return;
  const curtail = rcu_ctrlblk + k.rcu_ctrlblk.curtail;
  const last = k.read_ptr(curtail);
  // A machine that was rebuilt from a recorded state has no list yet.
  if (last !== 0) k.write_ptr(last, head);
  k.write_ptr(curtail, head);
}

/** What schedule() tells RCU: the thread that ran is in no reader. Tree RCU keeps that to itself. */
export function rcu_note_context_switch(k: Kernel): void {
  const rcu_ctrlblk = k.findSymbol('rcu_ctrlblk');
  if (rcu_ctrlblk === undefined || rcu_ctrlblk === 0) return;
  k.add_long(rcu_ctrlblk + k.rcu_ctrlblk.gp_seq, 2);
}

export function synchronize_rcu_expedited(k: Kernel): void {
  if (k.smp) {
    const expedited_sequence = k.globals.rcu_state + k.rcu_state.expedited_sequence;
    k.add_long(expedited_sequence, 1 << RCU_SEQ_CTR_SHIFT);
    return;
  }
  k.add_long(k.globals.rcu_ctrlblk + k.rcu_ctrlblk.gp_seq, 2);
}
