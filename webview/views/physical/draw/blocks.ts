/**
 * Which cells of a tile belong together: the frames of one free block, one compound page, one slab: the state's order
 * says which block a frame belongs to. Reserved frames and holes run together, and so do cells of several frames that are
 * quite alike: there is nothing to tell apart.
 */
import { detailOfState, kindOfState, pageKindCode } from '../../../../src/engine/view/pageState.js';
import { cellIndex, CELLS_PER_TILE, cellX, cellY, type TileShape } from '../curve.js';
import { ABOVE, BELOW, LEFT, RIGHT } from './sprites.js';

const RUNS_TOGETHER = new Set([pageKindCode('absent'), pageKindCode('reserved')]);
const HEAD = pageKindCode('compoundHead');
const TAIL = pageKindCode('compoundTail');

/** The kind that decides whether neighbours join: a compound page's head and tails are one. */
const family = (state: number): number => {
  const kind = kindOfState(state);
  return kind === HEAD ? TAIL : kind;
};

/** The number, unique in a tile, of the block that a cell belongs to. */
function blockOf(state: number, index: number): number {
  const order = Math.min(detailOfState(state), 10);
  return ((index >>> order) << 8) | (order << 4) | family(state);
}

/** Cells of the same group are drawn as one; negative: a cell on its own. */
function groupOf(state: number, index: number, framesPerCell: number): number {
  if (framesPerCell > 1 || RUNS_TOGETHER.has(kindOfState(state))) return state;
  return detailOfState(state) === 0 ? -1 - index : 0x100 + blockOf(state, index);
}

/** For each cell, by its place in the grid (y * across + x), the sides on which its block goes on. */
export function neighbourhoods(
  shape: TileShape,
  states: Uint8Array,
  framesPerCell: number,
): Uint8Array {
  const sides = new Uint8Array(CELLS_PER_TILE);
  const { across, down } = shape;
  const blocks = new Int32Array(CELLS_PER_TILE);
  for (let index = 0; index < CELLS_PER_TILE; index++) {
    const state = states[index] ?? 0;
    const at = cellY(shape, index) * across + cellX(shape, index);
    blocks[at] = groupOf(state, index, framesPerCell);
  }
  for (let y = 0; y < down; y++)
    for (let x = 0; x < across; x++) {
      const at = y * across + x;
      if (x + 1 < across && blocks[at] === blocks[at + 1]) {
        sides[at] = (sides[at] ?? 0) | RIGHT;
        sides[at + 1] = (sides[at + 1] ?? 0) | LEFT;
      }
      if (y + 1 < down && blocks[at] === blocks[at + across]) {
        sides[at] = (sides[at] ?? 0) | BELOW;
        sides[at + across] = (sides[at + across] ?? 0) | ABOVE;
      }
    }
  return sides;
}

/** Index of the cell at a place of the grid, for every place. */
export function indexOfPlace(shape: TileShape): Uint16Array {
  const indices = new Uint16Array(CELLS_PER_TILE);
  for (let y = 0; y < shape.down; y++)
    for (let x = 0; x < shape.across; x++) indices[y * shape.across + x] = cellIndex(shape, x, y);
  return indices;
}
