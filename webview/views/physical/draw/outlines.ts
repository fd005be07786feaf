/**
 * Outlines of the cells of a tile that changed: strong where the use changed, less where only the block or the counts did. Their
 * paths are made once for a stop and a layout; a frame of the screen only strokes them.
 */
import { css } from '../../../draw/color.js';
import type { Palette } from '../../../draw/palette.js';
import { EdgePath, type Pen } from '../../../draw/pen.js';
import { CHANGED, REGROUPED, SAME } from '../changes.js';
import { cellIndex } from '../curve.js';
import type { Layout } from '../layout.js';

/** Changed cells in a tile beyond which strong outlines would hide what they outline. */
const CROWD = 160;

/** Relative to the tile's left upper corner. */
export interface Outlines {
  /** Around what changed at least a little, changed its block, changed its use. */
  readonly written: EdgePath;
  readonly regrouped: EdgePath;
  readonly changed: EdgePath;
  readonly nrChanged: number;
}

interface Made extends Outlines {
  readonly layout: Layout;
}

const made = new WeakMap<Uint8Array, Made>();

/** @param changes of each cell of a tile: Changes.ofTile() */
export function outlinesOf(layout: Layout, changes: Uint8Array): Outlines {
  const old = made.get(changes);
  if (old?.layout === layout) return old;
  let nrChanged = 0;
  for (const change of changes) if (change === CHANGED) nrChanged++;
  const outlines: Made = {
    layout,
    written: pathAround(layout, changes, SAME + 1),
    regrouped: pathAround(layout, changes, REGROUPED),
    changed: pathAround(layout, changes, CHANGED),
    nrChanged,
  };
  made.set(changes, outlines);
  return outlines;
}

export const isCrowded = ({ nrChanged }: Outlines): boolean => nrChanged > CROWD;

/** At (x, y) of the view. */
export function drawChanges(
  context: Pen,
  outlines: Outlines,
  x: number,
  y: number,
  palette: Palette,
): void {
  const { written, regrouped, changed } = outlines;
  const strong = isCrowded(outlines) ? { widthPx: 1, alpha: 0.45 } : { widthPx: 2, alpha: 0.95 };
  const passes = [
    { path: written, widthPx: 1, alpha: 0.9, dash: [2, 2] },
    { path: regrouped, widthPx: 1, alpha: 0.55, dash: [] },
    { path: changed, ...strong, dash: [] },
  ];
  context.save();
  context.translate(x, y);
  context.strokeStyle = css(palette.changed);
  context.lineJoin = 'round';
  context.lineCap = 'butt';
  for (const { path, widthPx, alpha, dash } of passes) {
    context.globalAlpha = alpha;
    context.lineWidth = widthPx;
    context.setLineDash(dash);
    context.stroke(path);
  }
  context.restore();
}

/** The edges between cells that changed at least so much and cells that did not. */
function pathAround({ shape, zoom }: Layout, changes: Uint8Array, least: number): EdgePath {
  const { across, down } = shape;
  const { cellPx } = zoom;
  const path = new EdgePath();
  const isIn = (column: number, row: number): boolean =>
    column >= 0 &&
    row >= 0 &&
    column < across &&
    row < down &&
    (changes[cellIndex(shape, column, row)] ?? SAME) >= least;
  for (let row = 0; row < down; row++)
    for (let column = 0; column < across; column++) {
      if (!isIn(column, row)) continue;
      const [x, y] = [column * cellPx - 0.5, row * cellPx - 0.5];
      const [right, bottom] = [x + cellPx, y + cellPx];
      if (!isIn(column, row - 1)) path.edge(x, y, right, y);
      if (!isIn(column, row + 1)) path.edge(x, bottom, right, bottom);
      if (!isIn(column - 1, row)) path.edge(x, y, x, bottom);
      if (!isIn(column + 1, row)) path.edge(right, y, right, bottom);
    }
  return path;
}
