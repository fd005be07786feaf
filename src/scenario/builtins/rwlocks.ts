/**
 * Locks that many readers or one writer have, and completions: their words are the kernel's, as long as nobody waits. Who has to wait
 * stands in a queue of the scenario's (vm/waitQueue.ts), not in the lock's.
 *
 *     rwlock_t (SMP)        cnts    0xff while a writer has it, else 0x200 for each reader; without SMP it has no words
 *     struct rw_semaphore   count   1 while a writer has it, else 0x100 for each reader; owner: the writer
 *     struct completion     done    how often complete() was called and not waited for; ~0 after complete_all(). Its
 *                           other members are in no profile
 *
 * Source: Linux 6.1 include/asm-generic/qrwlock.h, kernel/locking/rwsem.c, kernel/sched/completion.c.
 */
import type { VirtAddr } from '../../engine/memory/address.js';
import { findMember } from '../../engine/types/members.js';
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
/** Bits of a writer: one that has it or one that waits. */
export const QW_MASK = 0x1ff;

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
  readonly isFree: (count: number) => boolean;
  /** Who goes first where it waits. */
  readonly first: readonly BlockKind[];
}

const READ: Side = {
  name: 'read',
  amount: QR_BIAS,
  waits: 'rwlock for reading',
  isFree: (count) => (count & QW_MASK) === 0,
  first: ['rwlock for writing'],
};
const WRITE: Side = {
  name: 'write',
  amount: QW_LOCKED,
  waits: 'rwlock for writing',
  isFree: (count) => count === 0,
  first: ['rwlock for reading', 'rwlock for writing'],
};

/** False: it cannot be had now. */
function take(call: BuiltinCall, lock: Value, side: Side): boolean {
  const count = countOf(call, lock);
  // A reader lets a writer that waits go first; a writer lets everybody.
  if (!side.isFree(count) || call.context.isWaitedFor(side.first, va(lock))) return false;
  setCount(call, lock, count + side.amount);
  call.context.preemptCount++;
  return true;
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
          if (!take(call, lock, side)) return blocked(side.waits, va(lock));
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
        if (!take(call, lock, side)) return blocked(side.waits, va(lock));
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
    },
  },
  ...rows(READ),
  ...rows(WRITE),
];

// --- struct rw_semaphore ---------------------------------------------------------------------------------------------------------

const RWSEM_WRITER_LOCKED = 1;
const RWSEM_READER_BIAS = 0x100;

const longSize = (call: BuiltinCall): 4 | 8 => call.profile.pointerSize;

const semCount = (call: BuiltinCall, sem: Value): number =>
  Number(call.memory.load(sem, longSize(call)));

/** count, and the owner behind it: the writer, or nobody. */
function setSem(call: BuiltinCall, sem: Value, count: number, owner: Value): void {
  const size = longSize(call);
  call.memory.store(sem, size, count);
  call.memory.store(call.offset(sem, size), size, owner);
}

/** A list head, by its designator in a structure: empty from now on. */
export function initList(call: BuiltinCall, at: Value, tag: string, member: string): void {
  const type = call.profile.types.struct(tag);
  const place = type && findMember(type, member);
  if (place === undefined) return;
  call.kernel.INIT_LIST_HEAD(call.k, call.cell(call.offset(at, place.offsetBits / 8)));
}

const ownerOf = (call: BuiltinCall): Value => call.pointer(call.kernel.current(call.k));

const SEM_WAITS: readonly BlockKind[] = ['rwsem for reading', 'rwsem for writing'];

function downRead(call: BuiltinCall, sem: Value, isTry = false): boolean {
  const count = semCount(call, sem);
  if ((count & RWSEM_WRITER_LOCKED) !== 0) return false;
  // Beside readers, no reader goes before those that wait: a writer is among them.
  if ((count >= RWSEM_READER_BIAS || isTry) && call.context.isWaitedFor(SEM_WAITS, va(sem)))
    return false;
  setSem(call, sem, count + RWSEM_READER_BIAS, 0);
  return true;
}

function downWrite(call: BuiltinCall, sem: Value, isTry = false): boolean {
  if (semCount(call, sem) !== 0) return false;
  // Only on SMP a writer looks whether it can have it before those that wait (RWSEM_SPIN_ON_OWNER).
  if ((isTry || !call.k.smp) && call.context.isWaitedFor(SEM_WAITS, va(sem))) return false;
  setSem(call, sem, RWSEM_WRITER_LOCKED, ownerOf(call));
  return true;
}

const complainUp = (call: BuiltinCall, name: string, sem: Value): void => {
  call.printk(KERN_ERR, `${name}: the rw_semaphore at ${call.k.hex(va(sem))} is not held so`);
};

const semaphores: readonly BuiltinRow[] = [
  {
    signature: 'void init_rwsem(struct rw_semaphore *sem)',
    doc: 'Makes a semaphore for many readers or one writer: it is free.',
    changes,
    run: (call, sem) => {
      setSem(call, sem, 0, 0);
      initList(call, sem, 'rw_semaphore', 'wait_list');
    },
  },
  {
    signature: 'void down_read(struct rw_semaphore *sem)',
    doc: 'Takes a semaphore beside other readers; waits while a writer has it.',
    changes,
    sleeps: 'always',
    run: (call, sem) => (downRead(call, sem) ? undefined : blocked('rwsem for reading', va(sem))),
  },
  {
    signature: 'int down_read_trylock(struct rw_semaphore *sem)',
    doc: 'Like down_read, if that can be at once; returns whether it did.',
    changes,
    run: (call, sem) => truth(downRead(call, sem, true)),
  },
  {
    signature: 'void up_read(struct rw_semaphore *sem)',
    doc: 'Gives back a semaphore of down_read().',
    changes,
    run: (call, sem) => {
      const count = semCount(call, sem);
      if (count < RWSEM_READER_BIAS) complainUp(call, 'up_read', sem);
      else setSem(call, sem, count - RWSEM_READER_BIAS, 0);
    },
  },
  {
    signature: 'void down_write(struct rw_semaphore *sem)',
    doc: 'Takes a semaphore alone; waits while anybody else has it.',
    changes,
    sleeps: 'always',
    run: (call, sem) => (downWrite(call, sem) ? undefined : blocked('rwsem for writing', va(sem))),
  },
  {
    signature: 'int down_write_trylock(struct rw_semaphore *sem)',
    doc: 'Like down_write, if that can be at once; returns whether it did.',
    changes,
    run: (call, sem) => truth(downWrite(call, sem, true)),
  },
  {
    signature: 'void up_write(struct rw_semaphore *sem)',
    doc: 'Gives back a semaphore of down_write().',
    changes,
    run: (call, sem) => {
      if ((semCount(call, sem) & RWSEM_WRITER_LOCKED) === 0) complainUp(call, 'up_write', sem);
      else setSem(call, sem, 0, 0);
    },
  },
  {
    signature: 'void downgrade_write(struct rw_semaphore *sem)',
    doc: 'The writer becomes a reader, and lets others read.',
    changes,
    run: (call, sem) => {
      if ((semCount(call, sem) & RWSEM_WRITER_LOCKED) === 0)
        complainUp(call, 'downgrade_write', sem);
      else setSem(call, sem, RWSEM_READER_BIAS, 0);
    },
  },
  {
    signature: 'int rwsem_is_locked(struct rw_semaphore *sem)',
    doc: 'Whether anybody has a semaphore.',
    run: (call, sem) => truth(semCount(call, sem) !== 0),
  },
];

// --- struct completion -----------------------------------------------------------------------------------------------------------

const UINT_MAX = 0xffff_ffff;

const doneOf = (call: BuiltinCall, x: Value): number => Number(call.memory.load(x, 4)) >>> 0;

/** One complete() is used up; complete_all() never is. False: none was called. */
export function waitFor(call: BuiltinCall, x: Value): boolean {
  const done = doneOf(call, x);
  if (done === 0) return false;
  if (done !== UINT_MAX) call.memory.store(x, 4, done - 1);
  return true;
}

const completions: readonly BuiltinRow[] = [
  {
    signature: 'void init_completion(struct completion *x)',
    doc: 'Makes a completion: nothing is done yet.',
    changes,
    run: (call, x) => {
      call.memory.store(x, 4, 0);
    },
  },
  {
    signature: 'void reinit_completion(struct completion *x)',
    doc: 'Takes back what was done, so that a completion can be used again.',
    changes,
    run: (call, x) => {
      call.memory.store(x, 4, 0);
    },
  },
  {
    signature: 'void complete(struct completion *x)',
    doc: 'Lets one task that waits for a completion go on, or the next that will.',
    changes,
    run: (call, x) => {
      const done = doneOf(call, x);
      if (done !== UINT_MAX) call.memory.store(x, 4, done + 1);
    },
  },
  {
    signature: 'void complete_all(struct completion *x)',
    doc: 'Lets all tasks go on that wait for a completion, now and later.',
    changes,
    run: (call, x) => {
      call.memory.store(x, 4, UINT_MAX);
    },
  },
  {
    signature: 'void wait_for_completion(struct completion *x)',
    doc: 'Waits until complete() is called, once for each that waits.',
    changes,
    sleeps: 'always',
    run: (call, x) => (waitFor(call, x) ? undefined : blocked('completion', va(x))),
  },
  {
    signature: 'bool try_wait_for_completion(struct completion *x)',
    doc: 'Like wait_for_completion, but does not wait; false if it would have to.',
    changes,
    run: (call, x) => truth(waitFor(call, x)),
  },
  {
    signature: 'bool completion_done(struct completion *x)',
    doc: 'Whether a task that waited now would go on at once.',
    run: (call, x) => truth(doneOf(call, x) !== 0),
  },
];

export const sharedLocks: readonly Builtin[] = [
  ...group('lock', 'include/linux/rwlock.h', rwlocks),
  ...group('lock', 'kernel/locking/rwsem.c', semaphores),
  ...group('lock', 'kernel/sched/completion.c', completions),
];
