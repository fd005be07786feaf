/**
 * Which task has which lock: rows among the control words, so that each place of the tape has its own.
 *
 *     lock, a cell        task | mode << 8 | kept << 16
 *
 * A row is kept while its task sleeps in the call that took the lock: the call is undone, the lock is not.
 */
import type { LockMode } from '../../engine/machine/sleeper.js';
import type { Cell } from '../../engine/memory/address.js';
import type { Control } from './control.js';

export interface HeldLock {
  readonly lock: Cell;
  readonly mode: LockMode;
}

const MODES: readonly LockMode[] = ['page', 'read', 'write', 'count', 'mutex'];
const KEPT = 1 << 16;
/** As many as there is room for: further ones are not known. */
const MOST = 64;

export class HeldLocks {
  constructor(private readonly control: Control) {}

  private get count(): number {
    return this.control.heldWord(0);
  }

  private lockAt(row: number): Cell {
    return this.control.heldWord(1 + row * 2) as Cell;
  }

  private stateAt(row: number): number {
    return this.control.heldWord(2 + row * 2);
  }

  private set(row: number, lock: Cell, state: number): void {
    this.control.setHeldWord(1 + row * 2, lock);
    this.control.setHeldWord(2 + row * 2, state);
  }

  add(task: number, { lock, mode }: HeldLock, kept: boolean): void {
    const { count } = this;
    if (count === MOST) return;
    this.set(count, lock, task | (MODES.indexOf(mode) << 8) | (kept ? KEPT : 0));
    this.control.setHeldWord(0, count + 1);
  }

  /** Of a task, or if it has none, of any: a lock may be given back by another task than took it. */
  remove(task: number, lock: Cell, mode: LockMode): void {
    const row = this.find(lock, mode, (state) => (state & 0xff) === task) ?? this.find(lock, mode);
    if (row === undefined) return;
    const last = this.count - 1;
    this.set(row, this.lockAt(last), this.stateAt(last));
    this.set(last, 0 as Cell, 0);
    this.control.setHeldWord(0, last);
  }

  private find(
    lock: Cell,
    mode: LockMode,
    fits: (state: number) => boolean = () => true,
  ): number | undefined {
    for (let row = 0; row < this.count; row++) {
      const state = this.stateAt(row);
      if (this.lockAt(row) === lock && MODES[(state >> 8) & 0xff] === mode && fits(state))
        return row;
    }
    return undefined;
  }

  /** Whether a task has kept a lock for the call that is made again, which has it from here on as any other. */
  takeOver(task: number, lock: Cell, mode: LockMode): boolean {
    if (this.count === 0) return false;
    const kept = task | (MODES.indexOf(mode) << 8) | KEPT;
    const row = this.find(lock, mode, (state) => state === kept);
    if (row === undefined) return false;
    this.set(row, lock, kept & ~KEPT);
    return true;
  }

  /** Locks that a task has kept. */
  kept(task: number): readonly HeldLock[] {
    return this.rows((state) => (state & (KEPT | 0xff)) === (task | KEPT));
  }

  of(task: number): readonly HeldLock[] {
    return this.rows((state) => (state & 0xff) === task);
  }

  private rows(fits: (state: number) => boolean): readonly HeldLock[] {
    const found: HeldLock[] = [];
    for (let row = 0; row < this.count; row++) {
      const state = this.stateAt(row);
      const mode = MODES[(state >> 8) & 0xff];
      if (mode !== undefined && fits(state)) found.push({ lock: this.lockAt(row), mode });
    }
    return found;
  }

  /** The tasks that have a lock, each once, in the order in which they got it. */
  holders(lock: Cell): readonly number[] {
    const found = new Set<number>();
    for (let row = 0; row < this.count; row++)
      if (this.lockAt(row) === lock) found.add(this.stateAt(row) & 0xff);
    return [...found];
  }
}
