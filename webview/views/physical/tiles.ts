/**
 * Bytes of cells that the map knows (their states, or what they are coloured by), in tiles of 1024 cells.
 *
 * What is on show is fetched again when it is stale, the old bytes staying visible meanwhile. A stop of which it is known what it
 * changed makes only those tiles stale that it concerns, or, where a cell is one frame, writes the new states into them.
 */
import { MAX_CELLS, type MapArguments } from '../../../src/engine/view/map.js';
import type { FrameChangeRun } from '../../../src/engine/view/frameChanges.js';
import { sameBytes } from '../../text.js';
import { CELLS_PER_TILE } from './curve.js';

export interface Tile {
  /** One byte a cell. */
  readonly states: Uint8Array;
  /** Grows when the bytes change: what was drawn or uploaded of an older one is stale. */
  readonly version: number;
}

interface Known {
  readonly states: Uint8Array;
  version: number;
  /** In which epoch its bytes were right. */
  epoch: number;
}

export interface TileSpan {
  readonly firstTile: number;
  readonly endTile: number;
}

const MAX_TILES_PER_REQUEST = MAX_CELLS / CELLS_PER_TILE;
/** Beyond this, tiles of other zooms and far places are forgotten. */
const MAX_TILES = 16_384;

export class Tiles {
  /** By frames in a cell, then by the tile's number. */
  private known = new Map<number, Map<number, Known>>();
  private nrKnown = 0;
  private epoch = 0;
  /** Tiles that were right in this epoch or a later one are right now. */
  private oldestRight = 0;
  private lastVersion = 0;
  private fetching = false;
  private wanted:
    { readonly framesPerCell: number; readonly spans: readonly TileSpan[] } | undefined;

  constructor(
    private readonly ask: (request: MapArguments) => Promise<Uint8Array>,
    /** Called when tiles arrived. */
    private readonly arrived: () => void,
  ) {}

  /** Another machine, or another thing to know of it: nothing is known any more. */
  clear(): void {
    this.known = new Map();
    this.nrKnown = 0;
    this.wanted = undefined;
    this.epoch++;
  }

  /** Everything that was fetched is stale. */
  expire(): void {
    this.oldestRight = ++this.epoch;
  }

  /** Only these frames have changed. `after` is their state now, where the bytes are states. */
  change(runs: readonly FrameChangeRun[], bytesAreStates: boolean): void {
    this.epoch++;
    for (const [framesPerCell, tiles] of this.known)
      for (const run of runs)
        if (framesPerCell === 1 && bytesAreStates) this.write(tiles, run);
        else this.expireUnder(tiles, framesPerCell, run);
  }

  get(framesPerCell: number, tile: number): Tile | undefined {
    return this.known.get(framesPerCell)?.get(tile);
  }

  /** Makes the spans known, those that are stale or missing. A later call overrides an earlier one. */
  want(framesPerCell: number, spans: readonly TileSpan[]): void {
    this.wanted = { framesPerCell, spans };
    void this.fetch();
  }

  /** Whether all that is wanted is known. */
  get isComplete(): boolean {
    return !this.fetching;
  }

  private write(tiles: Map<number, Known>, [firstPfn, nrFrames, , after]: FrameChangeRun): void {
    const end = firstPfn + nrFrames;
    for (let pfn = firstPfn; pfn < end;) {
      const number = Math.floor(pfn / CELLS_PER_TILE);
      const tileStart = number * CELLS_PER_TILE;
      const tileEnd = Math.min(end, tileStart + CELLS_PER_TILE);
      const tile = tiles.get(number);
      if (tile !== undefined) {
        tile.states.fill(after, pfn - tileStart, tileEnd - tileStart);
        tile.version = ++this.lastVersion;
      }
      pfn = tileEnd;
    }
  }

  private expireUnder(
    tiles: Map<number, Known>,
    framesPerCell: number,
    [firstPfn, nrFrames]: FrameChangeRun,
  ): void {
    const size = CELLS_PER_TILE * framesPerCell;
    for (let n = Math.floor(firstPfn / size); n * size < firstPfn + nrFrames; n++) {
      const tile = tiles.get(n);
      if (tile !== undefined) tile.epoch = -1;
    }
  }

  private async fetch(): Promise<void> {
    if (this.fetching) return;
    this.fetching = true;
    try {
      for (let span = this.nextSpan(); span !== undefined; span = this.nextSpan()) {
        const framesPerCell = this.wanted?.framesPerCell ?? 1;
        const { epoch } = this;
        const bytes = await this.ask({
          firstPfn: span.firstTile * CELLS_PER_TILE * framesPerCell,
          framesPerCell,
          cells: (span.endTile - span.firstTile) * CELLS_PER_TILE,
        });
        if (epoch !== this.epoch) continue;
        this.learn(framesPerCell, span, bytes, epoch);
        this.arrived();
      }
    } catch {
      this.wanted = undefined; // The session is gone or runs: it is asked again after its next stop.
    } finally {
      this.fetching = false;
    }
  }

  /** The first run of wanted tiles that are stale or missing. */
  private nextSpan(): TileSpan | undefined {
    if (this.wanted === undefined) return undefined;
    const { framesPerCell, spans } = this.wanted;
    const tiles = this.known.get(framesPerCell);
    const isStale = (tile: number): boolean => (tiles?.get(tile)?.epoch ?? -1) < this.oldestRight;
    for (const { firstTile, endTile } of spans)
      for (let first = firstTile; first < endTile; first++) {
        if (!isStale(first)) continue;
        let end = first + 1;
        while (end < endTile && end - first < MAX_TILES_PER_REQUEST && isStale(end)) end++;
        return { firstTile: first, endTile: end };
      }
    return undefined;
  }

  private learn(framesPerCell: number, span: TileSpan, all: Uint8Array, epoch: number): void {
    if (this.nrKnown > MAX_TILES) {
      this.known = new Map();
      this.nrKnown = 0;
    }
    let tiles = this.known.get(framesPerCell);
    if (tiles === undefined) this.known.set(framesPerCell, (tiles = new Map<number, Known>()));
    for (let number = span.firstTile; number < span.endTile; number++) {
      const at = (number - span.firstTile) * CELLS_PER_TILE;
      const bytes = all.subarray(at, at + CELLS_PER_TILE);
      const old = tiles.get(number);
      if (old === undefined) {
        const states = new Uint8Array(CELLS_PER_TILE);
        states.set(bytes);
        tiles.set(number, { states, version: ++this.lastVersion, epoch });
        this.nrKnown++;
        continue;
      }
      old.epoch = epoch;
      if (sameBytes(old.states, bytes)) continue;
      old.states.fill(0).set(bytes);
      old.version = ++this.lastVersion;
    }
  }
}
