/**
 * Giving way to other threads of the kernel, of which there are only workers.
 *
 * Source: Linux 6.1 kernel/sched/core.c; include/linux/sched.h: cond_resched(); kernel/workqueue.c: process_one_work(), flush_work().
 */
import type { Kernel } from '../../../../machine/kernel.js';
import type { VirtAddr } from '../../../../memory/address.js';
import { work_pending } from '../../../include/linux/workqueue.h.js';
import { drain_vmap_area_work } from '../../../mm/vmalloc/purge.js';
import { set_work_pool_and_clear_pending } from '../../workqueue.js';

interface Work {
  readonly work: string;
  readonly func: (k: Kernel) => void;
}

/** The works there are, by their symbols, and what each does. */
const WORKS: Work[] = [{ work: 'drain_vmap_work', func: drain_vmap_area_work }];

/** A work whose function needs what gives way itself: linked when its module is loaded. */
export const linkWork = (work: string, func: Work['func']): void => void WORKS.push({ work, func });

/** Whether any work waits. */
export function anyWorkPending(k: Kernel): boolean {
  for (const { work } of WORKS) if (work_pending(k, work)) return true;
  return false;
}

/** Gives way: what waits is done. Left out: other tasks. */
export function cond_resched(k: Kernel): void {
  for (const { work, func } of WORKS) {
    if (!work_pending(k, work)) continue;
    set_work_pool_and_clear_pending(k, work);
    func(k);
  }
}

/** Waits until a work is done, which is done here and now. Whether it waited to be done. @param work its address */
export function flush_work(k: Kernel, work: VirtAddr): boolean {
  for (const each of WORKS) {
    if (k.profile.symbol(each.work)?.address !== work || !work_pending(k, each.work)) continue;
    set_work_pool_and_clear_pending(k, each.work);
    each.func(k);
    return true;
  }
  return false;
}
