/** The words on the map: a header a zone, and the frame number and address of each row of tiles. */
import { counted } from '../../../../src/engine/view/counted.js';
import { css, mix } from '../../../draw/color.js';
import { GUTTER_PX, HEADER_PX, tilesBetween, tileY, type Section } from '../layout.js';
import { CELLS_PER_TILE } from '../curve.js';
import { bytesText, hexPfn, zoneTitle } from '../../../text.js';
import type { Scene } from './mapRenderer.js';
import type { Palette } from '../../../draw/palette.js';
import type { Pen } from '../../../draw/pen.js';

const PAGE_SIZE = 4096;
const LABEL_GAP_PX = 10;
/** Rows of tiles nearer than this share a label. */
const MIN_LABEL_PITCH_PX = 30;

export function drawRowLabels(
  context: Pen,
  scene: Scene,
  heightPx: number,
  palette: Palette,
): void {
  const { layout, scrollTop } = scene;
  context.textAlign = 'right';
  context.textBaseline = 'top';
  // A strip of its own: where the map scrolls sideways, cells pass under it.
  context.clearRect(0, 0, GUTTER_PX - 4, heightPx);
  if (scene.scrollLeft > 0) {
    context.fillStyle = css(palette.background);
    context.fillRect(0, 0, GUTTER_PX - 4, heightPx);
  }
  for (const { section, first, end } of tilesBetween(layout, scrollTop, scrollTop + heightPx)) {
    let lastY = -Infinity;
    for (let nth = first; nth < end; nth += layout.tilesPerRow) {
      const y = tileY(layout, section, nth) - scrollTop;
      if (y - lastY < MIN_LABEL_PITCH_PX) continue;
      lastY = y;
      const tilePfn = (section.firstTile + nth) * CELLS_PER_TILE * layout.zoom.framesPerCell;
      const pfn = Math.max(tilePfn, section.zone.startPfn);
      const x = GUTTER_PX - LABEL_GAP_PX;
      context.font = `11px ${palette.monoFamily}`;
      context.fillStyle = css(mix(palette.background, palette.foreground, 0.75));
      context.fillText(hexPfn(pfn), x, y);
      context.font = `11px ${palette.fontFamily}`;
      context.fillStyle = css(mix(palette.background, palette.foreground, 0.75));
      context.fillText(bytesText(pfn * PAGE_SIZE), x, y + 14);
    }
  }
}

/** The header of the zone at the view's top stays there while its tiles scroll by. */
export function drawHeaders(
  context: Pen,
  scene: Scene,
  widthPx: number,
  heightPx: number,
  palette: Palette,
): void {
  const { layout, scrollTop } = scene;
  for (const section of layout.sections) {
    const naturalY = section.topPx - scrollTop;
    const lowestY = naturalY + section.heightPx - HEADER_PX;
    const y = Math.min(Math.max(naturalY, 0), lowestY);
    if (y > heightPx || y + HEADER_PX < 0) continue;
    context.fillStyle = css(palette.background);
    context.fillRect(0, y, widthPx, HEADER_PX - 6);
    drawHeader(context, section, y, widthPx, palette);
  }
}

function drawHeader(
  context: Pen,
  { zone }: Section,
  y: number,
  widthPx: number,
  palette: Palette,
): void {
  const middle = y + (HEADER_PX - 6) / 2;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.font = `600 13px ${palette.fontFamily}`;
  context.fillStyle = css(palette.foreground);
  const title = zoneTitle(zone.name);
  context.fillText(title, 12, middle);
  let x = 12 + context.measureText(title).width + 12;
  context.font = `11px ${palette.monoFamily}`;
  context.fillStyle = css(mix(palette.background, palette.foreground, 0.8));
  const range = `${hexPfn(zone.startPfn)} – ${hexPfn(zone.endPfn)}`;
  context.fillText(range, x, middle);
  x += context.measureText(range).width + 12;
  context.font = `11px ${palette.fontFamily}`;
  const nrPages = zone.endPfn - zone.startPfn;
  const size = `${bytesText(nrPages * PAGE_SIZE)} · ${counted(nrPages.toLocaleString('en'), 'frame')}`;
  context.fillText(size, x, middle);
  x += context.measureText(size).width + 14;
  context.fillStyle = css(mix(palette.background, palette.foreground, 0.18));
  if (x < widthPx - 12) context.fillRect(x, Math.round(middle), widthPx - 12 - x, 1);
}
