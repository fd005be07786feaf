/** What lies over the cells: the outline of what changed since the last stop, of the frame under the pointer, and of the selection. */
import { detailOfState, firstPfnOfBlock } from '../../src/engine/view/pageState.js';
import { CELLS_PER_TILE, cellIndex } from '../curve.js';
import { blockSize, spotOfPfn, type Layout } from '../layout.js';
import { CHANGED, SAME } from '../tiles.js';
import { css } from './color.js';
import type { Scene } from './mapRenderer.js';
import type { Palette } from './palette.js';

/** Changed cells in a tile beyond which strong outlines would hide what they outline. */
const CROWD = 160;

/** Outlines the regions that changed: strongly where the use changed, faintly where only the block did. */
export function drawChanges(
  context: CanvasRenderingContext2D,
  layout: Layout,
  changes: Uint8Array,
  x: number,
  y: number,
  palette: Palette,
  pulse: number,
): void {
  const swell = 1 - pulse;
  const isCrowded = changes.filter((change) => change === CHANGED).length > CROWD;
  const passes = [
    { least: SAME + 1, widthPx: 1, alpha: 0.55 },
    isCrowded
      ? { least: CHANGED, widthPx: 1, alpha: 0.45 }
      : { least: CHANGED, widthPx: 2 + 4 * swell, alpha: 0.95 },
  ];
  context.strokeStyle = css(palette.changed);
  context.lineJoin = 'round';
  context.lineCap = 'round';
  for (const { least, widthPx, alpha } of passes) {
    context.globalAlpha = alpha;
    context.lineWidth = widthPx;
    context.beginPath();
    outline(context, layout, changes, least, x - 0.5, y - 0.5);
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** Adds the edges between cells that changed at least so much and cells that did not. */
function outline(
  path: CanvasRenderingContext2D,
  layout: Layout,
  changes: Uint8Array,
  least: number,
  left: number,
  top: number,
): void {
  const { across, down } = layout.shape;
  const { cellPx } = layout.zoom;
  const isIn = (column: number, row: number): boolean =>
    column >= 0 &&
    row >= 0 &&
    column < across &&
    row < down &&
    (changes[cellIndex(layout.shape, column, row)] ?? SAME) >= least;
  for (let row = 0; row < down; row++)
    for (let column = 0; column < across; column++) {
      if (!isIn(column, row)) continue;
      const x = left + column * cellPx;
      const y = top + row * cellPx;
      if (!isIn(column, row - 1)) edge(path, x, y, x + cellPx, y);
      if (!isIn(column, row + 1)) edge(path, x, y + cellPx, x + cellPx, y + cellPx);
      if (!isIn(column - 1, row)) edge(path, x, y, x, y + cellPx);
      if (!isIn(column + 1, row)) edge(path, x + cellPx, y, x + cellPx, y + cellPx);
    }
}

function edge(
  path: CanvasRenderingContext2D,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): void {
  path.moveTo(x1, y1);
  path.lineTo(x2, y2);
}

const STYLES = {
  hover: { widthPx: 1.5, blockWidthPx: 1.5, alpha: 0.9 },
  selection: { widthPx: 2.5, blockWidthPx: 1.5, alpha: 1 },
} as const;

/** Outlines a frame, and the block it belongs to. */
export function drawFrame(
  context: CanvasRenderingContext2D,
  scene: Scene,
  pfn: number,
  style: keyof typeof STYLES,
  palette: Palette,
): void {
  const { layout } = scene;
  const spot = spotOfPfn(layout, pfn);
  if (spot === undefined) return;
  const { cellPx, framesPerCell } = layout.zoom;
  const { widthPx, blockWidthPx, alpha } = STYLES[style];
  context.globalAlpha = alpha;
  context.strokeStyle = css(style === 'selection' ? palette.focus : palette.foreground);
  const cell = Math.floor(pfn / framesPerCell);
  const state = scene.tile(Math.floor(cell / CELLS_PER_TILE))?.states[cell % CELLS_PER_TILE] ?? 0;
  const order = framesPerCell === 1 ? Math.min(detailOfState(state), 10) : 0;
  const first = order > 0 ? spotOfPfn(layout, firstPfnOfBlock(pfn, state)) : undefined;
  if (first !== undefined) {
    const { across, down } = blockSize(layout.shape, order);
    context.lineWidth = blockWidthPx;
    strokeCells(context, first.x, first.y - scene.scrollTop, across * cellPx, down * cellPx);
  }
  if (style === 'selection' || first === undefined) {
    context.lineWidth = widthPx;
    strokeCells(context, spot.x, spot.y - scene.scrollTop, cellPx, cellPx);
  }
  context.globalAlpha = 1;
}

function strokeCells(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  widthPx: number,
  heightPx: number,
): void {
  context.beginPath();
  context.roundRect(x - 1, y - 1, widthPx + 1, heightPx + 1, 3);
  context.stroke();
}
