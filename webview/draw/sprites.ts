/**
 * The picture of one cell, as pixels: its colour, a mark that tells kinds apart without colour, the gap to its neighbours,
 * or the seam where the neighbour belongs to the same block. Made once for each state and neighbourhood.
 *
 *     +-----------+--+     body: the cell's colour and mark, corners rounded where no neighbour joins
 *     |   body    |  |     right and bottom: transparent (a gap), or a darker seam (the same block goes on)
 *     +-----------+--+
 *     +-----------+--+
 */
import { kindOfState, PAGE_KINDS, type PageKindName } from '../../src/engine/view/pageState.js';
import { mix, pixel, type Rgb } from './color.js';
import { stateColor, type Palette } from './palette.js';

/** Neighbours of the same block. */
export const LEFT = 1;
export const ABOVE = 2;
export const RIGHT = 4;
export const BELOW = 8;

const TRANSPARENT = 0;
const SEAM_STRENGTH = 0.22;
const MARK_STRENGTH = 0.42;
/** Kinds that are not emphasised keep this much of their colour. */
const DIMMED = 0.16;
/** Device pixels under which a cell has no mark and no rounded corner. */
const SMALLEST_WITH_MARK = 8;

/** Whether a mark inks the pixel (x, y) of a body of `size` pixels. */
type Mark = (x: number, y: number, size: number) => boolean;

const dot =
  (share: number): Mark =>
  (x, y, size) => {
    const middle = (size - 1) / 2;
    return Math.max(Math.abs(x - middle), Math.abs(y - middle)) <= size * share;
  };

/** Told apart in any colour: hatched, dotted, notched, crossed. */
const MARKS: Partial<Record<PageKindName, Mark>> = {
  reserved: (x, y, size) => (x + y) % Math.max(4, Math.round(size / 3)) === 0,
  freeCma: (x, y) => x === y,
  freeIsolated: (_x, y, size) => y % Math.max(4, Math.round(size / 3)) === 1,
  perCpu: dot(0.16),
  slab: (x, y, size) => y >= size / 2 && x % 2 === 0,
  compoundHead: (x, y, size) => x + y < size * 0.55,
  pageTable: (_x, y, size) => y % Math.max(3, Math.round(size / 4)) === 1,
  locked: dot(0.2),
  poisoned: (x, y, size) => x === y || x === size - 1 - y,
  unreadable: (x, y, size) => (x - y + size) % Math.max(4, Math.round(size / 3)) === 0,
};

export interface SpriteOptions {
  /** Device pixels. */
  readonly cell: number;
  readonly gap: number;
  readonly framesPerCell: number;
  /** When set, only these kinds are in full colour. */
  readonly emphasis: ReadonlySet<number> | undefined;
}

export class Sprites {
  private readonly made: (Uint32Array | undefined)[] = [];

  constructor(
    private readonly palette: Palette,
    private readonly options: SpriteOptions,
  ) {}

  /** cell x cell pixels, row by row. */
  get(state: number, neighbours: number): Uint32Array {
    const key = (state << 4) | neighbours;
    return (this.made[key] ??= this.make(state, neighbours));
  }

  private make(state: number, neighbours: number): Uint32Array {
    const { cell, gap, framesPerCell } = this.options;
    const kind = PAGE_KINDS[kindOfState(state)];
    const body = cell - gap;
    const pixels = new Uint32Array(cell * cell).fill(TRANSPARENT);
    if (kind === undefined) return pixels;
    const color = this.colorOf(state);
    const ink = pixel(mix(color, this.palette.background, MARK_STRENGTH));
    const mark = framesPerCell === 1 && body >= SMALLEST_WITH_MARK ? MARKS[kind.name] : undefined;
    const radius = body >= 20 ? 3 : body >= 11 ? 2 : body >= 6 ? 1 : 0;
    const fill = pixel(color);
    const hollow = kind.name === 'absent';
    for (let y = 0; y < body; y++)
      for (let x = 0; x < body; x++) {
        if (inCutCorner(x, y, body, radius, neighbours)) continue;
        if (hollow && !isHatch(x, y, body)) continue;
        pixels[y * cell + x] = mark?.(x, y, body) === true ? ink : fill;
      }
    const seam = pixel(mix(color, this.palette.background, SEAM_STRENGTH));
    const joinsRight = (neighbours & RIGHT) !== 0;
    const joinsBelow = (neighbours & BELOW) !== 0;
    for (let at = body; at < cell; at++)
      for (let along = 0; along < cell; along++) {
        const corner = along >= body;
        if (joinsRight && (!corner || joinsBelow)) pixels[along * cell + at] = seam;
        if (joinsBelow && (!corner || joinsRight)) pixels[at * cell + along] = seam;
      }
    return pixels;
  }

  private colorOf(state: number): Rgb {
    const { emphasis, framesPerCell } = this.options;
    const color = stateColor(this.palette, state, framesPerCell);
    const isDimmed = emphasis !== undefined && !emphasis.has(kindOfState(state));
    return isDimmed ? mix(this.palette.background, color, DIMMED) : color;
  }
}

/** A sparse diagonal: no memory here. */
const isHatch = (x: number, y: number, body: number): boolean =>
  (x + y) % Math.max(3, Math.round(body / 3)) === 0;

/** Whether a pixel lies outside of the rounded corner, where neither side of it joins a neighbour. */
function inCutCorner(
  x: number,
  y: number,
  body: number,
  radius: number,
  neighbours: number,
): boolean {
  if (radius === 0) return false;
  const fromLeft = x;
  const fromRight = body - 1 - x;
  const fromTop = y;
  const fromBottom = body - 1 - y;
  const isFree = (sides: number): boolean => (neighbours & sides) === 0;
  if (fromLeft + fromTop < radius) return isFree(LEFT | ABOVE);
  if (fromRight + fromTop < radius) return isFree(RIGHT | ABOVE);
  if (fromLeft + fromBottom < radius) return isFree(LEFT | BELOW);
  if (fromRight + fromBottom < radius) return isFree(RIGHT | BELOW);
  return false;
}
