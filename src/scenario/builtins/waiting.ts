/**
 * Waiting for somebody, or for time to pass: wait queues, completions with an end, sleeps. A wait that ends by itself has a jiffy at
 * which it does; time goes on only when every task waits (vm/scheduler.ts), so each run is the same run.
 *
 * Source: Linux 6.1 include/linux/wait.h, kernel/sched/wait.c, kernel/sched/completion.c, kernel/time/timer.c.
 */
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinResult, type BuiltinRow } from './builtin.js';
import type { BlockKind, BuiltinCall } from './call.js';
import { truth, va } from './pointers.js';
import { initList, waitFor } from './rwlocks.js';

const changes = true;
const sleeps = 'always';

/** More than anybody waits: such a wait does not end by itself. */
const FOR_EVER = 0x7fff_ffff;

const now = ({ k }: BuiltinCall): number => k.read_int(k.globals.jiffies) >>> 0;

/** What is left of a wait that may have begun before: the statement is run again when the task goes on. */
function left(call: BuiltinCall, kind: BlockKind, address: VirtAddr, timeout: number): number {
  const { waited } = call.context;
  const isThis = waited?.reason.kind === kind && waited.reason.address === address;
  if (!isThis || waited.reason.until === undefined) return timeout;
  return Math.max(0, (waited.reason.until - now(call)) | 0);
}

function blocked(
  call: BuiltinCall,
  kind: BlockKind,
  address: VirtAddr,
  timeout: number,
): BuiltinResult {
  const until = timeout >= FOR_EVER ? undefined : (now(call) + timeout) >>> 0;
  return { blocked: { kind, address, ...(until !== undefined && { until }) } };
}

/** Waits until something is there, or so many jiffies are over: those that are left, at least 1; 0: it was not there in time. */
function within(
  call: BuiltinCall,
  kind: BlockKind,
  address: VirtAddr,
  timeout: Value,
  isThere: () => boolean,
): BuiltinResult {
  const jiffies = left(call, kind, address, Number(timeout));
  if (isThere()) return Math.max(1, jiffies);
  return jiffies <= 0 ? 0 : blocked(call, kind, address, jiffies);
}

const completions: readonly BuiltinRow[] = [
  ...['', '_interruptible', '_killable'].map((kind): BuiltinRow => ({
    signature: `${kind === '' ? 'unsigned long' : 'long'} wait_for_completion${kind}_timeout(struct completion *x, unsigned long timeout)`,
    doc: 'Like wait_for_completion, for so many jiffies at most: those that are left, at least 1; 0 if complete() was not called in time.',
    changes,
    sleeps,
    run: (call, x, timeout) => within(call, 'completion', va(x), timeout, () => waitFor(call, x)),
  })),
  ...['_interruptible', '_killable'].map((kind): BuiltinRow => ({
    signature: `int wait_for_completion${kind}(struct completion *x)`,
    doc: 'Like wait_for_completion; returns 0, for no signals come.',
    changes,
    sleeps,
    run: (call, x) => (waitFor(call, x) ? 0 : blocked(call, 'completion', va(x), FOR_EVER)),
  })),
];

/** Until somebody wakes the queue. */
function waitIn(call: BuiltinCall, queue: Value, timeout: Value): BuiltinResult {
  const address = va(queue);
  const { waited } = call.context;
  const isThis = waited?.reason.kind === 'wait queue' && waited.reason.address === address;
  const jiffies = left(call, 'wait queue', address, Number(timeout));
  if (isThis && waited.woken) return jiffies;
  return jiffies <= 0 ? 0 : blocked(call, 'wait queue', address, jiffies);
}

const queues: readonly BuiltinRow[] = [
  {
    signature: 'void init_waitqueue_head(struct wait_queue_head *wq_head)',
    doc: 'Makes a wait queue, in which nobody waits.',
    changes,
    run: (call, queue) => {
      initList(call, queue, 'wait_queue_head', 'head');
    },
  },
  ...['wake_up', 'wake_up_all', 'wake_up_interruptible', 'wake_up_interruptible_all'].map(
    (name): BuiltinRow => ({
      signature: `void ${name}(struct wait_queue_head *wq_head)`,
      doc: 'Wakes the tasks that wait in a queue: each looks again whether what it waits for is so.',
      changes,
      run: (call, queue) => {
        call.context.wakeAll('wait queue', va(queue));
      },
    }),
  ),
  {
    signature: 'bool waitqueue_active(struct wait_queue_head *wq_head)',
    doc: 'Whether a task waits in a queue.',
    run: (call, queue) => truth(call.context.isWaitedFor(['wait queue'], va(queue))),
  },
  {
    signature: 'long do_wait_event(struct wait_queue_head *wq_head, long timeout)',
    doc: 'What wait_event() and its like wait with: until the queue is woken, or the jiffies are over; those that are left.',
    changes,
    sleeps,
    run: waitIn,
  },
];

const NOWHERE = asVirt(0);

const sleepFor = (call: BuiltinCall, jiffies: number): BuiltinResult =>
  within(call, 'timer', NOWHERE, jiffies, () => false);

/** Jiffies that are at least so long. */
const inJiffies = ({ k }: BuiltinCall, microseconds: number): number =>
  Math.ceil((microseconds * k.CONFIG_HZ) / 1_000_000);

const sleeping: readonly BuiltinRow[] = [
  ...['', '_interruptible', '_killable', '_uninterruptible'].map((kind): BuiltinRow => ({
    signature: `long schedule_timeout${kind}(long timeout)`,
    doc: 'Sleeps for so many jiffies; 0 then.',
    changes,
    sleeps,
    run: (call, timeout) => sleepFor(call, Number(timeout)),
  })),
  {
    signature: 'void msleep(unsigned int msecs)',
    doc: 'Sleeps for at least so many milliseconds.',
    changes,
    sleeps,
    // One more: the jiffy that is under way does not count.
    run: (call, msecs) => sleepFor(call, inJiffies(call, Number(msecs) * 1000) + 1),
  },
  {
    signature: 'void ssleep(unsigned int seconds)',
    doc: 'Sleeps for at least so many seconds.',
    changes,
    sleeps,
    run: (call, seconds) => sleepFor(call, Number(seconds) * call.k.CONFIG_HZ + 1),
  },
  {
    signature: 'void usleep_range(unsigned long min, unsigned long max)',
    doc: 'Sleeps for at least min microseconds; here, whole jiffies.',
    changes,
    sleeps,
    run: (call, min) => sleepFor(call, inJiffies(call, Number(min))),
  },
];

export const waiting: readonly Builtin[] = [
  ...group('lock', 'kernel/sched/completion.c', completions),
  ...group('lock', 'include/linux/wait.h', queues),
  ...group('task', 'kernel/time/timer.c', sleeping),
];
