/**
 * What others did in front of an earlier operation, where nothing told of it: the recorder itself takes a page before its probes listen,
 * the worker of mm/vmstat.c has not run in a quiet time. A later dump tells that something happened. What it was, and when, is what makes
 * that dump and all operations in between the kernel's; where nothing does, the difference stays.
 */
import { RECLAIMABLE, UNMOVABLE } from './toldPages.js';
import type { UnheardAct } from './unheard.js';

/** What may have happened: a page that a cache took, or a quiet time in which no counters were folded. */
export type EarlierAct = UnheardAct | 'still';

const ACTS: readonly EarlierAct[] = [
  { gfp: UNMOVABLE, order: 0 },
  'still',
  { gfp: RECLAIMABLE, order: 0 },
  { gfp: RECLAIMABLE, order: 1 },
  { gfp: UNMOVABLE, order: 1 },
];

/** How far back it is looked for. */
const MOST_POINTS = 12;

export interface Judged {
  /** Performs these acts, then an operation with what the program does behind it, and compares. */
  readonly run: (nr: number, acts: readonly EarlierAct[]) => void;
  /** How many differences there are until now. */
  readonly differences: () => number;
  /** Gives what leads back to this moment. */
  readonly save: () => () => void;
}

interface Point {
  readonly nr: number;
  readonly restore: () => void;
}

export class Earlier {
  /** Moments from which on everything is the kernel's. */
  private points: readonly Point[] = [];
  private readonly acts = new Map<number, readonly EarlierAct[]>();

  constructor(private readonly judged: Judged) {}

  /** How many acts were found out. */
  get nrFound(): number {
    return [...this.acts.values()].reduce((sum, acts) => sum + acts.length, 0);
  }

  take(nr: number): void {
    const before = this.judged.differences();
    this.run(nr);
    if (this.judged.differences() === before || this.isFound(nr)) return;
    this.points = [];
  }

  private run(nr: number): void {
    this.points = [...this.points, { nr, restore: this.judged.save() }].slice(-MOST_POINTS);
    this.judged.run(nr, this.acts.get(nr) ?? []);
  }

  private isFound(nr: number): boolean {
    const { points } = this;
    for (const point of points.toReversed()) {
      const known = this.acts.get(point.nr) ?? [];
      for (const act of ACTS) {
        this.acts.set(point.nr, [...known, act]);
        if (this.isWholeFrom(point, nr)) return true;
      }
      this.acts.set(point.nr, known);
    }
    const [first] = points;
    if (first !== undefined) this.isWholeFrom(first, nr);
    return false;
  }

  /** Does all from that moment on again; whether nothing differs then. */
  private isWholeFrom({ nr: first, restore }: Point, last: number): boolean {
    restore();
    this.points = this.points.filter(({ nr }) => nr < first);
    const before = this.judged.differences();
    for (let nr = first; nr <= last; nr++) this.run(nr);
    return this.judged.differences() === before;
  }
}
