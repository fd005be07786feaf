/**
 * RCU. A grace period ends when a task waits for one, or gives way with schedule(), and no other task is between rcu_read_lock() and
 * rcu_read_unlock(): then the callbacks that were queued until then are called, in their order. So each run is the same run.
 */
import type { VirtAddr } from '../../engine/memory/address.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinResult, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { objectAt, va } from './pointers.js';

const changes = true;

/** What waited for a grace period is called, and destroyed caches whose slabs it freed go. */
export function endGracePeriod(call: BuiltinCall): void {
  call.kernel.runKernelWorks(call.k);
  if (call.context.othersRead || call.context.rcuDepth > 0) return;
  const { k, kernel } = call;
  kernel.rcu_process_callbacks(k);
  if (kernel.slab_is_available(k)) kernel.slab_caches_to_rcu_destroy_workfn(k);
}

/** The task is about to wait: whether grace periods that end meanwhile have left nothing queued. False: nothing was. */
export function gracePeriodEnds(call: BuiltinCall): boolean {
  const { k, kernel } = call;
  const isPending = (): boolean => kernel.rcuHasCallbacks(k) || kernel.hasKernelWorks(k);
  if (!isPending()) return false;
  endGracePeriod(call);
  return !isPending();
}

/** Waits for the readers that there are. A reader that waits for itself is told, and does not wait. */
function waitForReaders(call: BuiltinCall, name: string): BuiltinResult {
  if (call.context.rcuDepth > 0) {
    const text = `Illegal ${name}() in RCU read-side critical section`;
    call.warn(`WARNING: at ${call.location}: ${text}`);
    return undefined;
  }
  if (call.context.othersRead) return { blocked: { kind: 'grace period', address: 0 as VirtAddr } };
  call.kernel.synchronize_rcu(call.k);
  endGracePeriod(call);
  return undefined;
}

const reading: readonly BuiltinRow[] = [
  {
    signature: 'void rcu_read_lock(void)',
    doc: 'What the task reads from here on stays until rcu_read_unlock(); it must not sleep.',
    changes,
    run: (call) => {
      call.context.rcuDepth++;
    },
  },
  {
    signature: 'void rcu_read_unlock(void)',
    doc: 'Ends a section of rcu_read_lock().',
    changes,
    run: (call) => {
      if (call.context.rcuDepth > 0) call.context.rcuDepth--;
      else call.warn(`WARNING: at ${call.location}: rcu_read_unlock() without rcu_read_lock()`);
    },
  },
  {
    signature: 'int rcu_read_lock_held(void)',
    doc: 'Whether the task is between rcu_read_lock() and rcu_read_unlock().',
    run: (call) => (call.context.rcuDepth > 0 ? 1 : 0),
  },
];

function queue(call: BuiltinCall, head: Value, func: Value): void {
  call.kernel.call_rcu(call.k, call.cell(head), va(func));
}

const waiting: readonly BuiltinRow[] = [
  {
    signature: 'void call_rcu(struct callback_head *head, void (*func)(struct callback_head *))',
    doc: 'Calls a function of the scenario with head when a grace period is over.',
    changes,
    run: (call, head, func) => {
      queue(call, head, func);
    },
  },
  {
    signature: 'void kvfree_call_rcu(struct callback_head *head, void *ptr)',
    doc: 'The function behind kfree_rcu(ptr, member): frees ptr when a grace period is over.',
    changes,
    run: (call, head, ptr) => {
      objectAt(call, ptr);
      call.ledger.freed('object', ptr);
      // A number below a page in place of a function: how far the head is from what is to be freed.
      queue(call, head, Number(head) - Number(ptr));
    },
  },
  {
    signature: 'void synchronize_rcu(void)',
    doc: 'Waits until every task that is between rcu_read_lock() and rcu_read_unlock() has left; then queued callbacks are called.',
    changes,
    sleeps: 'always',
    run: (call) => waitForReaders(call, 'synchronize_rcu'),
  },
  {
    signature: 'void rcu_barrier(void)',
    doc: 'Waits until every callback that is queued has been called.',
    changes,
    sleeps: 'always',
    run: (call) => waitForReaders(call, 'rcu_barrier'),
  },
];

export const rcu: readonly Builtin[] = [
  ...group('RCU', 'include/linux/rcupdate.h', reading),
  ...group('RCU', 'kernel/rcu/tree.c', waiting),
];
