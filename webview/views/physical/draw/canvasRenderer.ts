/**
 * Draws cells as pixels of an ImageData of the view's size, blitted from sprites. Work is proportional to the view, never to the
 * machine, and where the view stands still to the tiles that have become others; buffers are made when the size changes and used
 * again.
 */
import type { Palette } from '../../../draw/palette.js';
import type { Layout, Section } from '../layout.js';
import type { Tile } from '../tiles.js';
import { cellKeys } from './cellKeys.js';
import type { CellRenderer, Scene } from './mapRenderer.js';
import { placedTiles, type PlacedTile } from './placedTiles.js';
import { NOTHING, type Sprites } from './sprites.js';
import { SpriteStock } from './spriteStock.js';

export class CanvasRenderer implements CellRenderer {
  private readonly context: CanvasRenderingContext2D;
  private readonly stock = new SpriteStock();
  private image: ImageData | undefined;
  private pixels = new Uint32Array(0);
  private widthPx = 0;
  private heightPx = 0;
  private ratio = 1;
  private drawn: Drawn | undefined;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no 2D canvas');
    this.context = context;
  }

  resize(widthPx: number, heightPx: number, devicePixelRatio: number): void {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.ratio = devicePixelRatio;
    const { width, height } = this.context.canvas;
    this.image = this.context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.drawn = undefined;
  }

  setPalette(palette: Palette): void {
    this.stock.setPalette(palette);
  }

  drawCells(scene: Scene): void {
    const { image } = this;
    const sprites = this.stock.forScene(scene, this.ratio);
    if (image === undefined || sprites === undefined) return;
    const { layout, scrollTop, scrollLeft } = scene;
    const tiles = placedTiles(scene, this.widthPx, this.heightPx);
    const spriteOf = (key: number): Uint32Array => sprites.get(key);
    const { drawn } = this;
    const stands =
      drawn?.sprites === sprites &&
      drawn.layout === layout &&
      drawn.scrollTop === scrollTop &&
      drawn.scrollLeft === scrollLeft &&
      drawn.looks.length === tiles.length;
    if (stands) {
      tiles.forEach((placed, i) => {
        if (isLookOf(drawn.looks[i], placed)) return;
        this.blit(layout, placed, spriteOf);
        this.put(image, layout, placed);
      });
    } else {
      this.pixels.fill(0);
      for (const placed of tiles) this.blit(layout, placed, spriteOf);
      this.context.putImageData(image, 0, 0);
    }
    this.drawn = { sprites, layout, scrollTop, scrollLeft, looks: tiles.map(lookOf) };
  }

  dispose(): void {
    this.image = undefined;
  }

  /** One tile's pixels to the screen. */
  private put(image: ImageData, { shape, zoom }: Layout, { x, y }: PlacedTile): void {
    const { ratio } = this;
    const cell = Math.round(zoom.cellPx * ratio);
    const [left, top] = [Math.round(x * ratio), Math.round(y * ratio)];
    this.context.putImageData(image, 0, 0, left, top, shape.across * cell, shape.down * cell);
  }

  private blit(layout: Layout, placed: PlacedTile, spriteOf: (key: number) => Uint32Array): void {
    const { across, down } = layout.shape;
    const keys = cellKeys(layout, placed);
    const cell = Math.round(layout.zoom.cellPx * this.ratio);
    const left = Math.round(placed.x * this.ratio);
    const top = Math.round(placed.y * this.ratio);
    const { width, height } = this.context.canvas;
    for (let row = 0; row < down; row++) {
      const y = top + row * cell;
      if (y >= height || y + cell <= 0) continue;
      let lastKey = NOTHING;
      let sprite: Uint32Array = NO_SPRITE;
      for (let column = 0; column < across; column++) {
        const x = left + column * cell;
        const key = keys[row * across + column] ?? NOTHING;
        if (key === NOTHING || x >= width || x + cell <= 0) continue;
        if (key !== lastKey) sprite = spriteOf(key);
        lastKey = key;
        this.copy(sprite, cell, x, y, width, height);
      }
    }
  }

  private copy(
    sprite: Uint32Array,
    cell: number,
    x: number,
    y: number,
    width: number,
    height: number,
  ): void {
    const { pixels } = this;
    const firstRow = Math.max(0, -y);
    const endRow = Math.min(cell, height - y);
    const firstColumn = Math.max(0, -x);
    const endColumn = Math.min(cell, width - x);
    for (let row = firstRow; row < endRow; row++) {
      let to = (y + row) * width + x + firstColumn;
      let at = row * cell + firstColumn;
      for (const end = row * cell + endColumn; at < end; at++) pixels[to++] = sprite[at] as number;
    }
  }
}

const NO_SPRITE = new Uint32Array(0);

/** What the pixels show. */
interface Drawn {
  readonly sprites: Sprites;
  readonly layout: Layout;
  readonly scrollTop: number;
  readonly scrollLeft: number;
  readonly looks: readonly Look[];
}

interface Look {
  readonly tile: Tile;
  readonly version: number;
  readonly values: Tile | undefined;
  readonly valueVersion: number;
  readonly section: Section;
}

const lookOf = ({ tile, values, section }: PlacedTile): Look => ({
  tile,
  version: tile.version,
  values,
  valueVersion: values?.version ?? -1,
  section,
});

const isLookOf = (look: Look | undefined, { tile, values, section }: PlacedTile): boolean =>
  look?.tile === tile &&
  look.version === tile.version &&
  look.values === values &&
  look.valueVersion === (values?.version ?? -1) &&
  look.section === section;
