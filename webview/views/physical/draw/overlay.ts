/** What lies over the cells: the outline of what changed since the last stop, of the frame under the pointer, and of the selection. */
import { detailOfState, firstPfnOfBlock } from '../../../../src/engine/view/pageState.js';
import { CELLS_PER_TILE } from '../curve.js';
import { blockSize, boxOf, GUTTER_PX, HEADER_PX, spotOfPfn, type Layout } from '../layout.js';
import { css } from '../../../draw/color.js';
import { drawBlockEvents } from './ghosts.js';
import type { Scene } from './mapRenderer.js';
import { drawChanges, outlinesOf } from './outlines.js';
import { placedTiles } from './placedTiles.js';
import type { Palette } from '../../../draw/palette.js';
import type { Pen } from '../../../draw/pen.js';

export function drawOverlay(
  context: Pen,
  scene: Scene,
  widthPx: number,
  heightPx: number,
  palette: Palette,
): void {
  context.clearRect(0, 0, widthPx, heightPx);
  context.save();
  clipToCells(context, widthPx, heightPx);
  const { layout, changes, scrollLeft, scrollTop } = scene;
  const tiles = placedTiles(scene, widthPx, heightPx);
  if (scene.pageblockOrder !== undefined)
    for (const { x, y } of tiles)
      drawPageblocks(context, layout, scene.pageblockOrder, x, y, palette);
  if (changes !== undefined) {
    for (const { number, x, y } of tiles) {
      const levels = changes.ofTile(layout.zoom.framesPerCell, number);
      if (levels !== undefined) drawChanges(context, outlinesOf(layout, levels), x, y, palette);
    }
    drawRings(context, scene, palette);
    drawBlockEvents(context, layout, changes.events, { left: scrollLeft, top: scrollTop }, palette);
  }
  if (scene.hovered !== undefined) drawFrame(context, scene, scene.hovered, 'hover', palette);
  if (scene.selected !== undefined) drawFrame(context, scene, scene.selected, 'selection', palette);
  context.restore();
}

/** A change that is smaller on the screen than its outline's dashes is ringed, where there are few. */
const MOST_RINGS = 6;
const RINGED_PX = 12;
const RING_PX = 4;

function drawRings(
  context: Pen,
  { layout, changes, scrollLeft, scrollTop }: Scene,
  palette: Palette,
): void {
  const spans = changes?.foremost ?? [];
  if (spans.length > MOST_RINGS) return;
  for (const { firstPfn, endPfn } of spans) {
    const box = boxOf(layout, firstPfn, endPfn);
    if (box === undefined) continue;
    const [width, height] = [box.right - box.left, box.bottom - box.top];
    if (Math.max(width, height) >= RINGED_PX) continue;
    context.beginPath();
    context.roundRect(
      box.left - scrollLeft - RING_PX - 1,
      box.top - scrollTop - RING_PX - 1,
      width + 2 * RING_PX + 1,
      height + 2 * RING_PX + 1,
      RING_PX + 1,
    );
    context.strokeStyle = css(palette.background);
    context.lineWidth = 5;
    context.stroke();
    context.strokeStyle = css(palette.changed);
    context.lineWidth = 2;
    context.stroke();
  }
}

/** Right of the labels and below the header that stays at the top. */
export function clipToCells(context: Pen, widthPx: number, heightPx: number): void {
  context.beginPath();
  context.rect(GUTTER_PX - 6, HEADER_PX - 6, widthPx, heightPx);
  context.clip();
}

/** Lines between the pageblocks of a tile, as far as they lie inside it. */
function drawPageblocks(
  context: Pen,
  layout: Layout,
  pageblockOrder: number,
  x: number,
  y: number,
  palette: Palette,
): void {
  const { shape, zoom } = layout;
  const order = pageblockOrder - Math.log2(zoom.framesPerCell);
  if (order < 2) return;
  const { across, down } = blockSize(shape, Math.min(10, order));
  context.strokeStyle = css(palette.foreground, 0.55);
  context.lineWidth = 1;
  context.beginPath();
  for (let column = 0; column < shape.across; column += across)
    for (let row = 0; row < shape.down; row += down)
      context.rect(
        x + column * zoom.cellPx - 0.5,
        y + row * zoom.cellPx - 0.5,
        across * zoom.cellPx,
        down * zoom.cellPx,
      );
  context.stroke();
}

const SMALL_PX = 12;

const STYLES = {
  hover: { widthPx: 1.5, blockWidthPx: 1.5, alpha: 0.9 },
  selection: { widthPx: 2.5, blockWidthPx: 1.5, alpha: 1 },
} as const;

/** Outlines a frame, and the block it belongs to. */
function drawFrame(
  context: Pen,
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
    strokeCells(
      context,
      first.x - scene.scrollLeft,
      first.y - scene.scrollTop,
      across * cellPx,
      down * cellPx,
    );
  }
  if (style === 'selection' || first === undefined) {
    context.lineWidth = widthPx;
    // Around a small cell, so that its colour is still seen.
    const out = cellPx < SMALL_PX ? 2 : 0;
    const [x, y] = [spot.x - scene.scrollLeft - out, spot.y - scene.scrollTop - out];
    const size = cellPx + 2 * out;
    if (style === 'selection') {
      // A halo: some theme's focus is the colour of some kind of frame.
      context.strokeStyle = css(palette.background);
      context.lineWidth = widthPx + 3;
      strokeCells(context, x, y, size, size);
      context.strokeStyle = css(palette.focus);
      context.lineWidth = widthPx;
    }
    strokeCells(context, x, y, size, size);
  }
  context.globalAlpha = 1;
}

function strokeCells(context: Pen, x: number, y: number, widthPx: number, heightPx: number): void {
  context.beginPath();
  context.roundRect(x - 1, y - 1, widthPx + 1, heightPx + 1, 3);
  context.stroke();
}
