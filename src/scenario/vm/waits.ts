/**
 * What tasks wait for: one row a kind. Whether it is still so, what to call it, and which word says that somebody has it, so that the
 * tape tells who.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asCell, type Cell } from '../../engine/memory/address.js';
import type { BlockKind, BlockReason } from '../builtins/call.js';
import type { KernelCalls } from '../builtins/kernelCalls.js';
import { NULL, type MmStruct } from '../../engine/machine/ctypes.js';
import { KEEPS_READER, KEEPS_WRITER } from '../builtins/rwlocks.js';
import type { Control } from './control.js';
import type { HeldLocks } from './heldLocks.js';
import type { KernelTasks } from './kernelTasks.js';
import { flushedOf, worksThatWait } from '../builtins/worksThatWait.js';
import { JobTable } from './jobTable.js';
import { pageAt, pfnOfPage } from './structPage.js';

/** The machine as waits see it. */
export interface WaitWorld {
  readonly image: KernelImage;
  readonly kernel: KernelCalls;
  readonly control: Control;
  readonly tasks: KernelTasks;
  readonly nrTasks: number;
  readonly held: HeldLocks;
}

/** A word of which one task made what others wait for. */
interface HeldWord {
  readonly cell: Cell;
  readonly isTaken: (value: number) => boolean;
}

export interface WaitKind {
  /** Whether a task that waits has to go on waiting. */
  holds(world: WaitWorld, task: number, reason: BlockReason): boolean;
  /** `waits for` this. */
  name(world: WaitWorld, reason: BlockReason): string;
  /** The word that the one who has it wrote; undefined where no single one has it, or it is written down who has. */
  heldWord(world: WaitWorld, reason: BlockReason): HeldWord | undefined;
  /** The lock, of those that it is written down who has them. */
  lock?(world: WaitWorld, reason: BlockReason): Cell;
  /** How many tasks can go on; 1 where it is not said. */
  nrThere?(world: WaitWorld, reason: BlockReason): number;
}

const at = ({ image: { mm } }: WaitWorld, { address }: BlockReason): string => mm.hex(address);

/** A lock whose first word is not 0 while somebody has it. */
const lock = (what: string): WaitKind => ({
  holds: ({ image: { mm } }, _task, { address }) => {
    const cell = mm.cell_of(address);
    return cell !== 0 && (mm.words[cell] !== 0 || (mm.wide && mm.words[cell + 1] !== 0));
  },
  name: (world, reason) => `the ${what} at ${at(world, reason)}`,
  heldWord: ({ image: { mm } }, { address }) => ({
    cell: mm.cell_of(address),
    isTaken: (value) => value !== 0,
  }),
});

/** A lock of many readers or one writer, of whose first word `mask` keeps a task waiting. */
const shared = (what: string, mask: number): WaitKind => ({
  holds: ({ image: { mm } }, _task, { address }) => {
    const cell = mm.cell_of(address);
    return cell !== 0 && (mm.read_int(cell) & mask) !== 0;
  },
  name: (world, reason) => `the ${what} at ${at(world, reason)}`,
  heldWord: ({ image: { mm } }, { address }) => ({
    cell: mm.cell_of(address),
    isTaken: (value) => (value & mask) !== 0,
  }),
});

/** In a queue of the kernel's: the task's state says whether it still sleeps. */
const isAsleep: WaitKind['holds'] = ({ image: { mm }, tasks }, task) =>
  mm.read_int(mm.plus(tasks.structOf(task), mm.task_struct.__state)) !== 0;

const pageName = ({ image: { mm } }: WaitWorld, { address }: BlockReason): string =>
  `page 0x${(pfnOfPage(mm, address) ?? 0).toString(16)}`;

const lockedPage = ({ image: { mm } }: WaitWorld, { address }: BlockReason): Cell =>
  pageAt(mm, address);

const lockedWord: WaitKind['heldWord'] = ({ image: { mm } }, { address }) => ({
  cell: asCell(pageAt(mm, address) + mm.page.flags),
  isTaken: (value) => (value & (1 << mm.PG_locked)) !== 0,
});

const pageLock: WaitKind = {
  holds: isAsleep,
  name: (world, reason) => `the lock of ${pageName(world, reason)}`,
  heldWord: lockedWord,
  lock: lockedPage,
};

const writeback: WaitKind = {
  holds: isAsleep,
  name: (world, reason) =>
    `${pageName(world, reason)} to be written, until somebody calls end_page_writeback()`,
  heldWord: () => undefined,
};

const migration: WaitKind = {
  holds: isAsleep,
  name: (world, reason) => `${pageName(world, reason)} to be migrated: for its lock`,
  heldWord: lockedWord,
  lock: lockedPage,
};

/** `the mmap_lock of main`, or a lock that is not an address space's. */
function semaphoreName(world: WaitWorld, reason: BlockReason): string {
  const { image, control, tasks, nrTasks } = world;
  const { mm: k } = image;
  for (let task = 0; task < nrTasks; task++) {
    if (!control.isCreated(task)) continue;
    const mm: MmStruct = k.read_ptr(k.plus(tasks.structOf(task), k.task_struct.mm));
    if (mm !== NULL && k.va_of(k.plus(mm, k.mm_struct.mmap_lock)) === reason.address)
      return `the mmap_lock of ${tasks.name(task)}`;
  }
  return `the rw_semaphore at ${at(world, reason)}`;
}

const rwsem = (how: string): WaitKind => ({
  holds: isAsleep,
  name: (world, reason) => `${semaphoreName(world, reason)} for ${how}`,
  heldWord: () => undefined,
  lock: ({ image: { mm } }, { address }) => mm.cell_of(address),
});

const mutex: WaitKind = {
  holds: isAsleep,
  name: (world, reason) => `the mutex at ${at(world, reason)}`,
  heldWord: () => undefined,
  lock: ({ image: { mm } }, { address }) => mm.cell_of(address),
};

const completion: WaitKind = {
  holds: isAsleep,
  name: (world, reason) =>
    `the completion at ${at(world, reason)}, until somebody calls complete()`,
  heldWord: () => undefined,
};

const semaphore: WaitKind = {
  holds: isAsleep,
  name: (world, reason) => `the semaphore at ${at(world, reason)}`,
  heldWord: () => undefined,
  lock: ({ image: { mm } }, { address }) => mm.cell_of(address),
};

/** As map_new_virtual() looks for one: a slot that is free or has no user; or somebody has mapped the page meanwhile. */
const kmapSlot: WaitKind = {
  holds: ({ image: { mm }, kernel }, _task, { address }) => {
    if (kernel.page_address(mm, pageAt(mm, address)) !== 0) return false;
    for (let i = 0; i < mm.LAST_PKMAP; i++)
      if (mm.read_int(mm.globals.pkmap_count + i) <= 1) return false;
    return true;
  },
  name: ({ image: { mm } }, { address }) =>
    `a pkmap slot for page 0x${(pfnOfPage(mm, address) ?? 0).toString(16)}: all ${mm.LAST_PKMAP} are in use, until somebody calls kunmap()`,
  heldWord: () => undefined,
};

const poolElement: WaitKind = {
  holds: ({ image: { mm } }, _task, { address }) =>
    mm.read_int(mm.cell_of(address) + mm.mempool_s.curr_nr) === 0,
  nrThere: ({ image: { mm } }, { address }) =>
    mm.read_int(mm.cell_of(address) + mm.mempool_s.curr_nr),
  name: (world, reason) =>
    `an element of the mempool at ${at(world, reason)}: all are in use, until somebody calls mempool_free()`,
  heldWord: () => undefined,
};

const waitQueue: WaitKind = {
  holds: isAsleep,
  name: (world, reason) => `the wait queue at ${at(world, reason)}, until somebody calls wake_up()`,
  heldWord: () => undefined,
};

const wakeup: WaitKind = {
  holds: isAsleep,
  name: (_world, { until }) =>
    until === undefined ? 'somebody to call wake_up_process()' : 'some time to pass',
  heldWord: () => undefined,
};

const start: WaitKind = {
  holds: isAsleep,
  name: () => 'somebody to call wake_up_process(), before it has begun',
  heldWord: () => undefined,
};

/** flush_work(): whether it is still in the list, or being done. */
const work: WaitKind = {
  holds: ({ image: { mm }, kernel, control }, _task, { address }) => {
    const cell = mm.cell_of(address);
    return kernel.isQueued(mm, cell) || new JobTable(control).runs(cell);
  },
  name: (world, reason) => `the work at ${at(world, reason)} to be done`,
  heldWord: () => undefined,
};

/** cancel_work_sync(): whether it is being done. */
const runningWork: WaitKind = {
  ...work,
  holds: ({ image: { mm }, control }, _task, { address }) =>
    new JobTable(control).runs(mm.cell_of(address)),
};

const workqueue: WaitKind = {
  holds: ({ image: { mm }, kernel, control }, _task, { address }) => {
    const { wq, color } = flushedOf(mm, address);
    const counts = (one: number): boolean =>
      color === undefined || kernel.isFlushedWith(mm, wq, one, color);
    if (new JobTable(control).activeColors(wq).some(counts)) return true;
    for (const one of worksThatWait(mm))
      if (kernel.get_work_pwq(mm, one) === wq && counts(kernel.get_work_color(mm, one)))
        return true;
    return false;
  },
  name: (world, reason) => `the works of the workqueue at ${at(world, reason)} to be done`,
  heldWord: () => undefined,
};

const tasklet: WaitKind = {
  holds: ({ image: { mm }, control }, _task, { address }) => {
    const table = new JobTable(control);
    const cell = mm.cell_of(address);
    return table.find(cell) !== undefined || table.runs(cell);
  },
  name: (world, reason) => `the tasklet at ${at(world, reason)} to be done`,
  heldWord: () => undefined,
};

/** synchronize_irq(): whether the thread of a handler is to run, or runs. */
const irqThread: WaitKind = {
  ...tasklet,
  name: ({ image: { mm } }, { address }) =>
    `the thread of the interrupt handler at ${mm.hex(address)} to be done`,
};

const gracePeriod: WaitKind = {
  holds: ({ image: { mm }, kernel, control, nrTasks }, task, { address }) => {
    // Of a domain of its own: srcu_struct.
    if (address !== 0) return kernel.srcuOf(mm).srcuHasReaders(mm, mm.cell_of(address));
    for (let other = 0; other < nrTasks; other++)
      if (other !== task && control.depth(other, 'rcu') > 0) return true;
    return false;
  },
  name: ({ image: { mm } }, { address }) =>
    address === 0
      ? 'a grace period: a task is between rcu_read_lock() and rcu_read_unlock()'
      : `a grace period of the srcu_struct at ${mm.hex(address)}, which has readers`,
  heldWord: () => undefined,
};

/** A child of fork(), or with no address any of them. */
const child: WaitKind = {
  holds: ({ image: { mm }, control, tasks, nrTasks }, task, { address }) => {
    for (let other = 0; other < nrTasks; other++) {
      if (control.parent(other) !== task) continue;
      if (address !== 0 && mm.va_of(tasks.structOf(other)) !== address) continue;
      const status = control.status(other);
      if (status === 'ended' || status === 'failed') return false;
    }
    return true;
  },
  name: ({ image: { mm }, control, tasks, nrTasks }, { address }) => {
    for (let other = 0; other < nrTasks; other++)
      if (control.parent(other) !== undefined && mm.va_of(tasks.structOf(other)) === address)
        return `${tasks.name(other)} to end`;
    return 'a child to end';
  },
  heldWord: () => undefined,
};

export const WAIT_KINDS: Readonly<Record<BlockKind, WaitKind>> = {
  'page lock': pageLock,
  'page writeback': writeback,
  migration,
  semaphore,
  'kmap slot': kmapSlot,
  mutex,
  spinlock: lock('spinlock'),
  'pool element': poolElement,
  'grace period': gracePeriod,
  'rwlock for reading': shared('rwlock', KEEPS_READER),
  'rwlock for writing': shared('rwlock', KEEPS_WRITER),
  'rwsem for reading': rwsem('reading'),
  'rwsem for writing': rwsem('writing'),
  completion,
  'wait queue': waitQueue,
  wakeup,
  start,
  work,
  'running work': runningWork,
  'queued work': work,
  workqueue,
  tasklet,
  'irq thread': irqThread,
  child,
};
