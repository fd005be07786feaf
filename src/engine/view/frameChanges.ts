/**
 * Which page frames differ between two times: arguments and body of the custom request `mmscope/frameChanges`. Plain JSON.
 *
 * A time is a number of writes, as in history.ts. The work is proportional to what was written in between.
 */

export interface FrameChangesArguments {
  readonly from: number;
  /** Where the machine stands when absent. */
  readonly to?: number;
}

/** How a frame differs, the weakest first. */
export const FRAME_CHANGES = [
  'same',
  /** Its bytes were written; of frames that the kernel keeps its own data in, nothing is told. */
  'written',
  /** Its struct page was: a count, a flag. */
  'touched',
  /** The block that it belongs to has another order. */
  'regrouped',
  /** It is used for something else. */
  'changed',
] as const;
export type FrameChange = (typeof FRAME_CHANGES)[number];

/** Neighbours that differ in the same way: first pfn, how many, state byte at `from`, at `to`, index in FRAME_CHANGES. */
export type FrameChangeRun = readonly [
  firstPfn: number,
  nrFrames: number,
  before: number,
  after: number,
  change: number,
];

export interface FrameChangesBody {
  readonly from: number;
  readonly to: number;
  /** By pfn, at most {@link MAX_RUNS}. */
  readonly runs: readonly FrameChangeRun[];
  /** Runs that there are: more than are listed where the limit cut them. */
  readonly total: number;
}

export const MAX_RUNS = 20_000;
