/**
 * What draws the map. The scene is everything that is on show, in CSS pixels of the scrolled content; who implements the
 * interface decides how. There is one implementation (canvasRenderer.ts); a WebGL one would stand beside it.
 */
import type { Layout } from '../layout.js';
import type { Tile } from '../tiles.js';
import type { Palette } from './palette.js';

export interface Scene {
  readonly layout: Layout;
  /** Content's y at the top of the view. */
  readonly scrollTop: number;
  /** A tile of the layout's zoom, by its number. */
  tile(tile: number): Tile | undefined;
  /** When set, only these kinds are in full colour. */
  readonly emphasis: ReadonlySet<number> | undefined;
  readonly showChanges: boolean;
  /** 0: just stopped, 1: the pulse of the changes is over. */
  readonly pulse: number;
  /** Frames. */
  readonly hovered: number | undefined;
  readonly selected: number | undefined;
}

export interface MapRenderer {
  /** The view's size. */
  resize(widthPx: number, heightPx: number, devicePixelRatio: number): void;
  setPalette(palette: Palette): void;
  /** Cells, labels and headers: after a scroll, or when states arrived. */
  drawCells(scene: Scene): void;
  /** What lies over them: changes, hover, selection. */
  drawOverlay(scene: Scene): void;
}
