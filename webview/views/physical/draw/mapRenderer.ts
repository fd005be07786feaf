/**
 * What draws the map's cells. The scene is everything that is on show, in CSS pixels of the scrolled content; each implementation
 * decides how: canvasRenderer.ts by pixels of an ImageData, webglRenderer.ts by one quad a tile. Both draw the same sprites, so a
 * pixel of one is a pixel of the other. Words and outlines are drawn over the cells by words.ts and overlay.ts, for both.
 */
import type { Palette } from '../../../draw/palette.js';
import type { Changes } from '../changes.js';
import type { Colouring } from '../colouring.js';
import type { FrameLabel } from '../labels.js';
import type { Layout } from '../layout.js';
import type { Tile } from '../tiles.js';

export interface Scene {
  readonly layout: Layout;
  /** Content's y and x at the top and the left of the view. */
  readonly scrollTop: number;
  readonly scrollLeft: number;
  /** A tile of the layout's zoom, by its number. */
  tile(tile: number): Tile | undefined;
  /** What the tile is coloured by, unless that is its states. */
  values(tile: number): Tile | undefined;
  readonly colouring: Colouring;
  /** What is written into the cell of a frame, where there is room. */
  label(pfn: number): FrameLabel | undefined;
  /** When set, only these kinds are in full colour. */
  readonly emphasis: ReadonlySet<number> | undefined;
  /** undefined: changes are not shown. */
  readonly changes: Changes | undefined;
  /** undefined: pageblocks are not shown. */
  readonly pageblockOrder: number | undefined;
  /** Frames. */
  readonly hovered: number | undefined;
  readonly selected: number | undefined;
}

export interface CellRenderer {
  /** The view's size in CSS pixels. */
  resize(widthPx: number, heightPx: number, devicePixelRatio: number): void;
  setPalette(palette: Palette): void;
  /** After a scroll, or when bytes arrived. */
  drawCells(scene: Scene): void;
  dispose(): void;
}
