/**
 * What threads of the kernel are to do for the scenario, in cells: what waits for its time (timers, tasklets, delayed works, threads of
 * interrupts), and which task does what right now.
 */
import { asCell, type Cell } from '../../engine/memory/address.js';
import type { DueKind } from '../builtins/call.js';
import type { Control } from './control.js';

const DUE_KINDS: readonly DueKind[] = [
  ...(['timer', 'tasklet', 'delayed work', 'irq thread', 'hrtimer'] as const),
];

export interface Due {
  readonly place: number;
  readonly kind: DueKind;
  /** A struct timer_list, tasklet_struct, delayed_work, irqaction or hrtimer. */
  readonly object: Cell;
  /** The jiffy, its low 32 bits. */
  readonly at: number;
}

/** The thread that timers and tasklets run in, and those that do works. */
export const SOFTIRQ = 0;
export const NR_JOBS = 5;
const NR_DUE = 16;
const DUE_WORDS = 3;
const JOB_WORDS = 3;
const JOBS = NR_DUE * DUE_WORDS;
const HAS_WORKS = JOBS + NR_JOBS * JOB_WORDS;
/** Of each job the color of its work; and how often drain_workqueue() has flushed. */
const COLORS = HAS_WORKS + 1;
const DRAIN_TRIES = COLORS + NR_JOBS;

/** Whether one jiffy comes before another. */
export const isBefore = (a: number, b: number): boolean => ((a - b) | 0) < 0;

export class JobTable {
  constructor(private readonly control: Control) {}

  // --- what waits for its time -------------------------------------------------------------------------------------------------

  /** In the order in which it is due. */
  due(): Due[] {
    const all: Due[] = [];
    for (let place = 0; place < NR_DUE; place++) {
      const kind = DUE_KINDS[this.word(place * DUE_WORDS) - 1];
      if (kind === undefined) continue;
      const object = asCell(this.word(place * DUE_WORDS + 1));
      all.push({ place, kind, object, at: this.word(place * DUE_WORDS + 2) >>> 0 });
    }
    return all.sort((a, b) => (a.at - b.at) | 0 || a.place - b.place);
  }

  /** False: there is no place for another. What waits already gets another time. */
  arm(kind: DueKind, object: Cell, at: number): boolean {
    const place = this.find(object)?.place ?? this.freePlace();
    if (place === undefined) return false;
    const words = [DUE_KINDS.indexOf(kind) + 1, object, at | 0];
    words.forEach((word, i) => {
      this.control.setJobWord(place * DUE_WORDS + i, word);
    });
    return true;
  }

  private freePlace(): number | undefined {
    for (let place = 0; place < NR_DUE; place++)
      if (this.word(place * DUE_WORDS) === 0) return place;
    return undefined;
  }

  find(object: Cell): Due | undefined {
    return this.due().find((one) => one.object === object);
  }

  disarm({ place }: Due): void {
    this.control.setJobWord(place * DUE_WORDS, 0);
  }

  // --- who does what -----------------------------------------------------------------------------------------------------------

  taskOf(job: number): number | undefined {
    const word = this.word(JOBS + job * JOB_WORDS);
    return word === 0 ? undefined : word - 1;
  }

  setTask(job: number, task: number): void {
    this.control.setJobWord(JOBS + job * JOB_WORDS, task + 1);
  }

  /** What a job does; 0: nothing. */
  object(job: number): Cell {
    return asCell(this.word(JOBS + job * JOB_WORDS + 1));
  }

  /** The workqueue of the work that it does. */
  queue(job: number): Cell {
    return asCell(this.word(JOBS + job * JOB_WORDS + 2));
  }

  begin(job: number, object: Cell, queue: Cell, color = 0): void {
    this.control.setJobWord(COLORS + job, color);
    this.control.setJobWord(JOBS + job * JOB_WORDS + 1, object);
    this.control.setJobWord(JOBS + job * JOB_WORDS + 2, queue);
  }

  jobOf(task: number): number | undefined {
    for (let job = 0; job < NR_JOBS; job++) if (this.taskOf(job) === task) return job;
    return undefined;
  }

  /** Whether a thread is doing it. */
  runs(object: Cell): boolean {
    for (let job = 0; job < NR_JOBS; job++) if (this.object(job) === object) return true;
    return false;
  }

  /** How many works of a workqueue are being done. */
  nrActive(queue: Cell): number {
    let count = 0;
    for (let job = 0; job < NR_JOBS; job++) if (this.queue(job) === queue) count++;
    return count;
  }

  /** The colors of works of a workqueue that are being done. */
  activeColors(queue: Cell): number[] {
    const colors: number[] = [];
    for (let job = 0; job < NR_JOBS; job++)
      if (this.queue(job) === queue) colors.push(this.word(COLORS + job));
    return colors;
  }

  /** How often the workqueue that is being drained was flushed in vain. */
  get drainTries(): number {
    return this.word(DRAIN_TRIES);
  }

  set drainTries(tries: number) {
    this.control.setJobWord(DRAIN_TRIES, tries);
  }

  /** Whether the scenario has ever queued a work. */
  get hasWorks(): boolean {
    return this.word(HAS_WORKS) !== 0;
  }

  noteWork(): void {
    if (!this.hasWorks) this.control.setJobWord(HAS_WORKS, 1);
  }

  private word(i: number): number {
    return this.control.jobWord(i);
  }
}
