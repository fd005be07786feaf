/**
 * Locks between tasks, and sections in which a task must not sleep.
 *
 * A build without SMP has no spinlocks: they disable preemption, and nothing else. On SMP the word of one that is taken is 1, and a task
 * that finds it so waits until it is released, as the CPU would spin. A mutex is the kernel's own: kernel/locking/mutex.ts.
 */
import type { VirtAddr } from '../../engine/memory/address.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinResult, type BuiltinRow } from './builtin.js';
import type { BlockKind, BuiltinCall } from './call.js';
import { truth, va } from './pointers.js';

const changes = true;
const KERN_ERR = 3;

const blocked = (kind: BlockKind, address: VirtAddr): BuiltinResult => ({
  blocked: { kind, address },
});

// --- spinlocks -----------------------------------------------------------------------------------------------------------------

/** Whether a lock is taken; a build without SMP does not know. */
const isTaken = (call: BuiltinCall, lock: Value): boolean =>
  call.k.smp &&
  (Number(call.memory.load(lock, 4)) !== 0 || call.context.isWaitedFor(['spinlock'], va(lock)));

function take(call: BuiltinCall, lock: Value): void {
  if (call.k.smp) call.memory.store(lock, 4, 1);
  call.context.preemptCount++;
}

function release(call: BuiltinCall, lock: Value): void {
  if (call.k.smp) call.memory.store(lock, 4, 0);
  if (call.context.preemptCount > 0) call.context.preemptCount--;
  else call.warn(`WARNING: at ${call.location}: a lock is released that this task has not taken`);
}

/** Waits for a lock and takes it, with `before` done first: a call that waits has done nothing. */
function lockAfter(
  call: BuiltinCall,
  lock: Value,
  before?: (call: BuiltinCall) => void,
): BuiltinResult {
  if (isTaken(call, lock)) return blocked('spinlock', va(lock));
  before?.(call);
  take(call, lock);
  return undefined;
}

/** Takes a lock for as long as a function of the kernel runs. */
export function holding(
  call: BuiltinCall,
  lock: Value,
  run: (call: BuiltinCall) => BuiltinResult,
): BuiltinResult {
  const waits = lockAfter(call, lock);
  if (waits !== undefined) return waits;
  const result = run(call);
  release(call, lock);
  return result;
}

export function disableIrqs(call: BuiltinCall): void {
  call.context.irqsDisabled = true;
}

const spinning = (suffix: '' | '_bh' | '_irq'): readonly BuiltinRow[] => [
  {
    signature: `void spin_lock${suffix}(spinlock_t *lock)`,
    doc: `Takes a spinlock${suffix === '_irq' ? ', with interrupts off' : ''}; until it is released the task must not sleep.`,
    changes,
    run: (call, lock) => lockAfter(call, lock, suffix === '_irq' ? disableIrqs : undefined),
  },
  {
    signature: `void spin_unlock${suffix}(spinlock_t *lock)`,
    doc: `Releases a spinlock${suffix === '_irq' ? ', and lets interrupts in' : ''}.`,
    changes,
    run: (call, lock) => {
      if (suffix === '_irq') call.context.irqsDisabled = false;
      release(call, lock);
    },
  },
];

const spinlocks: readonly BuiltinRow[] = [
  {
    signature: 'void spin_lock_init(spinlock_t *lock)',
    doc: 'Makes a spinlock: it is free.',
    changes,
    run: (call, lock) => {
      if (call.k.smp) call.memory.store(lock, 4, 0);
    },
  },
  ...spinning(''),
  ...spinning('_bh'),
  ...spinning('_irq'),
  {
    signature: 'unsigned long _raw_spin_lock_irqsave(spinlock_t *lock)',
    doc: 'The function behind spin_lock_irqsave(lock, flags): what it gives is flags.',
    changes,
    run: (call, lock) => {
      const flags = irqFlags(call);
      return lockAfter(call, lock, disableIrqs) ?? flags;
    },
  },
  {
    signature: 'void spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags)',
    doc: 'Releases a spinlock, and interrupts are as spin_lock_irqsave() found them.',
    changes,
    run: (call, lock, flags) => {
      release(call, lock);
      restoreIrqs(call, flags);
    },
  },
  {
    signature: 'int spin_trylock(spinlock_t *lock)',
    doc: 'Takes a spinlock if it is free; returns whether it did.',
    changes,
    run: (call, lock) => {
      if (isTaken(call, lock)) return 0;
      take(call, lock);
      return 1;
    },
  },
  {
    signature: 'int spin_is_locked(spinlock_t *lock)',
    doc: 'Whether a spinlock is taken; always 0 in a build without SMP.',
    run: (call, lock) => truth(isTaken(call, lock)),
  },
];

// --- interrupts, preemption ----------------------------------------------------------------------------------------------------

/** X86_EFLAGS_IF, and bit 1, which is always set. */
const EFLAGS_IF = 0x200;

export const irqFlags = (call: BuiltinCall): Value =>
  call.context.irqsDisabled ? 2 : 2 | EFLAGS_IF;

export function restoreIrqs(call: BuiltinCall, flags: Value): void {
  call.context.irqsDisabled = (Number(flags) & EFLAGS_IF) === 0;
}

const irqs: readonly BuiltinRow[] = [
  {
    signature: 'void local_irq_disable(void)',
    doc: 'No interrupts on this CPU: until local_irq_enable() the task must not sleep.',
    changes,
    run: (call) => {
      call.context.irqsDisabled = true;
    },
  },
  {
    signature: 'void local_irq_enable(void)',
    doc: 'Interrupts again.',
    changes,
    run: (call) => {
      call.context.irqsDisabled = false;
    },
  },
  {
    signature: 'unsigned long arch_local_irq_save(void)',
    doc: 'The function behind local_irq_save(flags).',
    changes,
    run: (call) => {
      const flags = irqFlags(call);
      call.context.irqsDisabled = true;
      return flags;
    },
  },
  {
    signature: 'void local_irq_restore(unsigned long flags)',
    doc: 'Interrupts are as local_irq_save() found them.',
    changes,
    run: (call, flags) => {
      restoreIrqs(call, flags);
    },
  },
  {
    signature: 'bool irqs_disabled(void)',
    doc: 'Whether interrupts are off.',
    run: (call) => truth(call.context.irqsDisabled),
  },
];

const preemption: readonly BuiltinRow[] = [
  {
    signature: 'void preempt_disable(void)',
    doc: 'Until preempt_enable() the task must not sleep.',
    changes,
    run: (call) => {
      call.context.preemptCount++;
    },
  },
  {
    signature: 'void preempt_enable(void)',
    doc: 'Ends a section of preempt_disable().',
    changes,
    run: (call) => {
      call.context.preemptCount--;
    },
  },
  {
    signature: 'int preempt_count(void)',
    doc: 'How many sections the task is in in which it must not sleep; 0: it may.',
    run: (call) => call.context.preemptCount,
  },
  {
    signature: 'bool in_atomic(void)',
    doc: 'Whether the task holds a spinlock or has disabled preemption.',
    run: (call) => truth(call.context.preemptCount > 0),
  },
  {
    signature: 'int get_cpu(void)',
    doc: 'The number of this CPU, which stays it until put_cpu(): the task must not sleep.',
    changes,
    run: (call) => {
      call.context.preemptCount++;
      return call.k.cpu;
    },
  },
  {
    signature: 'void put_cpu(void)',
    doc: 'Ends a section of get_cpu().',
    changes,
    run: (call) => {
      call.context.preemptCount--;
    },
  },
  {
    signature: 'void might_sleep(void)',
    doc: 'Says so if the task must not sleep here.',
    changes,
    sleeps: 'always',
    run: () => undefined,
  },
];

// --- mutexes -------------------------------------------------------------------------------------------------------------------

const TASK_UNINTERRUPTIBLE = 2;

/** How each name sleeps, and what it says of that. */
const TAKING = [
  ['void', '', TASK_UNINTERRUPTIBLE, 'Takes a mutex; sleeps while another task has it.'],
  ['int', '_interruptible', 1, 'Like mutex_lock; 0, or -EINTR if a signal came first.'],
  [
    'int',
    '_killable',
    0x102,
    'Like mutex_lock; 0, or -EINTR if a signal that ends the task came first.',
  ],
] as const;

const mutexes: readonly BuiltinRow[] = [
  {
    signature: 'void mutex_init(struct mutex *lock)',
    doc: 'Makes a mutex: it is free.',
    changes,
    run: (call, lock) => {
      call.kernel.__mutex_init(call.k, call.cell(lock));
    },
  },
  ...TAKING.map(([type, suffix, state, doc]): BuiltinRow => ({
    signature: `${type} mutex_lock${suffix}(struct mutex *lock)`,
    doc,
    changes,
    sleeps: 'always',
    run: (call, lock) => {
      const error = call.kernel.__mutex_lock(call.k, call.cell(lock), state);
      return type === 'void' ? undefined : error;
    },
  })),
  {
    signature: 'int mutex_trylock(struct mutex *lock)',
    doc: 'Takes a mutex if it is free; returns whether it did.',
    changes,
    run: (call, lock) => truth(call.kernel.mutex_trylock(call.k, call.cell(lock))),
  },
  {
    signature: 'void mutex_unlock(struct mutex *lock)',
    doc: 'Releases a mutex, and wakes the first task that waits for it.',
    changes,
    run: (call, lock) => {
      const cell = call.cell(lock);
      if (!call.kernel.mutex_is_locked(call.k, cell))
        call.printk(KERN_ERR, `mutex_unlock: the mutex at ${call.k.hex(va(lock))} is not locked`);
      else call.kernel.mutex_unlock(call.k, cell);
    },
  },
  {
    signature: 'bool mutex_is_locked(struct mutex *lock)',
    doc: 'Whether somebody has a mutex.',
    run: (call, lock) => truth(call.kernel.mutex_is_locked(call.k, call.cell(lock))),
  },
];

export const locks: readonly Builtin[] = [
  ...group('lock', 'include/linux/spinlock.h', spinlocks),
  ...group('lock', 'include/linux/irqflags.h', irqs),
  ...group('lock', 'include/linux/preempt.h', preemption),
  ...group('lock', 'kernel/locking/mutex.c', mutexes),
];
