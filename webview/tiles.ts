/**
 * The states that the map knows, in tiles of 1024 cells, and where they changed since the last stop.
 *
 * A tile is of one epoch (sessions.ts counts stops and edits). What is on show is fetched again in each new epoch, the
 * old states staying visible meanwhile; a tile keeps the states of the previous stop beside the current ones.
 */
import { kindOfState } from '../src/engine/view/pageState.js';
import { MAX_CELLS, type MapArguments } from '../src/engine/view/map.js';
import { CELLS_PER_TILE } from './curve.js';
import type { MapSlice } from './messages.js';

export interface Tile {
  readonly states: Uint8Array;
  /** Of each cell since the last stop; undefined: nothing changed, or nothing is known of the last stop. */
  readonly changes: Uint8Array | undefined;
}

/** Values of {@link Tile.changes}. */
export const SAME = 0;
/** The block that it belongs to has another order. */
export const REGROUPED = 1;
/** It is used for something else. */
export const CHANGED = 2;

interface Known extends Tile {
  readonly epoch: number;
  readonly stop: number;
  /** States at the previous stop. */
  readonly before: Uint8Array | undefined;
}

export interface TileSpan {
  readonly firstTile: number;
  readonly endTile: number;
}

const MAX_TILES_PER_REQUEST = MAX_CELLS / CELLS_PER_TILE;
/** Beyond this, tiles of other zooms and far places are forgotten. */
const MAX_TILES = 16_384;

export class Tiles {
  private known = new Map<string, Known>();
  private epoch = 0;
  private stop = 0;
  private fetching = false;
  private wanted:
    { readonly framesPerCell: number; readonly spans: readonly TileSpan[] } | undefined;

  constructor(
    private readonly ask: (request: MapArguments) => Promise<MapSlice>,
    /** Called when tiles arrived. */
    private readonly arrived: () => void,
  ) {}

  /** Another session: nothing is known any more. */
  clear(): void {
    this.known = new Map();
    this.wanted = undefined;
  }

  /** What was fetched before this is stale; `stop` counts only stops. */
  startEpoch(epoch: number, stop: number): void {
    this.epoch = epoch;
    this.stop = stop;
  }

  get(framesPerCell: number, tile: number): Tile | undefined {
    return this.known.get(`${framesPerCell}:${tile}`);
  }

  /** Makes the spans known in this epoch, those that are stale or missing. A later call overrides an earlier one. */
  want(framesPerCell: number, spans: readonly TileSpan[]): void {
    this.wanted = { framesPerCell, spans };
    void this.fetch();
  }

  private async fetch(): Promise<void> {
    if (this.fetching) return;
    this.fetching = true;
    try {
      for (let span = this.nextSpan(); span !== undefined; span = this.nextSpan()) {
        const framesPerCell = this.wanted?.framesPerCell ?? 1;
        const { epoch, stop } = this;
        const slice = await this.ask({
          firstPfn: span.firstTile * CELLS_PER_TILE * framesPerCell,
          framesPerCell,
          cells: (span.endTile - span.firstTile) * CELLS_PER_TILE,
        });
        if (epoch !== this.epoch) continue;
        this.learn(framesPerCell, span, slice.states, epoch, stop);
        this.arrived();
      }
    } catch {
      this.wanted = undefined; // The session is gone or runs: it is asked again after its next stop.
    } finally {
      this.fetching = false;
    }
  }

  /** The first run of wanted tiles that are not of this epoch. */
  private nextSpan(): TileSpan | undefined {
    if (this.wanted === undefined) return undefined;
    const { framesPerCell, spans } = this.wanted;
    const isStale = (tile: number): boolean =>
      this.known.get(`${framesPerCell}:${tile}`)?.epoch !== this.epoch;
    for (const { firstTile, endTile } of spans)
      for (let first = firstTile; first < endTile; first++) {
        if (!isStale(first)) continue;
        let end = first + 1;
        while (end < endTile && end - first < MAX_TILES_PER_REQUEST && isStale(end)) end++;
        return { firstTile: first, endTile: end };
      }
    return undefined;
  }

  private learn(
    framesPerCell: number,
    span: TileSpan,
    all: Uint8Array,
    epoch: number,
    stop: number,
  ): void {
    if (this.known.size > MAX_TILES) this.known = new Map();
    for (let tile = span.firstTile; tile < span.endTile; tile++) {
      const key = `${framesPerCell}:${tile}`;
      const at = (tile - span.firstTile) * CELLS_PER_TILE;
      const states = all.slice(at, at + CELLS_PER_TILE);
      const old = this.known.get(key);
      const before =
        old?.stop === stop ? old.before : old?.stop === stop - 1 ? old.states : undefined;
      this.known.set(key, { states, epoch, stop, before, changes: difference(before, states) });
    }
  }
}

function difference(before: Uint8Array | undefined, now: Uint8Array): Uint8Array | undefined {
  if (before === undefined) return undefined;
  let changes: Uint8Array | undefined;
  for (let i = 0; i < now.length; i++) {
    const old = before[i] ?? 0;
    const state = now[i] ?? 0;
    if (old === state) continue;
    changes ??= new Uint8Array(now.length);
    changes[i] = kindOfState(old) === kindOfState(state) ? REGROUPED : CHANGED;
  }
  return changes;
}
