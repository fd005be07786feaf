/**
 * What differs from the previous stop, or from the time that is compared with: everywhere in the machine and at any zoom, from the
 * runs that the adapter tells. Work is proportional to the runs and to the tiles in view.
 */
import { FRAME_CHANGES, type FrameChangeRun } from '../../../src/engine/view/frameChanges.js';
import { CELLS_PER_TILE } from './curve.js';
import { blockEvents, type BlockEvent } from './draw/happened.js';

/** Codes of {@link FRAME_CHANGES}. */
export const SAME = FRAME_CHANGES.indexOf('same');
export const REGROUPED = FRAME_CHANGES.indexOf('regrouped');
export const CHANGED = FRAME_CHANGES.indexOf('changed');

/** Frames side by side that differ: what people call one change. */
export interface ChangedSpan {
  readonly firstPfn: number;
  /** Exclusive. */
  readonly endPfn: number;
  /** The strongest in it. */
  readonly change: number;
}

export class Changes {
  /** By pfn. */
  readonly spans: readonly ChangedSpan[];
  private readonly levels = new Map<number, Map<number, Uint8Array | undefined>>();

  /** What was split and what merged. */
  readonly events: readonly BlockEvent[];

  constructor(readonly runs: readonly FrameChangeRun[] = []) {
    this.spans = joined(runs);
    this.events = blockEvents(runs);
  }

  /** The change of each cell of a tile; undefined where nothing differs. */
  ofTile(framesPerCell: number, tile: number): Uint8Array | undefined {
    let known = this.levels.get(framesPerCell);
    if (known === undefined)
      this.levels.set(framesPerCell, (known = new Map<number, Uint8Array | undefined>()));
    if (!known.has(tile)) known.set(tile, this.make(framesPerCell, tile));
    return known.get(tile);
  }

  /** The strongest changes: what a step is about. */
  get foremost(): readonly ChangedSpan[] {
    const most = this.runs.reduce((strongest, [, , , , change]) => Math.max(strongest, change), 0);
    return joined(this.runs.filter(([, , , , change]) => change === most));
  }

  private make(framesPerCell: number, tile: number): Uint8Array | undefined {
    const first = tile * CELLS_PER_TILE * framesPerCell;
    const end = first + CELLS_PER_TILE * framesPerCell;
    let levels: Uint8Array | undefined;
    for (let i = this.firstRunAfter(first); i < this.runs.length; i++) {
      const run = this.runs[i];
      if (run === undefined || run[0] >= end) break;
      levels ??= new Uint8Array(CELLS_PER_TILE);
      const from = Math.floor((Math.max(run[0], first) - first) / framesPerCell);
      const to = Math.ceil((Math.min(run[0] + run[1], end) - first) / framesPerCell);
      for (let cell = from; cell < to; cell++)
        levels[cell] = Math.max(levels[cell] ?? SAME, run[4]);
    }
    return levels;
  }

  /** The index of the first run that reaches past a frame. */
  private firstRunAfter(pfn: number): number {
    let low = 0;
    let high = this.runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const run = this.runs[middle];
      if (run !== undefined && run[0] + run[1] <= pfn) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function joined(runs: readonly FrameChangeRun[]): ChangedSpan[] {
  const spans: { firstPfn: number; endPfn: number; change: number }[] = [];
  for (const [firstPfn, nrFrames, , , change] of runs) {
    const last = spans.at(-1);
    if (last?.endPfn === firstPfn) {
      last.endPfn += nrFrames;
      last.change = Math.max(last.change, change);
    } else spans.push({ firstPfn, endPfn: firstPfn + nrFrames, change });
  }
  return spans;
}
