/**
 * The words over the cells: the order of each block that has room for a number; at the nearest zoom the count and the flags of each
 * frame; frame numbers at the left; zones' headers. For all renderers.
 */
import { detailOfState, kindOfState, pageKindCode } from '../../../../src/engine/view/pageState.js';
import { css, type Rgb } from '../../../draw/color.js';
import { inkIn, stateColor, type Palette } from '../../../draw/palette.js';
import type { Pen } from '../../../draw/pen.js';
import { colouringOf, valueColor } from '../colouring.js';
import { CELLS_PER_TILE, cellX, cellY } from '../curve.js';
import { blockSize, type Layout } from '../layout.js';
import { drawHeaders, drawRowLabels } from './captions.js';
import type { Scene } from './mapRenderer.js';
import { placedTiles, type PlacedTile } from './placedTiles.js';

/** Blocks whose shorter side is less have no number. */
const SMALLEST_LABELLED_PX = 22;
const ROOMY_PX = 24;
/** Of the letters of {@link drawCounts}. */
const LETTER_PX = 6;
/** From four cells on a side. */
const LARGE_PX = 4 * ROOMY_PX;
/** Kinds whose struct pages say nothing that is written into cells. */
const SILENT = new Set(
  (['free', 'freeCma', 'freeIsolated', 'perCpu', 'reserved', 'absent'] as const).map(pageKindCode),
);

export function drawWords(
  context: Pen,
  scene: Scene,
  widthPx: number,
  heightPx: number,
  palette: Palette,
): void {
  context.clearRect(0, 0, widthPx, heightPx);
  if (scene.layout.zoom.framesPerCell === 1)
    for (const placed of placedTiles(scene, widthPx, heightPx)) {
      drawOrders(context, scene, placed, palette);
      if (scene.layout.zoom.cellPx >= ROOMY_PX) drawCounts(context, scene, placed, palette);
    }
  drawRowLabels(context, scene, heightPx, palette);
  drawHeaders(context, scene, widthPx, heightPx, palette);
}

/** What a cell's word is written on. */
function groundOf(palette: Palette, scene: Scene, placed: PlacedTile, index: number): Rgb {
  const state = placed.tile.states[index] ?? 0;
  const value = placed.values?.states[index];
  const color =
    value === undefined
      ? stateColor(palette, state, 1)
      : valueColor(palette, colouringOf(scene.colouring), value);
  return color ?? palette.background;
}

function drawOrders(context: Pen, scene: Scene, placed: PlacedTile, palette: Palette): void {
  const { layout } = scene;
  const { states } = placed.tile;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let index = 0; index < CELLS_PER_TILE;) {
    const order = Math.min(10, detailOfState(states[index] ?? 0));
    const size = 1 << order;
    const { across, down } = blockSize(layout.shape, order);
    const shorterPx = Math.min(across, down) * layout.zoom.cellPx;
    const least = isWritten(layout, states[index] ?? 0) ? LARGE_PX : SMALLEST_LABELLED_PX;
    if (order > 0 && index % size === 0 && shorterPx >= least && isOfSection(placed, index)) {
      const x = placed.x + (cellX(layout.shape, index) + across / 2) * layout.zoom.cellPx;
      const y = placed.y + (cellY(layout.shape, index) + down / 2) * layout.zoom.cellPx;
      const sizePx = Math.max(10, Math.min(30, shorterPx * 0.3));
      context.font = `600 ${sizePx}px ${palette.fontFamily}`;
      context.fillStyle = css(inkIn(palette, groundOf(palette, scene, placed, index)));
      context.fillText(String(order), x, y + 0.5);
    }
    index += index % size === 0 ? size : 1;
  }
}

function drawCounts(context: Pen, scene: Scene, placed: PlacedTile, palette: Palette): void {
  const { shape, zoom } = scene.layout;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.font = `10px ${palette.monoFamily}`;
  for (let index = 0; index < CELLS_PER_TILE; index++) {
    const label = scene.label(placed.number * CELLS_PER_TILE + index);
    if (label === undefined || !isOfSection(placed, index)) continue;
    if (label.count <= 0 && label.flags === '') continue;
    const x = placed.x + (cellX(shape, index) + 0.5) * zoom.cellPx;
    const y = placed.y + cellY(shape, index) * zoom.cellPx;
    const ground = groundOf(palette, scene, placed, index);
    const write = (text: string, down: number): void => {
      // A plate: the mark of the cell's kind would go through the letters.
      context.fillStyle = css(ground);
      context.fillRect(
        x - (text.length * LETTER_PX) / 2 - 0.5,
        y + down - 5,
        text.length * LETTER_PX + 1,
        10,
      );
      context.fillStyle = css(inkIn(palette, ground));
      context.fillText(text, x, y + down);
    };
    const half = label.flags === '' ? 0.5 : 0.3;
    if (label.count > 0) write(shortCount(label.count), zoom.cellPx * half);
    if (label.flags !== '') write(label.flags.slice(0, 3), zoom.cellPx * 0.72);
  }
}

/** Two zones may share a tile: each draws its own part. */
function isOfSection({ number, section: { zone } }: PlacedTile, index: number): boolean {
  const pfn = number * CELLS_PER_TILE + index;
  return pfn >= zone.startPfn && pfn < zone.endPfn;
}

/** Whether its cells have words of their own: the number of the block is for those that have room beside them. */
const isWritten = ({ zoom }: Layout, state: number): boolean =>
  zoom.cellPx >= ROOMY_PX && !SILENT.has(kindOfState(state));

const shortCount = (count: number): string =>
  count < 1000 ? String(count) : `${Math.round(count / 100) / 10}k`;
