/**
 * SRCU on SMP: readers count themselves on their CPU, once when they come and once when they go, on either side of srcu_idx.
 *
 *     srcu_struct.sda ─[cpu]─> srcu_data: srcu_lock_count[2], srcu_unlock_count[2], srcu_cblist (callbacks)
 *     srcu_gp_seq              grace periods; its two low bits say whether one is under way
 *
 * Differs: a grace period begins only when there are no readers, and ends at once; callbacks are all in the last segment of their list; a
 * domain that waits for one is linked, by its work's own entry, in a list of ours; the counts of DEFINE_SRCU() are allocated at its first use.
 * Left out: srcu_node, expedited ones, delays, barriers by callbacks, locks.
 * Source: Linux 6.1 kernel/rcu/srcutree.c; kernel/rcu/rcu_segcblist.c; kernel/rcu/rcu.h: rcu_seq_start() to rcu_seq_snap().
 */
import { type Int, NULL, type Pointer, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { WARN } from '../../include/asm-generic/bug.h.js';
import { num_possible_cpus } from '../../include/linux/cpumask.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { INIT_LIST_HEAD, list_del_init } from '../../include/linux/list.h.js';
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { __alloc_percpu_gfp, free_percpu } from '../../mm/percpu/percpu.js';
import { scheduleKernelWork } from '../workqueue.js';
import { functionNamed, rcu_reclaim_tiny, type RcuHead } from './tiny.js';

type SrcuStruct = Pointer<'struct srcu_struct'>;
type SrcuData = Pointer<'struct srcu_data'>;

const RCU_SEQ_STATE_MASK = 3;
/** Of the list's four segments. */
const RCU_CBLIST_NSEGS = 4;
const CACHE_LINE = 64;

const gpSeqAt = (k: Kernel, ssp: SrcuStruct): Cell => k.plus(ssp, k.srcu_struct.srcu_gp_seq);
const neededAt = (k: Kernel, ssp: SrcuStruct): Cell =>
  k.plus(ssp, k.srcu_struct.srcu_gp_seq_needed);
const sdaAt = (k: Kernel, ssp: SrcuStruct): Cell => k.plus(ssp, k.srcu_struct.sda);
/** per_cpu_ptr(ssp->sda, cpu) */
const dataOf = (k: Kernel, ssp: SrcuStruct, cpu: Int): SrcuData =>
  per_cpu_ptr(k, sdaAt(k, ssp), cpu);
/** &ssp->work.work.entry */
const entryAt = (k: Kernel, ssp: SrcuStruct): Cell =>
  k.plus(ssp, k.srcu_struct.work + k.delayed_work.work + k.work_struct.entry);
/** &sdp->srcu_cblist.head, which is its first member */
const headAt = (k: Kernel, sdp: SrcuData): Cell =>
  k.plus(sdp, k.srcu_data.srcu_cblist + k.rcu_segcblist.head);
const tailAt = (k: Kernel, sdp: SrcuData, segment: Int): Cell =>
  k.plus(sdp, k.srcu_data.srcu_cblist + k.rcu_segcblist.tails + segment * k.ptr_words);
const lenAt = (k: Kernel, sdp: SrcuData): Cell =>
  k.plus(sdp, k.srcu_data.srcu_cblist + k.rcu_segcblist.len);

/** rcu_segcblist_init(), or emptied. */
function emptyCallbacks(k: Kernel, sdp: SrcuData): void {
  k.write_ptr(headAt(k, sdp), NULL);
  for (let i: Int = 0; i < RCU_CBLIST_NSEGS; i++) k.write_ptr(tailAt(k, sdp, i), headAt(k, sdp));
  k.write_long(lenAt(k, sdp), 0);
}

/** 0 or -ENOMEM. */
export function init_srcu_struct(k: Kernel, ssp: SrcuStruct): Int {
  k.write(k.plus(ssp, k.srcu_struct.srcu_idx), 0);
  k.write_long(gpSeqAt(k, ssp), 0);
  const work: Cell = k.plus(ssp, k.srcu_struct.work + k.delayed_work.work);
  k.write_va(k.plus(work, k.work_struct.func), functionNamed(k, 'process_srcu'));
  INIT_LIST_HEAD(k, entryAt(k, ssp));
  const sda: VirtAddr = __alloc_percpu_gfp(k, k.sizeof.srcu_data, CACHE_LINE, k.GFP_KERNEL);
  k.write_va(sdaAt(k, ssp), sda);
  if (sda === 0) return -ENOMEM;
  for (let cpu: Int = 0; cpu < num_possible_cpus(k); cpu++) {
    const sdp: SrcuData = dataOf(k, ssp, cpu);
    emptyCallbacks(k, sdp);
    k.write(k.plus(sdp, k.srcu_data.cpu), cpu);
    k.write_ptr(k.plus(sdp, k.srcu_data.ssp), ssp);
  }
  k.write_long(neededAt(k, ssp), 0);
  return 0;
}

/** Of a domain of DEFINE_SRCU(), at its first use. */
function check_init_srcu_struct(k: Kernel, ssp: SrcuStruct): void {
  if (k.read_va(sdaAt(k, ssp)) === 0) init_srcu_struct(k, ssp);
}

/** ssp->sda->srcu_lock_count[idx]++: which side, for srcu_read_unlock(). */
export function __srcu_read_lock(k: Kernel, ssp: SrcuStruct): Int {
  check_init_srcu_struct(k, ssp);
  const idx: Int = k.read_int(k.plus(ssp, k.srcu_struct.srcu_idx)) & 0x1;
  const sdp: SrcuData = dataOf(k, ssp, k.cpu);
  k.add_long(k.plus(sdp, k.srcu_data.srcu_lock_count + idx * k.ptr_words), 1);
  return idx;
}

export function __srcu_read_unlock(k: Kernel, ssp: SrcuStruct, idx: Int): void {
  const sdp: SrcuData = dataOf(k, ssp, k.cpu);
  k.add_long(k.plus(sdp, k.srcu_data.srcu_unlock_count + idx * k.ptr_words), 1);
}

/** srcu_readers_active(): a reader may come on one CPU and go on another. */
export function srcuHasReaders(k: Kernel, ssp: SrcuStruct): boolean {
  if (k.read_va(sdaAt(k, ssp)) === 0) return false;
  let sum: ULong = 0;
  for (let cpu: Int = 0; cpu < num_possible_cpus(k); cpu++) {
    const sdp: SrcuData = dataOf(k, ssp, cpu);
    for (let idx: Int = 0; idx < 2; idx++) {
      sum += k.read_ulong(k.plus(sdp, k.srcu_data.srcu_lock_count + idx * k.ptr_words));
      sum -= k.read_ulong(k.plus(sdp, k.srcu_data.srcu_unlock_count + idx * k.ptr_words));
    }
  }
  return sum !== 0;
}

/** srcu_invoke_callbacks(), of one CPU. */
function srcu_invoke_callbacks(k: Kernel, sdp: SrcuData): void {
  let lh: RcuHead = k.read_ptr(headAt(k, sdp));
  emptyCallbacks(k, sdp);
  while (lh !== NULL) {
    // Read first: the callback may free its head.
    const rhp: RcuHead = lh;
    lh = k.read_ptr(lh);
    rcu_reclaim_tiny(k, rhp);
  }
}

const isAskedFor = (k: Kernel, ssp: SrcuStruct): boolean =>
  k.read_ulong(gpSeqAt(k, ssp)) < k.read_ulong(neededAt(k, ssp));

/** A grace period without readers: what was queued until now is called. */
export function process_srcu(k: Kernel, ssp: SrcuStruct): void {
  if (!isAskedFor(k, ssp)) return;
  list_del_init(k, entryAt(k, ssp));
  // rcu_seq_start(), srcu_flip(), rcu_seq_end():
  const srcu_idx: Cell = k.plus(ssp, k.srcu_struct.srcu_idx);
  k.add_long(gpSeqAt(k, ssp), 1);
  k.write(srcu_idx, k.read_int(srcu_idx) + 1);
  k.add_long(gpSeqAt(k, ssp), RCU_SEQ_STATE_MASK);
  for (let cpu: Int = 0; cpu < num_possible_cpus(k); cpu++)
    srcu_invoke_callbacks(k, dataOf(k, ssp, cpu));
}

/** rcu_seq_snap(): the sequence at which a grace period that begins now is over. */
export function get_state_synchronize_srcu(k: Kernel, ssp: SrcuStruct): ULong {
  check_init_srcu_struct(k, ssp);
  return (k.read_ulong(gpSeqAt(k, ssp)) + 2 * RCU_SEQ_STATE_MASK + 1) & ~RCU_SEQ_STATE_MASK;
}

export function start_poll_synchronize_srcu(k: Kernel, ssp: SrcuStruct): ULong {
  const s: ULong = get_state_synchronize_srcu(k, ssp);
  if (k.read_ulong(neededAt(k, ssp)) < s) k.write_long(neededAt(k, ssp), s);
  // queue_delayed_work():
  scheduleKernelWork(k, k.plus(ssp, k.srcu_struct.work + k.delayed_work.work));
  return s;
}

export function poll_state_synchronize_srcu(k: Kernel, ssp: SrcuStruct, cookie: ULong): boolean {
  return k.read_ulong(gpSeqAt(k, ssp)) >= cookie;
}

/** Has a function called when a grace period of the domain is over. */
export function call_srcu(k: Kernel, ssp: SrcuStruct, rhp: RcuHead, func: VirtAddr): void {
  check_init_srcu_struct(k, ssp);
  k.write_va(k.plus(rhp, k.callback_head.func), func);
  k.write_ptr(rhp, NULL);
  const sdp: SrcuData = dataOf(k, ssp, k.cpu);
  const last: Cell = tailAt(k, sdp, RCU_CBLIST_NSEGS - 1);
  k.write_ptr(k.read_ptr(last), rhp);
  k.write_ptr(last, rhp);
  k.add_long(lenAt(k, sdp), 1);
  start_poll_synchronize_srcu(k, ssp);
}

/** For a caller that has made sure that there are no readers. */
export function synchronize_srcu(k: Kernel, ssp: SrcuStruct): void {
  start_poll_synchronize_srcu(k, ssp);
  process_srcu(k, ssp);
}

/** One that has readers is leaked. */
export function cleanup_srcu_struct(k: Kernel, ssp: SrcuStruct): void {
  if (WARN(k, srcuHasReaders(k, ssp), 'cleanup_srcu_struct(): the domain has readers')) return;
  if (k.read_va(sdaAt(k, ssp)) === 0) return;
  // flush_delayed_work():
  process_srcu(k, ssp);
  if (WARN(k, isAskedFor(k, ssp), 'cleanup_srcu_struct(): callbacks wait')) return;
  free_percpu(k, k.read_va(sdaAt(k, ssp)));
  k.write_va(sdaAt(k, ssp), asVirt(0));
}
