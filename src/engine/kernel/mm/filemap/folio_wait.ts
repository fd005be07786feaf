/**
 * Waiting for a bit of a page: PG_locked, PG_writeback. Pages have no room for a queue: 256 queues are shared by all, a page's one
 * found by a hash of its address; PG_waiters says that somebody may stand in it.
 *
 *     folio_lock()     free: PG_locked       else PG_waiters, an entry in folio_wait_table[hash], sleep
 *     folio_unlock()   clears PG_locked; PG_waiters is the sign of the same byte, so one instruction tells whether to wake
 *
 * Who waits for the lock is exclusive: one is woken, and tries to take it, which another may do before. After some times in vain
 * (sysctl_page_lock_unfairness) it asks to be given the lock by the one who unlocks.
 *
 * Left out: signals, the queue's lock and its bookmarks, psi, delayacct.
 * Source: Linux 6.1 mm/filemap.c: pagecache_init(), folio_waitqueue() to migration_entry_wait_on_locked(), folio_unlock(),
 * __folio_lock(); mm/folio-compat.c: unlock_page(), wait_on_page_writeback();
 * mm/page-writeback.c: folio_wait_writeback(); include/linux/pagemap.h: folio_lock(), lock_page(), wait_on_page_locked(),
 * wake_page_match(), folio_wait_locked(), lock_page_killable(), trylock_page().
 */
import {
  type Int,
  type Page,
  type TaskStruct,
  type WaitPageQueue,
  type WaitQueueEntry,
  type WaitQueueHead,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell } from '../../../memory/address.js';
import {
  clear_bit,
  clear_bit_unlock_is_negative_byte,
  set_bit,
  test_and_set_bit,
  test_bit,
} from '../../arch/x86/include/asm/bitops.h.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import { EINTR } from '../../include/linux/errno.h.js';
import { hash_ptr } from '../../include/linux/hash.h.js';
import { list_del_init } from '../../include/linux/list.h.js';
import { VM_BUG_ON_FOLIO } from '../../include/linux/mmdebug.h.js';
import { page_folio } from '../../include/linux/page-flags.h.js';
import { folio_trylock } from '../../include/linux/pagemap.h.js';
import { signal_pending_state } from '../../include/linux/sched/signal.h.js';
import {
  __add_wait_queue_entry_tail,
  waitqueue_active,
  WQ_FLAG_CUSTOM,
  WQ_FLAG_DONE,
  WQ_FLAG_EXCLUSIVE,
  WQ_FLAG_WOKEN,
} from '../../include/linux/wait.h.js';
import {
  io_schedule,
  nameOfTask,
  set_current_state,
  TASK_KILLABLE,
  TASK_NORMAL,
  TASK_UNINTERRUPTIBLE,
  wake_up_state,
} from '../../kernel/sched/core/wakeup.js';
import {
  __init_waitqueue_head,
  __wake_up_common,
  finish_wait,
  init_wait_entry,
  linkWakeFunction,
  wakeFunctionNamed,
} from '../../kernel/sched/wait.js';

const PAGE_WAIT_TABLE_BITS = 8;

export function folio_waitqueue(k: Kernel, folio: Page): WaitQueueHead {
  const hash: Int = hash_ptr(k, k.va_of(folio), PAGE_WAIT_TABLE_BITS);
  return k.plus(k.globals.folio_wait_table, hash * k.stride.wait_queue_head);
}

/** Nobody waits for a page. */
export function pagecache_init(k: Kernel): void {
  for (let i = 0; i < 1 << PAGE_WAIT_TABLE_BITS; i++)
    __init_waitqueue_head(k, k.plus(k.globals.folio_wait_table, i * k.stride.wait_queue_head));
}

// --- waking --------------------------------------------------------------------------------------------------------------

export interface WaitPageKey {
  readonly folio: Page;
  readonly bit_nr: Int;
  /** Whether anybody waits for this page, of those in the queue. */
  page_match: boolean;
}

/** Whether an entry is for the page, and for the bit. */
function wake_page_match(k: Kernel, wait_page: WaitPageQueue, key: WaitPageKey): boolean {
  if (k.read_ptr(k.plus(wait_page, k.wait_page_queue.folio)) !== key.folio) return false;
  key.page_match = true;
  return k.read_int(k.plus(wait_page, k.wait_page_queue.bit_nr)) === key.bit_nr;
}

/** -1: somebody has taken the bit again, so that nobody else need be woken. */
function wake_page_function(k: Kernel, wait: WaitQueueEntry, mode: Int, key: WaitPageKey): Int {
  const wait_page: WaitPageQueue = k.plus(wait, -k.wait_page_queue.wait);
  if (!wake_page_match(k, wait_page, key)) return 0;
  const at: Cell = k.plus(wait, k.wait_queue_entry.flags);
  let flags: Int = k.read_int(at);
  if ((flags & WQ_FLAG_EXCLUSIVE) !== 0) {
    if (test_bit(k, key.bit_nr, key.folio + k.page.flags)) return -1;
    if ((flags & WQ_FLAG_CUSTOM) !== 0) {
      // It has waited for too long: it is given the lock.
      if (test_and_set_bit(k, key.bit_nr, key.folio + k.page.flags)) return -1;
      flags |= WQ_FLAG_DONE;
    }
  }
  k.write(at, flags | WQ_FLAG_WOKEN);
  const task: TaskStruct = k.read_ptr(k.plus(wait, k.wait_queue_entry.private));
  k.emit({ kind: 'wakes', ...nameOfTask(k, task), pfn: k.page_to_pfn(key.folio) });
  wake_up_state(k, task, mode);
  // Behind everything else: the waiter may be gone as soon as its entry is in no queue.
  list_del_init(k, k.plus(wait, k.wait_queue_entry.entry));
  return (flags & WQ_FLAG_EXCLUSIVE) !== 0 ? 1 : 0;
}
linkWakeFunction('wake_page_function', (k, wait, mode, key) =>
  key === undefined ? 0 : wake_page_function(k, wait, mode, key as WaitPageKey),
);

function folio_wake_bit(k: Kernel, folio: Page, bit_nr: Int): void {
  const q: WaitQueueHead = folio_waitqueue(k, folio);
  const key: WaitPageKey = { folio, bit_nr, page_match: false };
  __wake_up_common(k, q, TASK_NORMAL, 1, key);
  // Others may wait in the queue for other pages: then the next one to unlock looks in vain.
  if (!waitqueue_active(k, q) || !key.page_match) clear_bit(k, k.PG_waiters, folio + k.page.flags);
}

/** After a bit is cleared that is not the lock's. */
export function folio_wake(k: Kernel, folio: Page, bit: Int): void {
  if (!test_bit(k, k.PG_waiters, folio + k.page.flags)) return;
  folio_wake_bit(k, folio, bit);
}

// --- waiting -------------------------------------------------------------------------------------------------------------

/** How a page is waited for. */
type Behavior = 'EXCLUSIVE' | 'SHARED';

/** Takes the bit, or finds it clear: then there is nothing to wait for. */
function folio_trylock_flag(k: Kernel, folio: Page, bit_nr: Int, wait: WaitQueueEntry): boolean {
  const at = k.plus(wait, k.wait_queue_entry.flags);
  const flags: Int = k.read_int(at);
  if ((flags & WQ_FLAG_EXCLUSIVE) !== 0) {
    if (test_and_set_bit(k, bit_nr, folio + k.page.flags)) return false;
  } else if (test_bit(k, bit_nr, folio + k.page.flags)) return false;
  k.write(at, flags | WQ_FLAG_WOKEN | WQ_FLAG_DONE);
  return true;
}

/** The task stands in the page's queue, unless the bit is clear by now. */
const queueFor = (
  k: Kernel,
  folio: Page,
  bit_nr: Int,
  wait_page: WaitPageQueue,
  flags: Int,
): void => {
  const wait: WaitQueueEntry = k.plus(wait_page, k.wait_page_queue.wait);
  init_wait_entry(k, wait, flags);
  k.write_va(k.plus(wait, k.wait_queue_entry.func), wakeFunctionNamed(k, 'wake_page_function'));
  k.write_ptr(k.plus(wait_page, k.wait_page_queue.folio), folio);
  k.write(k.plus(wait_page, k.wait_page_queue.bit_nr), bit_nr);
  set_bit(k, k.PG_waiters, folio + k.page.flags);
  if (!folio_trylock_flag(k, folio, bit_nr, wait))
    __add_wait_queue_entry_tail(k, folio_waitqueue(k, folio), wait);
};

const kindOf = (k: Kernel, bit_nr: Int): 'page lock' | 'page writeback' =>
  bit_nr === k.PG_writeback ? 'page writeback' : 'page lock';

/** Sleeps until the bit is clear; and has it then, if it is the lock that is wanted. */
function folio_wait_bit_common(
  k: Kernel,
  folio: Page,
  bit_nr: Int,
  state: Int,
  behavior: Behavior,
): Int {
  const q: WaitQueueHead = folio_waitqueue(k, folio);
  const wait_page: WaitPageQueue = k.localStack;
  const wait: WaitQueueEntry = k.plus(wait_page, k.wait_page_queue.wait);
  // How often it may be passed over, kept while it sleeps.
  const unfairness = asCell(wait_page + k.stride.wait_page_queue);
  let isQueued = k.resumes(kindOf(k, bit_nr), folio);
  if (!isQueued) k.write(unfairness, k.read_int(k.globals.sysctl_page_lock_unfairness));

  repeat: for (;;) {
    if (!isQueued) {
      let flags: Int = 0;
      if (behavior === 'EXCLUSIVE') {
        flags = WQ_FLAG_EXCLUSIVE;
        k.write(unfairness, k.read_int(unfairness) - 1);
        if (k.read_int(unfairness) < 0) flags |= WQ_FLAG_CUSTOM;
      }
      queueFor(k, folio, bit_nr, wait_page, flags);
    }
    isQueued = false;
    for (;;) {
      set_current_state(k, state);
      const flags: Int = k.read_int(k.plus(wait, k.wait_queue_entry.flags));
      if ((flags & WQ_FLAG_WOKEN) === 0) {
        if (signal_pending_state(k, state, current(k))) break repeat;
        k.sleepsOn({
          kind: kindOf(k, bit_nr),
          object: folio,
          again: () => void folio_wait_bit_common(k, folio, bit_nr, state, behavior),
        });
        io_schedule(k);
        continue;
      }
      // Who does not want the bit has all that it waited for; and so has one that the waker gave it to.
      if (behavior !== 'EXCLUSIVE' || (flags & WQ_FLAG_DONE) !== 0) break repeat;
      if (test_and_set_bit(k, bit_nr, folio + k.page.flags)) continue repeat;
      k.write(k.plus(wait, k.wait_queue_entry.flags), flags | WQ_FLAG_DONE);
      break repeat;
    }
  }
  finish_wait(k, q, wait);
  const flags: Int = k.read_int(k.plus(wait, k.wait_queue_entry.flags));
  const isDone = (flags & (behavior === 'EXCLUSIVE' ? WQ_FLAG_DONE : WQ_FLAG_WOKEN)) !== 0;
  return isDone ? 0 : -EINTR;
}

export function folio_wait_bit(k: Kernel, folio: Page, bit_nr: Int): void {
  folio_wait_bit_common(k, folio, bit_nr, TASK_UNINTERRUPTIBLE, 'SHARED');
}

/** 0, or -EINTR: a signal that ends the task came first. */
export function folio_wait_bit_killable(k: Kernel, folio: Page, bit_nr: Int): Int {
  return folio_wait_bit_common(k, folio, bit_nr, TASK_KILLABLE, 'SHARED');
}

/** A page that is being migrated is locked, and the entry that leads to it keeps no reference: who waits takes none, either. */
export function migration_entry_wait_on_locked(k: Kernel, folio: Page): void {
  const q: WaitQueueHead = folio_waitqueue(k, folio);
  const wait_page: WaitPageQueue = k.localStack;
  const wait: WaitQueueEntry = k.plus(wait_page, k.wait_page_queue.wait);
  if (!k.resumes('migration', folio)) queueFor(k, folio, k.PG_locked, wait_page, 0);
  for (;;) {
    set_current_state(k, TASK_UNINTERRUPTIBLE);
    const flags: Int = k.read_int(k.plus(wait, k.wait_queue_entry.flags));
    if ((flags & WQ_FLAG_WOKEN) !== 0) break;
    k.sleepsOn({
      kind: 'migration',
      object: folio,
      again: () => {
        migration_entry_wait_on_locked(k, folio);
      },
    });
    io_schedule(k);
  }
  finish_wait(k, q, wait);
}

// --- the lock ------------------------------------------------------------------------------------------------------------

function __folio_lock(k: Kernel, folio: Page): void {
  folio_wait_bit_common(k, folio, k.PG_locked, TASK_UNINTERRUPTIBLE, 'EXCLUSIVE');
  k.took(folio, 'page');
}

export function __folio_lock_killable(k: Kernel, folio: Page): Int {
  const ret: Int = folio_wait_bit_common(k, folio, k.PG_locked, TASK_KILLABLE, 'EXCLUSIVE');
  if (ret === 0) k.took(folio, 'page');
  return ret;
}

/** Takes the lock; sleeps while somebody else has it. */
export function folio_lock(k: Kernel, folio: Page): void {
  if (!folio_trylock(k, folio)) __folio_lock(k, folio);
}

export function lock_page(k: Kernel, page: Page): void {
  folio_lock(k, page_folio(k, page));
}

/** 0, or -EINTR: a signal that ends the task came first. */
export function lock_page_killable(k: Kernel, page: Page): Int {
  const folio: Page = page_folio(k, page);
  return folio_trylock(k, folio) ? 0 : __folio_lock_killable(k, folio);
}

/** Releases the lock, and wakes one that waits for it. */
export function folio_unlock(k: Kernel, folio: Page): void {
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_FOLIO(
      !test_bit(k, k.PG_locked, folio + k.page.flags),
      folio,
      'mm/filemap.c',
      '!folio_test_locked(folio)',
    );
  k.released(folio, 'page');
  if (clear_bit_unlock_is_negative_byte(k, k.PG_locked, folio + k.page.flags))
    folio_wake_bit(k, folio, k.PG_locked);
}

export function unlock_page(k: Kernel, page: Page): void {
  folio_unlock(k, page_folio(k, page));
}

export function folio_wait_locked(k: Kernel, folio: Page): void {
  if (test_bit(k, k.PG_locked, folio + k.page.flags)) folio_wait_bit(k, folio, k.PG_locked);
}

export function wait_on_page_locked(k: Kernel, page: Page): void {
  folio_wait_locked(k, page_folio(k, page));
}

// --- writeback -----------------------------------------------------------------------------------------------------------

export function folio_wait_writeback(k: Kernel, folio: Page): void {
  while (test_bit(k, k.PG_writeback, folio + k.page.flags))
    folio_wait_bit(k, folio, k.PG_writeback);
}

export function wait_on_page_writeback(k: Kernel, page: Page): void {
  folio_wait_writeback(k, page_folio(k, page));
}
