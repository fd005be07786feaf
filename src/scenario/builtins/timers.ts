/** Timers and tasklets: functions that are called later, by the idle thread (vm/kernelJobs.ts). They must not sleep. */
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinResult, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { truth } from './pointers.js';

const changes = true;

const row = (signature: string, doc: string, run: BuiltinRow['run']): BuiltinRow => ({
  signature,
  doc,
  changes,
  run,
});

// --- timers ------------------------------------------------------------------------------------------------------------------

function modTimer(call: BuiltinCall, timer: Value, expires: Value): number {
  const { k, kernel } = call;
  const cell = call.cell(timer);
  const wasPending = kernel.timer_pending(k, cell);
  call.process.jobs.arm('timer', cell, kernel.enqueue_timer(k, cell, Number(expires)));
  return truth(wasPending);
}

function delTimer(call: BuiltinCall, timer: Value): number {
  const { k, kernel } = call;
  const cell = call.cell(timer);
  const wasPending = kernel.timer_pending(k, cell);
  call.process.jobs.disarm(cell);
  if (wasPending) kernel.detach_timer(k, cell);
  return truth(wasPending);
}

const timers: readonly BuiltinRow[] = [
  row(
    'int mod_timer(struct timer_list *timer, unsigned long expires)',
    "Has the timer's function called when jiffies reach a value; 1 if it waited for another one before.",
    modTimer,
  ),
  row(
    'void add_timer(struct timer_list *timer)',
    "Has the timer's function called when jiffies reach timer->expires. It must not wait already.",
    (call, timer) => {
      const { k, kernel } = call;
      const cell = call.cell(timer);
      if (kernel.timer_pending(k, cell))
        call.bug(`kernel BUG at kernel/time/timer.c: add_timer() of a timer that is pending`);
      modTimer(call, timer, k.read_ulong(k.plus(cell, k.timer_list.expires)));
      return undefined;
    },
  ),
  row(
    'int del_timer(struct timer_list *timer)',
    'The timer does not wait any more; 1 if it did.',
    delTimer,
  ),
  row(
    'int del_timer_sync(struct timer_list *timer)',
    'As del_timer(), and its function does not run any more either, which is so here in any case.',
    delTimer,
  ),
];

// --- tasklets ------------------------------------------------------------------------------------------------------------------

const TASKLET_STATE_SCHED = 1;

function scheduleTasklet(call: BuiltinCall, tasklet: Value): BuiltinResult {
  const { k } = call;
  const cell = call.cell(tasklet);
  const state = k.plus(cell, k.tasklet_struct.state);
  if ((k.read_int(state) & TASKLET_STATE_SCHED) !== 0) return undefined;
  k.write(state, k.read_int(state) | TASKLET_STATE_SCHED);
  call.process.jobs.arm('tasklet', cell, k.read_int(k.globals.jiffies) >>> 0);
  return undefined;
}

const tasklets: readonly BuiltinRow[] = [
  row(
    'void tasklet_schedule(struct tasklet_struct *t)',
    "Has the tasklet's function called soon, once however often this is called before.",
    scheduleTasklet,
  ),
  row(
    'void tasklet_hi_schedule(struct tasklet_struct *t)',
    'As tasklet_schedule().',
    scheduleTasklet,
  ),
  {
    ...row(
      'void tasklet_kill(struct tasklet_struct *t)',
      'Waits until a tasklet that is scheduled has run.',
      (call, tasklet) => {
        const cell = call.cell(tasklet);
        const { k } = call;
        const isScheduled =
          (k.read_int(k.plus(cell, k.tasklet_struct.state)) & TASKLET_STATE_SCHED) !== 0;
        return isScheduled || call.process.jobs.runs(cell)
          ? { blocked: { kind: 'tasklet', address: k.va_of(cell) } }
          : undefined;
      },
    ),
    sleeps: 'always',
  },
];

export const timersAndTasklets: readonly Builtin[] = [
  ...group('task', 'kernel/time/timer.c', timers),
  ...group('task', 'kernel/softirq.c', tasklets),
];
