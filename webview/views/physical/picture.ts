/** What is in view as an SVG document: blocks and frames as rectangles, with the words of the map; for papers and slides. */
import { detailOfState, kindOfState, pageKindCode } from '../../../src/engine/view/pageState.js';
import { css, type Rgb } from '../../draw/color.js';
import { inkIn, stateColor, type Palette } from '../../draw/palette.js';
import { svgDocument, svgText } from '../../draw/svg.js';
import type { Update } from '../../shell/view.js';
import { bytesText, hexPfn, zoneTitle } from '../../text.js';
import { colouringOf, valueColor } from './colouring.js';
import { CELLS_PER_TILE, cellX, cellY } from './curve.js';
import type { Scene } from './draw/mapRenderer.js';
import { placedTiles, type PlacedTile } from './draw/placedTiles.js';
import { blockSize, GUTTER_PX, HEADER_PX, tilesBetween, tileY } from './layout.js';
import { CHANGED } from './changes.js';

export interface Picture {
  readonly scene: Scene;
  readonly widthPx: number;
  readonly heightPx: number;
}

const ABSENT = pageKindCode('absent');
const SMALLEST_LABELLED_PX = 22;

export function svgOf(
  picture: Picture | undefined,
  update: Update | undefined,
  palette: Palette,
): string {
  if (picture === undefined) return svgDocument(1, 1, palette, '', []);
  const { scene, widthPx, heightPx } = picture;
  const parts: string[] = [];
  for (const placed of placedTiles(scene, widthPx, heightPx))
    parts.push(...tileParts(scene, placed, palette));
  parts.push(...changeParts(scene, widthPx, heightPx, palette), ...captionParts(picture, palette));
  const subject = update?.session.subject ?? '';
  const title = `Physical memory${subject === '' ? '' : `: ${subject}`}`;
  return svgDocument(widthPx, heightPx, palette, title, parts);
}

/** One path a colour, and the orders of blocks over it. */
function tileParts({ layout, colouring }: Scene, placed: PlacedTile, palette: Palette): string[] {
  const { shape, zoom } = layout;
  const { states } = placed.tile;
  const from = placed.section.firstCell - placed.number * CELLS_PER_TILE;
  const to = placed.section.endCell - placed.number * CELLS_PER_TILE;
  const paths = new Map<string, string[]>();
  const words: string[] = [];
  const gap = zoom.cellPx < 4 ? 0 : 1;
  for (let index = Math.max(0, from); index < Math.min(CELLS_PER_TILE, to);) {
    const state = states[index] ?? 0;
    const value = placed.values?.states[index];
    const order = zoom.framesPerCell === 1 ? Math.min(10, detailOfState(state)) : 0;
    const isBlock = order > 0 && value === undefined && index % (1 << order) === 0;
    const size = isBlock ? 1 << order : 1;
    const { across, down } = isBlock ? blockSize(shape, order) : { across: 1, down: 1 };
    const color =
      value === undefined
        ? stateColor(palette, state, zoom.framesPerCell)
        : (valueColor(palette, colouringOf(colouring), value) ?? palette.background);
    const x = placed.x + cellX(shape, index) * zoom.cellPx;
    const y = placed.y + cellY(shape, index) * zoom.cellPx;
    const [width, height] = [across * zoom.cellPx - gap, down * zoom.cellPx - gap];
    if (kindOfState(state) !== ABSENT)
      push(paths, color, `M${x} ${y}h${width}v${height}h${-width}z`);
    if (isBlock && Math.min(width, height) >= SMALLEST_LABELLED_PX)
      words.push(
        svgText(x + width / 2, y + height / 2, String(order), {
          anchor: 'middle',
          color: inkIn(palette, color),
          sizePx: Math.max(10, Math.min(30, Math.min(width, height) * 0.3)),
          weight: 600,
        }),
      );
    index += size;
  }
  const shapes = [...paths].map(([fill, d]) => `<path fill="${fill}" d="${d.join('')}"/>`);
  return [...shapes, ...words];
}

function push(paths: Map<string, string[]>, color: Rgb, d: string): void {
  const fill = css(color);
  const known = paths.get(fill);
  if (known === undefined) paths.set(fill, [d]);
  else known.push(d);
}

function changeParts(scene: Scene, widthPx: number, heightPx: number, palette: Palette): string[] {
  const { layout, changes } = scene;
  if (changes === undefined) return [];
  const { shape, zoom } = layout;
  const d: string[] = [];
  for (const { number, x, y } of placedTiles(scene, widthPx, heightPx)) {
    const levels = changes.ofTile(zoom.framesPerCell, number);
    levels?.forEach((level, index) => {
      if (level < CHANGED) return;
      const [left, top] = [
        x + cellX(shape, index) * zoom.cellPx,
        y + cellY(shape, index) * zoom.cellPx,
      ];
      d.push(`M${left} ${top}h${zoom.cellPx - 1}v${zoom.cellPx - 1}h${1 - zoom.cellPx}z`);
    });
  }
  if (d.length === 0) return [];
  return [
    `<path fill="none" stroke="${css(palette.changed)}" stroke-width="2" d="${d.join('')}"/>`,
  ];
}

function captionParts({ scene, heightPx }: Picture, palette: Palette): string[] {
  const { layout, scrollTop } = scene;
  const parts: string[] = [];
  const ink = { color: palette.foreground, sizePx: 11 };
  for (const { section, first, end } of tilesBetween(layout, scrollTop, scrollTop + heightPx)) {
    const { zone, topPx } = section;
    const title = `${zoneTitle(zone.name)}  ${hexPfn(zone.startPfn)} \u2013 ${hexPfn(zone.endPfn)}`;
    parts.push(
      svgText(12, topPx - scrollTop + HEADER_PX / 2, title, { ...ink, sizePx: 13, weight: 600 }),
    );
    for (let nth = first; nth < end; nth += layout.tilesPerRow) {
      const tilePfn = (section.firstTile + nth) * CELLS_PER_TILE * layout.zoom.framesPerCell;
      const pfn = Math.max(tilePfn, zone.startPfn);
      const y = tileY(layout, section, nth) - scrollTop + 8;
      const text = `${hexPfn(pfn)} ${bytesText(pfn * 4096)}`;
      parts.push(svgText(GUTTER_PX - 8, y, text, { ...ink, sizePx: 9, anchor: 'end' }));
    }
  }
  return parts;
}
