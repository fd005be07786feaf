/** What is written into cells that have room for it: the count and the flags of each frame in view, at the nearest zooms. */
import {
  MAX_LABELS,
  type FrameLabelsArguments,
  type FrameLabelsBody,
} from '../../../src/engine/view/frameValues.js';
import { CELLS_PER_TILE } from './curve.js';
import type { Layout } from './layout.js';
import type { TileSpan } from './tiles.js';

/** CSS pixels from which on a cell is written into. */
const ROOMY_PX = 24;

export interface FrameLabel {
  readonly count: number;
  readonly flags: string;
}

export class Labels {
  private known = new Map<number, FrameLabelsBody>();
  private asked = new Set<number>();
  private generation = 0;

  constructor(
    private readonly ask: (asks: FrameLabelsArguments) => Promise<FrameLabelsBody>,
    private readonly arrived: () => void,
  ) {}

  /** What was known is stale. */
  clear(): void {
    this.generation++;
    this.known = new Map();
    this.asked = new Set();
  }

  of(pfn: number): FrameLabel | undefined {
    const body = this.known.get(Math.floor(pfn / CELLS_PER_TILE));
    const at = pfn % CELLS_PER_TILE;
    const count = body?.counts[at];
    return count === undefined ? undefined : { count, flags: body?.flags[at] ?? '' };
  }

  want({ zoom }: Layout, spans: readonly TileSpan[]): void {
    if (zoom.framesPerCell > 1 || zoom.cellPx < ROOMY_PX) return;
    let left = MAX_LABELS;
    for (const { firstTile, endTile } of spans)
      for (let tile = firstTile; tile < endTile && left > 0; tile++, left -= CELLS_PER_TILE)
        if (!this.asked.has(tile)) void this.fetch(tile);
  }

  private async fetch(tile: number): Promise<void> {
    const { generation } = this;
    this.asked.add(tile);
    try {
      const asks = { firstPfn: tile * CELLS_PER_TILE, nrFrames: CELLS_PER_TILE };
      const body = await this.ask(asks);
      if (generation !== this.generation) return;
      this.known.set(tile, body);
      this.arrived();
    } catch {
      return; // Running: after the next stop everything is asked for anew.
    }
  }
}
