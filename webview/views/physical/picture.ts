/**
 * What is in view as an SVG document, for papers and slides: the cells by the same sprites as on the screen, words and outlines by the
 * same code, so that what is taken out looks as what was seen.
 */
import { pixelCss } from '../../draw/color.js';
import type { Palette } from '../../draw/palette.js';
import { svgDocument } from '../../draw/svg.js';
import { SvgPen } from '../../draw/svgPen.js';
import type { Update } from '../../shell/view.js';
import { cellKeys } from './draw/cellKeys.js';
import type { Scene } from './draw/mapRenderer.js';
import { drawOverlay } from './draw/overlay.js';
import { placedTiles, type PlacedTile } from './draw/placedTiles.js';
import { NOTHING } from './draw/sprites.js';
import { SpriteStock } from './draw/spriteStock.js';
import { drawWords } from './draw/words.js';

export interface Picture {
  readonly scene: Scene;
  readonly widthPx: number;
  readonly heightPx: number;
}

export function svgOf(
  picture: Picture | undefined,
  update: Update | undefined,
  palette: Palette,
): string {
  if (picture === undefined) return svgDocument(1, 1, palette, '', []);
  const { widthPx, heightPx } = picture;
  const scene: Scene = { ...picture.scene, hovered: undefined };
  const words = new SvgPen('words');
  drawWords(words, scene, widthPx, heightPx, palette);
  const overlay = new SvgPen('overlay');
  drawOverlay(overlay, scene, widthPx, heightPx, palette);
  const subject = update?.session.subject ?? '';
  const title = `Physical memory${subject === '' ? '' : `: ${subject}`}`;
  const parts = [...cellParts({ scene, widthPx, heightPx }, palette), ...words.parts];
  return svgDocument(widthPx, heightPx, palette, title, [...parts, ...overlay.parts]);
}

/** A pattern for each sprite; in each tile what has the same sprite is one path. */
function cellParts({ scene, widthPx, heightPx }: Picture, palette: Palette): string[] {
  const stock = new SpriteStock();
  stock.setPalette(palette);
  const sprites = stock.forScene(scene, 1);
  if (sprites === undefined) return [];
  const { cellPx } = scene.layout.zoom;
  const used = new Set<number>();
  const tiles = placedTiles(scene, widthPx, heightPx).map((placed) => {
    const paths = pathsOf(scene, placed);
    for (const key of paths.keys()) used.add(key);
    const shapes = [...paths].map(([key, d]) => `<path fill="url(#cell-${key})" d="${d}"/>`);
    return `<g transform="translate(${placed.x} ${placed.y})">${shapes.join('')}</g>`;
  });
  const patterns = [...used].map(
    (key) =>
      `<pattern id="cell-${key}" width="${cellPx}" height="${cellPx}" patternUnits="userSpaceOnUse">` +
      `${spriteParts(sprites.get(key), cellPx).join('')}</pattern>`,
  );
  return [`<g shape-rendering="crispEdges"><defs>${patterns.join('')}</defs>`, ...tiles, '</g>'];
}

/** Rectangles of cells that look the same, by the key of their sprite. */
function pathsOf({ layout }: Scene, placed: PlacedTile): Map<number, string> {
  const { across, down } = layout.shape;
  const { cellPx } = layout.zoom;
  const keys = cellKeys(layout, placed);
  const paths = new Map<number, string>();
  for (const { value, x, y, width, height } of rectangles(keys, across, down))
    if (value !== NOTHING) {
      const box = `M${x * cellPx} ${y * cellPx}h${width * cellPx}v${height * cellPx}h${-width * cellPx}z`;
      paths.set(value, (paths.get(value) ?? '') + box);
    }
  return paths;
}

const spriteParts = (pixels: Uint32Array, size: number): string[] =>
  rectangles(pixels, size, size).flatMap(({ value, x, y, width, height }) =>
    value === 0
      ? []
      : [`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${pixelCss(value)}"/>`],
  );

interface Rectangle {
  readonly value: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Covers a grid by rectangles of equal values: runs of a row, taken down as long as the rows below have the same. */
function rectangles(grid: Uint32Array, across: number, down: number): Rectangle[] {
  const found: Rectangle[] = [];
  const done = new Uint8Array(grid.length);
  const isRun = (from: number, width: number, value: number | undefined): boolean => {
    for (let at = from; at < from + width; at++)
      if (grid[at] !== value || done[at] === 1) return false;
    return true;
  };
  for (let start = 0; start < grid.length; start++) {
    if (done[start] === 1) continue;
    const value = grid[start] ?? 0;
    const [x, y] = [start % across, Math.floor(start / across)];
    let width = 1;
    while (x + width < across && isRun(start + width, 1, value)) width++;
    let height = 1;
    while (y + height < down && isRun(start + height * across, width, value)) height++;
    for (let row = 0; row < height; row++)
      done.fill(1, start + row * across, start + row * across + width);
    found.push({ value, x, y, width, height });
  }
  return found;
}
