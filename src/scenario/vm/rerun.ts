/**
 * What a statement that is run again, because it had to wait, does otherwise than the first time.
 *
 * It may wait for what it has itself given the kernel's threads to do (a driver's ioctl() that queues a work and flushes it). Undone, it
 * would take that back. So its task does these jobs itself, in the call that waited, before it waits. And a statement that waits for some
 * time, and then for something else, does not wait for that time again.
 *
 * That is in cells, some words for the statement that runs of each task: the place of a call in the code, and how many jobs are done
 * before it, or how many times it has waited there to the end. wait_event() looks at its condition behind each job.
 */
import type { Cell } from '../../engine/memory/address.js';
import type { BlockReason } from '../builtins/call.js';
import { RERUN_WORDS, type Control } from './control.js';

/**
 *     31                    11       10       9    8         0
 *     place in the code (pc)  waited   at once        how many
 */
const PC_SHIFT = 11;
const WAITED = 1 << 10;
/** What still waits for its time is done now: flush_delayed_work(). */
const AT_ONCE = 1 << 9;
const COUNT = AT_ONCE - 1;

/** What the kernel's threads have been given. */
export interface GivenJobs {
  /** Whether a job waits to be begun. */
  isWaiting(object: Cell): boolean;
  /** How many of these can be done now. */
  nrQueued(objects: readonly Cell[]): number;
  /** The jiffy at which the first of the others is due. */
  dueAt(objects: readonly Cell[]): number | undefined;
  /** Does the first of these that can be done, at its time or at once. */
  doFirst(objects: readonly Cell[], atOnce: boolean): void;
}

interface Planned {
  readonly pc: number;
  readonly waited: boolean;
  readonly atOnce: boolean;
  left: number;
}

export class Rerun {
  /** Of the newest call of a builtin. */
  private pc = 0;
  /** What the statement has given others to do, in this order. */
  private given: Cell[] = [];
  private words: readonly number[] = [];
  private planned: Planned[] = [];
  /** The newest call has waited before, to the end. */
  private hasWaited = false;
  /** Where a wait ended for which the statement was run again. */
  private endedAt: number | undefined;
  /** Works that it has done. */
  readonly did = new Set<Cell>();
  /** Whether one was done just before the newest call. */
  didBefore = false;

  constructor(
    private readonly control: Control,
    private readonly jobs: GivenJobs,
  ) {}

  /** A statement of the running task begins. */
  begin(): void {
    this.given = [];
    this.did.clear();
    this.didBefore = false;
    this.hasWaited = false;
    this.endedAt = undefined;
    this.words = this.control.rerunWords(this.control.currentTask);
    this.planned = this.words.map((word) => ({
      pc: word >>> PC_SHIFT,
      waited: (word & WAITED) !== 0,
      atOnce: (word & AT_ONCE) !== 0,
      left: word & COUNT,
    }));
  }

  /** It is over. */
  end(task: number): void {
    if (this.words.length > 0) this.control.setRerunWords(task, []);
  }

  gave(object: Cell): void {
    if (!this.given.includes(object)) this.given.push(object);
  }

  /** Whether the statement that runs has given this to others. */
  hasGiven(object: Cell): boolean {
    return this.given.includes(object);
  }

  /** @param pc of a builtin that is about to be called; @param looksAgain its caller looks behind each job whether it still has to wait */
  beforeCall(pc: number, looksAgain: boolean): void {
    this.pc = pc;
    this.didBefore = false;
    this.hasWaited = false;
    if (this.planned.length === 0) return;
    const past = this.planned.find((one) => one.pc === pc && one.waited && one.left > 0);
    if (past !== undefined) {
      past.left--;
      this.hasWaited = true;
      return;
    }
    const plan = this.planned.find((one) => one.pc === pc && !one.waited);
    while (plan !== undefined && plan.left > 0) {
      const waiting = this.waiting();
      // The others are for the same call the next time that it is made, as in a loop.
      if (waiting.length === 0) break;
      plan.left--;
      this.jobs.doFirst(waiting, plan.atOnce);
      this.didBefore = true;
      if (looksAgain) break;
    }
    this.pc = pc;
  }

  private waiting(): Cell[] {
    return this.given.filter((object) => this.jobs.isWaiting(object));
  }

  // --- waits ---------------------------------------------------------------------------------------------------------------

  /** Whether the newest call need not wait: it did when the statement ran before. True once. */
  takeWaited(): boolean {
    const { hasWaited } = this;
    this.hasWaited = false;
    return hasWaited;
  }

  /** The newest call has waited, and what it waited for is over by itself: by time, or because somebody woke the task. */
  ended(): void {
    this.endedAt = this.pc;
  }

  /** What the statement is not to do again where it waits for something else now; undefined: nothing. */
  planWaited(): readonly number[] | undefined {
    return this.endedAt === undefined ? undefined : this.adding(this.endedAt, WAITED, 1);
  }

  /**
   * What to do before which calls when the statement, which has to wait in the newest one, is run again; undefined: nothing of it helps.
   */
  plan(reason: BlockReason): readonly number[] | undefined {
    const waiting = this.waiting();
    if (waiting.length === 0) return undefined;
    const nrQueued = this.jobs.nrQueued(waiting);
    const due = nrQueued > 0 ? undefined : this.jobs.dueAt(waiting);
    // What it waits for is over before.
    if (due !== undefined && reason.until !== undefined && ((reason.until - due) | 0) < 0)
      return undefined;
    return this.adding(this.pc, nrQueued > 0 ? AT_ONCE : 0, Math.max(1, nrQueued));
  }

  private adding(pc: number, flags: number, count: number): readonly number[] | undefined {
    const isSame = (word: number): boolean =>
      word >>> PC_SHIFT === pc && (word & WAITED) === (flags & WAITED);
    const known = this.words.find(isSame) ?? 0;
    const others = this.words.filter((word) => !isSame(word));
    const all = (known & COUNT) + count;
    if (all > COUNT || others.length === RERUN_WORDS) return undefined;
    return [...others, (pc << PC_SHIFT) | flags | (known & AT_ONCE) | all];
  }
}
