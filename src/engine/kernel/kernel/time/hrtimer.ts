/**
 * High-resolution timers: struct hrtimer, marked while it waits for its time.
 *
 * Differs: the trees of a CPU's clocks are not modelled. Who runs timers keeps a list of those that wait; as time goes on in jiffies, so
 * does an hrtimer: it runs in the first jiffy at or behind its time.
 * Left out: clocks other than CLOCK_MONOTONIC, slack, soft modes.
 * Source: Linux 6.1 kernel/time/hrtimer.c; include/linux/hrtimer.h.
 */
import type { Long, Pointer, UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { memset } from '../../lib/string.js';
import { ktime_get } from './timekeeping.js';

export type HrTimer = Pointer<'struct hrtimer'>;

const HRTIMER_MODE_REL = 1;
const HRTIMER_STATE_ENQUEUED = 1;
const HRTIMER_RESTART = 1;
const NSEC_PER_SEC = 1_000_000_000;
const WORD = 2 ** 32;

export const hrtimer_is_queued = (k: Kernel, timer: HrTimer): boolean =>
  (k.read8(timer, k.hrtimer.state) & HRTIMER_STATE_ENQUEUED) !== 0;

/** A ktime_t: exact up to 2^53. */
export const hrtimer_get_expires = (k: Kernel, timer: HrTimer): Long =>
  (k.read_int(k.plus(timer, k.hrtimer.node_expires)) >>> 0) +
  k.read_int(k.plus(timer, k.hrtimer.node_expires + 1)) * WORD;

export const hrtimer_set_expires = (k: Kernel, timer: HrTimer, time: Long): void => {
  for (const at of [k.hrtimer.node_expires, k.hrtimer._softexpires]) {
    k.write(k.plus(timer, at), (time % WORD) | 0);
    k.write(k.plus(timer, at + 1), Math.floor(time / WORD));
  }
};

export function hrtimer_init(k: Kernel, timer: HrTimer): void {
  memset(k, k.va_of(timer), 0, k.sizeof.hrtimer);
}

/** The timer waits. The jiffy at which it is due, its low 32 bits. */
export function enqueue_hrtimer(k: Kernel, timer: HrTimer): UInt {
  k.write8(timer, k.hrtimer.state, HRTIMER_STATE_ENQUEUED);
  const left: Long = hrtimer_get_expires(k, timer) - ktime_get(k);
  const ticks: Long = Math.ceil(left / (NSEC_PER_SEC / k.CONFIG_HZ));
  return (k.read_int(k.globals.jiffies) + Math.max(0, ticks)) >>> 0;
}

/** The timer is to wait until a time; its jiffy. @param mode whether `tim` counts from now */
export function hrtimer_start_range_ns(k: Kernel, timer: HrTimer, tim: Long, mode: UInt): UInt {
  const isRelative = (mode & HRTIMER_MODE_REL) !== 0;
  hrtimer_set_expires(k, timer, isRelative ? ktime_get(k) + tim : tim);
  return enqueue_hrtimer(k, timer);
}

/** The timer does not wait any more. */
export function remove_hrtimer(k: Kernel, timer: HrTimer): void {
  k.write8(timer, k.hrtimer.state, 0);
}

/** Moves the time of a timer by whole intervals until it lies behind `now`; by how many. */
export function hrtimer_forward(k: Kernel, timer: HrTimer, now: Long, interval: Long): Long {
  const expires: Long = hrtimer_get_expires(k, timer);
  if (now < expires || hrtimer_is_queued(k, timer)) return 0;
  const overruns: Long = Math.floor((now - expires) / interval) + 1;
  hrtimer_set_expires(k, timer, expires + overruns * interval);
  return overruns;
}

/** __run_hrtimer(), behind the timer's function: the jiffy at which it is due again; undefined: it is not. */
export const hrtimerRestarts = (k: Kernel, timer: HrTimer, restart: UInt): UInt | undefined => {
  if (restart !== HRTIMER_RESTART || hrtimer_is_queued(k, timer)) return undefined;
  return enqueue_hrtimer(k, timer);
};
