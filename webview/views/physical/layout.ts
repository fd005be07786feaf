/**
 * The geometry of the map: which frame lies where. Pure arithmetic; all lengths are CSS pixels of the scrolled content.
 *
 *     +--------+------------------------------------+
 *     | zone DMA     0x0 - 0x1000                   |   header of a section: one section a zone
 *     | pfn    | [tile] [tile] [tile]               |
 *     | pfn    | [tile]                             |   tiles in order of pfn, 1024 cells each (curve.ts)
 *     +--------+------------------------------------+
 *     | zone DMA32 ...
 *
 * A cell is `framesPerCell` frames; a tile starts at a multiple of its size, so a zone border may cut through a tile, and
 * the tile then appears in both sections, each showing its own cells.
 */
import { MAX_CELLS, type MapZone } from '../../../src/engine/view/map.js';
import {
  buddyShape,
  cellIndex,
  CELLS_PER_TILE,
  cellX,
  cellY,
  rowsShape,
  type Arrangement,
  type TileShape,
} from './curve.js';

export interface Zoom {
  /** A power of four. */
  readonly framesPerCell: number;
  readonly cellPx: number;
}

const NEAR_PX = [24, 20, 16, 12, 10, 8, 7, 6, 5, 4];
const FAR_PX = [7, 6, 5, 4];
const FAR_FRAMES = [4, 16, 64, 256, 1024];

/** From near to far. A cell of four times the frames has twice the side, so the steps are even. */
export const ZOOMS: readonly Zoom[] = [
  ...NEAR_PX.map((cellPx) => ({ framesPerCell: 1, cellPx })),
  ...FAR_FRAMES.flatMap((framesPerCell) => FAR_PX.map((cellPx) => ({ framesPerCell, cellPx }))),
];

export const GUTTER_PX = 84;
export const HEADER_PX = 34;
const SECTION_GAP_PX = 14;
const RIGHT_MARGIN_PX = 12;
const MIN_TILE_GAP_PX = 2;
const READABLE_PX = 5;
/** The two lines at the left of its first row. */
const LEAST_BODY_PX = 30;

export interface Section {
  readonly zone: MapZone;
  readonly topPx: number;
  readonly heightPx: number;
  /** Tiles are numbered from pfn 0. */
  readonly firstTile: number;
  readonly nrTiles: number;
  /** Cells that this zone has: [firstCell, endCell), numbered from pfn 0. */
  readonly firstCell: number;
  readonly endCell: number;
}

export interface Layout {
  readonly zoom: Zoom;
  readonly shape: TileShape;
  readonly sections: readonly Section[];
  readonly tilesPerRow: number;
  readonly tileGapPx: number;
  /** Distance from a tile's left edge to the next one's. */
  readonly pitchX: number;
  readonly pitchY: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A rectangle of the scrolled content. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Spot {
  readonly section: Section;
  /** Left and top edge of the cell. */
  readonly x: number;
  readonly y: number;
}

export function computeLayout(
  zones: readonly MapZone[],
  widthPx: number,
  zoom: Zoom,
  arrangement: Arrangement,
): Layout {
  const roomPx = Math.max(1, widthPx - GUTTER_PX - RIGHT_MARGIN_PX);
  const shape = arrangement === 'buddy' ? buddyShape : rowsShape(Math.floor(roomPx / zoom.cellPx));
  const tileGapPx =
    arrangement === 'buddy' ? Math.max(MIN_TILE_GAP_PX, Math.round(zoom.cellPx * 0.75)) : 0;
  const pitchX = shape.across * zoom.cellPx + tileGapPx;
  const pitchY = shape.down * zoom.cellPx + tileGapPx;
  const tilesPerRow = Math.max(1, Math.floor((roomPx + tileGapPx) / pitchX));
  const sections: Section[] = [];
  let topPx = 0;
  for (const zone of zones) {
    if (zone.endPfn <= zone.startPfn) continue;
    const firstCell = Math.floor(zone.startPfn / zoom.framesPerCell);
    const endCell = Math.ceil(zone.endPfn / zoom.framesPerCell);
    const firstTile = Math.floor(firstCell / CELLS_PER_TILE);
    const nrTiles = Math.ceil(endCell / CELLS_PER_TILE) - firstTile;
    const rows = Math.ceil(nrTiles / tilesPerRow);
    const bodyPx =
      nrTiles === 1
        ? usedRows(shape, firstCell % CELLS_PER_TILE, endCell - firstTile * CELLS_PER_TILE) *
          zoom.cellPx
        : rows * pitchY;
    const heightPx = HEADER_PX + Math.max(LEAST_BODY_PX, bodyPx) + SECTION_GAP_PX;
    sections.push({ zone, topPx, heightPx, firstTile, nrTiles, firstCell, endCell });
    topPx += heightPx;
  }
  // At near zooms one tile alone may be wider than the view, which then scrolls sideways, too.
  const contentPx = GUTTER_PX + tilesPerRow * pitchX - tileGapPx + RIGHT_MARGIN_PX;
  return {
    zoom,
    shape,
    sections,
    tilesPerRow,
    tileGapPx,
    pitchX,
    pitchY,
    widthPx: Math.max(widthPx, contentPx),
    heightPx: topPx,
  };
}

/** Rows of a lone tile down to its last cell in use. */
function usedRows(shape: TileShape, from: number, to: number): number {
  let last = 0;
  for (let index = from; index < to; index++) last = Math.max(last, cellY(shape, index));
  return last + 1;
}

/** The nearest zoom at which the whole machine fits into the height, or the farthest there is. */
export function fittingZoom(
  zones: readonly MapZone[],
  widthPx: number,
  heightPx: number,
  arrangement: Arrangement,
): number {
  const fits = ZOOMS.findIndex(
    (zoom) =>
      zoom.cellPx <= 12 && computeLayout(zones, widthPx, zoom, arrangement).heightPx <= heightPx,
  );
  return fits < 0 ? ZOOMS.length - 1 : fits;
}

/**
 * The zoom to begin with: the whole machine, if each frame can have its cell then. A machine that is too large for that
 * but small enough to be known frame by frame is shown so, to be scrolled; a larger one as a whole.
 */
export function firstZoom(
  zones: readonly MapZone[],
  widthPx: number,
  heightPx: number,
  arrangement: Arrangement,
): number {
  const fitting = fittingZoom(zones, widthPx, heightPx, arrangement);
  const maxPfn = Math.max(...zones.map((zone) => zone.endPfn));
  if (ZOOMS[fitting]?.framesPerCell === 1 || maxPfn > MAX_CELLS) return fitting;
  return ZOOMS.findIndex((zoom) => zoom.cellPx === READABLE_PX);
}

/** Left edge of a tile of a section, given its number within the section. */
export const tileX = (layout: Layout, nth: number): number =>
  GUTTER_PX + (nth % layout.tilesPerRow) * layout.pitchX;
export const tileY = (layout: Layout, section: Section, nth: number): number =>
  section.topPx + HEADER_PX + Math.floor(nth / layout.tilesPerRow) * layout.pitchY;

/** Where the cell of a frame is drawn. */
export function spotOfPfn(layout: Layout, pfn: number): Spot | undefined {
  const section = layout.sections.find((s) => pfn >= s.zone.startPfn && pfn < s.zone.endPfn);
  if (section === undefined) return undefined;
  const cell = Math.floor(pfn / layout.zoom.framesPerCell);
  const nth = Math.floor(cell / CELLS_PER_TILE) - section.firstTile;
  const index = cell % CELLS_PER_TILE;
  return {
    section,
    x: tileX(layout, nth) + cellX(layout.shape, index) * layout.zoom.cellPx,
    y: tileY(layout, section, nth) + cellY(layout.shape, index) * layout.zoom.cellPx,
  };
}

/** The first frame of the cell at a point, if one is drawn there. */
export function pfnAt(layout: Layout, x: number, y: number): number | undefined {
  const section = layout.sections.find((s) => y >= s.topPx && y < s.topPx + s.heightPx);
  if (section === undefined) return undefined;
  const { cellPx, framesPerCell } = layout.zoom;
  const column = Math.floor((x - GUTTER_PX) / layout.pitchX);
  const row = Math.floor((y - section.topPx - HEADER_PX) / layout.pitchY);
  const cellColumn = Math.floor((x - GUTTER_PX - column * layout.pitchX) / cellPx);
  const cellRow = Math.floor((y - section.topPx - HEADER_PX - row * layout.pitchY) / cellPx);
  if (column < 0 || column >= layout.tilesPerRow || row < 0) return undefined;
  if (cellColumn >= layout.shape.across || cellRow >= layout.shape.down) return undefined;
  const nth = row * layout.tilesPerRow + column;
  if (nth >= section.nrTiles) return undefined;
  const index = cellIndex(layout.shape, cellColumn, cellRow);
  const cell = (section.firstTile + nth) * CELLS_PER_TILE + index;
  if (cell < section.firstCell || cell >= section.endCell) return undefined;
  return Math.max(cell * framesPerCell, section.zone.startPfn);
}

export interface TileRange {
  readonly section: Section;
  /** Numbers within the section, [first, end). */
  readonly first: number;
  readonly end: number;
}

/** The tiles that cross [topPx, bottomPx), whole rows of them. */
export function tilesBetween(layout: Layout, topPx: number, bottomPx: number): TileRange[] {
  const ranges: TileRange[] = [];
  for (const section of layout.sections) {
    const bodyPx = section.topPx + HEADER_PX;
    if (section.topPx + section.heightPx <= topPx || bodyPx >= bottomPx) continue;
    const firstRow = Math.max(0, Math.floor((topPx - bodyPx) / layout.pitchY));
    const endRow = Math.ceil((bottomPx - bodyPx) / layout.pitchY);
    const first = firstRow * layout.tilesPerRow;
    const end = Math.min(section.nrTiles, endRow * layout.tilesPerRow);
    if (first < end) ranges.push({ section, first, end });
  }
  return ranges;
}

/** Width and height, in cells, of a block of 2^order cells that starts at a multiple of its size inside one tile. */
export function blockSize(
  shape: TileShape,
  order: number,
): { readonly across: number; readonly down: number } {
  if (shape.arrangement === 'buddy')
    return { across: 1 << ((order + 1) >> 1), down: 1 << (order >> 1) };
  const across = Math.min(shape.across, 1 << order);
  return { across, down: (1 << order) / across };
}

/** What the cells of [firstPfn, endPfn) span; undefined where none of them is drawn. */
export function boxOf(layout: Layout, firstPfn: number, endPfn: number): Box | undefined {
  const { framesPerCell, cellPx } = layout.zoom;
  const endCell = Math.ceil(endPfn / framesPerCell);
  let box: Box | undefined;
  for (let cell = Math.floor(firstPfn / framesPerCell); cell < endCell;) {
    let order = Math.min(10, cell === 0 ? 10 : Math.log2(cell & -cell));
    while (cell + (1 << order) > endCell) order--;
    const pfn = Math.max(firstPfn, cell * framesPerCell);
    const spot = spotOfPfn(layout, pfn);
    const { across, down } = blockSize(layout.shape, order);
    cell += 1 << order;
    if (spot === undefined) continue;
    const { x, y } = spot;
    box = {
      left: Math.min(x, box?.left ?? x),
      top: Math.min(y, box?.top ?? y),
      right: Math.max(x + across * cellPx, box?.right ?? 0),
      bottom: Math.max(y + down * cellPx, box?.bottom ?? 0),
    };
  }
  return box;
}

export const unionOf = (a: Box, b: Box): Box => ({
  left: Math.min(a.left, b.left),
  top: Math.min(a.top, b.top),
  right: Math.max(a.right, b.right),
  bottom: Math.max(a.bottom, b.bottom),
});
