/** Where on the map something changed since the last stop. */
import { CELLS_PER_TILE } from './curve.js';
import type { Layout } from './layout.js';
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
