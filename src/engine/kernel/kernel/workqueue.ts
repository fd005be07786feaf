/**
 * Work that another thread is to do: each is a struct work_struct of the kernel, marked while it waits.
 *
 *     work->data   31 .. 5 pool that ran it last, all ones: none yet │ 0 PENDING
 *
 * There are no worker threads: who gives way to one (sched.ts) does what waits, there and then. The queue itself, and what else
 * the kernel keeps in `data` meanwhile, are not modelled.
 *
 * Source: Linux 6.1 kernel/workqueue.c, include/linux/workqueue.h.
 */
import type { Kernel } from '../../machine/kernel.js';
import { work_data } from '../include/linux/workqueue.h.js';

export const WORK_STRUCT_PENDING = 1;
const WORK_OFFQ_POOL_SHIFT = 5;
/** A CPU's ordinary pool, and its one of high priority. */
const NR_STD_WORKER_POOLS = 2;

/** @param work the symbol of a struct work_struct */
export function schedule_work(k: Kernel, work: string): void {
  const data = work_data(k, work);
  k.write(data, k.words[data]! | WORK_STRUCT_PENDING);
}

/** What a worker does before it does the work: from here on it may be scheduled again. */
export function set_work_pool_and_clear_pending(k: Kernel, work: string): void {
  const pool_id = k.cpu * NR_STD_WORKER_POOLS;
  k.write_long(work_data(k, work), pool_id << WORK_OFFQ_POOL_SHIFT);
}
