/**
 * Wait queues: a head, and an entry for each task that waits, which lies on that task's kernel stack.
 *
 * Those that are to be woken one at a time stand behind those that are to be woken together.
 * Source: Linux 6.1 include/linux/wait.h.
 */
import type { Int, ListHead, WaitQueueEntry, WaitQueueHead } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { list_add, list_add_tail, list_del, list_empty } from './list.h.js';

/** wq_entry->flags */
export const WQ_FLAG_EXCLUSIVE = 0x01;
export const WQ_FLAG_WOKEN = 0x02;
export const WQ_FLAG_CUSTOM = 0x08;
export const WQ_FLAG_DONE = 0x10;
export const WQ_FLAG_PRIORITY = 0x20;

export const queueList = (k: Kernel, wq_head: WaitQueueHead): ListHead =>
  k.plus(wq_head, k.wait_queue_head.head);

const entryList = (k: Kernel, wq_entry: WaitQueueEntry): ListHead =>
  k.plus(wq_entry, k.wait_queue_entry.entry);

export function waitqueue_active(k: Kernel, wq_head: WaitQueueHead): boolean {
  return !list_empty(k, queueList(k, wq_head));
}

/** In front of all but those with priority. */
export function __add_wait_queue(
  k: Kernel,
  wq_head: WaitQueueHead,
  wq_entry: WaitQueueEntry,
): void {
  let head: ListHead = queueList(k, wq_head);
  for (let pos: ListHead = k.read_ptr(head); pos !== queueList(k, wq_head); pos = k.read_ptr(pos)) {
    const flags: Int = k.read_int(
      k.plus(k.plus(pos, -k.wait_queue_entry.entry), k.wait_queue_entry.flags),
    );
    if ((flags & WQ_FLAG_PRIORITY) === 0) break;
    head = pos;
  }
  list_add(k, entryList(k, wq_entry), head);
}

export function __add_wait_queue_entry_tail(
  k: Kernel,
  wq_head: WaitQueueHead,
  wq_entry: WaitQueueEntry,
): void {
  list_add_tail(k, entryList(k, wq_entry), queueList(k, wq_head));
}

export function __remove_wait_queue(k: Kernel, wq_entry: WaitQueueEntry): void {
  list_del(k, entryList(k, wq_entry));
}
