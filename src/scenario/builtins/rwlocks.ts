/**
 * Locks that many readers or one writer have, and semaphores. Of rw_semaphores and semaphores all is the kernel's, their queues too.
 *
 *     rwlock_t (SMP)   cnts        0xff while a writer has it, 0x200 for each reader; 0x100: a writer waits, as the first
 *                      wait_lock   has who waits as the first; who comes behind spins on it. Without SMP there are no words
 *
 * Differs: of three that wait, and more, the last one alone is in wait_lock; what an MCS queue has of the others is nowhere.
 * Source: Linux 6.1 include/asm-generic/qrwlock.h; kernel/locking/qrwlock.c, qspinlock.c.
 */
import type { RwSemaphore } from '../../engine/machine/ctypes.js';
import type { VirtAddr } from '../../engine/memory/address.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinResult, type BuiltinRow } from './builtin.js';
import type { BlockKind, BuiltinCall } from './call.js';
import { disableIrqs, irqFlags, restoreIrqs } from './locks.js';
import { truth, va } from './pointers.js';

const changes = true;
const KERN_ERR = 3;

const blocked = (kind: BlockKind, address: VirtAddr): BuiltinResult => ({
  blocked: { kind, address },
});

// --- rwlock_t ------------------------------------------------------------------------------------------------------------------

const QR_BIAS = 0x200;
const QW_LOCKED = 0xff;
const QW_WAITING = 0x100;
/** Bits of a writer: one that has it or one that waits. */
const QW_MASK = QW_LOCKED | QW_WAITING;
/** What keeps the first of those that wait: a reader only a writer that has it, a writer all but itself. */
export const KEEPS_READER = QW_LOCKED;
export const KEEPS_WRITER = ~QW_WAITING;

const Q_PENDING = 0x100;
const Q_TAIL_CPU_SHIFT = 18;

const countOf = (call: BuiltinCall, lock: Value): number =>
  call.k.smp ? Number(call.memory.load(lock, 4)) : 0;

function setCount(call: BuiltinCall, lock: Value, count: number): void {
  if (call.k.smp) call.memory.store(lock, 4, count >>> 0);
}

/** As much of a lock as is taken or given back, and who is in the way of taking it. */
interface Side {
  readonly name: 'read' | 'write';
  readonly amount: number;
  readonly waits: BlockKind;
  /** For one that comes, and for the first that waits. */
  readonly isFree: (count: number) => boolean;
  readonly isFreeForFirst: (count: number) => boolean;
}

const READ: Side = {
  name: 'read',
  amount: QR_BIAS,
  waits: 'rwlock for reading',
  isFree: (count) => (count & QW_MASK) === 0,
  isFreeForFirst: (count) => (count & KEEPS_READER) === 0,
};
const WRITE: Side = {
  name: 'write',
  amount: QW_LOCKED,
  waits: 'rwlock for writing',
  isFree: (count) => count === 0,
  isFreeForFirst: (count) => (count & KEEPS_WRITER) === 0,
};

const WAITS: readonly BlockKind[] = [READ.waits, WRITE.waits];

// --- who waits: the first has the lock's wait_lock, the others spin on that ---------------------------------------------------------

/** The first of those that wait is in the count: a reader as if it had the lock, a writer by a bit. */
function markFirst(call: BuiltinCall, lock: Value, kind: BlockKind): void {
  const count = countOf(call, lock);
  setCount(call, lock, kind === READ.waits ? count + QR_BIAS : count | QW_WAITING);
}

/** wait_lock, a spinlock: taken by the first; the second is pending, the last of more its tail. */
function setWaitLock(call: BuiltinCall, lock: Value, nrWaiters: number): void {
  const tail = nrWaiters > 2 ? (call.k.cpu + 1) << Q_TAIL_CPU_SHIFT : 0;
  const value = (nrWaiters > 0 ? 1 : 0) | (nrWaiters > 1 ? Q_PENDING : 0) | tail;
  call.memory.store(call.offset(lock, 4), 4, value);
}

/** queued_read_lock_slowpath(), queued_write_lock_slowpath(): up to where they spin. */
function enqueue(call: BuiltinCall, lock: Value, side: Side): void {
  const others = call.context.waitersAt(WAITS, va(lock));
  if (others.length === 0) markFirst(call, lock, side.waits);
  setWaitLock(call, lock, others.length + 1);
}

/** The first of those that wait has the lock: the next one is first now. */
function dequeue(call: BuiltinCall, lock: Value): void {
  const others = call.context.waitersAt(WAITS, va(lock));
  const [next] = others;
  if (next !== undefined) markFirst(call, lock, next);
  setWaitLock(call, lock, others.length);
}

/** Whether the running task has waited for the lock in this very statement. */
const isQueued = (call: BuiltinCall, lock: Value, side: Side): boolean =>
  call.context.waited?.kind === side.waits && call.context.waited.address === va(lock);

/** False: it cannot be had now. */
function take(call: BuiltinCall, lock: Value, side: Side): boolean {
  const count = countOf(call, lock);
  if (isQueued(call, lock, side)) {
    if (call.context.isWaitedFor(WAITS, va(lock)) || !side.isFreeForFirst(count)) return false;
    // A reader is in the count already.
    if (side === WRITE) setCount(call, lock, QW_LOCKED);
    dequeue(call, lock);
  } else {
    if (!side.isFree(count)) return false;
    setCount(call, lock, count + side.amount);
  }
  call.context.preemptCount++;
  return true;
}

/** The task spins: what others see of that is in the lock. */
function spin(call: BuiltinCall, lock: Value, side: Side): BuiltinResult {
  if (!isQueued(call, lock, side))
    call.k.shows(() => {
      enqueue(call, lock, side);
    });
  return blocked(side.waits, va(lock));
}

function release(call: BuiltinCall, lock: Value, side: Side): void {
  const count = countOf(call, lock);
  const isHeld = side.name === 'read' ? count >= QR_BIAS : (count & QW_LOCKED) === QW_LOCKED;
  if (call.context.preemptCount === 0 || (call.k.smp && !isHeld)) {
    call.warn(`WARNING: at ${call.location}: a lock is released that this task has not taken`);
    return;
  }
  setCount(call, lock, count - side.amount);
  call.context.preemptCount--;
}

const rows = (side: Side): readonly BuiltinRow[] => {
  const { name } = side;
  const who = name === 'read' ? 'beside other readers' : 'alone';
  return [
    ...(['', '_bh', '_irq'] as const).flatMap((suffix): BuiltinRow[] => [
      {
        signature: `void ${name}_lock${suffix}(rwlock_t *lock)`,
        doc: `Takes a lock ${who}${suffix === '_irq' ? ', with interrupts off' : ''}; until it is released the task must not sleep.`,
        changes,
        run: (call, lock) => {
          if (!take(call, lock, side)) return spin(call, lock, side);
          if (suffix === '_irq') disableIrqs(call);
          return undefined;
        },
      },
      {
        signature: `void ${name}_unlock${suffix}(rwlock_t *lock)`,
        doc: `Releases a lock of ${name}_lock${suffix}()${suffix === '_irq' ? ', and lets interrupts in' : ''}.`,
        changes,
        run: (call, lock) => {
          release(call, lock, side);
          if (suffix === '_irq') call.context.irqsDisabled = false;
        },
      },
    ]),
    {
      signature: `unsigned long _raw_${name}_lock_irqsave(rwlock_t *lock)`,
      doc: `The function behind ${name}_lock_irqsave(lock, flags): what it gives is flags.`,
      changes,
      run: (call, lock) => {
        const flags = irqFlags(call);
        if (!take(call, lock, side)) return spin(call, lock, side);
        disableIrqs(call);
        return flags;
      },
    },
    {
      signature: `void ${name}_unlock_irqrestore(rwlock_t *lock, unsigned long flags)`,
      doc: `Releases a lock, and interrupts are as ${name}_lock_irqsave() found them.`,
      changes,
      run: (call, lock, flags) => {
        release(call, lock, side);
        restoreIrqs(call, flags);
      },
    },
    {
      signature: `int ${name}_trylock(rwlock_t *lock)`,
      doc: `Takes a lock ${who}, if that can be at once; returns whether it did.`,
      changes,
      run: (call, lock) => truth(take(call, lock, side)),
    },
  ];
};

const rwlocks: readonly BuiltinRow[] = [
  {
    signature: 'void rwlock_init(rwlock_t *lock)',
    doc: 'Makes a lock for many readers or one writer: it is free.',
    changes,
    run: (call, lock) => {
      setCount(call, lock, 0);
      if (call.k.smp) setWaitLock(call, lock, 0);
    },
  },
  ...rows(READ),
  ...rows(WRITE),
];

// --- struct rw_semaphore ---------------------------------------------------------------------------------------------------------

const RWSEM_WRITER_LOCKED = 1;
const RWSEM_READER_BIAS = 0x100;

/** Whether it is held as it is about to be given back; says so if not. */
function isHeld(
  call: BuiltinCall,
  name: string,
  sem: RwSemaphore,
  mode: 'read' | 'write',
): boolean {
  const { k } = call;
  const count = k.read_int(k.plus(sem, k.rw_semaphore.count));
  const held = mode === 'read' ? count >= RWSEM_READER_BIAS : (count & RWSEM_WRITER_LOCKED) !== 0;
  if (!held)
    call.printk(KERN_ERR, `${name}: the rw_semaphore at ${k.hex(k.va_of(sem))} is not held so`);
  return held;
}

type Interrupted = 'down_read_interruptible' | 'down_read_killable' | 'down_write_killable';

const taking = (
  mode: 'read' | 'write',
  suffix: '' | '_interruptible' | '_killable',
): BuiltinRow => {
  const who = mode === 'read' ? 'beside other readers' : 'alone';
  const others = mode === 'read' ? 'a writer has it' : 'anybody else has it';
  const isPlain = suffix === '';
  return {
    signature: `${isPlain ? 'void' : 'int'} down_${mode}${suffix}(struct rw_semaphore *sem)`,
    doc: isPlain
      ? `Takes a semaphore ${who}; sleeps while ${others}.`
      : `Like down_${mode}; 0, or -EINTR if a signal${suffix === '_killable' ? ' that ends the task' : ''} came first.`,
    changes,
    sleeps: 'always',
    run: (call, sem) => {
      const cell = call.cell(sem);
      if (!isPlain) return call.kernel[`down_${mode}${suffix}` as Interrupted](call.k, cell);
      call.kernel[`down_${mode}`](call.k, cell);
      return undefined;
    },
  };
};

const rwSemaphores: readonly BuiltinRow[] = [
  {
    signature: 'void init_rwsem(struct rw_semaphore *sem)',
    doc: 'Makes a semaphore for many readers or one writer: it is free.',
    changes,
    run: (call, sem) => {
      call.kernel.__init_rwsem(call.k, call.cell(sem));
    },
  },
  taking('read', ''),
  taking('read', '_interruptible'),
  taking('read', '_killable'),
  {
    signature: 'int down_read_trylock(struct rw_semaphore *sem)',
    doc: 'Like down_read, if that can be at once; returns whether it did.',
    changes,
    run: (call, sem) => truth(call.kernel.down_read_trylock(call.k, call.cell(sem))),
  },
  {
    signature: 'void up_read(struct rw_semaphore *sem)',
    doc: 'Gives back a semaphore of down_read(); the last reader wakes the first task that waits.',
    changes,
    run: (call, sem) => {
      const cell = call.cell(sem);
      if (isHeld(call, 'up_read', cell, 'read')) call.kernel.up_read(call.k, cell);
    },
  },
  taking('write', ''),
  taking('write', '_killable'),
  {
    signature: 'int down_write_trylock(struct rw_semaphore *sem)',
    doc: 'Like down_write, if that can be at once; returns whether it did.',
    changes,
    run: (call, sem) => truth(call.kernel.down_write_trylock(call.k, call.cell(sem))),
  },
  {
    signature: 'void up_write(struct rw_semaphore *sem)',
    doc: 'Gives back a semaphore of down_write(), and wakes the first task that waits; of readers, all.',
    changes,
    run: (call, sem) => {
      const cell = call.cell(sem);
      if (isHeld(call, 'up_write', cell, 'write')) call.kernel.up_write(call.k, cell);
    },
  },
  {
    signature: 'void downgrade_write(struct rw_semaphore *sem)',
    doc: 'The writer becomes a reader, and lets others read.',
    changes,
    run: (call, sem) => {
      const cell = call.cell(sem);
      if (isHeld(call, 'downgrade_write', cell, 'write')) call.kernel.downgrade_write(call.k, cell);
    },
  },
  {
    signature: 'int rwsem_is_locked(struct rw_semaphore *sem)',
    doc: 'Whether anybody has a semaphore, or waits for it.',
    run: (call, sem) => truth(call.kernel.rwsem_is_locked(call.k, call.cell(sem))),
  },
];

// --- struct semaphore --------------------------------------------------------------------------------------------------------------

const semaphores: readonly BuiltinRow[] = [
  {
    signature: 'void down(struct semaphore *sem)',
    doc: 'Takes one of a semaphore; sleeps while there is none.',
    changes,
    sleeps: 'always',
    run: (call, sem) => {
      call.kernel.down(call.k, call.cell(sem));
    },
  },
  ...(['_interruptible', '_killable'] as const).map((suffix): BuiltinRow => ({
    signature: `int down${suffix}(struct semaphore *sem)`,
    doc: `Like down; 0, or -EINTR if a signal${suffix === '_killable' ? ' that ends the task' : ''} came first.`,
    changes,
    sleeps: 'always',
    run: (call, sem) => call.kernel[`down${suffix}`](call.k, call.cell(sem)),
  })),
  {
    signature: 'int down_trylock(struct semaphore *sem)',
    doc: 'Takes one of a semaphore if there is one: 0 then, and 1 if it did not. The other way round than other locks.',
    changes,
    run: (call, sem) => call.kernel.down_trylock(call.k, call.cell(sem)),
  },
  {
    signature: 'int down_timeout(struct semaphore *sem, long timeout)',
    doc: 'Like down, for so many jiffies at most: 0, or -ETIME if there was none in time.',
    changes,
    sleeps: 'always',
    run: (call, sem, timeout) => call.kernel.down_timeout(call.k, call.cell(sem), Number(timeout)),
  },
  {
    signature: 'void up(struct semaphore *sem)',
    doc: 'Gives one back: to the first task that waits, or else to whoever comes. Any task may.',
    changes,
    run: (call, sem) => {
      call.kernel.up(call.k, call.cell(sem));
    },
  },
];

const semaphoreHeader: readonly BuiltinRow[] = [
  {
    signature: 'void sema_init(struct semaphore *sem, int val)',
    doc: 'Makes a semaphore that so many may have at a time.',
    changes,
    run: (call, sem, val) => {
      call.kernel.sema_init(call.k, call.cell(sem), Number(val));
    },
  },
];

export const sharedLocks: readonly Builtin[] = [
  ...group('lock', 'include/linux/rwlock.h', rwlocks),
  ...group('lock', 'kernel/locking/rwsem.c', rwSemaphores),
  ...group('lock', 'kernel/locking/semaphore.c', semaphores),
  ...group('lock', 'include/linux/semaphore.h', semaphoreHeader),
];
