/**
 * Happenings of tasks that sleep in the kernel: what they wait for, and who wakes them. A task that begins to wait leaves nothing to stop
 * in, so that stop is in front of its statement; the other one is where it is about to be made runnable.
 *
 * Source: Linux 6.1 kernel/sched/core.c: try_to_wake_up(); mm/filemap.c: wake_page_function(); kernel/locking/rwsem.c:
 * rwsem_mark_wake().
 */
import { current } from '../../../engine/kernel/arch/x86/include/asm/current.h.js';
import { inspectedMachine } from '../../../engine/image/dump/inspectedOf.js';
import { Problems } from '../../../engine/inspect/inspected.js';
import { tasksOf } from '../../../engine/inspect/tasks.js';
import type { TaskStruct } from '../../../engine/machine/ctypes.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../engine/memory/address.js';
import type { BlockReason } from '../../../scenario/index.js';
import { addressText, entryOf, hex, type Around, type Facts, type Happening } from './happening.js';

const pidOf = (k: Kernel, task: TaskStruct): number => k.read_int(k.plus(task, k.task_struct.pid));

/** What is waited for: a page, by its pfn, or a lock, by its address. What is not so is 0. */
interface Awaited {
  readonly pfn: number;
  readonly lock: number;
  readonly page_lock: number;
  readonly writeback: number;
  readonly mmap_lock: number;
}

const NOTHING: Awaited = { pfn: 0, lock: 0, page_lock: 0, writeback: 0, mmap_lock: 0 };

const pageObject = (k: Kernel, folio: Cell, isWriteback: boolean): Awaited => ({
  ...NOTHING,
  pfn: k.page_to_pfn(folio),
  page_lock: isWriteback ? 0 : 1,
  writeback: isWriteback ? 1 : 0,
});

const lockObject = (k: Kernel, lock: VirtAddr): Awaited => ({
  ...NOTHING,
  lock,
  mmap_lock: isMmapLock(k, lock) ? 1 : 0,
});

/** Whether a rw_semaphore is that of an address space. */
function isMmapLock(k: Kernel, lock: VirtAddr): boolean {
  const at = lock - k.mm_struct.mmap_lock * 4;
  return tasksOf(inspectedMachine(k), new Problems()).some(({ mm }) => mm === at);
}

/** `the lock of page 0x2400` */
function objectText(k: Kernel, { pfn, lock, writeback, mmap_lock }: Facts): string {
  if (pfn !== 0)
    return writeback === 1 ? `page ${hex(pfn)} to be written` : `the lock of page ${hex(pfn)}`;
  if (lock === 0) return '';
  return `the ${mmap_lock === 1 ? 'mmap_lock' : 'lock'} at ${addressText(k, lock)}`;
}

// --- waiting -------------------------------------------------------------------------------------------------------------

type Kind = BlockReason['kind'];

const PAGES: readonly Kind[] = ['page lock', 'page writeback', 'migration'];
const LOCKS: readonly Kind[] = [
  'rwsem for reading',
  'rwsem for writing',
  'mutex',
  'semaphore',
  'spinlock',
  'rwlock for reading',
  'rwlock for writing',
];
const OTHERS: readonly Kind[] = ['completion', 'wait queue', 'wakeup', 'child'];

const waitOf = (kind: Kind) => ({
  at: 'waiting' as const,
  kind,
  facts: (k: Kernel, address: VirtAddr): Facts => ({
    ...objectOf(k, kind, address),
    write: kind.endsWith('for writing') ? 1 : 0,
    pid: pidOf(k, current(k)),
  }),
});

function objectOf(k: Kernel, kind: Kind, address: VirtAddr): Awaited {
  if (PAGES.includes(kind)) return pageObject(k, k.cell_of(address), kind === 'page writeback');
  return LOCKS.includes(kind) ? lockObject(k, address) : NOTHING;
}

// --- waking --------------------------------------------------------------------------------------------------------------

/** What a task that is woken has waited for: that is, who wakes it. */
function wokenFor(k: Kernel, around: Around): Awaited {
  const key = around('wake_page_function')?.key;
  if (key !== undefined) return pageObject(k, key.folio, key.bit_nr === k.PG_writeback);
  const lock = around('rwsem_mark_wake')?.sem ?? around('mutex_unlock')?.lock ?? around('up')?.sem;
  return lock === undefined ? NOTHING : lockObject(k, asVirt(k.va_of(lock)));
}

export const SLEEPER_HAPPENINGS: readonly Happening[] = [
  {
    id: 'task-waits',
    label: 'Task waits',
    description:
      'Stops in front of a statement in which the task has to wait: for the lock of a page, for an mmap_lock, for another lock or queue.',
    knows: 'pid pfn lock page_lock writeback mmap_lock write',
    example: 'page_lock && pfn == page_to_pfn(page)',
    watches: [...PAGES, ...LOCKS, ...OTHERS].map(waitOf),
    sentence: (k, facts) => {
      const object = objectText(k, facts);
      const how = facts['write'] === 1 ? ', for writing' : '';
      return `pid ${facts['pid']} waits${object === '' ? '' : ` for ${object}`}${how}`;
    },
  },
  {
    id: 'task-wakes',
    label: 'Task woken',
    description:
      'Stops where the running task is about to wake one that sleeps in the kernel: it can go on then.',
    knows: 'pid by pfn lock page_lock writeback mmap_lock',
    example: 'mmap_lock && pid == 101',
    watches: [
      entryOf({
        fn: 'try_to_wake_up',
        facts: (k, { p, state }, _caller, around) =>
          (k.read_int(k.plus(p, k.task_struct.__state)) & state) === 0
            ? undefined
            : { pid: pidOf(k, p), by: pidOf(k, current(k)), ...wokenFor(k, around) },
      }),
    ],
    sentence: (k, facts) => {
      const object = objectText(k, facts);
      const why = object === '' ? '' : `, which waited for ${object}`;
      return `pid ${facts['by']} wakes pid ${facts['pid']}${why}`;
    },
  },
];
