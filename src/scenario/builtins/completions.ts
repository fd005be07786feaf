/** Completions on the kernel's own words: kernel/sched/completion.ts. */
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { truth } from './pointers.js';
import { gracePeriodEnds } from './rcu.js';
import { FOR_EVER, TASK_INTERRUPTIBLE, TASK_KILLABLE, TASK_UNINTERRUPTIBLE } from './waitQueues.js';

const changes = true;
const sleeps = 'always' as const;

/** Grace periods end while a task waits: what is called then may complete it. */
function waitFor(call: BuiltinCall, x: Value, timeout: number, state: number): number {
  const { k, kernel } = call;
  if (!kernel.completion_done(k, call.cell(x))) gracePeriodEnds(call);
  return kernel.wait_for_common(k, call.cell(x), timeout, state);
}

/** More than anybody waits is for ever. */
const jiffiesOf = (timeout: Value): number => Math.min(Number(timeout), FOR_EVER);

const INTERRUPTED = [
  ['_interruptible', TASK_INTERRUPTIBLE, 'a signal'],
  ['_killable', TASK_KILLABLE, 'a signal that ends the task'],
] as const;

const waits: readonly BuiltinRow[] = [
  {
    signature: 'void wait_for_completion(struct completion *x)',
    doc: 'Waits until complete() is called, once for each that waits.',
    changes,
    sleeps,
    run: (call, x) => {
      waitFor(call, x, FOR_EVER, TASK_UNINTERRUPTIBLE);
      return undefined;
    },
  },
  {
    signature:
      'unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout)',
    doc: 'Like wait_for_completion, for so many jiffies at most: those that are left, at least 1; 0 if complete() was not called in time.',
    changes,
    sleeps,
    run: (call, x, timeout) => waitFor(call, x, jiffiesOf(timeout), TASK_UNINTERRUPTIBLE),
  },
  ...INTERRUPTED.flatMap(([suffix, state, what]): BuiltinRow[] => [
    {
      signature: `int wait_for_completion${suffix}(struct completion *x)`,
      doc: `Like wait_for_completion; 0, or -ERESTARTSYS if ${what} came first.`,
      changes,
      sleeps,
      run: (call, x) => Math.min(0, waitFor(call, x, FOR_EVER, state)),
    },
    {
      signature: `long wait_for_completion${suffix}_timeout(struct completion *x, unsigned long timeout)`,
      doc: `Like wait_for_completion_timeout; -ERESTARTSYS if ${what} came first.`,
      changes,
      sleeps,
      run: (call, x, timeout) => waitFor(call, x, jiffiesOf(timeout), state),
    },
  ]),
];

const rows: readonly BuiltinRow[] = [
  {
    signature: 'void complete(struct completion *x)',
    doc: 'Lets the first task that waits for a completion go on, or the next that will.',
    changes,
    run: (call, x) => {
      call.kernel.complete(call.k, call.cell(x));
    },
  },
  {
    signature: 'void complete_all(struct completion *x)',
    doc: 'Lets all tasks go on that wait for a completion, now and later.',
    changes,
    run: (call, x) => {
      call.kernel.complete_all(call.k, call.cell(x));
    },
  },
  ...waits,
  {
    signature: 'bool try_wait_for_completion(struct completion *x)',
    doc: 'Like wait_for_completion, but does not wait; false if it would have to.',
    changes,
    run: (call, x) => truth(call.kernel.try_wait_for_completion(call.k, call.cell(x))),
  },
  {
    signature: 'bool completion_done(struct completion *x)',
    doc: 'Whether a task that waited now would go on at once.',
    run: (call, x) => truth(call.kernel.completion_done(call.k, call.cell(x))),
  },
];

const header: readonly BuiltinRow[] = [
  {
    signature: 'void init_completion(struct completion *x)',
    doc: 'Makes a completion: nothing is done yet.',
    changes,
    run: (call, x) => {
      call.kernel.init_completion(call.k, call.cell(x));
    },
  },
  {
    signature: 'void reinit_completion(struct completion *x)',
    doc: 'Takes back what was done, so that a completion can be used again.',
    changes,
    run: (call, x) => {
      call.k.write(call.cell(x), 0);
    },
  },
];

export const completions: readonly Builtin[] = [
  ...group('lock', 'kernel/sched/completion.c', rows),
  ...group('lock', 'include/linux/completion.h', header),
];
