/**
 * struct work_struct: whether it is queued.
 *
 * Source: Linux 6.1 include/linux/workqueue.h.
 */
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell } from '../../../memory/address.js';
import { WORK_STRUCT_PENDING } from '../../kernel/workqueue.js';

/** &work->data; NULL in a build without it. */
export function work_data(k: Kernel, work: string): Cell {
  const symbol = k.findSymbol(work) ?? 0;
  return (symbol === 0 ? 0 : symbol + k.work_struct.data) as Cell;
}

export function work_pending(k: Kernel, work: string): boolean {
  const data = work_data(k, work);
  return data !== 0 && (k.words[data]! & WORK_STRUCT_PENDING) !== 0;
}
