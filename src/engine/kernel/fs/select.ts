/**
 * poll(): a task stands in the queues of many files at once, until one of them has something to say.
 *
 *     poll_wqueues: pt, polling_task, triggered, inline_entries[] ─> poll_table_entry: filp, wait_address, wait
 *     f_op->poll(file, &pt)     says what there is; poll_wait(file, queue, &pt) puts an entry into the queue
 *     wake_up(queue)            pollwake() wakes the task, which asks all files again
 *
 * Differs: nine entries at most, those that Linux has on the stack.
 * Left out: busy polling, the key of a wake-up.
 * Source: Linux 6.1 fs/select.c: poll_initwait(), __pollwait(), pollwake(), poll_freewait(); include/linux/poll.h.
 */
import {
  type File,
  type Int,
  NULL,
  type Pointer,
  type WaitQueueHead,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, type Cell, type VirtAddr } from '../../memory/address.js';
import { current } from '../arch/x86/include/asm/current.h.js';
import { functionNamed } from '../kernel/rcu/tiny.js';
import { wake_up_state } from '../kernel/sched/core/wakeup.js';
import { add_wait_queue, linkWakeFunction, remove_wait_queue } from '../kernel/sched/wait.js';
import { get_file } from './file_table/file_table.js';

export type PollWqueues = Pointer<'struct poll_wqueues'>;

const N_INLINE_POLL_ENTRIES = 9;

const indexAt = (k: Kernel, pwq: PollWqueues): Cell => k.plus(pwq, k.poll_wqueues.inline_index);

const entryAt = (k: Kernel, pwq: PollWqueues, i: Int): Cell =>
  k.plus(pwq, k.poll_wqueues.inline_entries + (i * k.sizeof.poll_table_entry) / 4);

/** The table that f_op->poll() is given: whoever calls poll_wait() with it is to be waited for. */
export function poll_initwait(k: Kernel, pwq: PollWqueues): void {
  for (let i = 0; i < k.sizeof.poll_wqueues / 4; i++) k.write(k.plus(pwq, i), 0);
  k.write_va(k.plus(pwq, k.poll_wqueues.pt__qproc), functionNamed(k, '__pollwait'));
  k.write_ptr(k.plus(pwq, k.poll_wqueues.polling_task), current(k));
}

/** Puts an entry of the running task into a queue. Of a table without room for it the queue is not waited for. */
export function __pollwait(
  k: Kernel,
  filp: File,
  wait_address: WaitQueueHead,
  pwq: PollWqueues,
): void {
  const index: Int = k.read_int(indexAt(k, pwq));
  if (index === N_INLINE_POLL_ENTRIES) return;
  k.write(indexAt(k, pwq), index + 1);
  const entry = entryAt(k, pwq, index);
  k.write_ptr(k.plus(entry, k.poll_table_entry.filp), get_file(k, filp));
  k.write_ptr(k.plus(entry, k.poll_table_entry.wait_address), wait_address);
  const wait = k.plus(entry, k.poll_table_entry.wait);
  // init_waitqueue_func_entry():
  k.write(k.plus(wait, k.wait_queue_entry.flags), 0);
  k.write_ptr(k.plus(wait, k.wait_queue_entry.private), pwq);
  k.write_va(k.plus(wait, k.wait_queue_entry.func), functionNamed(k, 'pollwake'));
  add_wait_queue(k, wait_address, wait);
}

/** Takes all entries out of their queues. @param put fput(), of each file */
export const poll_freewait = (k: Kernel, pwq: PollWqueues, put: (filp: File) => void): void => {
  const count: Int = k.read_int(indexAt(k, pwq));
  for (let i = 0; i < count; i++) {
    const entry = entryAt(k, pwq, i);
    const wait_address = asCell(k.read_ptr(k.plus(entry, k.poll_table_entry.wait_address)));
    remove_wait_queue(k, wait_address, k.plus(entry, k.poll_table_entry.wait));
    put(k.read_ptr(k.plus(entry, k.poll_table_entry.filp)));
  }
  k.write(indexAt(k, pwq), 0);
};

/** The file and the queue of an entry. */
export interface PollEntry {
  readonly filp: File;
  readonly wait_address: WaitQueueHead;
}

/** What stands in the queues. */
export const pollEntries = (k: Kernel, pwq: PollWqueues): readonly PollEntry[] => {
  const entries: PollEntry[] = [];
  const count: Int = k.read_int(indexAt(k, pwq));
  for (let i = 0; i < count; i++) {
    const entry = entryAt(k, pwq, i);
    entries.push({
      filp: k.read_ptr(k.plus(entry, k.poll_table_entry.filp)),
      wait_address: k.read_ptr(k.plus(entry, k.poll_table_entry.wait_address)),
    });
  }
  return entries;
};

/** The task that polls asks again. */
function pollwake(k: Kernel, wait: Cell, mode: Int): Int {
  const pwq: PollWqueues = k.read_ptr(k.plus(wait, k.wait_queue_entry.private));
  k.write(k.plus(pwq, k.poll_wqueues.triggered), 1);
  return wake_up_state(k, k.read_ptr(k.plus(pwq, k.poll_wqueues.polling_task)), mode) ? 1 : 0;
}
linkWakeFunction('pollwake', pollwake);

/** What every file can do that does not say. */
export const DEFAULT_POLLMASK = 0x145;

/** What a file has to say: vfs_poll(). @param pt 0: nobody waits */
export const vfs_poll = (k: Kernel, file: File, poll: VirtAddr, pt: VirtAddr): Int =>
  poll === 0 ? DEFAULT_POLLMASK : (k.callOut?.(poll, [k.va_of(file), pt]) ?? DEFAULT_POLLMASK);

/** Whether a table is one that is waited with. */
export const poll_does_not_wait = (k: Kernel, pt: Cell): boolean =>
  pt === NULL || k.read_va(k.plus(pt, k.poll_table_struct._qproc)) === 0;
