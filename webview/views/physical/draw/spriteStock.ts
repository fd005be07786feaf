/** The sprites in force: made anew when the zoom, the colouring, what is brought out, or the palette is another. */
import type { Palette } from '../../../draw/palette.js';
import type { Scene } from './mapRenderer.js';
import { Sprites } from './sprites.js';

const SMALLEST_GAP_CELL_PX = 4;

export class SpriteStock {
  private palette: Palette | undefined;
  private sprites: Sprites | undefined;
  private key = '';

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.key = '';
  }

  /** undefined until there is a palette. */
  forScene({ layout, emphasis, colouring }: Scene, ratio: number): Sprites | undefined {
    const { palette } = this;
    if (palette === undefined) return undefined;
    const { framesPerCell, cellPx } = layout.zoom;
    const key = `${framesPerCell} ${cellPx} ${ratio} ${colouring} ${[...(emphasis ?? [])].join()}`;
    if (this.sprites === undefined || key !== this.key) {
      const cell = Math.round(cellPx * ratio);
      const gap = cellPx < SMALLEST_GAP_CELL_PX ? 0 : Math.max(1, Math.round(ratio));
      this.sprites = new Sprites(palette, { cell, gap, framesPerCell, emphasis, colouring });
      this.key = key;
    }
    return this.sprites;
  }
}
