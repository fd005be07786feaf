/**
 * What the strip under the views asks and is told: arguments and body of the custom request `mmscope/timeline`. Plain JSON.
 *
 * The strip's axis is statements: each is equally wide, and inside a statement its writes lie side by side. A *moment* is a number of
 * statements and a part of the next one; a *time* is a number of writes, as in history.ts.
 */

export interface TimelineArguments {
  /** Moments; all that is on record when absent. */
  readonly from?: number;
  readonly to?: number;
  /** Columns of the strip, at most {@link MAX_BUCKETS}; fewer are told where they divide few statements evenly. */
  readonly buckets: number;
}

export const MAX_BUCKETS = 4096;

/** Bits of a number of JavaScript that stay positive. */
export const MAX_LANES = 30;

/** What happened, a row of the strip each. */
export const TIMELINE_EVENTS = [
  { kind: 'split', label: 'Block split' },
  { kind: 'merge', label: 'Buddies merged' },
  { kind: 'fallback', label: 'Pageblock changed its type' },
  { kind: 'refill', label: 'Per-CPU list refilled' },
  { kind: 'drain', label: 'Per-CPU list drained' },
  { kind: 'lock', label: 'Page locked' },
  { kind: 'pin', label: 'Page pinned' },
  { kind: 'migrate', label: 'Page migrated, or in the way' },
  { kind: 'reclaim', label: 'Reclaim or compaction' },
  { kind: 'hugePage', label: 'Huge page made or split' },
  { kind: 'pageFault', label: 'Page fault of a process' },
  { kind: 'cow', label: 'Page copied on write' },
  { kind: 'failure', label: 'Allocation failed' },
  { kind: 'fault', label: 'Bug, warning or misuse' },
] as const;
export type TimelineEventKind = (typeof TIMELINE_EVENTS)[number]['kind'];

export interface TimelineBody {
  /** The range of moments that the columns divide, and all that there is. */
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly last: number;
  /** Where the machine stands. */
  readonly now: number;
  /** For each column: the time at its left edge, the scenario's line there (0: none), the task, the CPU. */
  readonly times: readonly number[];
  readonly lines: readonly number[];
  readonly tasks: readonly number[];
  readonly cpus: readonly number[];
  /** For each column, bits: the tasks that ran in it and the CPUs that were in use, those below {@link MAX_LANES}. */
  readonly tasksRan: readonly number[];
  readonly cpusUsed: readonly number[];
  readonly taskNames: readonly string[];
  readonly nrCpus: number;
  /** Column, index in {@link TIMELINE_EVENTS}, how many. */
  readonly events: readonly (readonly [column: number, kind: number, count: number])[];
  /** Column, how many held, how many failed. */
  readonly expects: readonly (readonly [column: number, held: number, failed: number])[];
  readonly zones: readonly TimelineZone[];
}

export interface TimelineZone {
  readonly name: string;
  /** Free pages at the right edge of each column. */
  readonly free: readonly number[];
}
