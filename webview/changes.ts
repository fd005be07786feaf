/** Where on the map something changed since the last stop. */
import { CELLS_PER_TILE } from './curve.js';
import { spotOfPfn, type Layout } from './layout.js';
import { CHANGED, SAME, type Tile } from './tiles.js';

/** The first frame that is used for something else now; failing that, the first whose block is another. */
export function firstChange(
  layout: Layout,
  tileOf: (tile: number) => Tile | undefined,
): number | undefined {
  let regrouped: number | undefined;
  for (const { firstTile, nrTiles, firstCell, endCell } of layout.sections)
    for (let tile = firstTile; tile < firstTile + nrTiles; tile++) {
      const changes = tileOf(tile)?.changes;
      if (changes === undefined) continue;
      const base = tile * CELLS_PER_TILE;
      for (let index = 0; index < CELLS_PER_TILE; index++) {
        const change = changes[index] ?? SAME;
        const cell = base + index;
        if (change === SAME || cell < firstCell || cell >= endCell) continue;
        const pfn = cell * layout.zoom.framesPerCell;
        if (change === CHANGED) return pfn;
        regrouped ??= pfn;
      }
    }
  return regrouped;
}

/** Something that changed, and how far down the map it lies. */
export interface ChangedPlace {
  readonly pfn: number;
  /** CSS pixels of the scrolled content. */
  readonly y: number;
}

/** One place for each tile that has changes: its first change of use, or of block. */
export function changedPlaces(
  layout: Layout,
  tileOf: (tile: number) => Tile | undefined,
): ChangedPlace[] {
  const places: ChangedPlace[] = [];
  for (const section of layout.sections)
    for (let tile = section.firstTile; tile < section.firstTile + section.nrTiles; tile++) {
      if (tileOf(tile)?.changes === undefined) continue;
      const only = { ...section, firstTile: tile, nrTiles: 1 };
      const pfn = firstChange({ ...layout, sections: [only] }, tileOf);
      const spot = pfn === undefined ? undefined : spotOfPfn(layout, pfn);
      if (pfn !== undefined && spot !== undefined) places.push({ pfn, y: spot.y });
    }
  return places;
}

export interface OutOfSight {
  /** Nearest first. */
  readonly above: readonly ChangedPlace[];
  readonly below: readonly ChangedPlace[];
}

/** What of it a view from `top` to `bottom` does not show. */
export function outOfSight(
  places: readonly ChangedPlace[],
  top: number,
  bottom: number,
): OutOfSight {
  const down = [...places].sort((a, b) => a.y - b.y);
  return {
    above: down.filter(({ y }) => y < top).reverse(),
    below: down.filter(({ y }) => y >= bottom),
  };
}
