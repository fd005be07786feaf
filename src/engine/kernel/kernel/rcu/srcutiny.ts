/**
 * SRCU of one CPU: each domain has readers and grace periods of its own, and its readers may sleep.
 *
 *     srcu_lock_nesting[2]   readers that came before the last grace period began, and since     srcu_idx   bit 1: which is which
 *     srcu_cb_head ─> head ─> head ─> NULL <─ *srcu_cb_tail                                      srcu_idx_max  how far it is asked for
 *
 * Differs: srcu_drive_gp() begins only when there are no readers, and ends at once; a domain whose work waits is linked, by the work's own
 * entry, in a list of ours.
 * Left out: srcu_gp_waiting, srcu_wq (who waits is the scenario's task), boot.
 * Source: Linux 6.1 kernel/rcu/srcutiny.c, include/linux/srcutiny.h.
 */
import { type Int, NULL, type Pointer, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { WARN } from '../../include/asm-generic/bug.h.js';
import { INIT_LIST_HEAD, list_del_init } from '../../include/linux/list.h.js';
import { scheduleKernelWork } from '../workqueue.js';
import { functionNamed, rcu_reclaim_tiny, type RcuHead } from './tiny.js';

type SrcuStruct = Pointer<'struct srcu_struct'>;

const idxAt = (k: Kernel, ssp: SrcuStruct): Cell => k.plus(ssp, k.srcu_struct.srcu_idx);
const idxMaxAt = (k: Kernel, ssp: SrcuStruct): Cell => k.plus(ssp, k.srcu_struct.srcu_idx_max);
const cbHeadAt = (k: Kernel, ssp: SrcuStruct): Cell => k.plus(ssp, k.srcu_struct.srcu_cb_head);
const cbTailAt = (k: Kernel, ssp: SrcuStruct): Cell => k.plus(ssp, k.srcu_struct.srcu_cb_tail);
/** &ssp->srcu_work.entry */
const entryAt = (k: Kernel, ssp: SrcuStruct): Cell =>
  k.plus(ssp, k.srcu_struct.srcu_work + k.work_struct.entry);

/** ssp->srcu_lock_nesting[idx] */
const nestingOf = (k: Kernel, ssp: SrcuStruct, idx: Int): Int =>
  k.read16(ssp, k.srcu_struct.srcu_lock_nesting + 2 * idx);
const setNesting = (k: Kernel, ssp: SrcuStruct, idx: Int, depth: Int): void =>
  k.write16(ssp, k.srcu_struct.srcu_lock_nesting + 2 * idx, depth & 0xffff);

export function init_srcu_struct(k: Kernel, ssp: SrcuStruct): Int {
  setNesting(k, ssp, 0, 0);
  setNesting(k, ssp, 1, 0);
  INIT_LIST_HEAD(k, k.plus(ssp, k.srcu_struct.srcu_wq));
  k.write_ptr(cbHeadAt(k, ssp), NULL);
  k.write_ptr(cbTailAt(k, ssp), cbHeadAt(k, ssp));
  k.write_bool(ssp, k.srcu_struct.srcu_gp_running, false);
  k.write_long(idxAt(k, ssp), 0);
  k.write_long(idxMaxAt(k, ssp), 0);
  const srcu_work: Cell = k.plus(ssp, k.srcu_struct.srcu_work);
  k.write_va(k.plus(srcu_work, k.work_struct.func), functionNamed(k, 'srcu_drive_gp'));
  INIT_LIST_HEAD(k, entryAt(k, ssp));
  return 0;
}

/** DEFINE_SRCU(): what is not constant of it is made when it is used first. */
function initStatic(k: Kernel, ssp: SrcuStruct): void {
  if (k.read_va(cbTailAt(k, ssp)) === 0) init_srcu_struct(k, ssp);
}

/** Whose turn it is: for srcu_read_unlock(). */
export function __srcu_read_lock(k: Kernel, ssp: SrcuStruct): Int {
  initStatic(k, ssp);
  const idx: Int = ((k.read_int(idxAt(k, ssp)) + 1) & 0x2) >> 1;
  setNesting(k, ssp, idx, nestingOf(k, ssp, idx) + 1);
  return idx;
}

export function __srcu_read_unlock(k: Kernel, ssp: SrcuStruct, idx: Int): void {
  setNesting(k, ssp, idx, nestingOf(k, ssp, idx) - 1);
}

/** Whether a grace period that begins now would have to wait. */
export const srcuHasReaders = (k: Kernel, ssp: SrcuStruct): boolean =>
  nestingOf(k, ssp, (k.read_int(idxAt(k, ssp)) & 0x2) >> 1) !== 0;

/** A grace period without readers: what was queued until now is called. */
export function srcu_drive_gp(k: Kernel, ssp: SrcuStruct): void {
  if (k.read_bool(ssp, k.srcu_struct.srcu_gp_running)) return;
  if (k.read_ulong(idxAt(k, ssp)) >= k.read_ulong(idxMaxAt(k, ssp))) return;
  k.write_bool(ssp, k.srcu_struct.srcu_gp_running, true);
  let lh: RcuHead = k.read_ptr(cbHeadAt(k, ssp));
  k.write_ptr(cbHeadAt(k, ssp), NULL);
  k.write_ptr(cbTailAt(k, ssp), cbHeadAt(k, ssp));
  // Once when it begins, and once when it ends.
  k.add_long(idxAt(k, ssp), 1);
  k.add_long(idxAt(k, ssp), 1);
  while (lh !== NULL) {
    // Read first: the callback may free its head.
    const rhp: RcuHead = lh;
    lh = k.read_ptr(lh);
    rcu_reclaim_tiny(k, rhp);
  }
  k.write_bool(ssp, k.srcu_struct.srcu_gp_running, false);
  // What the callbacks have queued waits for another one.
  if (k.read_ulong(idxAt(k, ssp)) >= k.read_ulong(idxMaxAt(k, ssp)))
    list_del_init(k, entryAt(k, ssp));
}

/** The value of srcu_idx at which a grace period that begins now is over. */
export function get_state_synchronize_srcu(k: Kernel, ssp: SrcuStruct): ULong {
  initStatic(k, ssp);
  return (k.read_ulong(idxAt(k, ssp)) + 3) & ~0x1;
}

function srcu_gp_start_if_needed(k: Kernel, ssp: SrcuStruct): ULong {
  const cookie: ULong = get_state_synchronize_srcu(k, ssp);
  if (k.read_ulong(idxMaxAt(k, ssp)) >= cookie) return cookie;
  k.write_long(idxMaxAt(k, ssp), cookie);
  // schedule_work():
  scheduleKernelWork(k, k.plus(ssp, k.srcu_struct.srcu_work));
  return cookie;
}

/** Has a function called when a grace period of the domain is over. */
export function call_srcu(k: Kernel, ssp: SrcuStruct, rhp: RcuHead, func: VirtAddr): void {
  initStatic(k, ssp);
  k.write_va(k.plus(rhp, k.callback_head.func), func);
  k.write_ptr(rhp, NULL);
  k.write_ptr(k.read_ptr(cbTailAt(k, ssp)), rhp);
  k.write_ptr(cbTailAt(k, ssp), rhp);
  srcu_gp_start_if_needed(k, ssp);
}

export function start_poll_synchronize_srcu(k: Kernel, ssp: SrcuStruct): ULong {
  return srcu_gp_start_if_needed(k, ssp);
}

export function poll_state_synchronize_srcu(k: Kernel, ssp: SrcuStruct, cookie: ULong): boolean {
  return k.read_ulong(idxAt(k, ssp)) >= cookie;
}

/** For a caller that has made sure that there are no readers. */
export function synchronize_srcu(k: Kernel, ssp: SrcuStruct): void {
  srcu_gp_start_if_needed(k, ssp);
  srcu_drive_gp(k, ssp);
}

export function cleanup_srcu_struct(k: Kernel, ssp: SrcuStruct): void {
  const readers = nestingOf(k, ssp, 0) !== 0 || nestingOf(k, ssp, 1) !== 0;
  if (WARN(k, readers, 'cleanup_srcu_struct(): the domain has readers')) return;
  // flush_work():
  srcu_drive_gp(k, ssp);
  WARN(k, k.read_va(cbHeadAt(k, ssp)) !== asVirt(0), 'cleanup_srcu_struct(): callbacks wait');
}
