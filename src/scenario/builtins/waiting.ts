/**
 * Waiting for time to pass. A wait that ends by itself has a jiffy at which it does; time goes on only when every task waits
 * (vm/scheduler.ts), so each run is the same run.
 *
 * Source: Linux 6.1 kernel/time/timer.c.
 */
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { sleepAs, TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE } from './waitQueues.js';

const changes = true;
const sleeps = 'always' as const;

/** Jiffies that are at least so long. */
export const inJiffies = ({ k }: BuiltinCall, microseconds: number): number =>
  Math.ceil((microseconds * k.CONFIG_HZ) / 1_000_000);

/** Sleeps so long, whoever wakes the task: what is left of it where a signal comes first, if `state` lets one. */
export function sleepFor(call: BuiltinCall, jiffies: number, state = TASK_UNINTERRUPTIBLE): number {
  const { k, kernel } = call;
  let left = sleepAs(call, state, jiffies);
  while (left > 0 && !kernel.signal_pending_state(k, state, kernel.current(k)))
    left = sleepAs(call, state, left);
  return left;
}

const sleeping: readonly BuiltinRow[] = [
  {
    signature: 'void msleep(unsigned int msecs)',
    doc: 'Sleeps for at least so many milliseconds.',
    changes,
    sleeps,
    // One more: the jiffy that is under way does not count.
    run: (call, msecs) => {
      sleepFor(call, inJiffies(call, Number(msecs) * 1000) + 1);
      return undefined;
    },
  },
  {
    signature: 'unsigned long msleep_interruptible(unsigned int msecs)',
    doc: 'Like msleep; the milliseconds that are left if a signal came first.',
    changes,
    sleeps,
    run: (call, msecs) => {
      const left = sleepFor(call, inJiffies(call, Number(msecs) * 1000) + 1, TASK_INTERRUPTIBLE);
      return Math.floor((left * 1000) / call.k.CONFIG_HZ);
    },
  },
  {
    signature: 'void ssleep(unsigned int seconds)',
    doc: 'Sleeps for at least so many seconds.',
    changes,
    sleeps,
    run: (call, seconds) => {
      sleepFor(call, Number(seconds) * call.k.CONFIG_HZ + 1);
      return undefined;
    },
  },
  {
    signature: 'void usleep_range(unsigned long min, unsigned long max)',
    doc: 'Sleeps for at least min microseconds; here, whole jiffies.',
    changes,
    sleeps,
    run: (call, min) => {
      sleepFor(call, inJiffies(call, Number(min)));
      return undefined;
    },
  },
];

export const waiting: readonly Builtin[] = group('task', 'kernel/time/timer.c', sleeping);
