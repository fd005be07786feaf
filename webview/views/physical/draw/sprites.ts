/**
 * The picture of one cell, as pixels: its colour, a mark that tells kinds apart without colour, the gap to its neighbours,
 * or the seam where the neighbour belongs to the same block. Made once for each state and neighbourhood.
 *
 *     +-----------+--+     body: the cell's colour and mark, corners rounded where no neighbour joins
 *     |   body    |  |     right and bottom: transparent (a gap), or a darker seam (the same block goes on)
 *     +-----------+--+
 *     +-----------+--+
 */
import { NO_VALUE } from '../../../../src/engine/view/frameValues.js';
import {
  kindOfState,
  PAGE_KINDS,
  type PageKindName,
} from '../../../../src/engine/view/pageState.js';
import { mix, pixel, type Rgb } from '../../../draw/color.js';
import { stateColor, type Palette } from '../../../draw/palette.js';
import { colouringOf, valueColor, type Colouring } from '../colouring.js';

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
/** Of the foreground, where a cell has no value. */
const UNVALUED = 0.1;
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
  readonly colouring: Colouring;
}

/**
 * Keys of sprites:
 *
 *      20 19      12 11    4 3     0
 *     +--+----------+-------+-------+
 *     |v | value    | state | sides |    v: coloured by the value
 *     +--+----------+-------+-------+
 */
export const stateKey = (state: number, sides: number): number => (state << 4) | sides;
export const valueKey = (state: number, value: number, sides: number): number =>
  BY_VALUE | (value << 12) | ((value === NO_VALUE ? state : 0) << 4) | sides;
const BY_VALUE = 1 << 20;
/** No sprite: the cell is not drawn. */
export const NOTHING = 0xffff_ffff;

/** What tells values with names apart without colour. */
const VALUE_MARKS: readonly (Mark | undefined)[] = [
  undefined,
  (x, y, size) => (x + y) % Math.max(4, Math.round(size / 3)) === 0,
  dot(0.16),
  (_x, y, size) => y % Math.max(4, Math.round(size / 3)) === 1,
  (x, y) => x === y,
  (x, _y, size) => x % Math.max(4, Math.round(size / 3)) === 1,
];

export class Sprites {
  private readonly made = new Map<number, Uint32Array>();

  constructor(
    private readonly palette: Palette,
    private readonly options: SpriteOptions,
  ) {}

  /** cell x cell pixels, row by row. */
  get(key: number): Uint32Array {
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const made = this.make(key);
    this.made.set(key, made);
    return made;
  }

  private make(key: number): Uint32Array {
    const { cell, gap } = this.options;
    const state = (key >>> 4) & 0xff;
    const neighbours = key & 15;
    const kind = PAGE_KINDS[kindOfState(state)];
    const body = cell - gap;
    const pixels = new Uint32Array(cell * cell).fill(TRANSPARENT);
    if (kind === undefined) return pixels;
    const { color, mark, hollow } = this.lookOf(key, state, kind.name, body);
    const ink = pixel(mix(color, this.palette.background, MARK_STRENGTH));
    const radius = body >= 20 ? 3 : body >= 11 ? 2 : body >= 6 ? 1 : 0;
    const fill = pixel(color);
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

  private lookOf(
    key: number,
    state: number,
    kind: PageKindName,
    body: number,
  ): { readonly color: Rgb; readonly mark: Mark | undefined; readonly hollow: boolean } {
    const { framesPerCell, colouring } = this.options;
    const value = (key >>> 12) & 0xff;
    if (key < BY_VALUE)
      return {
        color: this.colorOf(state),
        mark: framesPerCell === 1 && body >= SMALLEST_WITH_MARK ? MARKS[kind] : undefined,
        hollow: kind === 'absent',
      };
    const row = colouringOf(colouring);
    const color = valueColor(this.palette, row, value);
    const hasMark = row.scale === 'names' && body >= SMALLEST_WITH_MARK;
    return {
      color: color ?? mix(this.palette.background, this.palette.foreground, UNVALUED),
      mark: hasMark ? VALUE_MARKS[value % VALUE_MARKS.length] : undefined,
      hollow: kind === 'absent' && value === NO_VALUE,
    };
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
