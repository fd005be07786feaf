/** The known tiles on show, with their place in the view. */
import { tilesBetween, tileX, tileY, type Section } from '../layout.js';
import type { Tile } from '../tiles.js';
import type { Scene } from './mapRenderer.js';

export interface PlacedTile {
  readonly tile: Tile;
  /** What it is coloured by; undefined: its states, or nothing is known of it yet. */
  readonly values: Tile | undefined;
  readonly number: number;
  readonly section: Section;
  /** CSS pixels of the view. */
  readonly x: number;
  readonly y: number;
}

export function placedTiles(scene: Scene, widthPx: number, heightPx: number): PlacedTile[] {
  const { layout, scrollTop, scrollLeft } = scene;
  const placed: PlacedTile[] = [];
  for (const { section, first, end } of tilesBetween(layout, scrollTop, scrollTop + heightPx))
    for (let nth = first; nth < end; nth++) {
      const number = section.firstTile + nth;
      const x = tileX(layout, nth) - scrollLeft;
      const tile = scene.tile(number);
      if (tile === undefined || x >= widthPx || x + layout.pitchX <= 0) continue;
      const values = scene.colouring === 'use' ? undefined : scene.values(number);
      placed.push({ tile, values, number, section, x, y: tileY(layout, section, nth) - scrollTop });
    }
  return placed;
}
