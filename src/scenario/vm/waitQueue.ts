/**
 * The order of those that wait for one thing: who came first goes first, as far as Linux keeps to that. Queues that are the kernel's own
 * are not of these.
 *
 * Source: Linux 6.1 kernel/locking/qrwlock.c, qspinlock.c.
 */
import type { BlockKind, BlockReason } from '../builtins/call.js';
import type { Control } from './control.js';

interface Waiter {
  readonly task: number;
  readonly kind: BlockKind;
  readonly number: number;
}

/** Those that wait at an address, for one of some kinds of thing, the first of them first. */
export function waitersAt(
  control: Control,
  nrTasks: number,
  kinds: readonly BlockKind[],
  address: number,
): readonly Waiter[] {
  const found: Waiter[] = [];
  for (let task = 0; task < nrTasks; task++) {
    const reason = control.isCreated(task) ? control.waitsFor(task) : undefined;
    if (reason === undefined || reason.address !== address || !kinds.includes(reason.kind))
      continue;
    found.push({ task, kind: reason.kind, number: control.queueNumber(task) });
  }
  return found.sort((a, b) => a.number - b.number);
}

const FAMILIES: readonly (readonly BlockKind[])[] = [
  ['spinlock'],
  ['rwlock for reading', 'rwlock for writing'],
  ['pool element'],
];

/**
 * Whether a task that waits for what can be had has to let others go first.
 *
 * @param nrThere of elements of a pool: how many can be had
 */
export function isBehindOthers(
  control: Control,
  nrTasks: number,
  task: number,
  { kind, address }: BlockReason,
  nrThere: number,
): boolean {
  const family = FAMILIES.find((kinds) => kinds.includes(kind));
  if (family === undefined) return false;
  const own = control.queueNumber(task);
  const before = waitersAt(control, nrTasks, family, address).filter(({ number }) => number < own);
  const [first] = before;
  if (first === undefined) return false;
  return kind !== 'pool element' || before.length >= nrThere;
}
