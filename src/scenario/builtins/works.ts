/**
 * Works: functions that are called later, by threads of the kernel (vm/kernelJobs.ts). A work may sleep.
 */
import { NULL } from '../../engine/machine/ctypes.js';
import { asVirt, type Cell } from '../../engine/memory/address.js';
import { vsprintf } from '../printk/print.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinResult, type BuiltinRow } from './builtin.js';
import type { BlockKind, BuiltinCall } from './call.js';
import { needsCaches } from './needs.js';
import { truth } from './pointers.js';
import { printServices } from './printServices.js';
import { flushedOf, flushing, worksThatWait } from './worksThatWait.js';

const changes = true;
const sleeps = 'always' as const;

const row = (signature: string, doc: string, run: BuiltinRow['run']): BuiltinRow => ({
  signature,
  doc,
  changes,
  run,
});

const wait = (kind: BlockKind, { k }: BuiltinCall, object: Cell): BuiltinResult => ({
  blocked: { kind, address: k.va_of(object) },
});

// --- works -----------------------------------------------------------------------------------------------------------------

/** A workqueue; what a variable of the kernel's leads to that has made none yet is the usual one. */
const queueAt = (call: BuiltinCall, wq: Value): Cell =>
  wq === 0 ? call.kernel.systemQueue(call.k, 'system_wq') : call.cell(wq);

function queueWork(call: BuiltinCall, wq: Value, work: Cell): number {
  const { k, kernel } = call;
  const queue = queueAt(call, wq);
  if (!kernel.markPending(k, work)) return 0;
  if (kernel.isDraining(k, queue) && !call.process.jobs.isChained(queue)) {
    call.warn(`WARNING: at ${call.location}: a work is queued while its workqueue is drained`);
    return 1;
  }
  kernel.insert_work(k, queue, work);
  call.process.jobs.noteWork(work);
  return 1;
}

/** jiffies + delay */
const inFuture = ({ k }: BuiltinCall, delay: Value): number =>
  k.read_ulong(k.globals.jiffies) + Number(delay);

function arm(call: BuiltinCall, dwork: Cell, wq: Value, delay: Value): void {
  const { k, kernel } = call;
  const timer = k.plus(dwork, k.delayed_work.timer);
  k.write_ptr(k.plus(dwork, k.delayed_work.wq), queueAt(call, wq));
  const at = kernel.enqueue_timer(k, timer, inFuture(call, delay));
  call.process.jobs.arm('delayed work', dwork, at);
}

function queueDelayed(call: BuiltinCall, wq: Value, dwork: Value, delay: Value): number {
  const { k, kernel } = call;
  const cell = call.cell(dwork);
  const work = k.plus(cell, k.delayed_work.work);
  if (Number(delay) === 0) return queueWork(call, wq, work);
  if (!kernel.markPending(k, work)) return 0;
  arm(call, cell, wq, delay);
  return 1;
}

/** Takes a delayed work out of the list, or stops its time. Whether it waited. */
function unqueue(call: BuiltinCall, dwork: Cell | undefined, work: Cell): boolean {
  const { k, kernel } = call;
  const wasPending = kernel.isPending(k, work);
  if (dwork !== undefined && call.process.jobs.disarm(dwork))
    kernel.detach_timer(k, k.plus(dwork, k.delayed_work.timer));
  if (wasPending) kernel.takeWork(k, work);
  return wasPending;
}

function modDelayed(call: BuiltinCall, wq: Value, dwork: Value, delay: Value): number {
  const { k, kernel } = call;
  const cell = call.cell(dwork);
  const work = k.plus(cell, k.delayed_work.work);
  const wasPending = unqueue(call, cell, work);
  kernel.markPending(k, work);
  if (Number(delay) !== 0) arm(call, cell, wq, delay);
  else {
    kernel.insert_work(k, queueAt(call, wq), work);
    call.process.jobs.noteWork(work);
  }
  return truth(wasPending);
}

/** What is done of a work is done when this returns; while it waits, nobody can queue it. */
function cancelAndWait(call: BuiltinCall, dwork: Cell | undefined, work: Cell): number {
  const { k, kernel } = call;
  const { jobs } = call.process;
  const stop = (): void => {
    unqueue(call, dwork, work);
    kernel.mark_work_canceling(k, work);
  };
  if (jobs.runs(work) && !jobs.isOwn(work)) return jobs.waitUntilDone('running work', work, stop);
  if (call.context.waited?.kind === 'running work') {
    kernel.takeWork(k, work);
    return 0;
  }
  return truth(unqueue(call, dwork, work));
}

/** Whether this very call has seen the work done. One that has queued itself anew since is not waited for once more. */
const hasFlushed = ({ k, context, process: { jobs } }: BuiltinCall, work: Cell): boolean =>
  (jobs.didBefore && jobs.didHere(work)) ||
  (context.waited?.kind === 'work' &&
    context.waited.address === k.va_of(work) &&
    !jobs.hasGiven(work));

/** One that runs and is queued once more is waited for until that, too, is done. */
const waitForWork = (call: BuiltinCall, work: Cell): BuiltinResult =>
  wait(
    call.process.jobs.runs(work) && call.kernel.isQueued(call.k, work) ? 'queued work' : 'work',
    call,
    work,
  );

function flushWork(call: BuiltinCall, work: Value): BuiltinResult {
  const { k, kernel } = call;
  const cell = call.cell(work);
  if (hasFlushed(call, cell)) return 1;
  if (!call.process.jobs.runs(cell) && !kernel.isQueued(k, cell))
    return truth(call.process.jobs.didHere(cell) || kernel.flush_work(k, asVirt(Number(work))));
  return waitForWork(call, cell);
}

function flushDelayed(call: BuiltinCall, dwork: Value): BuiltinResult {
  const { k, kernel } = call;
  const cell = call.cell(dwork);
  const work = k.plus(cell, k.delayed_work.work);
  const { jobs } = call.process;
  if (hasFlushed(call, work)) return 1;
  const queueNow = (): void => {
    jobs.disarm(cell);
    kernel.detach_timer(k, k.plus(cell, k.delayed_work.timer));
    kernel.insert_work(k, k.read_ptr(k.plus(cell, k.delayed_work.wq)), work);
    jobs.noteWork(work);
  };
  if (jobs.isArmed(cell)) {
    // What another statement has given the threads stays queued while this one, undone, waits.
    if (!jobs.hasGiven(cell)) return jobs.waitUntilDone('work', work, queueNow);
    queueNow();
  }
  if (jobs.runs(work) || kernel.isQueued(k, work)) return waitForWork(call, work);
  return truth(jobs.didHere(work));
}

const isBusy = (call: BuiltinCall, wq: Cell): boolean => {
  const { k, kernel } = call;
  if (call.process.jobs.isBusy(wq)) return true;
  for (const work of worksThatWait(k)) if (kernel.get_work_pwq(k, work) === wq) return true;
  return false;
};

/** Whether the statement that runs has queued a work itself: it does it in place. */
const hasGivenTo = (call: BuiltinCall, wq: Cell): boolean => {
  const { k, kernel } = call;
  for (const work of worksThatWait(k))
    if (kernel.get_work_pwq(k, work) === wq && call.process.jobs.hasGiven(work)) return true;
  return false;
};

/** Whether this very call has waited for works of a color. */
const hasFlushedQueue = ({ k, context }: BuiltinCall, wq: Cell): boolean =>
  context.waited?.kind === 'workqueue' &&
  flushedOf(k, context.waited.address).wq === wq &&
  context.waited.address !== k.va_of(wq);

/** Waits for the works that there are now: what is queued from here on has another color. */
function waitForColor(call: BuiltinCall, wq: Cell, again: () => void = () => undefined): never {
  const { k, kernel } = call;
  const address = flushing(k, wq, kernel.workColor(k, wq));
  return call.process.jobs.waitFor({ kind: 'workqueue', address }, () => {
    kernel.advanceWorkColor(k, wq);
    again();
  });
}

function flushQueue(call: BuiltinCall, wq: Value): BuiltinResult {
  const cell = queueAt(call, wq);
  if (hasFlushedQueue(call, cell) || !isBusy(call, cell)) return undefined;
  if (hasGivenTo(call, cell)) return wait('workqueue', call, cell);
  return waitForColor(call, cell);
}

/** Flushes until nothing is left, and says so where that takes long. */
function drainQueue(call: BuiltinCall, wq: Value): BuiltinResult {
  const { k, kernel } = call;
  const { jobs } = call.process;
  const cell = queueAt(call, wq);
  if (!isBusy(call, cell)) {
    if (kernel.isDraining(k, cell)) {
      kernel.setDraining(k, cell, false);
      jobs.drainTries = 0;
    }
    return undefined;
  }
  if (hasGivenTo(call, cell)) return wait('workqueue', call, cell);
  const tries = hasFlushedQueue(call, cell) ? jobs.drainTries + 1 : 0;
  return waitForColor(call, cell, () => {
    kernel.setDraining(k, cell, true);
    jobs.drainTries = tries;
    if (tries !== 10 && (tries === 0 || tries % 100 !== 0 || tries > 1000)) return;
    const name = kernel.workqueueName(k, cell);
    call.printk(4, `workqueue ${name}: drain_workqueue() isn't complete after ${tries} tries`);
  });
}

function allocQueue(
  call: BuiltinCall,
  [format = 0, flags = 0, max = 0, ...args]: readonly Value[],
): Value {
  const name = vsprintf(printServices(call), call.string(format), args);
  const wq = call.kernel.alloc_workqueue(call.k, name, Number(flags), Number(max));
  const address = call.pointer(wq);
  if (wq !== NULL) call.ledger.allocated({ kind: 'workqueue', address, sizeBytes: 0 });
  return address;
}

const works: readonly BuiltinRow[] = [
  {
    ...row(
      'struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max_active, ...)',
      'A workqueue, of which at most max_active works run at a time (0: 256); NULL without memory.',
      (call, ...args) => allocQueue(call, args),
    ),
    needs: needsCaches,
    sleeps,
  },
  {
    ...row(
      'void destroy_workqueue(struct workqueue_struct *wq)',
      'Waits until all works of a workqueue are done, and frees it.',
      (call, wq) => {
        const cell = call.cell(wq);
        if (isBusy(call, cell)) return wait('workqueue', call, cell);
        call.kernel.destroy_workqueue(call.k, cell);
        call.ledger.freed('workqueue', wq);
        return undefined;
      },
    ),
    sleeps,
  },
  row(
    'bool queue_work(struct workqueue_struct *wq, struct work_struct *work)',
    'Has a thread of the kernel call work->func(work); false if it waits already.',
    (call, wq, work) => queueWork(call, wq, call.cell(work)),
  ),
  row(
    'bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork, unsigned long delay)',
    'As queue_work(), when so many jiffies are over; false if it waits already.',
    queueDelayed,
  ),
  row(
    'bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork, unsigned long delay)',
    'As queue_delayed_work(), but what waits already waits anew; true if it did.',
    modDelayed,
  ),
  {
    ...row(
      'bool flush_work(struct work_struct *work)',
      "Waits until a work is done that is queued or runs; returns whether it was. The kernel's own, such as drain_vmap_work, are done at once.",
      flushWork,
    ),
    sleeps,
  },
  {
    ...row(
      'bool flush_delayed_work(struct delayed_work *dwork)',
      'Queues a work that waits for its time at once, and waits until it is done.',
      flushDelayed,
    ),
    sleeps,
  },
  {
    ...row(
      'void flush_workqueue(struct workqueue_struct *wq)',
      'Waits until all works of a workqueue are done that are queued now or run.',
      flushQueue,
    ),
    sleeps,
  },
  {
    ...row(
      'void drain_workqueue(struct workqueue_struct *wq)',
      'Waits until all works of a workqueue are done, also those that they queue; nobody else may queue any meanwhile.',
      drainQueue,
    ),
    sleeps,
  },
  {
    ...row(
      'bool cancel_work_sync(struct work_struct *work)',
      'Takes a work out of its workqueue; if it runs, waits until it is done. Whether it was queued.',
      (call, work) => cancelAndWait(call, undefined, call.cell(work)),
    ),
    sleeps,
  },
  {
    signature: 'unsigned int work_busy(struct work_struct *work)',
    doc: 'Whether a work waits (WORK_BUSY_PENDING) and whether it is being done (WORK_BUSY_RUNNING).',
    run: (call, work) => {
      const cell = call.cell(work);
      return truth(call.kernel.isPending(call.k, cell)) + 2 * truth(call.process.jobs.runs(cell));
    },
  },
  row(
    'bool cancel_work(struct work_struct *work)',
    'Takes a work out of its workqueue; does not wait if it runs. Whether it was queued.',
    (call, work) => truth(unqueue(call, undefined, call.cell(work))),
  ),
  {
    ...row(
      'bool cancel_delayed_work_sync(struct delayed_work *dwork)',
      'As cancel_work_sync(), of a delayed work: it waits for its time no more.',
      (call, dwork) => {
        const { k } = call;
        const cell = call.cell(dwork);
        return cancelAndWait(call, cell, k.plus(cell, k.delayed_work.work));
      },
    ),
    sleeps,
  },
  row(
    'bool cancel_delayed_work(struct delayed_work *dwork)',
    'A delayed work waits no more; does not wait if it runs. Whether it waited.',
    (call, dwork) => {
      const { k } = call;
      const cell = call.cell(dwork);
      return truth(unqueue(call, cell, k.plus(cell, k.delayed_work.work)));
    },
  ),
];

export const laterCalls: readonly Builtin[] = group('task', 'kernel/workqueue.c', works);
