/**
 * Work that another thread is to do: each is a struct work_struct of the kernel, marked while it waits.
 *
 * There are no worker threads: whoever gives way to one (kernel/sched/core/) does what waits, there and then. The queue itself, and
 * what else the kernel keeps in `data` meanwhile, are not modelled.
 *
 * Source: Linux 6.1 kernel/workqueue.c; include/linux/workqueue.h: schedule_work().
 */
import type { Int } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import {
  WORK_OFFQ_POOL_SHIFT,
  WORK_STRUCT_PENDING,
  workData,
} from '../include/linux/workqueue.h.js';

/** A CPU's ordinary pool, and its one of high priority. */
const NR_STD_WORKER_POOLS = 2;

/** Marks the work; one that waits already is not queued twice. @param work the symbol of a struct work_struct */
export function schedule_work(k: Kernel, work: string): void {
  const data = workData(k, work);
  k.write(data, k.words[data]! | WORK_STRUCT_PENDING);
}

/** What a worker does before it does the work: from here on it may be scheduled again. */
export function set_work_pool_and_clear_pending(k: Kernel, work: string): void {
  const pool_id: Int = k.cpu * NR_STD_WORKER_POOLS;
  k.write_long(workData(k, work), pool_id << WORK_OFFQ_POOL_SHIFT);
}
