/**
 * Grace periods. Kernel code here runs to its end before anything else does, so that it waits for no reader: what is left of a wait, or
 * of giving way to another thread, is its number. Callbacks stay queued until somebody who knows of all readers says that a grace
 * period is over: a scenario's synchronize_rcu() or schedule().
 *
 *     rcu_ctrlblk.rcucblist ─> head ─> head ─> NULL
 *                          donetail ^     ^ curtail: the `next` of the last one
 *
 * One CPU (Tiny RCU): a wait is a grace period. SMP (Tree RCU): the expedited sequence counts starts and ends, its two low bits
 * say whether one is under way; callbacks are linked as on one CPU's list, and the list itself is a register of ours. A caller that
 * lets time pass ends grace periods one by one: rcu_core().
 *
 * Source: Linux 6.1 kernel/rcu/tiny.c: rcu_barrier() to call_rcu(); kernel/rcu/tree_exp.h: rcu_exp_gp_seq_start(),
 * rcu_exp_gp_seq_end(), synchronize_rcu_expedited(); kernel/rcu/tree.c: call_rcu(), rcu_do_batch(), rcu_core(); kernel/rcu/rcu.h:
 * RCU_SEQ_CTR_SHIFT; include/linux/rcutiny.h: rcu_note_context_switch(); include/linux/rcupdate.h: __is_kvfree_rcu_offset().
 */
import { NULL, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';

const RCU_SEQ_CTR_SHIFT = 2;

/** A grace period in gp_seq: two steps, as its lowest bit says whether one is under way. */
const RCU_SEQ_GRACE_PERIOD = 2;

export type RcuHead = Pointer<'struct callback_head'>;

// --- callbacks ---------------------------------------------------------------------------------------------------------

type Callback = (k: Kernel, head: RcuHead) => void;
const callbacks = new Map<string, Callback>();

/** A function of the kernel that a callback may name, by its symbol. */
export const linkCallback = (symbol: string, func: Callback): void =>
  void callbacks.set(symbol, func);

let kvfreeLinked: (k: Kernel, addr: VirtAddr) => void = () => undefined;

/** kvfree(), which needs more of the kernel than this: linked when its module is loaded. */
export const linkKvfree = (kvfree: typeof kvfreeLinked): void => void (kvfreeLinked = kvfree);

/** `next` where the next callback goes: of a list in memory, or, on SMP, of the register's. */
function curtailOf(k: Kernel): Cell {
  if (k.globals.rcu_ctrlblk === NULL) {
    const last: Cell = k.read_ptr(k.machine.register('rcu_cblist') + k.ptr_words);
    return last === NULL ? k.machine.register('rcu_cblist') : last;
  }
  const curtail: Cell = k.read_ptr(k.globals.rcu_ctrlblk + k.rcu_ctrlblk.curtail);
  // A machine that was rebuilt from a recorded state has no list yet.
  return curtail === NULL ? asCell(k.globals.rcu_ctrlblk + k.rcu_ctrlblk.rcucblist) : curtail;
}

/** The address of a function of the kernel's; 0 where the build lacks it. */
export const functionNamed = (k: Kernel, name: string): VirtAddr =>
  k.profile.symbol(name)?.address ?? asVirt(0);

/** Queues a callback. @param func the address of the function to be called */
export function call_rcu(k: Kernel, head: RcuHead, func: VirtAddr): void {
  // A head in an object of a cache may lie across frames.
  k.write_va(k.plus(head, k.callback_head.func), func);
  k.write_ptr(head, NULL);
  k.write_ptr(curtailOf(k), head);
  const curtail =
    k.globals.rcu_ctrlblk === NULL
      ? k.machine.register('rcu_cblist') + k.ptr_words
      : k.globals.rcu_ctrlblk + k.rcu_ctrlblk.curtail;
  k.write_ptr(curtail, head);
}

/** kfree_rcu() queues how far the head is from the object's beginning in place of a function. */
const __is_kvfree_rcu_offset = (offset: VirtAddr): boolean => offset >= 0 && offset < 4096;

/** Calls one. False where nobody knows the function: of a machine that ran before. */
export function rcu_reclaim_tiny(k: Kernel, head: RcuHead): boolean {
  const func: VirtAddr = k.read_va(k.plus(head, k.callback_head.func));
  if (__is_kvfree_rcu_offset(func)) {
    kvfreeLinked(k, asVirt(k.va_of(head) - func));
    return true;
  }
  for (const [symbol, callback] of callbacks)
    if (k.profile.symbol(symbol)?.address === func) {
      k.write_va(k.plus(head, k.callback_head.func), asVirt(0));
      callback(k, head);
      return true;
    }
  return k.callOut?.(func, [k.va_of(head)]) !== undefined;
}

/** The queue, emptied: its first callback. */
function takeCallbacks(k: Kernel): RcuHead {
  if (k.globals.rcu_ctrlblk === NULL) {
    const first: RcuHead = k.read_ptr(k.machine.register('rcu_cblist'));
    if (first === NULL) return NULL;
    k.write_ptr(k.machine.register('rcu_cblist'), NULL);
    k.write_ptr(k.machine.register('rcu_cblist') + k.ptr_words, NULL);
    k.write_ptr(k.machine.register('rcu_wait_tail'), NULL);
    return first;
  }
  const rcucblist: Cell = asCell(k.globals.rcu_ctrlblk + k.rcu_ctrlblk.rcucblist);
  const first: RcuHead = k.read_ptr(rcucblist);
  if (first === NULL) return NULL;
  k.write_ptr(rcucblist, NULL);
  k.write_ptr(k.globals.rcu_ctrlblk + k.rcu_ctrlblk.curtail, rcucblist);
  k.write_ptr(k.globals.rcu_ctrlblk + k.rcu_ctrlblk.donetail, rcucblist);
  return first;
}

/** Whether something waits for a grace period. */
export const rcuHasCallbacks = (k: Kernel): boolean =>
  k.read_va(
    k.globals.rcu_ctrlblk === NULL
      ? k.machine.register('rcu_cblist')
      : k.globals.rcu_ctrlblk + k.rcu_ctrlblk.rcucblist,
  ) !== 0;

/**
 * A grace period is over for all that is queued: it is called, in order. Those whose function nobody knows go back to the queue.
 * Differs: no softirq; what callbacks queue themselves waits for the next grace period.
 */
export function rcu_process_callbacks(k: Kernel): void {
  invokeCallbacks(k, takeCallbacks(k));
}

function invokeCallbacks(k: Kernel, first: RcuHead): void {
  let list: RcuHead = first;
  while (list !== NULL) {
    // Read first: the callback may free its head.
    const next: RcuHead = k.read_ptr(list);
    const func: VirtAddr = k.read_va(k.plus(list, k.callback_head.func));
    if (!rcu_reclaim_tiny(k, list)) call_rcu(k, list, func);
    list = next;
  }
}

/**
 * Tree RCU, at the tick that finds a grace period over: calls what was queued when it began. What is queued now waits for the next
 * one, which begins here.
 */
export function rcu_core(k: Kernel): void {
  const rcu_cblist = k.machine.register('rcu_cblist');
  const rcu_wait_tail = k.machine.register('rcu_wait_tail');
  const last: RcuHead = k.read_ptr(rcu_wait_tail);
  if (last !== NULL) {
    const ready: RcuHead = k.read_ptr(rcu_cblist);
    const rest: RcuHead = k.read_ptr(last);
    k.write_ptr(last, NULL);
    k.write_ptr(rcu_cblist, rest);
    if (rest === NULL) k.write_ptr(rcu_cblist + k.ptr_words, NULL);
    invokeCallbacks(k, ready);
  }
  k.write_ptr(rcu_wait_tail, k.read_ptr(rcu_cblist + k.ptr_words));
}

// --- grace periods -----------------------------------------------------------------------------------------------------

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

/** The same for callers in no hurry. Tree RCU keeps its sequence to itself. */
export function synchronize_rcu(k: Kernel): void {
  if (!k.smp) k.add_long(k.globals.rcu_ctrlblk + k.rcu_ctrlblk.gp_seq, RCU_SEQ_GRACE_PERIOD);
}

/** Waits until every callback that is queued now has been called. */
export function rcu_barrier(k: Kernel): void {
  rcu_process_callbacks(k);
}
