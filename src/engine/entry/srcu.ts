/**
 * SRCU as the build has it: of one CPU (kernel/rcu/srcutiny.c) or on SMP (kernel/rcu/srcutree.c); and who ends its grace periods: whoever
 * waits for one, or gives way.
 */
import { list_entry } from '../kernel/include/linux/list.h.js';
import * as tiny from '../kernel/kernel/rcu/srcutiny.js';
import * as tree from '../kernel/kernel/rcu/srcutree.js';
import type { Kernel } from '../machine/kernel.js';
import type { Cell } from '../memory/address.js';

type Srcu = Omit<typeof tiny, 'srcu_drive_gp'>;

/** The functions of the build's own SRCU. */
export const srcuOf = (k: Kernel): Srcu => (k.smp ? tree : tiny);

/** Whether a domain waits for a grace period. */
export const srcuHasCallbacks = (k: Kernel): boolean => {
  const head = k.machine.register('srcu_works');
  return k.read_va(head) !== 0 && !k.ptr_is(head, head);
};

/** Somebody gives way: every domain that waits for a grace period and has no readers gets one. What that queues waits for the next. */
export function srcuGracePeriods(k: Kernel): void {
  if (!srcuHasCallbacks(k)) return;
  const head = k.machine.register('srcu_works');
  const { srcuEntry, srcuHasReaders } = srcuOf(k);
  const due: Cell[] = [];
  for (let at: Cell = k.read_ptr(head); at !== head; at = k.read_ptr(at)) {
    k.watchdog(due.length);
    due.push(list_entry(k, at, srcuEntry(k)));
  }
  for (const ssp of due)
    if (!srcuHasReaders(k, ssp)) {
      if (k.smp) tree.process_srcu(k, ssp);
      else tiny.srcu_drive_gp(k, ssp);
    }
}
