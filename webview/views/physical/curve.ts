/**
 * The order in which the 1024 cells of a tile fill its grid.
 *
 * `buddy`: Z-order. Bit 0 of the cell's index is the lowest bit of x, bit 1 the lowest of y, bit 2 the second of x, ...
 * A block of 2^order frames is then a square or a 2:1 rectangle, and its buddy lies right beside or below it: splitting a
 * block halves its rectangle.
 *
 *      0  1  4  5 16        `rows`: left to right, row by row.
 *      2  3  6  7 18
 *      8  9 12 13 24
 */

export type Arrangement = 'buddy' | 'rows';

export const CELLS_PER_TILE = 1024;
const BUDDY_SIDE = 32;

export interface TileShape {
  readonly arrangement: Arrangement;
  /** Cells in a row and in a column; their product is {@link CELLS_PER_TILE}. */
  readonly across: number;
  readonly down: number;
}

export const buddyShape: TileShape = { arrangement: 'buddy', across: BUDDY_SIDE, down: BUDDY_SIDE };

/** The widest tile of whole rows that fits into `maxAcross` cells. */
export function rowsShape(maxAcross: number): TileShape {
  let across = CELLS_PER_TILE;
  while (across > 8 && across > maxAcross) across /= 2;
  return { arrangement: 'rows', across, down: CELLS_PER_TILE / across };
}

/** Where the cell with this index in its tile lies, in cells. */
export function cellX(shape: TileShape, index: number): number {
  return shape.arrangement === 'rows' ? index % shape.across : evenBits(index);
}
export function cellY(shape: TileShape, index: number): number {
  return shape.arrangement === 'rows' ? Math.floor(index / shape.across) : evenBits(index >>> 1);
}

/** The index of the cell at (x, y) of a tile. */
export function cellIndex(shape: TileShape, x: number, y: number): number {
  return shape.arrangement === 'rows' ? y * shape.across + x : spread(x) | (spread(y) << 1);
}

/** abcde from .a.b.c.d.e */
function evenBits(value: number): number {
  let bits = value & 0x5555;
  bits = (bits | (bits >>> 1)) & 0x3333;
  bits = (bits | (bits >>> 2)) & 0x0f0f;
  return (bits | (bits >>> 4)) & 0x00ff;
}

/** .a.b.c.d.e from abcde */
function spread(value: number): number {
  let bits = (value | (value << 4)) & 0x0f0f;
  bits = (bits | (bits << 2)) & 0x3333;
  return (bits | (bits << 1)) & 0x5555;
}
