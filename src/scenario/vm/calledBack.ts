/**
 * Functions of the scenario that the kernel calls, as whoever listens to the kernel sees them: entered, a statement about to run, left,
 * between the kernel's own events. They have no boundaries, for the kernel that called them is under way.
 *
 * Functions and statements have the ids `FOREIGN + n`; the locals of a statement tell where its frame is: bytes of stack and words of
 * shadow in use.
 */
import { atStatement, enterFunction, FOREIGN, leaveFunction } from '../../engine/probe.js';
import type { StackUse } from './control.js';

const NOTHING_TO_SET = (): void => undefined;

export class CalledBack {
  /** Entered and not left: those that the kernel called, and those that they called. */
  private depth = 0;
  /** Whether the kernel has called one since this was cleared. */
  happened = false;

  get isActive(): boolean {
    return this.depth > 0;
  }

  /** @param fn its number in the program */
  enter(fn: number): void {
    this.happened = true;
    this.depth++;
    enterFunction(FOREIGN + fn, NOTHING_TO_SET);
  }

  /** @param boundary number of the statement that is about to run */
  at(boundary: number, { bytes, shadow }: StackUse): void {
    atStatement(FOREIGN + boundary, () => ({ bytes, shadow }));
  }

  leave(): void {
    this.depth--;
    leaveFunction();
  }

  /** Runs a function for the kernel; however it ends, it has left everything that it entered. */
  during<T>(fn: number, run: () => T): T {
    const { depth } = this;
    this.enter(fn);
    try {
      return run();
    } finally {
      while (this.depth > depth) this.leave();
    }
  }
}
