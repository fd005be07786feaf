/**
 * struct work_struct: whether it is queued.
 *
 *     work->data   31 .. 5 pool that ran it last, all ones: none yet │ 0 PENDING
 *
 * Source: Linux 6.1 include/linux/workqueue.h.
 */
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell } from '../../../memory/address.js';

export const WORK_STRUCT_PENDING = 1 << 0;
export const WORK_OFFQ_POOL_SHIFT = 5;

/** &work.data of a work that a symbol names; NULL in a build without it. */
export const workData = (k: Kernel, work: string): Cell => {
  const symbol = k.findSymbol(work) ?? 0;
  return asCell(symbol === 0 ? 0 : symbol + k.work_struct.data);
};

export const work_pending = (k: Kernel, work: string): boolean => {
  const data = workData(k, work);
  return data !== 0 && (k.words[data]! & WORK_STRUCT_PENDING) !== 0;
};
