/**
 * What each cell of a tile looks like, as the key of a sprite (sprites.ts), by place in the grid: row * across + column. Made once for
 * each version of a tile and kept with it.
 */
import { CELLS_PER_TILE, type TileShape } from '../curve.js';
import type { Layout } from '../layout.js';
import type { Tile } from '../tiles.js';
import { indexOfPlace, neighbourhoods } from './blocks.js';
import type { PlacedTile } from './placedTiles.js';
import { NOTHING, stateKey, valueKey } from './sprites.js';

interface Made {
  readonly version: number;
  readonly valueVersion: number;
  readonly firstCell: number;
  readonly arrangement: TileShape['arrangement'];
  readonly across: number;
  readonly keys: Uint32Array;
}

const made = new WeakMap<Tile, Map<number, Made>>();
const places = new Map<number, Uint16Array>();

/** The cells that the tile's section does not have are {@link NOTHING}. */
export function cellKeys({ shape, zoom }: Layout, placed: PlacedTile): Uint32Array {
  const { tile, values, section, number } = placed;
  let kept = made.get(tile);
  if (kept === undefined) made.set(tile, (kept = new Map<number, Made>()));
  const old = kept.get(section.firstCell);
  const valueVersion = values?.version ?? -1;
  const { arrangement, across } = shape;
  if (
    old?.version === tile.version &&
    old.valueVersion === valueVersion &&
    old.arrangement === arrangement &&
    old.across === across
  )
    return old.keys;
  const sides = neighbourhoods(shape, tile.states, zoom.framesPerCell);
  const indices = placesOf(shape);
  const keys = new Uint32Array(CELLS_PER_TILE).fill(NOTHING);
  const from = section.firstCell - number * CELLS_PER_TILE;
  const to = section.endCell - number * CELLS_PER_TILE;
  for (let place = 0; place < CELLS_PER_TILE; place++) {
    const index = indices[place] ?? 0;
    if (index < from || index >= to) continue;
    const side = sides[place] ?? 0;
    const state = tile.states[index] ?? 0;
    keys[place] =
      values === undefined
        ? stateKey(state, side)
        : valueKey(state, values.states[index] ?? 0, side);
  }
  const { firstCell } = section;
  kept.set(firstCell, {
    version: tile.version,
    valueVersion,
    firstCell,
    arrangement,
    across,
    keys,
  });
  return keys;
}

function placesOf(shape: TileShape): Uint16Array {
  const key = shape.arrangement === 'buddy' ? 0 : shape.across;
  let indices = places.get(key);
  if (indices === undefined) places.set(key, (indices = indexOfPlace(shape)));
  return indices;
}
