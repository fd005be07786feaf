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
 * rcu_exp_gp_seq_end(); kernel/rcu/rcu.h: RCU_SEQ_CTR_SHIFT; include/linux/rcutiny.h: rcu_note_context_switch().
 */
import { NULL, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell } from '../../../memory/address.js';

const RCU_SEQ_CTR_SHIFT = 2;

/** A grace period in gp_seq: two steps, as its lowest bit says whether one is under way. */
const RCU_SEQ_GRACE_PERIOD = 2;

/** Queues a callback. @param func the name of the function that would be called */
export function call_rcu(k: Kernel, head: Pointer<'struct callback_head'>, func: string): void {
  k.write_va(head + k.callback_head.func, k.profile.symbol(func)?.address ?? asVirt(0));
  k.write_ptr(head, NULL);
  // Tree RCU has a list for each CPU.
  if (k.globals.rcu_ctrlblk === NULL) return;
  const curtail: Cell = k.read_ptr(k.globals.rcu_ctrlblk + k.rcu_ctrlblk.curtail);
  // A machine that was rebuilt from a recorded state has no list yet.
  if (curtail !== NULL) k.write_ptr(curtail, head);
  k.write_ptr(k.globals.rcu_ctrlblk + k.rcu_ctrlblk.curtail, head);
}

/** What schedule() tells RCU: the thread that ran is in no reader. Tree RCU keeps that to itself. */
export function rcu_note_context_switch(k: Kernel): void {
  if (k.globals.rcu_ctrlblk === NULL) return;
  k.add_long(k.globals.rcu_ctrlblk + k.rcu_ctrlblk.gp_seq, RCU_SEQ_GRACE_PERIOD);
}

/** Waits for readers: on one CPU this is a grace period by itself, as the caller is in no reader. */
export function synchronize_rcu_expedited(k: Kernel): void {
  if (k.smp) {
    const expedited_sequence = k.globals.rcu_state + k.rcu_state.expedited_sequence;
    k.add_long(expedited_sequence, 1 << RCU_SEQ_CTR_SHIFT);
    return;
  }
  k.add_long(k.globals.rcu_ctrlblk + k.rcu_ctrlblk.gp_seq, RCU_SEQ_GRACE_PERIOD);
}
