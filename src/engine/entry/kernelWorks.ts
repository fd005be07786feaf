/**
 * Works of the kernel itself, done when a task gives way: grace periods of SRCU, and hash tables that become larger or smaller. What a work
 * queues itself waits for the next time.
 */
import { list_entry } from '../kernel/include/linux/list.h.js';
import { cancelKernelWork, hasKernelWorks } from '../kernel/kernel/workqueue.js';
import { functionNamed } from '../kernel/kernel/rcu/tiny.js';
import { srcu_drive_gp } from '../kernel/kernel/rcu/srcutiny.js';
import { process_srcu } from '../kernel/kernel/rcu/srcutree.js';
import { rht_deferred_worker } from '../kernel/lib/rhashtable/rehash.js';
import type { Kernel } from '../machine/kernel.js';
import { asVirt, type Cell } from '../memory/address.js';
import { srcuOf } from './srcu.js';

/** The structure that a work is a member of. */
const around = (k: Kernel, work: Cell, member: number): Cell =>
  k.cell_at(asVirt(k.va_of(work) - member * 4));

/** A domain that has readers goes on waiting. */
function gracePeriod(k: Kernel, ssp: Cell): void {
  if (srcuOf(k).srcuHasReaders(k, ssp)) return;
  if (k.smp) process_srcu(k, ssp);
  else srcu_drive_gp(k, ssp);
}

function doWork(k: Kernel, work: Cell): void {
  if (k.read_va(k.plus(work, k.work_struct.func)) === functionNamed(k, 'rht_deferred_worker')) {
    cancelKernelWork(k, work);
    rht_deferred_worker(k, around(k, work, k.rhashtable.run_work));
  } else if (k.smp) gracePeriod(k, around(k, work, k.srcu_struct.work + k.delayed_work.work));
  else gracePeriod(k, around(k, work, k.srcu_struct.srcu_work));
}

export function runKernelWorks(k: Kernel): void {
  if (!hasKernelWorks(k)) return;
  const head = k.machine.register('kernel_works');
  const works: Cell[] = [];
  for (let at: Cell = k.read_ptr(head); at !== head; at = k.read_ptr(at)) {
    k.watchdog(works.length);
    works.push(list_entry(k, at, k.work_struct.entry));
  }
  for (const work of works) doWork(k, work);
}
