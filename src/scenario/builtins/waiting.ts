/**
 * Waiting for a completion, or for time to pass. A wait that ends by itself has a jiffy at
 * which it does; time goes on only when every task waits (vm/scheduler.ts), so each run is the same run.
 *
 * Source: Linux 6.1 kernel/sched/completion.c, kernel/time/timer.c.
 */
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinResult, type BuiltinRow } from './builtin.js';
import type { BlockKind, BuiltinCall } from './call.js';
import { va } from './pointers.js';
import { waitFor } from './rwlocks.js';

const changes = true;
const sleeps = 'always';

/** More than anybody waits: such a wait does not end by itself. */
const FOR_EVER = 0x7fff_ffff;

const now = ({ k }: BuiltinCall): number => k.read_int(k.globals.jiffies) >>> 0;

/** What is left of a wait that may have begun before: the statement is run again when the task goes on. */
function left(call: BuiltinCall, kind: BlockKind, address: VirtAddr, timeout: number): number {
  const { waited } = call.context;
  const isThis = waited?.kind === kind && waited.address === address;
  if (!isThis || waited.until === undefined) return timeout;
  return Math.max(0, (waited.until - now(call)) | 0);
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

const NOWHERE = asVirt(0);

const sleepFor = (call: BuiltinCall, jiffies: number): BuiltinResult =>
  within(call, 'timer', NOWHERE, jiffies, () => false);

/** Jiffies that are at least so long. */
const inJiffies = ({ k }: BuiltinCall, microseconds: number): number =>
  Math.ceil((microseconds * k.CONFIG_HZ) / 1_000_000);

const sleeping: readonly BuiltinRow[] = [
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
  ...group('task', 'kernel/time/timer.c', sleeping),
];
