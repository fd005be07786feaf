/**
 * Timers: struct timer_list, marked while it waits for its time.
 *
 * Differs: the wheel is not modelled. Who runs timers keeps a list of those that wait, each with its jiffy, so that a timer runs in the
 * very jiffy that it asks for; the wheel is coarser the farther that lies away. `entry` only says that the timer waits.
 * Source: Linux 6.1 kernel/time/timer.c; include/linux/timer.h.
 */
import { NULL, type Pointer, type UInt, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell } from '../../../memory/address.js';

export type Timer = Pointer<'struct timer_list'>;

const pprevOf = (k: Kernel, timer: Timer): Cell =>
  k.plus(timer, k.timer_list.entry + k.hlist_node.pprev);

export const timer_pending = (k: Kernel, timer: Timer): boolean =>
  k.read_va(pprevOf(k, timer)) !== 0;

/** enqueue_timer(): the timer waits. The jiffy at which it is due, its low 32 bits: not before the next one. */
export function enqueue_timer(k: Kernel, timer: Timer, expires: ULong): UInt {
  k.write_long(k.plus(timer, k.timer_list.expires), expires);
  k.write_ptr(pprevOf(k, timer), timer);
  const now = k.read_int(k.globals.jiffies);
  const due = k.read_int(k.plus(timer, k.timer_list.expires));
  return (((due - now) | 0) <= 0 ? now + 1 : due) >>> 0;
}

/** The timer does not wait any more. */
export function detach_timer(k: Kernel, timer: Timer): void {
  k.write_ptr(pprevOf(k, timer), NULL);
}
