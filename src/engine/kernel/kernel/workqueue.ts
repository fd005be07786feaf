/**
 * Work that another thread is to do: each is a struct work_struct, marked while it waits.
 *
 * Of memory management's own works, whoever gives way to a worker (kernel/sched/core/) does what waits, there and then. Those of others
 * stand in the list of CPU 0's pool, for threads that take them off.
 *
 *     work->data   wq │ color, PWQ, PENDING     in the list
 *                  pool << 5                    taken off, or never queued
 *
 * A work has the color that its workqueue had when it was queued: a flush gives the workqueue the next one, and waits for those before.
 *
 * Differs: `data` leads to the workqueue itself, which is as large as its part for a pool (256 bytes, or more) has to be; a pool is as many threads as there are.
 * Left out everywhere: priorities, the rescuer.
 * Source: Linux 6.1 kernel/workqueue.c; include/linux/workqueue.h: schedule_work().
 */
import { type Int, NULL, type Pointer } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../memory/address.js';
import {
  INIT_LIST_HEAD,
  list_add_tail,
  list_del_init,
  list_empty,
} from '../include/linux/list.h.js';
import { per_cpu } from '../include/linux/percpu-defs.h.js';
import { stringAt } from '../lib/string.js';
import { kfree, kzalloc } from '../mm/slab_common/kmalloc.js';
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

// --- works of others -------------------------------------------------------------------------------------------------------

export type Work = Pointer<'struct work_struct'>;
export type Workqueue = Pointer<'struct workqueue_struct'>;

const WORK_STRUCT_PWQ = 1 << 2;
const WORK_OFFQ_CANCELING = 1 << 4;
const WORK_STRUCT_COLOR_SHIFT = 4;
const WORK_NR_COLORS = 16;
/** What of `data` is not an address. */
const WORK_STRUCT_FLAG_MASK = 255;
/** What is more than that lies where the flags and the color of a work have their place beside it. */
const PWQ_BYTES = 257;
const NAME_BYTES = 24;
const WQ_DFL_ACTIVE = 256;

const dataOf = (k: Kernel, work: Work): Cell => k.plus(work, k.work_struct.data);
const entryOf = (k: Kernel, work: Work): Cell => k.plus(work, k.work_struct.entry);

/** pool->worklist of CPU 0; a machine that has booted has not made it. */
function worklistOf(k: Kernel): Cell {
  const list = k.plus(per_cpu(k, 'cpu_worker_pools', 0), k.worker_pool.worklist);
  if (k.read_va(list) === 0) INIT_LIST_HEAD(k, list);
  return list;
}

/** The work whose entry follows in the list; NULL at its end. */
const workAfter = (k: Kernel, entry: Cell): Work => {
  const next: Cell = k.read_ptr(entry);
  if (next === worklistOf(k)) return NULL;
  return k.cell_at(asVirt(k.va_of(next) - k.work_struct.entry * 4));
};

/** The work that has waited longest; NULL: none waits. */
export const firstWork = (k: Kernel): Work => workAfter(k, worklistOf(k));

export const nextWork = (k: Kernel, work: Work): Work => workAfter(k, entryOf(k, work));

/** Whether a work is marked: it waits in the list, or for its time. */
export const isPending = (k: Kernel, work: Work): boolean =>
  (k.read_int(dataOf(k, work)) & WORK_STRUCT_PENDING) !== 0;

/** Whether it waits in the list. */
export const isQueued = (k: Kernel, work: Work): boolean =>
  (k.read_int(dataOf(k, work)) & WORK_STRUCT_PWQ) !== 0;

/** The workqueue that a work in the list is of. */
export const get_work_pwq = (k: Kernel, work: Work): Workqueue =>
  k.cell_of(
    asVirt(k.read_va(dataOf(k, work)) - (k.read_int(dataOf(k, work)) & WORK_STRUCT_FLAG_MASK)),
  );

/** test_and_set_bit(WORK_STRUCT_PENDING_BIT): false if it was marked before. */
export function markPending(k: Kernel, work: Work): boolean {
  if (isPending(k, work)) return false;
  k.write(dataOf(k, work), k.read_int(dataOf(k, work)) | WORK_STRUCT_PENDING);
  return true;
}

// --- colors ----------------------------------------------------------------------------------------------------------------

const workColorAt = (k: Kernel, wq: Workqueue): Cell => k.plus(wq, k.workqueue_struct.work_color);
/** Which color works of a workqueue get now. */
export const workColor = (k: Kernel, wq: Workqueue): Int => k.read_int(workColorAt(k, wq));
/** get_work_color(): of a work in the list. */
export const get_work_color = (k: Kernel, work: Work): Int =>
  (k.read_int(dataOf(k, work)) >> WORK_STRUCT_COLOR_SHIFT) & (WORK_NR_COLORS - 1);
/** work_next_color(): works that are queued from here on are another flush's. */
export const advanceWorkColor = (k: Kernel, wq: Workqueue): void => {
  k.write(workColorAt(k, wq), (workColor(k, wq) + 1) % WORK_NR_COLORS);
};
/** Whether works of a color came with those of another one, or before. */
export const isFlushedWith = (k: Kernel, wq: Workqueue, color: Int, flushed: Int): boolean => {
  const now: Int = workColor(k, wq) + WORK_NR_COLORS;
  return (now - color) % WORK_NR_COLORS >= (now - flushed) % WORK_NR_COLORS;
};

const __WQ_DRAINING = 1 << 16;
const flagsAt = (k: Kernel, wq: Workqueue): Cell => k.plus(wq, k.workqueue_struct.flags);
/** Whether drain_workqueue() is under way: only its own works may queue others. */
export const isDraining = (k: Kernel, wq: Workqueue): boolean =>
  (k.read_int(flagsAt(k, wq)) & __WQ_DRAINING) !== 0;
export const setDraining = (k: Kernel, wq: Workqueue, on: boolean): void => {
  const flags: Int = k.read_int(flagsAt(k, wq)) & ~__WQ_DRAINING;
  k.write(flagsAt(k, wq), on ? flags | __WQ_DRAINING : flags);
};
/** wq->name */
export const workqueueName = (k: Kernel, wq: Workqueue): string =>
  stringAt(k, asVirt(k.va_of(wq) + k.workqueue_struct.name * 4));

/** Puts a work that is marked at the end of the list. */
export function insert_work(k: Kernel, wq: Workqueue, work: Work): void {
  const color: Int = workColor(k, wq) << WORK_STRUCT_COLOR_SHIFT;
  const flags: Int = WORK_STRUCT_PENDING | WORK_STRUCT_PWQ | color;
  k.write_va(dataOf(k, work), asVirt(k.va_of(wq) + flags));
  list_add_tail(k, entryOf(k, work), worklistOf(k));
}

/** Takes a work off the list: from here on it may be queued again. */
export function takeWork(k: Kernel, work: Work): void {
  if (!list_empty(k, entryOf(k, work))) list_del_init(k, entryOf(k, work));
  // set_work_pool_and_clear_pending()
  k.write_long(dataOf(k, work), 0);
}

/** Takes a work off the list and keeps it from being queued, until takeWork(). */
export function mark_work_canceling(k: Kernel, work: Work): void {
  if (isQueued(k, work)) list_del_init(k, entryOf(k, work));
  k.write_long(dataOf(k, work), WORK_OFFQ_CANCELING | WORK_STRUCT_PENDING);
}

/** A workqueue; NULL without memory. @param max_active works of it that may run at a time; 0: as many as usual */
export function alloc_workqueue(k: Kernel, name: string, flags: Int, max_active: Int): Workqueue {
  const object: VirtAddr = kzalloc(k, Math.max(k.sizeof.workqueue_struct, PWQ_BYTES), k.GFP_KERNEL);
  if (object === 0) return NULL;
  const wq: Workqueue = k.cell_at(object);
  k.write(k.plus(wq, k.workqueue_struct.flags), flags);
  k.write(k.plus(wq, k.workqueue_struct.saved_max_active), max_active || WQ_DFL_ACTIVE);
  for (let i = 0; i < Math.min(name.length, NAME_BYTES - 1); i++) {
    const at = k.workqueue_struct.name * 4 + i;
    k.write8(k.plus(wq, at >> 2), at & 3, name.charCodeAt(i));
  }
  return wq;
}

export const maxActive = (k: Kernel, wq: Workqueue): Int =>
  k.read_int(k.plus(wq, k.workqueue_struct.saved_max_active));

/** Differs: the caller has waited for its works. */
export function destroy_workqueue(k: Kernel, wq: Workqueue): void {
  kfree(k, k.va_of(wq));
}

/** A workqueue of the kernel's own, by the variable that leads to it; a booted machine makes it when it is needed: workqueue_init_early(). */
export function systemQueue(k: Kernel, variable: string): Workqueue {
  const at = k.symbol(variable);
  if (k.read_va(at) === 0) {
    const name = variable === 'system_wq' ? 'events' : `events_${variable.slice(7, -3)}`;
    k.write_ptr(at, alloc_workqueue(k, name, 0, 0));
  }
  return asCell(k.read_ptr(at));
}

// --- works of the kernel itself --------------------------------------------------------------------------------------------

/** schedule_work() of a function of the kernel's: it is done when a task gives way. Once, however often it is asked for. */
export function scheduleKernelWork(k: Kernel, work: Cell): void {
  const head: Cell = k.machine.register('kernel_works');
  if (k.read_va(head) === 0) INIT_LIST_HEAD(k, head);
  const entry: Cell = k.plus(work, k.work_struct.entry);
  if (list_empty(k, entry)) list_add_tail(k, entry, head);
}

/** cancel_work_sync() of such a work. */
export function cancelKernelWork(k: Kernel, work: Cell): void {
  list_del_init(k, k.plus(work, k.work_struct.entry));
}

/** Whether there are any. */
export const hasKernelWorks = (k: Kernel): boolean => {
  const head: Cell = k.machine.register('kernel_works');
  return k.read_va(head) !== 0 && !list_empty(k, head);
};
