/**
 * Callbacks that wait for the end of a grace period. None ever ends here, for no time passes: what is queued stays queued,
 * as in a kernel that does not schedule.
 *
 *     rcu_ctrlblk.rcucblist ─> head ─> head ─> NULL
 *                                        ^ curtail: the `next` of the last one
 *
 * Differs: with several CPUs (tree RCU) only the callback itself is written, not its CPU's list.
 * Source: Linux 6.1 kernel/rcu/tiny.c: call_rcu().
 */
import { asVirt } from '../memory/address.js';
import type { Mm } from './mm.js';
import type { Pointer } from './types.js';

/** @param func the name of the function that would be called */
export function call_rcu(k: Mm, head: Pointer<'struct callback_head'>, func: string): void {
  k.write_va(
    head + k.offset('callback_head', 'func'),
    k.profile.symbol(func)?.address ?? asVirt(0),
  );
  k.write_ptr(head, 0);
  const rcu_ctrlblk = k.findSymbol('rcu_ctrlblk');
  if (rcu_ctrlblk === undefined || rcu_ctrlblk === 0) return;
  const curtail = rcu_ctrlblk + k.offset('rcu_ctrlblk', 'curtail');
  const last = k.read_ptr(curtail);
  // A machine that was rebuilt from a recorded state has no list yet.
  if (last !== 0) k.write_ptr(last, head);
  k.write_ptr(curtail, head);
}
