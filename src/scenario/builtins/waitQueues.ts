/**
 * Wait queues on the kernel's own words, and sleeping until somebody wakes the task: what wait_event() is made of, and what drivers make
 * of it themselves.
 *
 *     prepare_to_wait(&queue, &wait, TASK_UNINTERRUPTIBLE);     the entry stands in the queue, the state says: asleep
 *     if (!condition) schedule();                               until the state is TASK_RUNNING again
 *     finish_wait(&queue, &wait);
 *
 * Source: Linux 6.1 include/linux/wait.h, kernel/sched/wait.c, kernel/sched/core.c, kernel/time/timer.c.
 */
import type { WaitQueueEntry, WaitQueueHead } from '../../engine/machine/ctypes.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { gracePeriodEnds } from './rcu.js';
import { truth } from './pointers.js';

const changes = true;
const sleeps = 'always' as const;

/** More than anybody waits: such a wait does not end by itself. */
export const FOR_EVER = 0x7fff_ffff;
export const TASK_INTERRUPTIBLE = 1;
export const TASK_UNINTERRUPTIBLE = 2;
export const TASK_KILLABLE = 0x102;

/** When a wait is over by itself. */
const until = ({ k }: BuiltinCall, jiffies: number): { readonly until?: number } =>
  jiffies >= FOR_EVER ? {} : { until: (k.read_int(k.globals.jiffies) + jiffies) >>> 0 };

/** Until the queue is woken, or the jiffies are over: those that are left; -ERESTARTSYS: a signal came. */
function waitIn(
  call: BuiltinCall,
  queue: WaitQueueHead,
  state: number,
  flags: number,
  timeout: number,
): number {
  const { k, kernel } = call;
  const wait: WaitQueueEntry = k.localStack;
  const isAgain = k.resumes('wait queue', queue);
  if (isAgain && k.read_int(k.plus(kernel.current(k), k.task_struct.__state)) === 0) {
    kernel.finish_wait(k, queue, wait);
    return Math.max(0, k.sleepLeft(timeout));
  }
  if (!isAgain) kernel.init_wait_entry(k, wait, flags);
  const error = kernel.prepare_to_wait_event(k, queue, wait, state);
  if (error !== 0) return error;
  k.sleepsOn({
    kind: 'wait queue',
    object: queue,
    ...until(call, timeout),
    again: () => void waitIn(call, queue, state, flags, timeout),
  });
  kernel.schedule(k);
  return 0;
}

const queues: readonly BuiltinRow[] = [
  {
    signature: 'void init_waitqueue_head(struct wait_queue_head *wq_head)',
    doc: 'Makes a wait queue, in which nobody waits.',
    changes,
    run: (call, queue) => {
      call.kernel.__init_waitqueue_head(call.k, call.cell(queue));
    },
  },
  {
    signature: 'bool waitqueue_active(struct wait_queue_head *wq_head)',
    doc: 'Whether a task waits in a queue.',
    run: (call, queue) => truth(call.kernel.waitqueue_active(call.k, call.cell(queue))),
  },
  {
    signature: 'bool wq_has_sleeper(struct wait_queue_head *wq_head)',
    doc: 'Like waitqueue_active.',
    run: (call, queue) => truth(call.kernel.waitqueue_active(call.k, call.cell(queue))),
  },
  {
    signature: 'void init_wait(wait_queue_entry_t *wait)',
    doc: 'Makes an entry of the running task, which leaves its queue when it is woken.',
    changes,
    run: (call, wait) => {
      call.kernel.init_wait_entry(call.k, call.cell(wait), 0);
    },
  },
  {
    signature:
      'void init_waitqueue_entry(struct wait_queue_entry *wq_entry, struct task_struct *p)',
    doc: 'Makes an entry of a task, which stays in its queue until remove_wait_queue().',
    changes,
    run: (call, wait, p) => {
      call.kernel.init_waitqueue_entry(call.k, call.cell(wait), call.cell(p));
    },
  },
  {
    signature:
      'long do_wait_event(struct wait_queue_head *wq_head, int state, int exclusive, long timeout)',
    doc: 'What wait_event() and its like wait with: until the queue is woken, or the jiffies are over; those that are left, or -ERESTARTSYS.',
    changes,
    sleeps,
    looksAgain: true,
    run: (call, queue, state, exclusive, timeout) => {
      const flags = exclusive === 0 ? 0 : call.kernel.WQ_FLAG_EXCLUSIVE;
      const jiffies = Math.min(Number(timeout), FOR_EVER);
      if (call.process.jobs.didBefore || gracePeriodEnds(call)) return jiffies;
      return jiffies <= 0 ? 0 : waitIn(call, call.cell(queue), Number(state), flags, jiffies);
    },
  },
];

/** What the kernel does with a queue and an entry, and nothing else. */
const entryRow = (
  name: 'add_wait_queue' | 'add_wait_queue_exclusive' | 'remove_wait_queue' | 'finish_wait',
  doc: string,
): BuiltinRow => ({
  signature: `void ${name}(struct wait_queue_head *wq_head, struct wait_queue_entry *wq_entry)`,
  doc,
  changes,
  run: (call, queue, wait) => {
    call.kernel[name](call.k, call.cell(queue), call.cell(wait));
  },
});

const standing: readonly BuiltinRow[] = [
  {
    signature:
      'void __wake_up(struct wait_queue_head *wq_head, unsigned int mode, int nr_exclusive, void *key)',
    doc: 'What wake_up() and its like call: wakes the tasks of a queue that are in a state of mode; of those that are exclusive, so many, and 0 means all.',
    changes,
    run: (call, queue, mode, nr) => {
      call.kernel.__wake_up(call.k, call.cell(queue), Number(mode), Number(nr), undefined);
    },
  },
  entryRow(
    'add_wait_queue',
    'Puts an entry at the beginning of a queue: every wake_up() wakes its task.',
  ),
  entryRow(
    'add_wait_queue_exclusive',
    'Puts an entry at the end of a queue: of these, a wake_up() wakes one.',
  ),
  entryRow('remove_wait_queue', 'Takes an entry out of a queue.'),
  {
    signature:
      'void prepare_to_wait(struct wait_queue_head *wq_head, struct wait_queue_entry *wq_entry, int state)',
    doc: 'Puts an entry in a queue, unless it is in it, and sets the state of the running task: schedule() sleeps then.',
    changes,
    run: (call, queue, wait, state) => {
      call.kernel.prepare_to_wait(call.k, call.cell(queue), call.cell(wait), Number(state));
    },
  },
  {
    signature:
      'bool prepare_to_wait_exclusive(struct wait_queue_head *wq_head, struct wait_queue_entry *wq_entry, int state)',
    doc: 'Like prepare_to_wait, at the end of the queue: of these, a wake_up() wakes one. Whether the queue was empty.',
    changes,
    run: (call, queue, wait, state) =>
      truth(
        call.kernel.prepare_to_wait_exclusive(
          ...([call.k, call.cell(queue), call.cell(wait), Number(state)] as const),
        ),
      ),
  },
  entryRow(
    'finish_wait',
    'The running task does not sleep any more, and its entry is in no queue.',
  ),
];

// --- a task's own state ------------------------------------------------------------------------------------------------------

export const stateOf = ({ k, kernel }: BuiltinCall): number =>
  k.read_int(k.plus(kernel.current(k), k.task_struct.__state));

/** Until somebody wakes the running task, whose state says that it sleeps; or the jiffies are over: those that are left. */
export function sleepAs(call: BuiltinCall, state: number, timeout: number): number {
  const { k, kernel } = call;
  const isAgain = k.resumes('wakeup', kernel.current(k)) && stateOf(call) === 0;
  return isAgain ? Math.max(0, k.sleepLeft(timeout)) : fallAsleep(call, state, timeout);
}

function fallAsleep(call: BuiltinCall, state: number, timeout: number): number {
  const { k, kernel } = call;
  const task = kernel.current(k);
  // A signal that ends the wait is there already.
  if (timeout <= 0 || kernel.signal_pending_state(k, state, task)) {
    kernel.set_current_state(k, 0);
    return Math.max(0, timeout);
  }
  kernel.set_current_state(k, state);
  k.sleepsOn({
    kind: 'wakeup',
    object: task,
    ...until(call, timeout),
    again: () => {
      // It may have slept before in this statement, and was woken: it sleeps anew.
      k.resumes('wakeup', task);
      fallAsleep(call, state, timeout);
    },
  });
  kernel.schedule(k);
  return 0;
}

/** Whether schedule() sleeps: the running task has said that it is not to run, or has slept in this very call. */
export const isToSleep = (call: BuiltinCall): boolean =>
  stateOf(call) !== 0 || call.context.waited?.kind === 'wakeup';

const waking: readonly BuiltinRow[] = [
  {
    signature: 'int wake_up_process(struct task_struct *p)',
    doc: 'Wakes a task that sleeps, whatever for; 1 if it did. It looks itself whether what it waits for is so.',
    changes,
    run: (call, p) => truth(call.kernel.wake_up_process(call.k, call.cell(p))),
  },
  {
    signature: 'int wake_up_state(struct task_struct *p, unsigned int state)',
    doc: 'Wakes a task that is in one of the states; 1 if it did.',
    changes,
    run: (call, p, state) => truth(call.kernel.wake_up_state(call.k, call.cell(p), Number(state))),
  },
];

const timeouts: readonly BuiltinRow[] = [
  {
    signature: 'long schedule_timeout(long timeout)',
    doc: 'Like schedule(), for so many jiffies at most: those that are left. As with schedule(), only after set_current_state() the task sleeps.',
    changes,
    sleeps,
    run: (call, timeout) => {
      const jiffies = Number(timeout);
      if (isToSleep(call)) return sleepAs(call, stateOf(call), jiffies);
      call.yieldCpu();
      return jiffies;
    },
  },
  ...(
    [
      ['_interruptible', TASK_INTERRUPTIBLE],
      ['_killable', TASK_KILLABLE],
      ['_uninterruptible', TASK_UNINTERRUPTIBLE],
    ] as const
  ).map(([suffix, state]): BuiltinRow => ({
    signature: `long schedule_timeout${suffix}(long timeout)`,
    doc: 'Sleeps for so many jiffies, or until wake_up_process(): those that are left.',
    changes,
    sleeps,
    run: (call, timeout: Value) => sleepAs(call, state, Number(timeout)),
  })),
];

export const waitQueues: readonly Builtin[] = [
  ...group('lock', 'include/linux/wait.h', queues),
  ...group('lock', 'kernel/sched/wait.c', standing),
  ...group('task', 'kernel/sched/core.c', waking),
  ...group('task', 'kernel/time/timer.c', timeouts),
];
