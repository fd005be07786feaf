/** High-resolution timers, as far as time goes on in jiffies: their functions run in the interrupt of the clock, where nothing may sleep. */
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { truth } from './pointers.js';

const changes = true;

/** 1: it waited, 0: it did not. */
function cancel(call: BuiltinCall, timer: Value): number {
  const { k, kernel } = call;
  const cell = call.cell(timer);
  const wasQueued = kernel.hrtimer_is_queued(k, cell);
  call.process.jobs.disarm(cell);
  if (wasQueued) kernel.remove_hrtimer(k, cell);
  return truth(wasQueued);
}

const rows: readonly BuiltinRow[] = [
  {
    signature: 'void hrtimer_init(struct hrtimer *timer, int which_clock, unsigned int mode)',
    doc: 'Makes a timer: its function is to be set.',
    changes,
    run: (call, timer) => {
      call.kernel.hrtimer_init(call.k, call.cell(timer));
    },
  },
  {
    signature:
      'void hrtimer_start_range_ns(struct hrtimer *timer, ktime_t tim, u64 range_ns, unsigned int mode)',
    doc: 'Has the function of a timer called at a time, or with HRTIMER_MODE_REL when so many nanoseconds are over: in the first jiffy at or behind that.',
    changes,
    run: (call, timer, time, _range, mode) => {
      const cell = call.cell(timer);
      const args = [Number(time), Number(mode)] as const;
      const at = call.kernel.hrtimer_start_range_ns(call.k, cell, ...args);
      call.process.jobs.arm('hrtimer', cell, at);
    },
  },
  {
    signature: 'int hrtimer_cancel(struct hrtimer *timer)',
    doc: 'The timer does not wait any more; 1 if it did.',
    changes,
    run: cancel,
  },
  {
    signature: 'int hrtimer_try_to_cancel(struct hrtimer *timer)',
    doc: 'Like hrtimer_cancel.',
    changes,
    run: cancel,
  },
  {
    signature: 'bool hrtimer_active(const struct hrtimer *timer)',
    doc: 'Whether a timer waits, or its function runs.',
    run: (call, timer) => {
      const cell = call.cell(timer);
      const waits = call.kernel.hrtimer_is_queued(call.k, cell);
      return truth(waits || call.process.jobs.runs(cell));
    },
  },
  {
    signature: 'u64 hrtimer_forward(struct hrtimer *timer, ktime_t now, ktime_t interval)',
    doc: 'Moves the time of a timer by whole intervals until it lies behind now; by how many. Its function then returns HRTIMER_RESTART.',
    changes,
    run: (call, timer, now, interval) =>
      call.kernel.hrtimer_forward(call.k, call.cell(timer), Number(now), Number(interval)),
  },
  {
    signature: 'ktime_t hrtimer_get_remaining(const struct hrtimer *timer)',
    doc: 'Nanoseconds until the time of a timer.',
    run: (call, timer) => {
      const { k, kernel } = call;
      return kernel.hrtimer_get_expires(k, call.cell(timer)) - kernel.ktime_get(k);
    },
  },
];

export const hrtimers: readonly Builtin[] = group('task', 'kernel/time/hrtimer.c', rows);
