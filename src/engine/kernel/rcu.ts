/**
 * Waiting for readers. Kernel code here runs to its end before anything else does, so no reader is ever waited for; what is
 * left of a grace period is its number.
 *
 * One CPU (Tiny RCU): a call is a grace period. SMP (Tree RCU): the expedited sequence counts starts and ends; its two low bits
 * say whether one is under way.
 * Source: Linux 6.1 kernel/rcu/tiny.c: synchronize_rcu(); kernel/rcu/tree_exp.h: rcu_exp_gp_seq_start(), rcu_exp_gp_seq_end();
 * kernel/rcu/rcu.h: RCU_SEQ_CTR_SHIFT.
 */
import type { Mm } from './mm.js';

const RCU_SEQ_CTR_SHIFT = 2;

export function synchronize_rcu_expedited(k: Mm): void {
  if (k.smp) {
    const expedited_sequence = k.symbol('rcu_state') + k.offset('rcu_state', 'expedited_sequence');
    k.add_long(expedited_sequence, 1 << RCU_SEQ_CTR_SHIFT);
    return;
  }
  k.add_long(k.symbol('rcu_ctrlblk') + k.offset('rcu_ctrlblk', 'gp_seq'), 2);
}
