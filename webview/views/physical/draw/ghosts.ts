/**
 * The ghost of a block that was split, with lines to its halves; and the bracket over two blocks that merged. Only where cells are
 * single frames and the block is large enough on the screen.
 */
import { css, type Rgb } from '../../../draw/color.js';
import type { Palette } from '../../../draw/palette.js';
import type { Pen } from '../../../draw/pen.js';
import { blockSize, spotOfPfn, type Layout } from '../layout.js';
import type { BlockEvent } from './happened.js';

const SMALLEST_PX = 10;
/** Beyond this, a crowd of ghosts hides what happened. */
const MOST = 40;

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function drawBlockEvents(
  context: Pen,
  layout: Layout,
  events: readonly BlockEvent[],
  scroll: { readonly left: number; readonly top: number },
  palette: Palette,
): void {
  if (layout.zoom.framesPerCell > 1 || layout.shape.arrangement !== 'buddy') return;
  for (const event of events.slice(0, MOST)) {
    const rect = rectOf(layout, event.firstPfn, event.order, scroll);
    if (rect === undefined || Math.min(rect.width, rect.height) < SMALLEST_PX) continue;
    context.strokeStyle = css(palette.changed);
    context.fillStyle = css(palette.changed);
    if (event.kind === 'split') drawGhost(context, rect, event);
    else drawBracket(context, layout, rect, event);
    drawCaption(context, rect, event, palette);
  }
}

/** A dashed outline, and a line wherever a half was cut off, down to the smallest part. */
function drawGhost(context: Pen, rect: Rect, event: BlockEvent): void {
  context.setLineDash([4, 3]);
  context.lineWidth = 1.5;
  context.strokeRect(rect.x - 0.5, rect.y - 0.5, rect.width, rect.height);
  context.setLineDash([]);
  context.lineWidth = 1;
  context.globalAlpha = 0.7;
  const smallest = Math.min(event.order, ...event.parts);
  let { width, height } = rect;
  const { x, y } = rect;
  for (let order = event.order; order > smallest && Math.min(width, height) > 4; order--) {
    context.beginPath();
    // A block of an odd order is twice as wide as high: its halves lie side by side.
    if (order % 2 === 1) {
      width /= 2;
      context.moveTo(x + width, y);
      context.lineTo(x + width, y + height);
    } else {
      height /= 2;
      context.moveTo(x, y + height);
      context.lineTo(x + width, y + height);
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** Around the block, with an arm into the middle of each half. */
function drawBracket(
  context: Pen,
  layout: Layout,
  { x, y, width, height }: Rect,
  { order }: BlockEvent,
): void {
  context.lineWidth = 2;
  context.beginPath();
  const arm = Math.max(4, layout.zoom.cellPx / 2);
  if (order % 2 === 1) {
    const [first, second] = [x + width / 4, x + (3 * width) / 4];
    context.moveTo(first, y + arm);
    context.lineTo(first, y - 4);
    context.lineTo(second, y - 4);
    context.lineTo(second, y + arm);
  } else {
    const [first, second] = [y + height / 4, y + (3 * height) / 4];
    context.moveTo(x + arm, first);
    context.lineTo(x - 4, first);
    context.lineTo(x - 4, second);
    context.lineTo(x + arm, second);
  }
  context.stroke();
}

/** `split 10` or `9 + 9 = 10`, on a ground of its own, so that it can be read on any cells. */
function drawCaption(
  context: Pen,
  { x, y, width, height }: Rect,
  { kind, order }: BlockEvent,
  palette: Palette,
): void {
  const text =
    kind === 'split' ? `order ${order} split` : `${order - 1} + ${order - 1} \u2192 ${order}`;
  context.font = `600 11px ${palette.fontFamily}`;
  const textPx = context.measureText(text).width;
  if (width < textPx + 16 || height < 26) return;
  // What a block is taken from is its first page: the caption keeps to the other end. Of a merge it lies in the middle, where the line
  // between the halves would go through the block's number.
  const isSplit = kind === 'split';
  const left = isSplit ? x + width - textPx - 15 : x + (width - textPx - 10) / 2;
  const top = isSplit ? y + height - 22 : y + height / 2 - 9;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  fillPlate(context, left, top, textPx + 10, 17, palette.background, palette.changed);
  context.fillStyle = css(palette.foreground);
  context.fillText(text, left + 5, top + 9);
}

function fillPlate(
  context: Pen,
  x: number,
  y: number,
  width: number,
  height: number,
  ground: Rgb,
  border: Rgb,
): void {
  context.beginPath();
  context.roundRect(x, y, width, height, 3);
  context.fillStyle = css(ground);
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = css(border);
  context.stroke();
}

function rectOf(
  layout: Layout,
  firstPfn: number,
  order: number,
  scroll: { readonly left: number; readonly top: number },
): Rect | undefined {
  const spot = spotOfPfn(layout, firstPfn);
  if (spot === undefined || order > 10) return undefined;
  const { across, down } = blockSize(layout.shape, order);
  const { cellPx } = layout.zoom;
  return {
    x: spot.x - scroll.left,
    y: spot.y - scroll.top,
    width: across * cellPx,
    height: down * cellPx,
  };
}
